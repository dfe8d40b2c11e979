/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The volume path against a real kernel: runs inside a virtual machine without systemd,
 * started by tests/volumes/run. Arguments: the part ("volumes", "system", "silent-udev" or
 * "udev"), the driver of the disks (not yet loaded), the disks' root hash, salt, number of data
 * blocks and hash offset.
 *
 * Disks: vda has partition 1 (LUKS2, 512-byte sectors, verity image inside) and 2; vdb is LUKS2
 * with 4096-byte sectors and Argon2id; vdc is the bare verity image. Both passphrases are the same.
 */

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/luks.h"
#include "agent/settings.h"
#include "agent/verity.h"
#include "core/base64.h"
#include "core/json.h"
#include "tests/check.h"
#include "tests/volumes/volumes_system.h"

#define PASSPHRASE "correct horse"
#define PARTUUID   "PARTUUID=0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11"
#define BLOCK	   4096
#define HEADER	   (4 * 1024 * 1024) /* of the disk, as far as headers and keyslots are looked at */

static struct lk_error err;
static const char *driver;
static struct lk_verity_params params;

static struct lk_deadline soon(void)
{
	return lk_deadline_in(20000);
}

static struct lk_blockdev find(const char *spec)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	CHECK_OK(lk_blockdev_find(spec, soon(), &dev, &err));
	return dev;
}

static struct lk_luks_prepared *prepare(const struct lk_blockdev *dev)
{
	struct lk_luks_rules rules = lk_luks_rules_here();
	struct lk_luks_prepared *p = NULL;

	CHECK_OK(lk_luks_prepare(dev, &rules, &p, &err));
	return p;
}

static enum lk_status open_with(const struct lk_luks_prepared *p, const struct lk_blockdev *dev,
				const char *name, const char *passphrase, unsigned flags,
				struct lk_deadline deadline)
{
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };
	enum lk_status st;

	CHECK_OK(lk_secret_from(&key.bytes, passphrase, strlen(passphrase), &err));
	st = lk_luks_open(p, dev, name, &key, flags, deadline, &err);
	lk_secret_wipe(&key.bytes);
	return st;
}

/* A status that must be this one; says what came instead. */
static void check_status(enum lk_status st, enum lk_status want)
{
	char said[2048];

	if (st != want)
		check_fail(__FILE__, __LINE__, "%s, not %s: %s", lk_status_name(st),
			   lk_status_name(want),
			   st ? lk_error_format(&err, said, sizeof(said)) : "");
}

static bool mapped(const char *name)
{
	bool exists = true;

	CHECK_OK(lk_dm_exists(name, &exists, &err));
	return exists;
}

static void check_block(const char *node, uint64_t block)
{
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	char buf[BLOCK], want[32];

	CHECK_OK(lk_blockdev_open(node, &dev, &err));
	CHECK_EQ(pread(dev.fd, buf, BLOCK, (off_t)(block * BLOCK)), BLOCK);
	snprintf(want, sizeof(want), "block %llu", (unsigned long long)block);
	buf[BLOCK - 1] = '\0';
	CHECK_STR(buf, want);
}

static uint64_t sum_of_header(const struct lk_blockdev *dev)
{
	static uint8_t buf[HEADER];
	uint64_t sum = 1469598103934665603u;

	CHECK_EQ(ioctl(dev->fd, BLKFLSBUF), 0);
	CHECK_EQ(pread(dev->fd, buf, HEADER, 0), HEADER);
	for (size_t i = 0; i < HEADER; i++)
		sum = (sum ^ buf[i]) * 1099511628211u;
	return sum;
}

/* --- finding --- */

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
}

TEST(devices_that_come_late_are_found)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	int64_t before = lk_clock_ms();
	pid_t child;
	int status;

	CHECK_EQ(lk_blockdev_find(PARTUUID, lk_deadline_in(0), &dev, &err), LK_ABSENT);
	child = fork();
	if (child == 0) {
		int fd = open(driver, O_RDONLY | O_CLOEXEC);

		poll(NULL, 0, 500);
		_exit(syscall(SYS_finit_module, fd, "", 0) != 0);
	}
	CHECK_OK(lk_blockdev_find(PARTUUID, soon(), &dev, &err));
	CHECK(lk_clock_ms() - before >= 450);
	CHECK_STR(dev.path, "/dev/vda1");
	CHECK(dev.size > 16 * 1024 * 1024);
	lk_blockdev_close(&dev);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

