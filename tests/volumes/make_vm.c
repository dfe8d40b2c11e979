/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes made on a real kernel: runs inside a virtual machine without systemd and udev, started by
 * tests/volumes/run. Disks are known by their serial numbers: "small" has 2 MiB, "lasting" and
 * "gone" 56 MiB, "large" 400 MiB, all blank; "foreign" holds an ext4 file system.
 */

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/dm.h"
#include "agent/luks_internal.h"
#include "agent/make.h"
#include "agent/stages.h"
#include "agent/unlock.h"
#include "core/json.h"
#include "providers/provider.h"
#include "tests/check.h"

#define MIB	 (1024u * 1024)
#define BLOCK	 4096
#define DATA	 LK_LUKS_DATA_BEGIN
#define RANDOM_1 "0123456789abcdef0123456789abcdef"
#define RANDOM_2 "fedcba9876543210fedcba9876543210"
#define MOUNT	 "/tmp/mounted"

static struct lk_error err;
static struct lk_volume_source random_source, fetched_source;

static struct lk_deadline soon(void)
{
	return lk_deadline_in(120000);
}

static void check_status(enum lk_status st, enum lk_code want)
{
	char said[2048];

	if (st == LK_OK || err.code != want)
		check_fail(__FILE__, __LINE__, "not %s: %s", lk_code_name(want),
			   st ? lk_error_format(&err, said, sizeof(said)) : "it went well");
}

/* ---- disks ---- */

/* "/dev/vdX" of the disk with that serial number. */
static const char *disk(const char *serial)
{
	static char node[64];
	struct dirent *d;
	DIR *list = opendir("/sys/block");

	CHECK(list);
	node[0] = '\0';
	while ((d = readdir(list))) {
		char path[512], text[64] = "";
		LK_FILE FILE *f = NULL;

		snprintf(path, sizeof(path), "/sys/block/%s/serial", d->d_name);
		f = fopen(path, "re");
		if (f && fgets(text, sizeof(text), f) && strcmp(text, serial) == 0)
			snprintf(node, sizeof(node), "/dev/%.32s", d->d_name);
	}
	closedir(list);
	CHECK(*node);
	return node;
}

static struct lk_blockdev open_disk(const char *serial)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	CHECK_OK(lk_blockdev_open(disk(serial), &dev, &err));
	return dev;
}

static void write_disk(const char *node, uint64_t at, const void *data, size_t n)
{
	LK_FD int fd = open(node, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(pwrite(fd, data, n, (off_t)at), n);
	CHECK_EQ(fsync(fd), 0);
}

static void flip(const char *node, uint64_t at)
{
	LK_FD int fd = open(node, O_RDONLY | O_CLOEXEC);
	uint8_t byte;

	CHECK(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
	byte ^= 1;
	write_disk(node, at, &byte, 1);
}

static void blank(const char *serial)
{
	static uint8_t zeros[MIB];
	LK_BLOCKDEV dev = open_disk(serial);
	const char *node = disk(serial);

	for (uint64_t at = 0; at + MIB <= dev.size; at += MIB)
		write_disk(node, at, zeros, MIB);
}

static bool mapped(const char *name)
{
	bool exists = true;

	CHECK_OK(lk_dm_exists(name, &exists, &err));
	return exists;
}

/* ---- volumes ---- */

static char volume_name[] = "data0";

static struct lk_volume lasting(void)
{
	return (struct lk_volume){
		.name = volume_name,
		.encrypted = true,
		.sources = &fetched_source,
		.n_sources = 1,
		.format = LK_FORMAT_BLANK,
		.makefs = -1,
		.max_keyslots = 2,
		.key_entropy = LK_ENTROPY_FULL,
	};
}

static struct lk_volume throw_away(void)
{
	struct lk_volume v = lasting();

	v.sources = &random_source;
	v.format = LK_FORMAT_NEVER;
	return v;
}

static struct lk_volume_key key_of(const char *text)
{
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };

	CHECK_OK(lk_secret_from(&key.bytes, text, strlen(text), &err));
	return key;
}

/* Look, decide, make; what the run does. *ret_made: it was made. */
static enum lk_status make_on(const struct lk_volume *v, const struct lk_blockdev *dev,
			      enum lk_occasion occasion, const char *passphrase,
			      struct lk_luks_prepared **ret, bool *ret_made)
{
	struct lk_look look;
	struct lk_make m = {
		.volume = v, .dev = dev, .look = &look, .occasion = occasion, .deadline = soon()
	};
	struct lk_volume_key key = key_of(passphrase);
	const bool before = mapped(v->name);
	enum lk_status st;

	st = lk_make_look(dev, &look, &err);
	if (!st)
		st = lk_make_decide(v, occasion, &look, ret_made, &err);
	if (!st && *ret_made)
		st = lk_make_volume(&m, &key, ret, &err);
	lk_secret_wipe(&key.bytes);
	/* Nothing is left half open, whatever happened. */
	CHECK(mapped(v->name) == before && !mapped("data0_dif"));
	return st;
}

static enum lk_status make(const struct lk_volume *v, const char *serial, enum lk_occasion occasion,
			   const char *passphrase)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = open_disk(serial);
	bool made = false;

	return make_on(v, &dev, occasion, passphrase, &p, &made);
}

