/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash trees on a device of their own and writable layers against a real kernel: runs inside the
 * virtual machine of tests/volumes/run, beside volumes_vm. Arguments: the part ("layers",
 * "silent-udev" or "udev"), then root hash, salt and number of data blocks of bare, base and xfs.
 *
 * Disks, by their serial numbers: bare is the numbered verity image, tree its hash tree alone, base
 * an ext4 root with its tree behind, xfs such a root of xfs; sectors is an xfs whose
 * sectors are smaller than its device's; small, other, large and room are blank, ext4 is an empty file
 * system.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/loop.h"
#include "agent/settings.h"
#include "agent/snapshot.h"
#include "agent/verity.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "tests/volumes/layers_kit.h"
#include "tests/volumes/layers_parts.h"

#define BLOCK 4096u
#define CHUNK LK_SNAPSHOT_CHUNK

static struct lk_verity_params bare, base, xfs;

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

static int run_trees_and_snapshots(void)
{
	RUN(setup, a_tree_on_its_own_device, another_tree_is_refused,
	    an_altered_tree_is_found_before_mapping,
	    a_snapshot_starts_empty_whatever_its_store_holds, the_origin_is_never_written,
	    a_full_store_refuses_writes_and_keeps_reading,
	    a_larger_store_makes_the_root_longer_and_never_overflows, memory_holds_a_store,
	    other_roots_are_refused, a_store_must_have_room, taken_names_are_refused_and_left_alone,
	    tables_that_the_kernel_does_not_know);
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
	int snapshots, overlays;

	if (argc != 11)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!read_params(argv + 2, &bare) || !read_params(argv + 5, &base) ||
	    !read_params(argv + 8, &xfs))
		return EXIT_FAILURE;
	base.hash_offset = base.data_blocks * BLOCK;
	xfs.hash_offset = xfs.data_blocks * BLOCK;
	if (strcmp(argv[1], "silent-udev") == 0)
		return run_silent_udev();
	if (strcmp(argv[1], "udev") == 0)
		return run_udev();
	snapshots = run_trees_and_snapshots();
	overlays = run_overlays();
	return run_xfs(&xfs) || overlays || snapshots;
}