TEST(each_way_of_naming_works)
{
	static const struct {
		const char *spec, *path;
	} rows[] = {
		{ "PARTUUID=0AA3A3A5-8B5E-4A3F-9A35-2F6F6D2A1E11", "/dev/vda1" },
		{ "PARTLABEL=first one", "/dev/vda1" },
		{ "UUID=11111111-2222-4333-8444-555555555555", "/dev/vda1" },
		{ "UUID=66666666-7777-4888-8999-aaaaaaaaaaaa", "/dev/vdb" },
		{ "/dev/vdb", "/dev/vdb" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		LK_BLOCKDEV dev = find(rows[i].spec);

		CHECK_STR(dev.path, rows[i].path);
	}
}

TEST(two_candidates_are_an_error)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	CHECK_EQ(lk_blockdev_find("PARTLABEL=twin", soon(), &dev, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_VOLUME_AMBIGUOUS);
}

/* --- dm-crypt --- */

TEST(a_wrong_key_leaves_nothing)
{
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);

	CHECK_EQ(open_with(p, &dev, "one", "incorrect horse", 0, soon()), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	CHECK(!mapped("one"));
}

static void check_opens(const char *spec, const char *name, unsigned flags, const char *option)
{
	LK_BLOCKDEV dev = find(spec);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);
	uint64_t before = sum_of_header(&dev);
	LK_DM_LIVE live = { 0 };
	char node[64];

	CHECK_OK(open_with(p, &dev, name, PASSPHRASE, flags, soon()));
	CHECK_OK(lk_dm_table(name, &live, &err));
	CHECK_STR(live.target, "crypt");
	CHECK_EQ(live.read_only, flags & LK_LUKS_READONLY ? 1 : 0);
	CHECK_HAS(live.params, ":64:logon:");
	if (option)
		CHECK_HAS(live.params, option);
	snprintf(node, sizeof(node), "/dev/mapper/%s", name);
	check_block(node, 7);
	CHECK_EQ(open_with(p, &dev, name, PASSPHRASE, flags, soon()), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_NAME_TAKEN);
	CHECK_OK(lk_luks_close(name, NULL, soon(), &err));
	CHECK(!mapped(name));
	CHECK(access(node, F_OK) != 0);
	CHECK_OK(lk_luks_close(name, NULL, soon(), &err));
	CHECK(sum_of_header(&dev) == before);
}

TEST(volumes_open_and_close)
{
	check_opens(PARTUUID, "one", 0, NULL);
	check_opens(PARTUUID, "one-crypt", LK_LUKS_READONLY | LK_LUKS_PRIVATE, NULL);
	check_opens(PARTUUID, "one", LK_LUKS_DISCARDS, "allow_discards");
	check_opens("/dev/vdb", "two", 0, "sector_size:4096");
	check_opens(PARTUUID, "one", LK_LUKS_BYPASS, " no_read_workqueue no_write_workqueue");
	check_opens("/dev/vdb", "two", LK_LUKS_BYPASS | LK_LUKS_DISCARDS, "no_write_workqueue");
}

TEST(a_header_swapped_after_the_check_has_no_effect)
{
	static uint8_t saved[HEADER], zeros[HEADER];
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);
	LK_FD int fd = open(dev.path, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(pread(fd, saved, HEADER, 0), HEADER);
	CHECK_EQ(pwrite(fd, zeros, HEADER, 0), HEADER);
	CHECK_EQ(fsync(fd), 0);
	CHECK_OK(open_with(p, &dev, "one", PASSPHRASE, 0, soon()));
	check_block("/dev/mapper/one", 7);
	CHECK_OK(lk_luks_close("one", NULL, soon(), &err));
	CHECK_EQ(pread(fd, zeros, HEADER, 0), HEADER);
	CHECK(zeros[0] == 0 && zeros[16384] == 0); /* not repaired either */
	CHECK_EQ(pwrite(fd, saved, HEADER, 0), HEADER);
	CHECK_EQ(fsync(fd), 0);
}

