/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash trees on a device of their own and writable layers against a real kernel: runs inside the
 * virtual machine of tests/volumes/run, beside volumes_vm. Arguments: the part ("layers",
 * "silent-udev" or "udev"), then the parameters of the disks as volumes_vm has them, then those of
 * base: root hash, number of data blocks.
 *
 * Disks, by their serial numbers: bare is the numbered verity image, tree its hash tree alone, base
 * an ext4 root with its tree behind, small, other and large are blank, ext4 is an empty file system.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/containers.h"
#include "agent/dm.h"
#include "agent/loop.h"
#include "agent/overlay.h"
#include "agent/settings.h"
#include "agent/snapshot.h"
#include "agent/verity.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "tests/check.h"

#define BLOCK 4096u
#define CHUNK LK_SNAPSHOT_CHUNK

static struct lk_error err;
static struct lk_verity_params bare, base;

static struct lk_deadline soon(void)
{
	return lk_deadline_in(20000);
}

/* The device with this serial number. */
static struct lk_blockdev disk(const char *serial)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	char path[64], text[32];

	for (int letter = 'a'; letter <= 'z'; letter++) {
		LK_FILE FILE *f = NULL;

		snprintf(path, sizeof(path), "/sys/block/vd%c/serial", letter);
		f = fopen(path, "re");
		if (!f || !fgets(text, sizeof(text), f))
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, serial) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/vd%c", letter);
		CHECK_OK(lk_blockdev_open(path, &dev, &err));
		return dev;
	}
	check_fail(__FILE__, __LINE__, "no disk '%s'", serial);
}

static bool mapped(const char *name)
{
	bool exists = true;

	CHECK_OK(lk_dm_exists(name, &exists, &err));
	return exists;
}

static void check_gone(void)
{
	static const char *const names[] = { "root", "root-base", "root-store", "root-verity" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mapped(names[i]))
			check_fail(__FILE__, __LINE__, "'%s' is still there", names[i]);
}

/* Chunks through the page cache's back door, so that each one is the kernel's business. */
static int open_direct(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC | O_DIRECT | O_SYNC);

	if (fd < 0)
		check_fail(__FILE__, __LINE__, "open %s: %s", node, strerror(errno));
	return fd;
}

static bool write_chunk(int fd, uint64_t n)
{
	_Alignas(4096) static char buf[CHUNK];

	snprintf(buf, sizeof(buf), "chunk %" PRIu64, n);
	return pwrite(fd, buf, CHUNK, (off_t)(n * CHUNK)) == CHUNK;
}

/* Does chunk n begin with this text? */
static bool reads(int fd, uint64_t n, const char *text)
{
	_Alignas(4096) static char buf[CHUNK];

	if (pread(fd, buf, CHUNK, (off_t)(n * CHUNK)) != CHUNK)
		return false;
	return memcmp(buf, text, strlen(text) + 1) == 0;
}

static bool reads_written(int fd, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "chunk %" PRIu64, n);
	return reads(fd, n, text);
}

/* --- hash trees --- */

TEST(setup)
{
	CHECK_OK(lk_crypto_setup(&err));
}

TEST(a_tree_on_its_own_device)
{
	LK_BLOCKDEV data = disk("bare");
	LK_BLOCKDEV tree = disk("tree");
	LK_DM_LIVE live = { 0 };
	char want[64];
	int fd;

	CHECK_OK(lk_verity_open(&data, &tree, "root", &bare, 0, soon(), &err));
	CHECK_OK(lk_dm_table("root", &live, &err));
	snprintf(want, sizeof(want), "1 %u:%u %u:%u ", major(data.number), minor(data.number),
		 major(tree.number), minor(tree.number));
	CHECK_HAS(live.params, want);
	fd = open("/dev/mapper/root", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && reads(fd, 0, "block 0") && reads(fd, 7, "block 7"));
	close(fd);
	CHECK_OK(lk_verity_close("root", soon(), &err));
}

