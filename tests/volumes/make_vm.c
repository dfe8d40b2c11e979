/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes made on a real kernel: runs inside a virtual machine without systemd and udev, started by
 * tests/volumes/run with the name of a part: making, commands or faults. Disks are known by their
 * serial numbers: "small" has 2 MiB, "lasting" and "gone" 56 MiB, "large" 400 MiB, all blank;
 * "foreign" holds an ext4 file system.
 */

#include <sys/swap.h>

#include "tests/volumes/make_kit.h"
#include "tests/volumes/make_parts.h"

TEST(setup)
{
	kit_setup();
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
		CHECK_OK(lk_luks_close("data0", NULL, soon(), &err));
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

static int run_making(void)
{
	void (*const run[])(void) = {
		setup,
		a_blank_device_becomes_a_volume_once,
		erasing_is_asked_for_by_name,
		what_was_cut_short_is_made_anew,
		a_flipped_byte_cannot_be_read,
		a_lying_superblock_opens_nothing,
		a_random_key_opens_an_empty_volume_each_time,
		foreign_data_is_refused,
		each_file_system_is_made,
		each_file_system_is_made_with_integrity,
	};

	return check_main(run, sizeof(run) / sizeof(run[0]),
			  "setup, a_blank_device_becomes_a_volume_once, "
			  "erasing_is_asked_for_by_name, what_was_cut_short_is_made_anew, "
			  "a_flipped_byte_cannot_be_read, a_lying_superblock_opens_nothing, "
			  "a_random_key_opens_an_empty_volume_each_time, foreign_data_is_refused, "
			  "each_file_system_is_made, each_file_system_is_made_with_integrity");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} parts[] = { { "making", run_making },
		      { "commands", run_make_commands },
		      { "faults", run_make_faults } };

	for (size_t i = 0; argc == 2 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run();
	return EXIT_FAILURE;
}