TEST(a_mapping_in_use_is_waited_for)
{
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);
	int64_t before;
	int fd;

	CHECK_OK(open_with(p, &dev, "one", PASSPHRASE, 0, soon()));
	fd = open("/dev/mapper/one", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	before = lk_clock_ms();
	CHECK_EQ(lk_luks_close("one", NULL, lk_deadline_in(300), &err), LK_TIMEOUT);
	CHECK(lk_clock_ms() - before >= 300);
	CHECK(mapped("one"));
	close(fd);
	CHECK_OK(lk_luks_close("one", NULL, soon(), &err));
}

static bool logon_key_in_kernel(void)
{
	LK_FILE FILE *f = fopen("/proc/keys", "re");
	char line[512];

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "cryptsetup:"))
			return true;
	}
	return false;
}

/* The kernel collects keys that nobody holds in its own time: ask until it has. */
TEST(no_key_stays_in_the_keyring)
{
	struct lk_deadline d = soon();

	while (logon_key_in_kernel()) {
		CHECK(!lk_deadline_passed(d));
		poll(NULL, 0, 200);
	}
}

/* --- dm-verity --- */

static void poke(const char *node, uint64_t at)
{
	LK_FD int fd = open(node, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	CHECK(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
	byte ^= 1;
	CHECK_EQ(pwrite(fd, &byte, 1, (off_t)at), 1);
	CHECK_EQ(fsync(fd), 0);
}

static void check_refused(const struct lk_blockdev *dev, enum lk_code code)
{
	CHECK(lk_verity_open(dev, NULL, "root", &params, 0, soon(), &err) != LK_OK);
	CHECK_EQ(err.code, code);
	CHECK(!mapped("root"));
}

TEST(a_wrong_root_hash_is_told_and_never_panics)
{
	LK_BLOCKDEV dev = find("/dev/vdc");

	params.on_corruption = LK_VERITY_PANIC;
	params.root_hash.data[0] ^= 1;
	check_refused(&dev, LK_C_VERITY_CORRUPT);
	params.root_hash.data[0] ^= 1;
	params.salt.data[0] ^= 1;
	check_refused(&dev, LK_C_VERITY_CORRUPT);
	params.salt.data[0] ^= 1;
	params.hash_offset += BLOCK;
	CHECK(lk_verity_open(&dev, NULL, "root", &params, 0, soon(), &err) != LK_OK);
	params.hash_offset -= BLOCK;
}

TEST(altered_blocks_are_found_before_mapping)
{
	const uint64_t blocks[] = { 0, (uint64_t)params.data_blocks / 2,
				    (uint64_t)params.data_blocks - 1 };
	LK_BLOCKDEV dev = find("/dev/vdc");

	for (size_t i = 0; i < 3; i++) {
		poke("/dev/vdc", blocks[i] * BLOCK + 100);
		check_refused(&dev, LK_C_VERITY_CORRUPT);
		poke("/dev/vdc", blocks[i] * BLOCK + 100);
	}
}

TEST(altered_blocks_elsewhere_fail_to_read)
{
	LK_BLOCKDEV dev = find("/dev/vdc");
	char buf[BLOCK], status[16];
	int fd;

	params.on_corruption = LK_VERITY_ERROR;
	poke("/dev/vdc", 5 * BLOCK);
	CHECK_OK(lk_verity_open(&dev, NULL, "root", &params, 0, soon(), &err));
	fd = open("/dev/mapper/root", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(pread(fd, buf, BLOCK, 4 * BLOCK), BLOCK);
	CHECK_EQ(pread(fd, buf, BLOCK, 5 * BLOCK), -1);
	close(fd);
	CHECK_OK(lk_dm_status("root", status, sizeof(status), &err));
	CHECK_STR(status, "C");
	CHECK_OK(lk_verity_close("root", soon(), &err));
	poke("/dev/vdc", 5 * BLOCK);
}

TEST(each_mode_is_what_the_kernel_has)
{
	static const struct {
		int mode;
		const char *option;
	} rows[] = {
		{ LK_VERITY_PANIC, "panic_on_corruption" },
		{ LK_VERITY_RESTART, "restart_on_corruption" },
		{ LK_VERITY_ERROR, NULL },
	};
	LK_BLOCKDEV dev = find("/dev/vdc");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		LK_DM_LIVE live = { 0 };

		params.on_corruption = rows[i].mode;
		CHECK_OK(lk_verity_open(&dev, NULL, "root", &params, 0, soon(), &err));
		CHECK_OK(lk_dm_table("root", &live, &err));
		CHECK_STR(live.target, "verity");
		if (rows[i].option)
			CHECK_HAS(live.params, rows[i].option);
		else
			CHECK(!strstr(live.params, "corruption"));
		CHECK_EQ(lk_verity_open(&dev, NULL, "root", &params, 0, soon(), &err), LK_CONFIG);
		CHECK_EQ(err.code, LK_C_NAME_TAKEN);
		CHECK_OK(lk_verity_close("root", soon(), &err));
	}
}

TEST(verity_inside_luks)
{
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);
	struct lk_blockdev inner = LK_BLOCKDEV_NONE;

	params.on_corruption = LK_VERITY_PANIC;
	CHECK_OK(open_with(p, &dev, "root-crypt", PASSPHRASE, LK_LUKS_READONLY | LK_LUKS_PRIVATE,
			   soon()));
	CHECK_OK(lk_blockdev_open("/dev/mapper/root-crypt", &inner, &err));
	CHECK_OK(lk_verity_open(&inner, NULL, "root", &params, 0, soon(), &err));
	check_block("/dev/mapper/root", 0);
	check_block("/dev/mapper/root", (uint64_t)params.data_blocks - 1);
	CHECK_EQ(lk_luks_close("root-crypt", NULL, lk_deadline_in(0), &err), LK_TIMEOUT);
	CHECK_OK(lk_verity_close("root", soon(), &err));
	lk_blockdev_close(&inner);
	CHECK_OK(lk_luks_close("root-crypt", NULL, soon(), &err));
	CHECK(!mapped("root") && !mapped("root-crypt"));
}

/* --- udev that never answers: /run/udev/control exists, and nobody behind it --- */

TEST(a_silent_udev_ends_with_the_deadline)
{
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);
	int64_t before = lk_clock_ms();

	check_status(open_with(p, &dev, "one", PASSPHRASE, 0, lk_deadline_in(1500)), LK_TIMEOUT);
	CHECK(lk_clock_ms() - before >= 1500);
	CHECK(!mapped("one"));
}