TEST(another_tree_is_refused)
{
	LK_BLOCKDEV data = disk("bare");
	LK_BLOCKDEV other = disk("large");

	CHECK_EQ(lk_verity_open(&data, &other, "root", &bare, 0, soon(), &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_VERITY_CORRUPT);
	CHECK_EQ(lk_verity_open(&data, NULL, "root", &bare, 0, soon(), &err), LK_CONFIG);
	CHECK(!mapped("root"));
}

TEST(an_altered_tree_is_found_before_mapping)
{
	LK_BLOCKDEV data = disk("bare");
	LK_BLOCKDEV tree = disk("tree");
	LK_FD int fd = open(tree.path, O_RDWR | O_CLOEXEC | O_SYNC);
	uint8_t byte;

	for (int i = 0; i < 2; i++) {
		CHECK(fd >= 0 && pread(fd, &byte, 1, 77) == 1);
		byte ^= 1;
		CHECK_EQ(pwrite(fd, &byte, 1, 77), 1);
		if (i == 0)
			CHECK_EQ(lk_verity_open(&data, &tree, "root", &bare, 0, soon(), &err),
				 LK_TAMPERED);
	}
	CHECK(!mapped("root"));
}

/* --- snapshots --- */

static struct lk_blockdev open_origin(void)
{
	LK_BLOCKDEV dev = disk("base");
	struct lk_blockdev origin = LK_BLOCKDEV_NONE;

	CHECK_OK(lk_verity_open(&dev, NULL, "root-verity", &base, LK_VERITY_PRIVATE, soon(), &err));
	CHECK_OK(lk_blockdev_open("/dev/mapper/root-verity", &origin, &err));
	return origin;
}

static void close_all(struct lk_blockdev *origin)
{
	CHECK_OK(lk_snapshot_close("root", soon(), &err));
	lk_blockdev_close(origin);
	CHECK_OK(lk_verity_close("root-verity", soon(), &err));
	check_gone();
}

TEST(a_snapshot_starts_empty_whatever_its_store_holds)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk("small");
	LK_FD int raw = open(store.path, O_RDWR | O_CLOEXEC | O_SYNC);
	char before[CHUNK];
	int fd;

	CHECK_EQ(pwrite(raw, "neither header nor nothing", 26, 0), 26);
	for (int boot = 0; boot < 2; boot++) {
		CHECK_OK(lk_snapshot_open(&origin, &store, "root", soon(), &err));
		fd = open_direct("/dev/mapper/root");
		CHECK(!reads_written(fd, 3));
		CHECK(write_chunk(fd, 3) && reads_written(fd, 3));
		close(fd);
		CHECK_OK(lk_snapshot_close("root", soon(), &err));
		/* a header stands there now, and would be taken with all that it names */
		CHECK_EQ(ioctl(raw, BLKFLSBUF), 0);
		CHECK_EQ(pread(raw, before, sizeof(before), 0), sizeof(before));
		CHECK(memcmp(before, "SnAp", 4) == 0);
	}
	close_all(&origin);
}

TEST(the_origin_is_never_written)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk("large");
	char was[CHUNK], is[CHUNK];
	int fd;

	CHECK_EQ(pread(origin.fd, was, CHUNK, 5 * CHUNK), CHUNK);
	CHECK_OK(lk_snapshot_open(&origin, &store, "root", soon(), &err));
	fd = open_direct("/dev/mapper/root");
	CHECK(write_chunk(fd, 5));
	close(fd);
	CHECK_EQ(ioctl(origin.fd, BLKFLSBUF), 0);
	CHECK_EQ(pread(origin.fd, is, CHUNK, 5 * CHUNK), CHUNK);
	CHECK(memcmp(was, is, CHUNK) == 0);
	close_all(&origin);
}

static bool readable(int fd, uint64_t n)
{
	_Alignas(4096) static char buf[CHUNK];

	return pread(fd, buf, CHUNK, (off_t)(n * CHUNK)) == CHUNK;
}

/* Fill a store: it takes what was foretold, then refuses writes and goes on
 * reading. */
static void check_overflow(const char *serial)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk(serial);
	struct lk_snapshot_use use;
	uint64_t n = 0;
	int fd;

	CHECK_OK(lk_snapshot_open(&origin, &store, "root", soon(), &err));
	CHECK(!mapped("root-base"));
	fd = open_direct("/dev/mapper/root");
	while (write_chunk(fd, n))
		n++;
	CHECK_EQ(errno, EIO);
	CHECK_OK(lk_snapshot_use("root", &use, &err));
	CHECK(use.overflowed && !use.lost);
	for (uint64_t i = 0; i < n; i++)
		CHECK(reads_written(fd, i));
	CHECK(readable(fd, n));
	CHECK(!write_chunk(fd, 0));
	close(fd);
	close_all(&origin);
	CHECK_EQ(n, lk_snapshot_room(store.size));
}