static enum lk_content content_of(const char *serial)
{
	LK_BLOCKDEV dev = open_disk(serial);
	struct lk_look look;

	CHECK_OK(lk_make_look(&dev, &look, &err));
	return look.content;
}

static enum lk_status open_prepared(const struct lk_luks_prepared *p, const struct lk_volume *v,
				    const char *serial, const char *passphrase, unsigned flags)
{
	struct lk_volume_key key = key_of(passphrase);
	LK_BLOCKDEV dev = open_disk(serial);
	enum lk_status st;

	st = lk_luks_open(p, &dev, v->name, &key, flags, soon(), &err);
	lk_secret_wipe(&key.bytes);
	return st;
}

/* From the disk, as a boot does. */
static enum lk_status open_lasting(const struct lk_volume *v, const char *serial,
				   const char *passphrase)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_luks_rules rules = lk_luks_rules_here();
	LK_BLOCKDEV dev = open_disk(serial);
	enum lk_status st;

	rules.integrity = v->integrity;
	st = lk_luks_prepare(&dev, &rules, &p, &err);
	return st ? st : open_prepared(p, v, serial, passphrase, 0);
}

/* Made at each opening, and mapped. */
static enum lk_status open_throw_away(const struct lk_volume *v, const char *serial)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = open_disk(serial);
	enum lk_status st;
	bool made;

	st = make_on(v, &dev, LK_OCCASION_BOOT, RANDOM_1, &p, &made);
	return st ? st
		  : open_prepared(p, v, serial, RANDOM_1, v->integrity ? LK_LUKS_NO_JOURNAL : 0);
}

static void close_volume(void)
{
	CHECK_OK(lk_luks_close(volume_name, soon(), &err));
	CHECK(!mapped(volume_name) && !mapped("data0_dif"));
}

/* ---- file systems ---- */

static void put_file(const char *type, const char *text)
{
	LK_FILE FILE *f = NULL;

	(void)mkdir(MOUNT, 0700);
	CHECK_EQ(mount("/dev/mapper/data0", MOUNT, type, 0, NULL), 0);
	f = fopen(MOUNT "/file", "we");
	CHECK(f && fputs(text, f) >= 0);
	CHECK_EQ(fclose(lk_take(f)), 0);
	CHECK_EQ(umount(MOUNT), 0);
}

static void check_file(const char *type, const char *want)
{
	LK_FILE FILE *f = NULL;
	char text[64] = "";

	CHECK_EQ(mount("/dev/mapper/data0", MOUNT, type, MS_RDONLY, NULL), 0);
	f = fopen(MOUNT "/file", "re");
	CHECK(f && fgets(text, sizeof(text), f));
	CHECK_STR(text, want);
	CHECK_EQ(fclose(lk_take(f)), 0);
	CHECK_EQ(umount(MOUNT), 0);
}