TEST(a_silent_udev_does_not_keep_verity)
{
	LK_BLOCKDEV dev = find("/dev/vdc");

	check_status(lk_verity_open(&dev, NULL, "root", &params, 0, lk_deadline_in(1500), &err),
		     LK_TIMEOUT);
	CHECK(!mapped("root"));
}

/* --- Debian's udev with its rules --- */

#define LINK(name) "/dev/disk/by-id/dm-name-" name

static bool is_link(const char *path)
{
	struct stat s;

	return lstat(path, &s) == 0 && S_ISLNK(s.st_mode);
}

TEST(udev_answers_and_makes_the_nodes)
{
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);

	CHECK_OK(open_with(p, &dev, "one", PASSPHRASE, 0, soon()));
	CHECK(is_link("/dev/mapper/one"));
	CHECK(is_link(LINK("one")));
	check_block("/dev/mapper/one", 7);
	CHECK_OK(lk_luks_close("one", NULL, soon(), &err));
	CHECK(!is_link("/dev/mapper/one"));
}

/* An inner layer has a node for us and no name that anybody else would look for. */
TEST(inner_layers_are_kept_from_other_rules)
{
	LK_BLOCKDEV dev = find(PARTUUID);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = prepare(&dev);
	struct lk_blockdev inner = LK_BLOCKDEV_NONE;

	params.on_corruption = LK_VERITY_PANIC;
	CHECK_OK(open_with(p, &dev, "root-crypt", PASSPHRASE, LK_LUKS_READONLY | LK_LUKS_PRIVATE,
			   soon()));
	CHECK(is_link("/dev/mapper/root-crypt"));
	CHECK(!is_link(LINK("root-crypt")));
	CHECK_OK(lk_blockdev_open("/dev/mapper/root-crypt", &inner, &err));
	CHECK_OK(lk_verity_open(&inner, NULL, "root", &params, 0, soon(), &err));
	CHECK(is_link("/dev/mapper/root") && is_link(LINK("root")));
	check_block("/dev/mapper/root", 3);
	CHECK_OK(lk_verity_close("root", soon(), &err));
	lk_blockdev_close(&inner);
	CHECK_OK(lk_luks_close("root-crypt", NULL, soon(), &err));
	CHECK(!mapped("root") && !mapped("root-crypt"));
}

