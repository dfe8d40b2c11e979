/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of making volumes share: disks by their serial numbers, volumes as a configuration
 * would have them, file systems on what was opened. Each file that includes it has its own (CHECK
 * does not leave the file); kit_setup comes first.
 */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/luks_internal.h"
#include "agent/make.h"
#include "agent/unlock.h"
#include "core/json.h"
#include "providers/provider.h"
#include "tests/check.h"

#define KIT	 __attribute__((unused)) static

#define MIB	 (1024u * 1024)
#define BLOCK	 4096
#define DATA	 LK_LUKS_DATA_BEGIN
#define RANDOM_1 "0123456789abcdef0123456789abcdef"
#define RANDOM_2 "fedcba9876543210fedcba9876543210"
#define MOUNT	 "/tmp/mounted"

static struct lk_error err;
static struct lk_volume_source random_source, fetched_source;

KIT struct lk_deadline soon(void)
{
	return lk_deadline_in(120000);
}

KIT void check_status(enum lk_status st, enum lk_code want)
{
	char said[2048];

	if (st == LK_OK || err.code != want)
		check_fail(__FILE__, __LINE__, "not %s: %s", lk_code_name(want),
			   st ? lk_error_format(&err, said, sizeof(said)) : "it went well");
}

/* ---- disks ---- */

/* "/dev/vdX" of the disk with that serial number. */
KIT const char *disk(const char *serial)
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

/* By its serial number, or by its node. */
KIT struct lk_blockdev open_disk(const char *serial)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	CHECK_OK(lk_blockdev_open(serial[0] == '/' ? serial : disk(serial), &dev, &err));
	return dev;
}

KIT void write_disk(const char *node, uint64_t at, const void *data, size_t n)
{
	LK_FD int fd = open(node, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(pwrite(fd, data, n, (off_t)at), n);
	CHECK_EQ(fsync(fd), 0);
}

KIT void flip(const char *node, uint64_t at)
{
	LK_FD int fd = open(node, O_RDONLY | O_CLOEXEC);
	uint8_t byte;

	CHECK(fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1);
	byte ^= 1;
	write_disk(node, at, &byte, 1);
}

KIT void blank(const char *serial)
{
	static uint8_t zeros[MIB];
	LK_BLOCKDEV dev = open_disk(serial);
	const char *node = disk(serial);

	for (uint64_t at = 0; at + MIB <= dev.size; at += MIB)
		write_disk(node, at, zeros, MIB);
}

KIT bool mapped(const char *name)
{
	bool exists = true;

	CHECK_OK(lk_dm_exists(name, &exists, &err));
	return exists;
}

/* ---- volumes ---- */

static char volume_name[] = "data0";

KIT struct lk_volume lasting(void)
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

KIT struct lk_volume throw_away(void)
{
	struct lk_volume v = lasting();

	v.sources = &random_source;
	v.format = LK_FORMAT_NEVER;
	return v;
}

KIT struct lk_volume_key key_of(const char *text)
{
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };

	CHECK_OK(lk_secret_from(&key.bytes, text, strlen(text), &err));
	return key;
}

/* Look, decide, make; what the run does. *ret_made: it was made. */
KIT enum lk_status make_on(const struct lk_volume *v, const struct lk_blockdev *dev,
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

KIT enum lk_status make(const struct lk_volume *v, const char *serial, enum lk_occasion occasion,
			const char *passphrase)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = open_disk(serial);
	bool made = false;

	return make_on(v, &dev, occasion, passphrase, &p, &made);
}

KIT enum lk_content content_of(const char *serial)
{
	LK_BLOCKDEV dev = open_disk(serial);
	struct lk_look look;

	CHECK_OK(lk_make_look(&dev, &look, &err));
	return look.content;
}

KIT enum lk_status open_prepared(const struct lk_luks_prepared *p, const struct lk_volume *v,
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
KIT enum lk_status open_lasting(const struct lk_volume *v, const char *serial,
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
KIT enum lk_status open_throw_away(const struct lk_volume *v, const char *serial)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = open_disk(serial);
	enum lk_status st;
	bool made;

	st = make_on(v, &dev, LK_OCCASION_BOOT, RANDOM_1, &p, &made);
	return st ? st
		  : open_prepared(p, v, serial, RANDOM_1, v->integrity ? LK_LUKS_NO_JOURNAL : 0);
}

KIT void close_volume(void)
{
	CHECK_OK(lk_luks_close(volume_name, NULL, soon(), &err));
	CHECK(!mapped(volume_name) && !mapped("data0_dif"));
}

/* ---- file systems ---- */

KIT void put_file(const char *type, const char *text)
{
	LK_FILE FILE *f = NULL;

	(void)mkdir(MOUNT, 0700);
	CHECK_EQ(mount("/dev/mapper/data0", MOUNT, type, 0, NULL), 0);
	f = fopen(MOUNT "/file", "we");
	CHECK(f && fputs(text, f) >= 0);
	CHECK_EQ(fclose(lk_take(f)), 0);
	CHECK_EQ(umount(MOUNT), 0);
}

KIT void check_file(const char *type, const char *want)
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
KIT unsigned unreadable(void)
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

KIT void kit_setup(void)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	random_source.provider = lk_provider_find("otp");
	fetched_source.provider = lk_provider_find("exec");
	CHECK(random_source.provider && fetched_source.provider);
}
