/* SPDX-License-Identifier: Apache-2.0 */
/* The writable layer, mounted for real in a mount namespace of its own. */

#include "agent/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "tests/check.h"

static struct lk_error err;
static char base[] = "/tmp/test_overlay.XXXXXX";
static char root[64], place[64];

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* A layer in memory, at most so large. */
static enum lk_status lay(const char *over, const char *at, uint64_t size)
{
	const struct lk_overlay_spec o = { .root = over, .place = at, .size = size };
	struct lk_overlay_found found;
	enum lk_status st = lk_overlay_mount(&o, &found, &err);

	CHECK(st || !found.kept);
	return st;
}

static char *under(const char *dir, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static unsigned long kind_of(const char *path)
{
	struct statfs s;

	return statfs(path, &s) == 0 ? (unsigned long)s.f_type : 0;
}

/* Root in namespaces of our own: nothing outside sees the mounts. */
static void enter_namespaces(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	char line[64];

	if (uid == 0) {
		CHECK_EQ(unshare(CLONE_NEWNS), 0);
	} else {
		CHECK_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
		put("/proc/self/setgroups", "deny");
		snprintf(line, sizeof(line), "0 %u 1", (unsigned)uid);
		put("/proc/self/uid_map", line);
		snprintf(line, sizeof(line), "0 %u 1", (unsigned)gid);
		put("/proc/self/gid_map", line);
	}
	CHECK_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

TEST(setup)
{
	CHECK(mkdtemp(base));
	enter_namespaces();
	CHECK_EQ(mount("test", base, "tmpfs", 0, NULL), 0);
	snprintf(root, sizeof(root), "%s/sysroot", base);
	snprintf(place, sizeof(place), "%s/run/latchkey/overlay", base);
	CHECK_EQ(mkdir(root, 0755), 0);
}

TEST(a_root_must_be_mounted)
{
	CHECK_EQ(lay(root, place, 0), LK_ABSENT);
	CHECK_EQ(access(place, F_OK), -1);
	CHECK_EQ(lay(under(base, "none"), place, 0), LK_ABSENT);
}

TEST(odd_paths_are_refused)
{
	CHECK_EQ(lay("sysroot", place, 0), LK_INTERNAL);
	CHECK_EQ(lay("/a,upperdir=/etc", place, 0), LK_INTERNAL);
	CHECK_EQ(lay(root, "/a:b", 0), LK_INTERNAL);
}

TEST(the_root_becomes_writable)
{
	struct stat s;
	char text[16] = "";
	FILE *f;

	CHECK_EQ(mount("test", root, "tmpfs", 0, "mode=0751"), 0);
	put(under(root, "file"), "below");
	CHECK_EQ(mkdir(under(root, "var"), 0755), 0);
	CHECK_EQ(mkdir(under(root, "var/lib"), 0755), 0);
	CHECK_EQ(mkdir(under(root, "var/lib/docker"), 0710), 0);
	put(under(root, "var/lib/docker/image"), "of the root");
	CHECK_EQ(mkdir(under(root, "elsewhere"), 0755), 0);
	CHECK_EQ(mkdir(under(root, "var/lib/containerd"), 0755), 0);
	CHECK_EQ(symlink("/elsewhere",
			 under(root, "var/lib/containerd/io.containerd.snapshotter.v1.overlayfs")),
		 0);
	CHECK_EQ(mount(NULL, root, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	CHECK_EQ(open(under(root, "new"), O_CREAT | O_WRONLY, 0600), -1);
	CHECK_OK(lay(root, place, 1 << 20));
	CHECK_EQ(kind_of(root), OVERLAYFS_SUPER_MAGIC);
	CHECK_EQ(stat(root, &s), 0);
	CHECK_EQ(s.st_mode & 07777, 0751);
	CHECK_EQ(stat(place, &s), 0);
	CHECK_EQ(s.st_mode & 07777, 0700);
	f = fopen(under(root, "file"), "re");
	CHECK(f && fgets(text, sizeof(text), f));
	fclose(f);
	CHECK_STR(text, "below");
	put(under(root, "file"), "above");
	put(under(root, "new"), "new");
	CHECK_EQ(access(under(place, "upper/new"), F_OK), 0);
}

/* Upper sides of other overlays: what containers do, and what an overlay alone does not take. */
TEST(container_directories_lie_beside_the_overlay)
{
	struct stat s;

	CHECK_EQ(kind_of(under(root, "var/lib/docker")), TMPFS_MAGIC);
	CHECK_EQ(kind_of(under(root, "var/lib/containers")), TMPFS_MAGIC);
	CHECK_EQ(kind_of(under(root, "var/lib")), OVERLAYFS_SUPER_MAGIC);
	CHECK_EQ(stat(under(root, "var/lib/docker"), &s), 0);
	CHECK_EQ(s.st_mode & 07777, 0710);
	CHECK_EQ(access(under(root, "var/lib/docker/image"), F_OK), 0);
	CHECK_EQ(mkdir(under(root, "var/lib/docker/upper"), 0700), 0);
	CHECK_EQ(access(under(place, "containers/var-lib-docker/upper"), F_OK), 0);
	CHECK_EQ(access(under(place, "upper/var/lib/docker/image"), F_OK), -1);
	/* a link in the root leads where it leads within the root */
	CHECK_EQ(kind_of(under(root, "elsewhere/snapshots")), TMPFS_MAGIC);
}

TEST(once_more_changes_nothing)
{
	CHECK_OK(lay(root, place, 0));
	CHECK_EQ(access(under(root, "new"), F_OK), 0);
	CHECK_EQ(umount(under(root, "elsewhere/snapshots")), 0);
	CHECK_EQ(umount(under(root, "var/lib/containers")), 0);
	CHECK_EQ(umount(under(root, "var/lib/docker")), 0);
	CHECK_EQ(umount(root), 0);
	/* one overlay, not two; below it the root as it was */
	CHECK_EQ(kind_of(root), TMPFS_MAGIC);
	CHECK_EQ(access(under(root, "new"), F_OK), -1);
	CHECK_EQ(umount(place), 0);
}

TEST(the_layer_is_bounded)
{
	static char block[65536];
	ssize_t n;
	int fd;

	CHECK_OK(lay(root, place, 256 * 1024));
	fd = open(under(root, "big"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	for (int i = 0; i < 100; i++) {
		n = write(fd, block, sizeof(block));
		if (n < 0)
			break;
	}
	CHECK_EQ(errno, ENOSPC);
	close(fd);
}

/* A layer that lasts needs a block device with ext4, which no unit test has: tests/boot. */
TEST(odd_hashes_are_refused)
{
	static const char *const rows[] = { "", "../x", "AB", "0g", "a/b", "a.new" };
	struct lk_overlay_found found;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct lk_overlay_spec o = { .root = root,
						   .place = place,
						   .made_for = rows[i] };

		CHECK_EQ(lk_overlay_mount(&o, &found, &err), LK_INTERNAL);
	}
}

TEST(cleanup)
{
	CHECK_EQ(umount2(base, MNT_DETACH), 0);
	CHECK_EQ(rmdir(base), 0);
}

TESTS(setup, a_root_must_be_mounted, odd_paths_are_refused, the_root_becomes_writable,
      container_directories_lie_beside_the_overlay, once_more_changes_nothing, the_layer_is_bounded,
      odd_hashes_are_refused, cleanup)