TEST(links_of_udev_name_devices)
{
	LK_BLOCKDEV dev = find("/dev/disk/by-partuuid/0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11");

	CHECK(major(dev.number) > 0);
	CHECK(dev.size > 16 * 1024 * 1024);
}

static int run_volumes(void)
{
	void (*const run[])(void) = {
		setup,
		devices_that_come_late_are_found,
		each_way_of_naming_works,
		two_candidates_are_an_error,
		a_wrong_key_leaves_nothing,
		volumes_open_and_close,
		a_header_swapped_after_the_check_has_no_effect,
		a_mapping_in_use_is_waited_for,
		no_key_stays_in_the_keyring,
		a_wrong_root_hash_is_told_and_never_panics,
		altered_blocks_are_found_before_mapping,
		altered_blocks_elsewhere_fail_to_read,
		each_mode_is_what_the_kernel_has,
		verity_inside_luks,
	};
	static const char names[] =
		"setup, devices_that_come_late_are_found, each_way_of_naming_works, "
		"two_candidates_are_an_error, a_wrong_key_leaves_nothing, volumes_open_and_close, "
		"a_header_swapped_after_the_check_has_no_effect, a_mapping_in_use_is_waited_for, "
		"no_key_stays_in_the_keyring, a_wrong_root_hash_is_told_and_never_panics, "
		"altered_blocks_are_found_before_mapping, altered_blocks_elsewhere_fail_to_read, "
		"each_mode_is_what_the_kernel_has, verity_inside_luks";

	return check_main(run, sizeof(run) / sizeof(run[0]), names);
}

static int run_silent_udev(void)
{
	void (*const run[])(void) = { setup, a_silent_udev_ends_with_the_deadline,
				      a_silent_udev_does_not_keep_verity };

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "setup, a_silent_udev_ends_with_the_deadline, "
			  "a_silent_udev_does_not_keep_verity");
}

static int run_udev(void)
{
	void (*const run[])(void) = { setup, udev_answers_and_makes_the_nodes,
				      inner_layers_are_kept_from_other_rules,
				      links_of_udev_name_devices };

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "setup, udev_answers_and_makes_the_nodes, "
			  "inner_layers_are_kept_from_other_rules, links_of_udev_name_devices");
}

int main(int argc, char **argv)
{
	static uint8_t root_hash[32], salt[32];
	static char sha256[] = "sha256";

	if (argc != 7)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	driver = argv[2];
	params = (struct lk_verity_params){
		.root_hash = { root_hash, 0 },
		.salt = { salt, 0 },
		.algorithm = sha256,
		.data_block_size = BLOCK,
		.hash_block_size = BLOCK,
		.data_blocks = strtoll(argv[5], NULL, 10),
		.hash_offset = strtoll(argv[6], NULL, 10),
	};
	if (!lk_hex_decode(argv[3], strlen(argv[3]), root_hash, 32, &params.root_hash.len) ||
	    !lk_hex_decode(argv[4], strlen(argv[4]), salt, 32, &params.salt.len))
		return EXIT_FAILURE;
	if (strcmp(argv[1], "system") == 0)
		return run_system();
	if (strcmp(argv[1], "silent-udev") == 0)
		return run_silent_udev();
	return strcmp(argv[1], "udev") == 0 ? run_udev() : run_volumes();
}