TEST(a_full_store_refuses_writes_and_keeps_reading)
{
	LK_BLOCKDEV store = disk("small");

	/* exactly where the kernel would give the snapshot up: references full at the device's end */
	CHECK_EQ(store.size, 258 * CHUNK);
	check_overflow("small");
	check_overflow("other");
}

TEST(a_larger_store_makes_the_root_longer_and_never_overflows)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk("large");
	const uint64_t room = lk_snapshot_room(store.size);
	struct lk_snapshot_use use;
	uint64_t size, n;
	char zeros[32] = "";
	int fd;

	CHECK(room * CHUNK > origin.size);
	CHECK_OK(lk_snapshot_open(&origin, &store, "root", soon(), &err));
	CHECK(mapped("root-base"));
	fd = open_direct("/dev/mapper/root");
	CHECK_EQ(ioctl(fd, BLKGETSIZE64, &size), 0);
	CHECK_EQ(size, room * CHUNK);
	CHECK(reads(fd, room - 1, zeros));
	for (n = 0; n < room; n++)
		if (!write_chunk(fd, n))
			break;
	CHECK_EQ(n, room);
	CHECK_OK(lk_snapshot_use("root", &use, &err));
	CHECK(!use.overflowed && use.total - use.used <= 2 * CHUNK / 512);
	CHECK(reads_written(fd, 0) && reads_written(fd, room - 1));
	close(fd);
	close_all(&origin);
}

TEST(memory_holds_a_store)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = LK_BLOCKDEV_NONE;
	char loop[64];
	uint64_t size = 1;
	int fd;

	CHECK_OK(lk_loop_memory(16 << 20, &store, &err));
	CHECK_OK(lk_snapshot_open(&origin, &store, "root", soon(), &err));
	snprintf(loop, sizeof(loop), "%s", store.path);
	lk_blockdev_close(&store); /* the mapping holds it */
	fd = open_direct("/dev/mapper/root");
	CHECK(write_chunk(fd, 100) && reads_written(fd, 100));
	close(fd);
	close_all(&origin);
	/* ... and nothing else does */
	fd = open(loop, O_RDONLY | O_CLOEXEC);
	CHECK(fd < 0 || (ioctl(fd, BLKGETSIZE64, &size) == 0 && size == 0));
}

TEST(other_roots_are_refused)
{
	LK_BLOCKDEV origin = disk("bare");
	LK_BLOCKDEV store = disk("small");

	CHECK_EQ(lk_snapshot_open(&origin, &store, "root", soon(), &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	check_gone();
}

TEST(a_store_must_have_room)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk("small");

	store.size = 2 * CHUNK;
	CHECK_EQ(lk_snapshot_open(&origin, &store, "root", soon(), &err), LK_CONFIG);
	close_all(&origin);
}

TEST(taken_names_are_refused_and_left_alone)
{
	const struct lk_dm_line zero = { 0, 8, "zero", "" };
	static const char *const names[] = { "root", "root-base", "root-store" };
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk("small");

	for (size_t i = 0; i < 3; i++) {
		CHECK_OK(lk_dm_create(names[i], &zero, 1, 0, soon(), &err));
		CHECK_EQ(lk_snapshot_open(&origin, &store, "root", soon(), &err), LK_CONFIG);
		CHECK_EQ(err.code, LK_C_NAME_TAKEN);
		CHECK(mapped(names[i]));
		CHECK_OK(lk_dm_close(names[i], soon(), &err));
	}
	close_all(&origin);
}

TEST(tables_that_the_kernel_does_not_know)
{
	const struct lk_dm_line line = { 0, 8, "no-such-target", "" };

	CHECK_EQ(lk_dm_create("root", &line, 1, 0, soon(), &err), LK_ABSENT);
	CHECK(!mapped("root"));
}

/* --- overlays on disk --- */

#define ROOT  "/tmp/sysroot"
#define PLACE "/tmp/layers"
#define OTHER "00ff"

static void put(const char *path, const char *text)
{
	LK_FILE FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0)
		check_fail(__FILE__, __LINE__, "write %s: %s", path, strerror(errno));
}

static enum lk_status lay(const char *made_for, struct lk_overlay_found *found)
{
	LK_BLOCKDEV store = disk("ext4");
	const struct lk_overlay_spec o = {
		.root = ROOT, .place = PLACE, .store = store.path, .made_for = made_for
	};