/* How many of the mapping's blocks cannot be read. */
static unsigned unreadable(void)
{
	LK_FD int fd = open("/dev/mapper/data0", O_RDONLY | O_CLOEXEC);
	static uint8_t buf[BLOCK];
	unsigned n = 0;
	uint64_t size;

	CHECK(fd >= 0 && ioctl(fd, BLKGETSIZE64, &size) == 0);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (uint64_t at = 0; at < size; at += BLOCK)
		n += pread(fd, buf, BLOCK, (off_t)at) != BLOCK;
	return n;
}

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	random_source.provider = lk_provider_find("otp");
	fetched_source.provider = lk_provider_find("exec");
	CHECK(random_source.provider && fetched_source.provider);
}

/* ---- volumes that last ---- */

/* The new header carries the MAC that a boot asks for. */
static void check_mac(const struct lk_volume *made, const struct lk_luks_prepared *p,
		      const char *passphrase)
{
	struct lk_volume v = *made;
	struct lk_header_identity identity = { 0 };
	struct lk_volume_key key = key_of(passphrase);

	v.header_mac = LK_HEADER_MAC_REQUIRED;
	CHECK_OK(lk_volume_unlock(&v, p, &key, &identity, &err));
	CHECK(identity.has_mac);
	lk_secret_wipe(&key.bytes);
}

TEST(a_blank_device_becomes_a_volume_once)
{
	struct lk_volume v = lasting();
	LK_BLOCKDEV dev = open_disk("lasting");
	struct lk_luks_prepared *p = NULL;
	bool made = false;

	v.makefs = LK_FS_EXT4;
	CHECK_EQ(content_of("lasting"), LK_CONTENT_BLANK);
	CHECK_OK(make_on(&v, &dev, LK_OCCASION_BOOT, RANDOM_1, &p, &made));
	CHECK(made && p);
	CHECK_EQ(p->header.degraded, LK_LUKS_BOTH_GOOD);
	CHECK_EQ(p->header.sector_size, 4096);
	CHECK_EQ(p->header.segment_offset, DATA);
	CHECK_EQ(p->header.keyslots[0].kdf.kind, LK_LUKS_PBKDF2);
	CHECK_EQ(p->header.keyslots[0].kdf.iterations, 1000);
	check_mac(&v, p, RANDOM_1);
	lk_luks_prepared_free(p);
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LUKS);
	CHECK_OK(open_lasting(&v, "lasting", RANDOM_1));
	put_file("ext4", "kept");
	close_volume();

	CHECK_OK(make_on(&v, &dev, LK_OCCASION_BOOT, RANDOM_1, &p, &made));
	CHECK(!made);
	check_status(make_on(&v, &dev, LK_OCCASION_INIT, RANDOM_1, &p, &made), LK_C_NOT_BLANK);
	CHECK_OK(open_lasting(&v, "lasting", RANDOM_1));
	check_file("ext4", "kept");
	close_volume();
	check_status(open_lasting(&v, "lasting", RANDOM_2), LK_C_KEY_WRONG);
}

TEST(erasing_is_asked_for_by_name)
{
	struct lk_volume v = lasting();
	LK_BLOCKDEV dev = open_disk("lasting");
	struct lk_luks_prepared *p = NULL;
	bool made;

	v.key_entropy = LK_ENTROPY_UNKNOWN;
	CHECK_OK(make_on(&v, &dev, LK_OCCASION_ERASE, "a weak one", &p, &made));
	CHECK_EQ(p->header.keyslots[0].kdf.kind, LK_LUKS_ARGON2ID);
	CHECK(p->header.keyslots[0].kdf.memory_kib >= 128 * 1024);
	lk_luks_prepared_free(p);
	check_status(open_lasting(&v, "lasting", RANDOM_1), LK_C_KEY_WRONG);
	CHECK_OK(open_lasting(&v, "lasting", "a weak one"));
	close_volume();
	v.key_entropy = LK_ENTROPY_FULL;
	check_status(make_on(&v, &dev, LK_OCCASION_ERASE, "a weak one", &p, &made), LK_C_KEY_WRONG);
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LUKS);
}

