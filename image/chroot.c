/* SPDX-License-Identifier: Apache-2.0 */
/* Building the temporary root out of mounts (mount_namespaces(7)). */
#include "image/chroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"

#define PATH_SIZE 2048

/* Everything but SYS_ADMIN and its like: a program in here unpacks and packs files. */
static const unsigned kept[] = { CAP_CHOWN,	 CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
				 CAP_FOWNER,	 CAP_FSETID,	   CAP_SETFCAP,
				 CAP_SYS_CHROOT, CAP_SETUID,	   CAP_SETGID };

static enum lk_status trouble(struct lk_error *err, const char *what, const char *path)
{
	return lk_raise(err, LK_CONFIG, "%s '%s': %s", what, path, strerror(errno));
}

static enum lk_status inside(const struct lk_chroot *c, const char *name, char out[PATH_SIZE],
			     struct lk_error *err)
{
	if (snprintf(out, PATH_SIZE, "%s%s", c->root, name) >= PATH_SIZE)
		return lk_raise(err, LK_INTERNAL, "a path in the tree is too long");
	return LK_OK;
}

/* A bind mount keeps the flags that the kernel has locked in a user namespace. */
static enum lk_status bind_folder(const char *from, const char *to, bool writable,
				  struct lk_error *err)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct statvfs fs;

	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) != 0)
		return trouble(err, "bind", from);
	if (writable)
		return LK_OK;
	if (statvfs(to, &fs) != 0)
		return trouble(err, "look at", to);
	flags |= fs.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= fs.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= fs.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= fs.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	flags |= fs.f_flag & ST_RELATIME ? MS_RELATIME : 0;
	if (mount(NULL, to, NULL, flags, NULL) != 0)
		return trouble(err, "make read-only", to);
	return LK_OK;
}

static enum lk_status tmpfs(const struct lk_chroot *c, const char *name, const char *options,
			    struct lk_error *err)
{
	char path[PATH_SIZE];
	enum lk_status st;

	st = inside(c, name, path, err);
	if (st)
		return st;
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID, options) != 0)
		return trouble(err, "mount a tmpfs on", path);
	return LK_OK;
}

/* The harmless nodes alone; disks and memory of the host are not to be seen. */
static enum lk_status fill_dev(const struct lk_chroot *c, struct lk_error *err)
{
	static const char *const nodes[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", NULL };
	static const char *const links[][2] = { { "/proc/self/fd", "/dev/fd" },
						{ "/proc/self/fd/0", "/dev/stdin" },
						{ "/proc/self/fd/1", "/dev/stdout" },
						{ "/proc/self/fd/2", "/dev/stderr" } };
	char path[PATH_SIZE];
	enum lk_status st;
	size_t i;
	int fd;

	st = tmpfs(c, "/dev", "mode=0755,size=64k", err);
	for (i = 0; nodes[i] && !st; i++) {
		st = inside(c, nodes[i], path, err);
		fd = st ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (st || fd < 0 || close(fd) != 0)
			return st ? st : trouble(err, "create", path);
		if (mount(nodes[i], path, NULL, MS_BIND, NULL) != 0)
			return trouble(err, "bind", nodes[i]);
	}
	for (i = 0; i < sizeof(links) / sizeof(links[0]) && !st; i++) {
		st = inside(c, links[i][1], path, err);
		if (!st && symlink(links[i][0], path) != 0)
			return trouble(err, "create", path);
	}
	return st;
}

/* A fresh one shows our own processes only; where the host covers parts of its /proc (containers)
 * the kernel refuses that, and the host's must do. */
static enum lk_status mount_proc(const struct lk_chroot *c, struct lk_error *err)
{
	char path[PATH_SIZE];
	enum lk_status st;

	st = inside(c, "/proc", path, err);
	if (st)
		return st;
	if (mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return LK_OK;
	return bind_folder("/proc", path, true, err);
}

static enum lk_status bind_inside(const struct lk_chroot *c, const char *from, const char *name,
				  bool writable, struct lk_error *err)
{
	char path[PATH_SIZE];
	enum lk_status st;

	st = inside(c, name, path, err);
	return st ? st : bind_folder(from, path, writable, err);
}

static enum lk_status assemble(const struct lk_chroot *c, struct lk_error *err)
{
	char path[PATH_SIZE];
	enum lk_status st;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return trouble(err, "make private", "/");
	st = bind_folder(c->tree, c->root, false, err);
	if (!st)
		st = fill_dev(c, err);
	if (!st)
		st = mount_proc(c, err);
	if (!st) /* empty: what this machine has must not get into the image */
		st = tmpfs(c, "/sys", "mode=0555,size=4k", err);
	if (!st)
		st = tmpfs(c, "/run", "mode=0755", err);
	if (!st)
		st = bind_inside(c, c->temp, "/tmp", true, err);
	if (!st)
		st = bind_inside(c, c->temp, "/var/tmp", true, err);
	if (!st)
		st = bind_inside(c, c->what, c->over, false, err);
	if (!st)
		st = inside(c, "/run/latchkey-image", path, err);
	if (!st && mkdir(path, 0700) != 0)
		st = trouble(err, "create", path);
	return st ? st : bind_folder(c->work, path, true, err);
}

/* The first process of the new process namespace goes on; the one outside waits for it and ends
 * as it ended. */
static enum lk_status become_first(struct lk_error *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return lk_raise(err, LK_INTERNAL, "fork: %s", strerror(errno));
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
			return lk_raise(err, LK_INTERNAL, "follow the parent: %s", strerror(errno));
		return LK_OK;
	}
	(void)syscall(SYS_close_range, 3u, ~0u, 0u); /* what tells that the program runs, too */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(125);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

static bool is_kept(unsigned cap)
{
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i] == cap)
			return true;
	return false;
}

static enum lk_status drop_capabilities(struct lk_error *err)
{
	unsigned cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!is_kept(cap) && prctl(PR_CAPBSET_DROP, cap) != 0)
			return lk_raise(err, LK_INTERNAL, "drop capability %u: %s", cap,
					strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return lk_raise(err, LK_INTERNAL, "renounce privileges: %s", strerror(errno));
	return LK_OK;
}

enum lk_status lk_chroot_enter(void *chroot_, struct lk_error *err)
{
	const struct lk_chroot *c = chroot_;
	enum lk_status st;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) != 0)
		return lk_raise(err, LK_CONFIG, "make namespaces: %s", strerror(errno));
	st = become_first(err);
	if (!st)
		st = assemble(c, err);
	if (st)
		return lk_context(err, "prepare the tree for its own programs");
	if (chdir(c->root) != 0 || chroot(".") != 0 || chdir("/") != 0)
		return trouble(err, "enter", c->tree);
	return drop_capabilities(err);
}