	return lk_overlay_mount(&o, found, &err);
}

static void take_off(void)
{
	char path[128];

	for (size_t i = 0; lk_container_dirs[i]; i++) {
		snprintf(path, sizeof(path), ROOT "/%s", lk_container_dirs[i]);
		CHECK_EQ(umount(path), 0);
	}
	CHECK_EQ(umount(ROOT), 0);
	CHECK_EQ(umount(PLACE), 0);
}

/* The store as it is between two boots. */
static void change_store(const char *from, const char *to, const char *link)
{
	LK_BLOCKDEV store = disk("ext4");

	CHECK_EQ(mount(store.path, PLACE, "ext4", 0, ""), 0);
	if (from)
		CHECK_EQ(rename(from, to), 0);
	if (link)
		CHECK_EQ(symlink("/tmp", link), 0);
	CHECK_EQ(umount(PLACE), 0);
}

TEST(a_root_to_write_over)
{
	CHECK(mkdir(ROOT, 0755) == 0 && mount("test", ROOT, "tmpfs", 0, "mode=0751") == 0);
	put(ROOT "/below", "base");
	CHECK_EQ(mount(NULL, ROOT, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
}

TEST(a_layer_lasts_for_its_root_hash)
{
	struct lk_overlay_found found;
	struct statvfs fs;
	struct stat s;

	CHECK_OK(lay("aa", &found));
	CHECK(!found.kept && found.others == 0);
	CHECK(stat(ROOT, &s) == 0 && (s.st_mode & 07777) == 0751);
	CHECK(stat(PLACE, &s) == 0 && (s.st_mode & 07777) == 0700);
	CHECK(statvfs(PLACE, &fs) == 0);
	CHECK((fs.f_flag & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
	put(ROOT "/written", "first");
	put(ROOT "/var/lib/docker/image", "pulled");
	CHECK_OK(lay("aa", &found)); /* done already */
	take_off();
	CHECK(access(ROOT "/written", F_OK) != 0);
	CHECK_OK(lay("aa", &found));
	CHECK(found.kept && found.others == 0);
	CHECK(access(ROOT "/written", F_OK) == 0 && access(ROOT "/below", F_OK) == 0);
	CHECK(access(ROOT "/var/lib/docker/image", F_OK) == 0 && found.missed == 0);
	take_off();
}

TEST(another_root_hash_starts_empty_and_loses_nothing)
{
	struct lk_overlay_found found;

	CHECK_OK(lay(OTHER, &found));
	CHECK(!found.kept && found.others == 1);
	CHECK(access(ROOT "/written", F_OK) != 0);
	put(ROOT "/other", "second");
	take_off();
	CHECK_OK(lay("aa", &found));
	CHECK(found.kept && found.others == 1);
	CHECK(access(ROOT "/written", F_OK) == 0 && access(ROOT "/other", F_OK) != 0);
	take_off();
}

TEST(a_store_that_was_to_be_empty_is_refused)
{
	struct lk_overlay_found found;

	CHECK_EQ(lay(NULL, &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
	CHECK_EQ(umount(PLACE), -1);
}

TEST(what_a_cut_left_unfinished_is_finished)
{
	struct lk_overlay_found found;

	/* all that a crash leaves behind: the name is given last */
	change_store(PLACE "/layers/" OTHER, PLACE "/layers/bb.new", NULL);
	CHECK_OK(lay("bb", &found));
	CHECK(!found.kept && found.others == 1);
	take_off();
}

TEST(links_in_a_store_are_not_followed)
{
	struct lk_overlay_found found;

	change_store(NULL, NULL, PLACE "/layers/cc");
	CHECK_EQ(lay("cc", &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
	change_store(PLACE "/layers", PLACE "/were", PLACE "/layers");
	CHECK_EQ(lay("aa", &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
	CHECK_EQ(umount(PLACE), -1);
}

TEST(a_layer_that_starts_empty)
{
	struct lk_overlay_found found;

	change_store(PLACE "/layers", PLACE "/link", NULL);
	CHECK_OK(lay(NULL, &found));
	CHECK(!found.kept && found.others == 0);
	put(ROOT "/written", "third");
	take_off();
	/* whoever promised an empty store did not keep it */
	CHECK_EQ(lay(NULL, &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
}

TEST(a_store_without_a_file_system)
{
	const struct lk_overlay_spec o = { .root = ROOT, .place = PLACE, .store = "/dev/vda" };
	struct lk_overlay_found found;

	CHECK_EQ(lk_overlay_mount(&o, &found, &err), LK_INTERNAL);
	CHECK_EQ(umount(ROOT), 0); /* the test's own, with nothing on top */
	CHECK_EQ(access(ROOT "/below", F_OK), -1);
}

/* --- udev that never answers, and Debian's --- */

TEST(a_silent_udev_does_not_keep_a_snapshot)
{
	LK_BLOCKDEV origin = disk("base");
	LK_BLOCKDEV store = disk("large");

	CHECK_EQ(lk_snapshot_open(&origin, &store, "root", lk_deadline_in(1500), &err), LK_TIMEOUT);
	check_gone();
}

static bool is_link(const char *path)
{
	struct stat s;

	return lstat(path, &s) == 0 && S_ISLNK(s.st_mode);
}

/* Three devices show the same file system; only the last has a name that others look for. */
TEST(only_the_last_layer_has_a_name_for_others)
{
	struct lk_blockdev origin = open_origin();
	LK_BLOCKDEV store = disk("large");

	CHECK_OK(lk_snapshot_open(&origin, &store, "root", soon(), &err));
	CHECK(is_link("/dev/mapper/root") && is_link("/dev/disk/by-id/dm-name-root"));
	CHECK(mapped("root-base") && is_link("/dev/mapper/root-base"));
	CHECK(!is_link("/dev/disk/by-id/dm-name-root-base"));
	CHECK(!is_link("/dev/disk/by-id/dm-name-root-verity"));
	close_all(&origin);
}

#define RUN(...)                                                                                   \
	do {                                                                                       \
		void (*const run[])(void) = { __VA_ARGS__ };                                       \
                                                                                                   \
		return check_main(run, sizeof(run) / sizeof(run[0]), #__VA_ARGS__);                \
	} while (0)

static int run_layers(void)
{
	RUN(setup, a_tree_on_its_own_device, another_tree_is_refused,
	    an_altered_tree_is_found_before_mapping,
	    a_snapshot_starts_empty_whatever_its_store_holds, the_origin_is_never_written,
	    a_full_store_refuses_writes_and_keeps_reading,
	    a_larger_store_makes_the_root_longer_and_never_overflows, memory_holds_a_store,
	    other_roots_are_refused, a_store_must_have_room, taken_names_are_refused_and_left_alone,
	    tables_that_the_kernel_does_not_know, a_root_to_write_over,
	    a_layer_lasts_for_its_root_hash, another_root_hash_starts_empty_and_loses_nothing,
	    a_store_that_was_to_be_empty_is_refused, what_a_cut_left_unfinished_is_finished,
	    links_in_a_store_are_not_followed, a_layer_that_starts_empty,
	    a_store_without_a_file_system);
}

static int run_silent_udev(void)
{
	RUN(setup, a_silent_udev_does_not_keep_a_snapshot);
}

static int run_udev(void)
{
	RUN(setup, only_the_last_layer_has_a_name_for_others);
}

static bool read_params(char **argv, struct lk_verity_params *ret)
{
	static char sha256[] = "sha256";

	*ret = (struct lk_verity_params){
		.root_hash = { calloc(1, 32), 0 },
		.salt = { calloc(1, 32), 0 },
		.algorithm = sha256,
		.data_block_size = BLOCK,
		.hash_block_size = BLOCK,
		.data_blocks = strtoll(argv[2], NULL, 10),
		.on_corruption = LK_VERITY_ERROR,
	};
	return ret->root_hash.data && ret->salt.data &&
	       lk_hex_decode(argv[0], strlen(argv[0]), ret->root_hash.data, 32,
			     &ret->root_hash.len) &&
	       lk_hex_decode(argv[1], strlen(argv[1]), ret->salt.data, 32, &ret->salt.len);
}

int main(int argc, char **argv)
{
	if (argc != 8)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!read_params(argv + 2, &bare) || !read_params(argv + 5, &base))
		return EXIT_FAILURE;
	base.hash_offset = base.data_blocks * BLOCK;
	if (strcmp(argv[1], "silent-udev") == 0)
		return run_silent_udev();
	return strcmp(argv[1], "udev") == 0 ? run_udev() : run_layers();
}