/* mkfs.xfs refuses so small a device: the volume stays half made, and says so. */
TEST(what_was_cut_short_is_made_anew)
{
	struct lk_volume v = lasting(), other = lasting();
	static char other_name[] = "data1";

	other.name = other_name;
	blank("lasting");
	v.makefs = LK_FS_XFS;
	check_status(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_1), LK_C_MAKEFS_FAILED);
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LABEL);
	check_status(open_lasting(&v, "lasting", RANDOM_1), LK_C_HEADER_INVALID);
	v.makefs = LK_FS_EXT4;
	check_status(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_2), LK_C_LABEL_INVALID);
	check_status(make(&other, "lasting", LK_OCCASION_BOOT, RANDOM_1), LK_C_NOT_BLANK);
	v.format = LK_FORMAT_NEVER;
	check_status(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_1), LK_C_UNFINISHED);
	v.format = LK_FORMAT_BLANK;
	CHECK_OK(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_1));
	CHECK_OK(open_lasting(&v, "lasting", RANDOM_1));
	put_file("ext4", "anew");
	close_volume();
}

/* ---- integrity ---- */

TEST(a_flipped_byte_cannot_be_read)
{
	struct lk_volume v = lasting();
	LK_DM_LIVE live = { 0 };

	blank("lasting");
	v.integrity = true;
	v.makefs = LK_FS_EXT4;
	CHECK_OK(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_1));
	CHECK_OK(open_lasting(&v, "lasting", RANDOM_1));
	CHECK_OK(lk_dm_table("data0", &live, &err));
	CHECK_HAS(live.params, "capi:authenc(hmac(sha256),xts(aes))-plain64 :96:logon:");
	CHECK_HAS(live.params, "integrity:32:aead");
	lk_dm_live_wipe(&live);
	CHECK_OK(lk_dm_table("data0_dif", &live, &err));
	CHECK_STR(live.target, "integrity");
	CHECK_HAS(live.params, " 32 J ");
	put_file("ext4", "whole");
	CHECK_EQ(unreadable(), 0);
	close_volume();

	flip(disk("lasting"), 40 * MIB);
	CHECK_OK(open_lasting(&v, "lasting", RANDOM_1));
	CHECK_EQ(unreadable(), 1);
	check_file("ext4", "whole");
	close_volume();
	v.integrity = false;
	check_status(open_lasting(&v, "lasting", RANDOM_1), LK_C_HEADER_CIPHER);
}

/* The superblock of dm-integrity is nobody's: its size may lie. */
TEST(a_lying_superblock_opens_nothing)
{
	const uint64_t lies[] = { UINT64_MAX / 2, UINT64_C(1) << 40, 1, 0 };
	struct lk_volume v = lasting();

	v.integrity = true;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint64_t before;
		LK_FD int fd = open(disk("lasting"), O_RDONLY | O_CLOEXEC);
		enum lk_status st;

		CHECK_EQ(pread(fd, &before, sizeof(before), DATA + 16), sizeof(before));
		write_disk(disk("lasting"), DATA + 16, &lies[i], sizeof(lies[i]));
		st = open_lasting(&v, "lasting", RANDOM_1);
		/* Smaller than the device is legal; the file system on it then does not fit. */
		if (st == LK_OK)
			CHECK(lies[i] == 1);
		CHECK_OK(lk_luks_close("data0", soon(), &err));
		CHECK(!mapped("data0") && !mapped("data0_dif"));
		write_disk(disk("lasting"), DATA + 16, &before, sizeof(before));
	}
	CHECK_OK(open_lasting(&v, "lasting", RANDOM_1));
	close_volume();
}

/* ---- throw-away volumes ---- */

