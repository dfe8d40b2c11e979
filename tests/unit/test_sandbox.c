/* SPDX-License-Identifier: Apache-2.0 */
/* agent/sandbox.c: what the fetcher can not do, tried in a child of its own. */
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/sandbox.h"

/* Run probe inside the cage; its result is the child's exit status. */
static int caged(enum lk_cage cage, int (*probe)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct lk_error err;

		if (lk_sandbox_enter(cage, &err))
			_exit(99);
		_exit(probe());
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int denied(long result)
{
	return result == -1 && errno == EPERM ? 0 : 1;
}

static int try_exec(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	return denied(execve("/bin/true", argv, NULL));
}

static int try_mount(void)
{
	return denied(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int try_ptrace(void)
{
	return denied(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_kill_parent(void)
{
	return denied(syscall(SYS_kill, getppid(), 0));
}

static int try_unlink(void)
{
	return denied(unlink("/nonexistent"));
}

static int try_keyctl(void)
{
	return denied(syscall(SYS_keyctl, 0, -4, 0, 0, 0));
}

static int have_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	/* capget itself is outside the closed list; the bounding set tells as much. */
	if (syscall(SYS_capget, &header, data) == 0 && (data[0].effective || data[1].effective))
		return 1;
	return 0;
}

static int still_root(void)
{
	return geteuid() == 0 || getuid() == 0;
}

static int can_talk(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 ? 0 : 1;
}

static int can_exec(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	execve("/bin/true", argv, NULL);
	return 1;
}

TEST(the_network_fetcher_runs_nothing)
{
	CHECK_EQ(caged(LK_CAGE_CLOSED, try_exec), 0);
}

TEST(the_network_fetcher_touches_nothing)
{
	CHECK_EQ(caged(LK_CAGE_CLOSED, try_mount), 0);
	CHECK_EQ(caged(LK_CAGE_CLOSED, try_ptrace), 0);
	CHECK_EQ(caged(LK_CAGE_CLOSED, try_kill_parent), 0);
	CHECK_EQ(caged(LK_CAGE_CLOSED, try_unlink), 0);
	CHECK_EQ(caged(LK_CAGE_CLOSED, try_keyctl), 0);
}

TEST(no_capability_and_no_root_remain)
{
	CHECK_EQ(caged(LK_CAGE_CLOSED, have_capability), 0);
	CHECK_EQ(caged(LK_CAGE_PROGRAMS, have_capability), 0);
	if (geteuid() == 0)
		CHECK_EQ(caged(LK_CAGE_CLOSED, still_root), 0);
}

TEST(the_own_user_remains_and_runs_nothing)
{
	CHECK_EQ(caged(LK_CAGE_OWN_USER, try_exec), 0);
	CHECK_EQ(caged(LK_CAGE_OWN_USER, try_mount), 0);
	CHECK_EQ(caged(LK_CAGE_OWN_USER, try_unlink), 0);
	CHECK_EQ(caged(LK_CAGE_OWN_USER, have_capability), 0);
	CHECK_EQ(caged(LK_CAGE_OWN_USER, can_talk), 0);
	if (geteuid() == 0)
		CHECK_EQ(caged(LK_CAGE_OWN_USER, still_root), 1);
}

TEST(sockets_work)
{
	CHECK_EQ(caged(LK_CAGE_CLOSED, can_talk), 0);
	CHECK_EQ(caged(LK_CAGE_PROGRAMS, can_talk), 0);
}

TEST(key_commands_run_but_reach_no_kernel)
{
	CHECK_EQ(caged(LK_CAGE_PROGRAMS, can_exec), 0);
	CHECK_EQ(caged(LK_CAGE_PROGRAMS, try_mount), 0);
	CHECK_EQ(caged(LK_CAGE_PROGRAMS, try_ptrace), 0);
	CHECK_EQ(caged(LK_CAGE_PROGRAMS, try_keyctl), 0);
}

TESTS(the_network_fetcher_runs_nothing, the_network_fetcher_touches_nothing,
      no_capability_and_no_root_remain, the_own_user_remains_and_runs_nothing, sockets_work,
      key_commands_run_but_reach_no_kernel)
