/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of the fetcher's cage on x86-64. */
#include <linux/audit.h>
#include <sys/syscall.h>

#include "agent/sandbox.h"

const uint32_t lk_sandbox_arch = AUDIT_ARCH_X86_64;

/* What sockets, name look-ups, TLS, timers, locked memory and reading small files take. */
const uint32_t lk_sandbox_allowed[] = {
	/* sockets */
	SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_getsockname, SYS_getpeername,
	SYS_getsockopt, SYS_setsockopt, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg,
	SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
	/* waiting */
	SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl,
	SYS_epoll_wait, SYS_epoll_pwait, SYS_eventfd2, SYS_pipe, SYS_pipe2, SYS_nanosleep,
	SYS_inotify_init1, SYS_inotify_add_watch, SYS_clock_nanosleep, SYS_restart_syscall,
	SYS_futex, SYS_sched_yield,
	/* descriptors and small files */
	SYS_read, SYS_readv, SYS_write, SYS_writev, SYS_pread64, SYS_open, SYS_openat, SYS_close,
	SYS_fstat, SYS_stat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_lseek, SYS_getdents64,
	SYS_access, SYS_faccessat, SYS_faccessat2, SYS_readlink, SYS_readlinkat, SYS_fcntl,
	SYS_ioctl, SYS_dup, SYS_dup2, SYS_dup3, SYS_uname, SYS_getcwd,
	/* memory */
	SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_mlock, SYS_mlock2,
	SYS_munlock,
	/* time and randomness */
	SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_time, SYS_getrandom, SYS_sysinfo,
	/* oneself */
	SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_tgkill, SYS_set_robust_list,
	SYS_rseq, SYS_exit, SYS_exit_group
};
const size_t lk_sandbox_n_allowed = sizeof(lk_sandbox_allowed) / sizeof(lk_sandbox_allowed[0]);

/* What no key command needs, even run as root. */
const uint32_t lk_sandbox_refused[] = {
	/* other processes, the kernel, mounts, keys, devices, the clock */
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kexec_load,
	SYS_kexec_file_load,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_mount,
	SYS_umount2,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsmount,
	SYS_open_tree,
	SYS_pivot_root,
	SYS_chroot,
	SYS_swapon,
	SYS_swapoff,
	SYS_reboot,
	SYS_setns,
	SYS_unshare,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_iopl,
	SYS_ioperm,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_open_by_handle_at,
	SYS_io_uring_setup
};
const size_t lk_sandbox_n_refused = sizeof(lk_sandbox_refused) / sizeof(lk_sandbox_refused[0]);