static void read_block(uint8_t *buf)
{
	LK_FD int fd = open("/dev/mapper/data0", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0 && pread(fd, buf, BLOCK, 8 * BLOCK) == BLOCK);
}

TEST(a_random_key_opens_an_empty_volume_each_time)
{
	static uint8_t secret[BLOCK], found[BLOCK];
	struct lk_volume v = throw_away();
	LK_DM_LIVE live = { 0 };

	blank("lasting");
	memset(secret, 'S', sizeof(secret));
	CHECK_OK(open_throw_away(&v, "lasting"));
	CHECK_OK(lk_dm_table("data0", &live, &err));
	CHECK_HAS(live.params, ":64:logon:");
	CHECK_HAS(live.params, "sector_size:4096");
	CHECK_EQ(live.length, (56 * MIB - MIB) / 512);
	write_disk("/dev/mapper/data0", 8 * BLOCK, secret, BLOCK);
	read_block(found);
	CHECK(memcmp(secret, found, BLOCK) == 0);
	close_volume();
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LABEL);
	CHECK_OK(open_throw_away(&v, "lasting"));
	read_block(found);
	CHECK(memcmp(secret, found, BLOCK) != 0);
	close_volume();
}

TEST(foreign_data_is_refused)
{
	static uint8_t before[MIB], after[MIB];
	struct lk_volume v = throw_away(), kept = lasting();
	LK_BLOCKDEV dev = open_disk("foreign");

	CHECK_EQ(pread(dev.fd, before, MIB, 0), MIB);
	check_status(open_throw_away(&v, "foreign"), LK_C_NOT_BLANK);
	check_status(make(&kept, "foreign", LK_OCCASION_BOOT, RANDOM_1), LK_C_NOT_BLANK);
	check_status(make(&kept, "foreign", LK_OCCASION_INIT, RANDOM_1), LK_C_NOT_BLANK);
	CHECK_EQ(ioctl(dev.fd, BLKFLSBUF), 0);
	CHECK_EQ(pread(dev.fd, after, MIB, 0), MIB);
	CHECK(memcmp(before, after, MIB) == 0);
	/* A throw-away label does not make a lasting volume's device. */
	check_status(make(&kept, "lasting", LK_OCCASION_BOOT, RANDOM_1), LK_C_NOT_BLANK);
	v.format = LK_FORMAT_ALWAYS;
	CHECK_OK(open_throw_away(&v, "foreign"));
	close_volume();
}

static void check_makefs(enum lk_filesystem fs, bool integrity, const char *serial,
			 const char *type)
{
	struct lk_volume v = throw_away();

	v.integrity = integrity;
	v.makefs = fs;
	v.format = LK_FORMAT_ALWAYS;
	CHECK_OK(open_throw_away(&v, serial));
	if (fs == LK_FS_SWAP) {
		CHECK_EQ(swapon("/dev/mapper/data0", 0), 0);
		CHECK_EQ(swapoff("/dev/mapper/data0"), 0);
	} else {
		put_file(type, "here");
		check_file(type, "here");
	}
	close_volume();
}

TEST(each_file_system_is_made)
{
	check_makefs(LK_FS_SWAP, false, "lasting", NULL);
	check_makefs(LK_FS_EXT4, false, "lasting", "ext4");
	check_makefs(LK_FS_VFAT, false, "lasting", "vfat");
	check_makefs(LK_FS_XFS, false, "large", "xfs");
}

/* Nothing reads a sector that was never written. */
TEST(each_file_system_is_made_with_integrity)
{
	check_makefs(LK_FS_SWAP, true, "lasting", NULL);
	check_makefs(LK_FS_EXT4, true, "lasting", "ext4");
	check_makefs(LK_FS_VFAT, true, "lasting", "vfat");
	check_makefs(LK_FS_XFS, true, "large", "xfs");
}

/* ---- what goes wrong ---- */

