/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of trees that hold everything a root may hold. */

#include "agent/copy_tree.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "tests/check.h"

static struct lk_error err;
static char base[] = "/tmp/test_copy_tree.XXXXXX";
static int from = -1, to = -1;

static void put(int dir, const char *name, const char *text, mode_t mode)
{
	LK_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK_EQ(fchmod(fd, mode), 0);
}

static struct stat look(int dir, const char *name)
{
	struct stat s;

	if (fstatat(dir, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
		check_fail(__FILE__, __LINE__, "%s is not there", name);
	return s;
}

static bool holds(int dir, const char *name, const char *text)
{
	LK_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char buf[256] = "";

	return fd >= 0 && read(fd, buf, sizeof(buf) - 1) == (ssize_t)strlen(text) &&
	       strcmp(buf, text) == 0;
}

TEST(setup)
{
	CHECK(mkdtemp(base));
	CHECK_EQ(chdir(base), 0);
	CHECK(mkdir("from", 0751) == 0 && mkdir("to", 0700) == 0);
	from = open("from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = open("to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(from >= 0 && to >= 0);
	umask(077);
}

TEST(everything_is_copied)
{
	const struct timespec times[] = { { 1000, 0 }, { 2000, 5 } };
	struct stat s;
	char buf[64];

	CHECK_EQ(mkdirat(from, "dir", 0700), 0);
	CHECK_EQ(mkdirat(from, "dir/deeper", 0700), 0);
	put(from, "dir/deeper/file", "text", 04755);
	put(from, "empty", "", 0600);
	CHECK_EQ(linkat(from, "dir/deeper/file", from, "same", 0), 0);
	CHECK_EQ(symlinkat("/nowhere/at all", from, "link"), 0);
	CHECK_EQ(mknodat(from, "pipe", S_IFIFO | 0640, 0), 0);
	CHECK_EQ(fchmodat(from, "pipe", 0640, 0), 0);
	CHECK_EQ(fsetxattr(openat(from, "empty", O_RDONLY | O_CLOEXEC), "user.note", "kept", 4, 0),
		 0);
	CHECK_EQ(utimensat(from, "empty", times, 0), 0);
	CHECK_EQ(fchmodat(from, "dir", 02750, 0), 0);
	CHECK_OK(lk_tree_copy(from, to, &err));
	CHECK(holds(to, "dir/deeper/file", "text") && holds(to, "same", "text"));
	CHECK_EQ(look(to, "dir/deeper/file").st_mode & 07777, 04755);
	CHECK_EQ(look(to, "dir").st_mode & 07777, 02750);
	CHECK_EQ(look(to, ".").st_mode & 07777, 0751);
	CHECK_EQ(look(to, "same").st_ino, look(to, "dir/deeper/file").st_ino);
	CHECK_EQ(look(to, "same").st_nlink, 2);
	CHECK(S_ISFIFO(look(to, "pipe").st_mode));
	CHECK_EQ(look(to, "pipe").st_mode & 07777, 0640);
	CHECK_EQ(readlinkat(to, "link", buf, sizeof(buf)), 15);
	s = look(to, "empty");
	CHECK(s.st_mtim.tv_sec == 2000 && s.st_mtim.tv_nsec == 5 && s.st_size == 0);
	snprintf(buf, sizeof(buf), "/proc/self/fd/%d/empty", to);
	CHECK(lgetxattr(buf, "user.note", buf, sizeof(buf)) == 4 && memcmp(buf, "kept", 4) == 0);
}

/* What overlays are made of; only root may make them. */
TEST(whiteouts_and_owners_are_copied)
{
	if (geteuid() != 0)
		return;
	CHECK_EQ(mknodat(from, "whiteout", S_IFCHR, makedev(0, 0)), 0);
	CHECK_EQ(fchownat(from, "link", 12, 34, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_EQ(fchownat(from, "dir/deeper/file", 56, 78, 0), 0);
	CHECK_EQ(fchmodat(from, "dir/deeper/file", 04755, 0), 0);
	CHECK_OK(lk_tree_remove(AT_FDCWD, "to", lk_deadline_in(LK_FOREVER), &err));
	close(to);
	CHECK_EQ(mkdir("to", 0700), 0);
	to = open("to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(lk_tree_copy(from, to, &err));
	CHECK(S_ISCHR(look(to, "whiteout").st_mode) && look(to, "whiteout").st_rdev == 0);
	CHECK(look(to, "link").st_uid == 12 && look(to, "link").st_gid == 34);
	CHECK_EQ(look(to, "dir/deeper/file").st_uid, 56);
	CHECK_EQ(look(to, "dir/deeper/file").st_mode & 07777, 04755);
}

TEST(nothing_is_replaced)
{
	CHECK(lk_tree_copy(from, to, &err) != LK_OK);
	CHECK(holds(to, "same", "text"));
}

TEST(trees_are_removed_and_links_not_followed)
{
	CHECK_OK(lk_tree_remove(AT_FDCWD, "never there", lk_deadline_in(LK_FOREVER), &err));
	CHECK_EQ(symlink("from", "to/out"), 0);
	CHECK_OK(lk_tree_remove(AT_FDCWD, "to", lk_deadline_in(LK_FOREVER), &err));
	CHECK_EQ(access("to", F_OK), -1);
	CHECK(holds(from, "same", "text"));
}

TEST(a_tree_too_deep_is_refused)
{
	char path[600] = "from";

	for (int i = 0; i < 110; i++) {
		strcat(path, "/d");
		CHECK_EQ(mkdir(path, 0700), 0);
	}
	CHECK_EQ(mkdir("to", 0700), 0);
	to = open("to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(lk_tree_copy(from, to, &err), LK_INTERNAL);
	CHECK(chdir("/") == 0);
	snprintf(path, sizeof(path), "rm -r '%s'", base);
	CHECK_EQ(system(path), 0); /* NOLINT(cert-env33-c) */
}

TESTS(setup, everything_is_copied, whiteouts_and_owners_are_copied, nothing_is_replaced,
      trees_are_removed_and_links_not_followed, a_tree_too_deep_is_refused)
