/* SPDX-License-Identifier: Apache-2.0 */
/* The fetcher's cage: capabilities(7), seccomp(2) with a classic BPF program made from lists. */
#include "agent/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cleanup.h"

#define NOBODY	      65534

#define LOAD(field)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))

/* x32 calls carry this bit and would slip past a list of refused numbers. */
#define X32_BIT 0x40000000u

static enum lk_status drop_capabilities(struct lk_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	unsigned long cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EPERM)
			return lk_raise(err, LK_INTERNAL, "drop capability %lu: %m", cap);
	if (syscall(SYS_capset, &header, none))
		return lk_raise(err, LK_INTERNAL, "drop capabilities: %m");
	return LK_OK;
}

static enum lk_status become_nobody(struct lk_error *err)
{
	if (geteuid() != 0)
		return LK_OK;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return lk_raise(err, LK_INTERNAL, "become user %d: %m", NOBODY);
	return LK_OK;
}

/* A program that answers `listed` for the numbers given and `other` for the rest. */
static enum lk_status install(const uint32_t *numbers, size_t n, uint32_t listed, uint32_t other,
			      struct lk_error *err)
{
	const size_t head = 6, size = head + 2 * n + 1;
	struct sock_fprog prog = { .len = (unsigned short)size };
	LK_FREE struct sock_filter *f = NULL;
	size_t i, at = 0;

	f = calloc(size, sizeof(*f));
	if (!f || size > BPF_MAXINSNS)
		return lk_raise(err, LK_INTERNAL, "build the system call filter");
	f[at++] = (struct sock_filter)LOAD(arch);
	f[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, lk_sandbox_arch, 1, 0);
	f[at++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	f[at++] = (struct sock_filter)LOAD(nr);
	f[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	f[at++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
	for (i = 0; i < n; i++) {
		f[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
		f[at++] = (struct sock_filter)RETURN(listed);
	}
	f[at++] = (struct sock_filter)RETURN(other);
	prog.filter = f;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
		return lk_raise(err, LK_INTERNAL, "install the system call filter: %m");
	return LK_OK;
}

enum lk_status lk_sandbox_enter(enum lk_cage cage, struct lk_error *err)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
	enum lk_status st;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return lk_raise(err, LK_INTERNAL, "give up new privileges: %m");
	if (cage == LK_CAGE_CLOSED) {
		st = become_nobody(err);
		if (st)
			return lk_context(err, "enter the fetcher's sandbox");
	}
	st = drop_capabilities(err);
	if (st)
		return lk_context(err, "enter the fetcher's sandbox");
	/* setresuid() made the process dumpable again. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return lk_raise(err, LK_INTERNAL, "forbid dumps and tracing: %m");
	if (cage == LK_CAGE_PROGRAMS)
		return install(lk_sandbox_refused, lk_sandbox_n_refused, refuse, SECCOMP_RET_ALLOW,
			       err);
	return install(lk_sandbox_allowed, lk_sandbox_n_allowed, SECCOMP_RET_ALLOW, refuse, err);
}