TEST(a_device_in_use_is_left_alone)
{
	struct lk_volume v = throw_away();

	v.format = LK_FORMAT_ALWAYS;
	v.makefs = LK_FS_EXT4;
	CHECK_OK(open_throw_away(&v, "lasting"));
	check_status(make(&v, "large", LK_OCCASION_BOOT, RANDOM_1), LK_C_NAME_TAKEN);
	v.name = strdup("data9");
	CHECK(v.name);
	check_status(make(&v, "lasting", LK_OCCASION_BOOT, RANDOM_1), LK_C_DEVICE_BUSY);
	free(v.name);
	put_file("ext4", "untouched");
	check_file("ext4", "untouched");
	close_volume();
}

TEST(a_device_may_be_too_small)
{
	struct lk_volume v = lasting();

	check_status(make(&v, "small", LK_OCCASION_BOOT, RANDOM_1), LK_C_DEVICE_SIZE);
	CHECK_EQ(content_of("small"), LK_CONTENT_BLANK);
}

/* ---- the stages and commands over it ---- */

/* /tmp/conf/volumes.d/NAME.conf: a volume whose key a program prints, or a random one. */
static void configure(const char *name, const char *serial, const char *keys, bool random)
{
	char path[64];
	FILE *f;

	(void)mkdir("/tmp/conf", 0700);
	(void)mkdir("/tmp/conf/volumes.d", 0700);
	snprintf(path, sizeof(path), "/tmp/conf/volumes.d/%s.conf", name);
	f = fopen(path, "we");
	CHECK(f);
	fprintf(f, "volume = \"%s\"\ndev = \"%s\"\n%s", name, disk(serial), keys);
	if (random)
		fprintf(f, "[encrypt.otp]\n");
	else
		fprintf(f,
			"[encrypt.exec]\ncommand = \"/bin/printf\"\nargs = [\"" RANDOM_1 "\"]\n");
	CHECK_EQ(fclose(f), 0);
	CHECK_EQ(chmod(path, 0600), 0);
}

/* `latchkey volume WORDS --config /tmp/conf` in a process of its own; its output goes to /tmp/said. */
static int command(const char *words)
{
	char line[256], *argv[16], *save = NULL;
	int argc = 0, status = -1;
	pid_t child;

	snprintf(line, sizeof(line), "volume %s --config /tmp/conf", words);
	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		if (!freopen("/tmp/said", "we", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(99);
		status = lk_cmd_volume(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *said(void)
{
	static char text[4096];
	LK_FILE FILE *f = fopen("/tmp/said", "re");

	CHECK(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	return text;
}

static void check_command(const char *words, int status, const char *part)
{
	int got = command(words);

	if (got != status || !strstr(said(), part))
		check_fail(__FILE__, __LINE__, "volume %s: %d, '%s'", words, got, said());
}

TEST(a_volume_is_made_opened_shown_and_closed)
{
	blank("lasting");
	configure("data0", "lasting", "makefs = \"ext4\"\nkey_entropy = \"full\"\n", false);
	check_command("show", 0, "data0: blank");
	check_command("open data0", 5, "the device is blank, and format = never");
	check_command("init data0", 0, "data0: made on /dev/vd");
	CHECK(!mapped("data0"));
	check_command("show data0", 0, "data0: closed");
	check_command("init data0", 1, "not-blank");
	check_command("open data0", 0, "/dev/mapper/data0");
	put_file("ext4", "by command");
	check_command("open data0", 1, "name-taken");
	check_command("init data0 --erase", 1, "device-busy");
	check_command("show --json", 0, "\"state\": \"open\"");
	CHECK_HAS(said(), "\"sector_size\": 4096");
	CHECK_HAS(said(), "sector_size:4096");
	CHECK_HAS(said(),
		  "\"options_chosen\": \"sector_size:4096 no_read_workqueue no_write_workqueue\"");
	CHECK_HAS(said(), "\"options_why\": \"no work queues: AES instructions, a guest\"");
	CHECK(!strstr(said(), "logon") && !strstr(said(), RANDOM_1));
	check_command("close data0", 0, "closed");
	CHECK(!mapped("data0"));
	check_command("open data0", 0, "open");
	check_file("ext4", "by command");
	check_command("close data0", 0, "closed");
	check_command("init data0 --erase", 0, "made");
	check_command("show nobody", 1, "no volume 'nobody'");
	CHECK_EQ(unlink("/tmp/conf/volumes.d/data0.conf"), 0);
}

TEST(a_boot_makes_what_is_blank_and_what_starts_empty)
{
	struct lk_run first = { .config_dir = "/tmp/conf" }, second = first;

	blank("lasting");
	blank("gone");
	configure(
		"data0", "lasting",
		"auto_open = true\nformat = \"blank\"\nmakefs = \"ext4\"\nkey_entropy = \"full\"\n",
		false);
	configure("swap0", "gone", "auto_open = true\nmakefs = \"swap\"\n", true);
	CHECK_OK(lk_run_stages(&first, &err));
	CHECK(mapped("data0") && mapped("swap0"));
	CHECK_EQ(first.report.n_volumes, 2);
	CHECK_STR(first.report.volumes[0].outcome, "open");
	CHECK_STR(first.report.volumes[0].header_mac, "ok");
	CHECK(strlen(first.report.volumes[0].header_digest) == 64);
	CHECK_STR(first.report.volumes[1].luks_uuid, "");
	lk_run_end(&first);
	put_file("ext4", "first boot");
	CHECK_EQ(swapon("/dev/mapper/swap0", 0), 0);
	CHECK_EQ(swapoff("/dev/mapper/swap0"), 0);
	close_volume();
	CHECK_OK(lk_luks_close("swap0", soon(), &err));

	CHECK_OK(lk_run_stages(&second, &err));
	lk_run_end(&second);
	check_file("ext4", "first boot");
	close_volume();
	CHECK_OK(lk_luks_close("swap0", soon(), &err));
}

TEST(two_volumes_on_one_device_open_nothing)
{
	struct lk_run run = { .config_dir = "/tmp/conf" };

	configure("swap0", "lasting", "auto_open = true\nformat = \"always\"\n", true);
	CHECK_EQ(lk_run_stages(&run, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	CHECK(!mapped("data0") && !mapped("swap0"));
	lk_run_end(&run);
	CHECK_EQ(content_of("lasting"), LK_CONTENT_LUKS);
}

static void unplug(const char *node)
{
	char path[128];
	LK_FD int fd = -1;

	snprintf(path, sizeof(path), "/sys/block/%s/device/../remove", node + strlen("/dev/"));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		_exit(1);
	_exit(0);
}

TEST(a_device_may_vanish)
{
	struct lk_volume v = lasting();
	char node[64];
	LK_BLOCKDEV dev = open_disk("gone");
	struct lk_luks_prepared *p = NULL;
	pid_t child;
	int status;
	bool made;

	blank("gone");
	snprintf(node, sizeof(node), "%s", disk("gone"));
	v.integrity = true; /* is wiped: takes its time */
	child = fork();
	if (child == 0) {
		/* As soon as the mapping is there. */
		while (access("/dev/mapper/data0", F_OK) != 0)
			poll(NULL, 0, 20);
		unplug(node);
	}
	CHECK(make_on(&v, &dev, LK_OCCASION_BOOT, RANDOM_1, &p, &made) != LK_OK);
	CHECK_EQ(err.code, LK_C_DEVICE_FAILED);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

TESTS(setup, a_blank_device_becomes_a_volume_once, erasing_is_asked_for_by_name,
      what_was_cut_short_is_made_anew, a_flipped_byte_cannot_be_read,
      a_lying_superblock_opens_nothing, a_random_key_opens_an_empty_volume_each_time,
      foreign_data_is_refused, each_file_system_is_made, each_file_system_is_made_with_integrity,
      a_device_in_use_is_left_alone, a_device_may_be_too_small,
      a_volume_is_made_opened_shown_and_closed, a_boot_makes_what_is_blank_and_what_starts_empty,
      two_volumes_on_one_device_open_nothing, a_device_may_vanish)
