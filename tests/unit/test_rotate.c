/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotation, recovery, backup and restore of headers on a plain file. Power is cut within and behind
 * each write of each change: at every point the header is accepted, the provider's key of that moment
 * opens it, and the same command, run again, ends well.
 */
#include "agent/rotate.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/header_backup.h"
#include "agent/recovery_key.h"
#include "agent/unlock.h"
#include "core/json.h"
#include "image/luks_format.h"
#include "tests/check.h"

#define UUID "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11"
#define SIZE (LK_LUKS_DATA_OFFSET + 1024 * 1024)

static struct lk_error err;
static char dir[] = "/tmp/test_rotate.XXXXXX";
static char path[64], base[64], backup[64], name[] = "root";
static struct lk_secret volume_key, first, recovery;
static uint8_t mac[LK_HEADER_MAC_SIZE];
static struct lk_volume volume = {
	.name = name, .is_root = true, .max_keyslots = 2, .header_mac = LK_HEADER_MAC_REQUIRED
};

/* A key service, and a disk whose power may be cut. */
static struct world {
	struct lk_secret provided; /* what the provider gives out */
	struct lk_secret published;
	bool delivers; /* what is published is given out */
	bool refuses;  /* publishing fails */
	unsigned published_n, writes_n;
	size_t budget; /* bytes until the power is cut; SIZE_MAX: never */
	size_t written;
} world;

static enum lk_status fetch(void *arg, struct lk_volume_key *ret, struct lk_error *e)
{
	struct world *w = arg;

	ret->form = LK_KEY_PASSPHRASE;
	return lk_secret_from(&ret->bytes, w->provided.data, w->provided.len, e);
}

static enum lk_status publish(void *arg, const struct lk_secret *secret, struct lk_error *e)
{
	struct world *w = arg;

	if (w->refuses)
		return lk_raise(e, LK_AGAIN, "the key service is away");
	w->published_n++;
	lk_secret_wipe(&w->published);
	CHECK_OK(lk_secret_from(&w->published, secret->data, secret->len, e));
	if (w->delivers) {
		lk_secret_wipe(&w->provided);
		CHECK_OK(lk_secret_from(&w->provided, secret->data, secret->len, e));
	}
	return LK_OK;
}

static struct lk_blockdev open_disk(void)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;

	snprintf(dev.path, sizeof(dev.path), "%s", path);
	dev.fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(dev.fd >= 0);
	dev.size = SIZE;
	return dev;
}

static enum lk_status find(void *arg, struct lk_blockdev *ret, struct lk_error *e)
{
	(void)arg;
	(void)e;
	*ret = open_disk();
	return LK_OK;
}

/* Write as far as the power lasts. */
static enum lk_status store(void *arg, const struct lk_luks_writes *writes,
			    const struct lk_blockdev *dev, struct lk_error *e)
{
	struct world *w = arg;
	LK_FD int fd = open(dev->path, O_WRONLY | O_CLOEXEC);

	if (w->budget == SIZE_MAX && w->writes_n == 0) /* the real one, too */
		return lk_luks_writes_apply(writes, dev, e);
	for (size_t i = 0; i < writes->n; i++) {
		const struct lk_luks_write *one = &writes->list[i];
		size_t n = one->len < w->budget ? one->len : w->budget;

		CHECK_EQ(pwrite(fd, one->data, n, (off_t)one->offset), n);
		w->written += n;
		if (w->budget != SIZE_MAX)
			w->budget -= n;
		if (n < one->len)
			return lk_raise(e, LK_INTERNAL, "power cut");
	}
	return LK_OK;
}

static void tell(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static const struct lk_rotate_ways ways = { &world, fetch, publish, find, store, tell };

static void must(int status)
{
	if (status != 0)
		check_fail(__FILE__, __LINE__, "a tool ended with %d", status);
}

static void copy_file(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "cp --sparse=always %s %s", from, to);
	must(system(command)); /* NOLINT(cert-env33-c) */
}

static void begin(bool delivers)
{
	copy_file(base, path);
	lk_secret_wipe(&world.provided);
	lk_secret_wipe(&world.published);
	world = (struct world){ .delivers = delivers, .budget = SIZE_MAX };
	CHECK_OK(lk_secret_from(&world.provided, first.data, first.len, &err));
}

/* The header as it lies there now. */
static struct lk_luks_header look(void)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	LK_LUKS_EDIT e = { 0 };
	LK_BLOCKDEV dev = open_disk();

	CHECK_OK(lk_luks_edit_begin(&dev, &rules, &e, &err));
	return e.header;
}

/* Would a boot open it with this secret, MAC and all? */
static bool opens(const struct lk_secret *secret)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };
	struct lk_header_identity identity;
	LK_BLOCKDEV dev = open_disk();
	enum lk_status st;

	CHECK_OK(lk_luks_prepare(&dev, &rules, &p, &err));
	CHECK_OK(lk_secret_from(&key.bytes, secret->data, secret->len, &err));
	st = lk_volume_unlock(&volume, p, &key, &identity, &err);
	if (!st)
		CHECK(lk_secret_equal(&key.bytes, &volume_key));
	else
		CHECK_EQ(err.code, LK_C_KEY_WRONG);
	lk_secret_wipe(&key.bytes);
	return st == LK_OK;
}

static enum lk_status rotate(bool restart)
{
	const struct lk_rotate_request request = { .volume = &volume, .restart = restart };

	return lk_rotate(&request, &ways, &err);
}

static enum lk_status recover(const struct lk_secret *by)
{
	struct lk_volume_key key = { .bytes = *by, .form = LK_KEY_PASSPHRASE };
	const struct lk_rotate_request request = { .volume = &volume,
						   .recovery = &key,
						   .restart = true };

	return lk_rotate(&request, &ways, &err);
}

TEST(setup)
{
	int fd;

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	lk_luks_quiet();
	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/disk", dir);
	snprintf(base, sizeof(base), "%s/base", dir);
	snprintf(backup, sizeof(backup), "%s/backup", dir);
	CHECK_OK(lk_random_secret(&volume_key, LK_LUKS_KEY, &err));
	CHECK_OK(lk_random_secret(&first, LK_LUKS_PASSPHRASE, &err));
	CHECK_OK(lk_recovery_key_new(&recovery, &err));
	fd = open(base, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_EQ(ftruncate(fd, SIZE), 0);
	close(fd);
	CHECK_OK(lk_luks_format(base, UUID, name, &volume_key, &first, mac, &err));
}

TEST(a_rotation_leaves_one_new_keyslot)
{
	struct lk_luks_header h;

	begin(true);
	CHECK_OK(rotate(false));
	CHECK_EQ(world.published_n, 1);
	CHECK(opens(&world.provided));
	CHECK(!opens(&first));
	h = look();
	CHECK_EQ(h.degraded, LK_LUKS_BOTH_GOOD);
	CHECK_EQ(h.n_keyslots, 1);
	CHECK_EQ(h.token.generation, 2);
	CHECK_EQ(h.token.keyslots, UINT32_C(1) << h.keyslots[0].id);
	CHECK_EQ(h.token.next, 0);
	CHECK_OK(rotate(false));
	CHECK_EQ(look().token.generation, 3);
}

TEST(other_tools_still_read_it)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "cryptsetup luksDump %s | grep -q latchkey && cryptsetup repair -q %s", path,
		 path);
	must(system(command)); /* NOLINT(cert-env33-c): the oracle */
	CHECK(opens(&world.provided));
}

TEST(the_old_secrets_area_is_gone)
{
	uint8_t was[4096], is[4096];
	uint64_t area;
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;

	begin(true);
	area = look().keyslots[0].area_offset;
	dev = open_disk();
	CHECK_EQ(pread(dev.fd, was, sizeof(was), (off_t)area), sizeof(was));
	CHECK_OK(rotate(false));
	CHECK_EQ(pread(dev.fd, is, sizeof(is), (off_t)area), sizeof(is));
	CHECK(memcmp(was, is, sizeof(was)) != 0);
}

TEST(the_old_keyslot_waits_for_the_provider)
{
	begin(false); /* an escrow file, and an operator who is slow */
	CHECK_EQ(rotate(false), LK_CONFIG);
	CHECK_EQ(look().n_keyslots, 2);
	CHECK(look().token.next != 0);
	CHECK(opens(&first) && opens(&world.published));
	CHECK_EQ(rotate(false), LK_CONFIG);
	CHECK_EQ(world.published_n, 1);
	CHECK_EQ(look().n_keyslots, 2);
	/* now the operator has put it there */
	lk_secret_wipe(&world.provided);
	CHECK_OK(lk_secret_from(&world.provided, world.published.data, world.published.len, &err));
	CHECK_OK(rotate(false));
	CHECK(!opens(&first) && opens(&world.published));
	CHECK_EQ(look().token.generation, 2);
}

TEST(a_lost_secret_is_replaced_by_another)
{
	struct lk_secret lost;

	begin(false);
	CHECK_EQ(rotate(false), LK_CONFIG);
	lost = lk_secret_take(&world.published);
	world.delivers = true;
	CHECK_OK(rotate(true));
	CHECK(!opens(&lost) && !opens(&first) && opens(&world.provided));
	CHECK_EQ(look().n_keyslots, 1);
	lk_secret_wipe(&lost);
}

TEST(publishing_that_fails_changes_nothing_for_the_boot)
{
	begin(true);
	world.refuses = true;
	CHECK_EQ(rotate(true), LK_AGAIN);
	CHECK(opens(&first));
	world.refuses = false;
	CHECK_OK(rotate(true));
	CHECK(opens(&world.provided) && !opens(&first));
}

/* Cut at `budget` bytes, look, and run the command again. */
static void cut(size_t budget, enum lk_status (*again)(void))
{
	begin(true);
	world.writes_n = 1;
	world.budget = budget;
	CHECK_EQ(again(), LK_INTERNAL);
	CHECK(opens(&world.provided));
	world.budget = SIZE_MAX;
	CHECK_OK(again());
	CHECK(opens(&world.provided) && !opens(&first));
	CHECK_EQ(look().token.next, 0);
	CHECK_EQ(look().n_keyslots, 1);
	CHECK(look().token.generation >= 2);
}

static enum lk_status rotate_again(void)
{
	return rotate(true);
}

/* Offsets within what a whole run writes: around every boundary of a write, and inside. */
static void cut_everywhere(enum lk_status (*again)(void))
{
	static const size_t sizes[] = { 258048, 16384, 16384 }; /* area, header, header: twice */
	size_t at = 0;

	for (unsigned i = 0; i < 6; i++) {
		size_t n = sizes[i % 3];

		cut(at, again);
		cut(at + 1, again);
		cut(at + 512, again);
		cut(at + 4096, again);
		cut(at + 4097, again);
		cut(at + n / 2, again);
		cut(at + n - 1, again);
		at += n;
	}
	begin(true);
	world.writes_n = 1;
	CHECK_OK(again());
	CHECK_EQ(world.written, at);
}

TEST(power_may_fail_at_any_byte_of_a_rotation)
{
	cut_everywhere(rotate_again);
}

TEST(a_damaged_copy_survives_a_cut)
{
	static const off_t copies[] = { 0, 16384 };
	const uint8_t zeros[4096] = { 0 };

	for (unsigned i = 0; i < 4; i++) {
		LK_FD int fd = -1;

		begin(true);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		CHECK_EQ(pwrite(fd, zeros, sizeof(zeros), copies[i % 2]), sizeof(zeros));
		world.writes_n = 1;
		world.budget = 258048 + (i < 2 ? 5000 : 16384 + 5000);
		CHECK_EQ(rotate(true), LK_INTERNAL);
		CHECK(opens(&first));
		world.budget = SIZE_MAX;
		CHECK_OK(rotate(true));
		CHECK_EQ(look().degraded, LK_LUKS_BOTH_GOOD);
	}
}

TEST(a_wrong_mac_stops_every_change)
{
	begin(true);
	volume.is_root = false; /* another role */
	CHECK_EQ(rotate(false), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_MAC);
	volume.is_root = true;
	CHECK_EQ(look().n_keyslots, 1);
	CHECK_EQ(world.published_n, 0);
}

TEST(a_provider_with_the_wrong_key_changes_nothing)
{
	begin(true);
	world.provided.data[0] ^= 1;
	CHECK_EQ(rotate(false), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	CHECK_EQ(look().n_keyslots, 1);
}

TEST(a_full_header_has_no_room)
{
	begin(true);
	volume.max_keyslots = 1;
	CHECK_EQ(rotate(false), LK_CONFIG);
	volume.max_keyslots = 2;
	CHECK_EQ(look().n_keyslots, 1);
}

TEST(a_recovery_key_is_made_once)
{
	begin(true);
	volume.fallback = LK_FALLBACK_RECOVERY_KEY;
	CHECK_OK(lk_rotate_recovery(&volume, &recovery, false, &ways, &err));
	CHECK(opens(&recovery) && opens(&first));
	CHECK_EQ(look().token.generation, 2);
	CHECK_EQ(lk_rotate_recovery(&volume, &recovery, false, &ways, &err), LK_CONFIG);
	CHECK_EQ(look().n_keyslots, 2);
}

TEST(a_rotation_keeps_the_recovery_key)
{
	CHECK_OK(rotate(false));
	CHECK(opens(&recovery) && opens(&world.provided) && !opens(&first));
	CHECK_EQ(look().n_keyslots, 2);
}

TEST(a_recovery_key_may_be_replaced)
{
	LK_SECRET other = { 0 };

	CHECK_OK(lk_recovery_key_new(&other, &err));
	CHECK_OK(lk_rotate_recovery(&volume, &other, true, &ways, &err));
	CHECK(opens(&other) && opens(&world.provided) && !opens(&recovery));
	CHECK_OK(lk_rotate_recovery(&volume, &recovery, true, &ways, &err));
}

TEST(the_recovery_key_brings_a_new_secret)
{
	struct lk_secret old = { 0 };

	CHECK_OK(lk_secret_from(&old, world.provided.data, world.provided.len, &err));
	world.provided.data[0] ^= 1; /* the provider's is lost */
	CHECK_EQ(rotate(true), LK_TAMPERED);
	CHECK_OK(recover(&recovery));
	CHECK(opens(&recovery) && opens(&world.provided) && !opens(&old));
	CHECK_EQ(look().n_keyslots, 2);
	lk_secret_wipe(&old);
}

TEST(recovery_works_where_there_is_no_room)
{
	begin(true);
	CHECK_OK(lk_rotate_recovery(&volume, &recovery, false, &ways, &err));
	volume.fallback = LK_FALLBACK_NONE; /* two keyslots, and no more */
	CHECK_EQ(rotate(true), LK_CONFIG);
	CHECK_OK(recover(&recovery));
	CHECK(opens(&recovery) && opens(&world.provided) && !opens(&first));
}

static enum lk_status take_backup(const struct lk_secret *by)
{
	struct lk_volume_key key = { .bytes = *by, .form = LK_KEY_PASSPHRASE };
	LK_BLOCKDEV dev = open_disk();

	return lk_header_backup(&volume, &dev, &key, backup, &err);
}

static enum lk_status restore(const struct lk_secret *by)
{
	struct lk_volume_key key = { .bytes = *by, .form = LK_KEY_PASSPHRASE };
	LK_LUKS_WRITES writes = { 0 };
	LK_BLOCKDEV dev = open_disk();
	enum lk_status st;

	st = lk_header_restore_plan(&volume, &dev, &key, backup, &writes, &err);
	return st ? st : lk_luks_writes_apply(&writes, &dev, &err);
}

TEST(a_backup_brings_a_lost_header_back)
{
	const uint8_t zeros[65536] = { 0 };
	struct stat s;
	LK_FD int fd = -1;

	begin(true);
	CHECK_OK(take_backup(&first));
	CHECK_EQ(stat(backup, &s), 0);
	CHECK_EQ(s.st_mode & 07777, 0600);
	CHECK_EQ(take_backup(&first), LK_CONFIG); /* never over a file */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK_EQ(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	CHECK_OK(restore(&first));
	CHECK(opens(&first));
	CHECK_EQ(look().degraded, LK_LUKS_BOTH_GOOD);
	CHECK_OK(restore(&first)); /* over a good one of the same generation */
	CHECK(opens(&first));
}

TEST(a_backup_opens_by_cryptsetup)
{
	char command[512];

	snprintf(command, sizeof(command), "cryptsetup luksDump %s >/dev/null", backup);
	must(system(command)); /* NOLINT(cert-env33-c): the oracle */
}

TEST(an_older_backup_is_no_way_back)
{
	CHECK_OK(rotate(false));
	CHECK_EQ(restore(&first), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_ROLLBACK);
	CHECK(opens(&world.provided) && !opens(&first));
	/* the new key does not open the old header */
	CHECK_EQ(restore(&world.provided), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
}

TEST(a_backup_of_another_role_is_refused)
{
	begin(true);
	volume.is_delta = true;
	volume.is_root = false;
	CHECK_EQ(restore(&first), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_MAC);
	volume.is_delta = false;
	volume.is_root = true;
}

TEST(a_backup_that_was_altered_is_refused)
{
	LK_FD int fd = open(backup, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	for (off_t at = 5000; at < 32768; at += 16384) {
		CHECK_EQ(pread(fd, &byte, 1, at), 1);
		byte ^= 1;
		CHECK_EQ(pwrite(fd, &byte, 1, at), 1);
	}
	CHECK_EQ(restore(&first), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_INVALID);
	CHECK_EQ(ftruncate(fd, 0), 0);
	CHECK_EQ(restore(&first), LK_TAMPERED);
	CHECK(opens(&first));
}

TEST(an_adopted_volume_gets_a_mac)
{
	char command[512];
	struct lk_luks_header h;

	begin(true);
	snprintf(command, sizeof(command), "cryptsetup token remove --token-id 0 %s", path);
	must(system(command)); /* NOLINT(cert-env33-c): as other tools leave it */
	CHECK(!look().has_token);
	volume.header_mac = LK_HEADER_MAC_OPTIONAL;
	CHECK_OK(rotate(false));
	volume.header_mac = LK_HEADER_MAC_REQUIRED;
	h = look();
	CHECK(h.has_token && h.token.has_mac);
	CHECK_EQ(h.token.generation, 1);
	CHECK(opens(&world.provided) && !opens(&first));
}

TEST(cleanup)
{
	char command[128];

	lk_secret_wipe(&volume_key);
	lk_secret_wipe(&first);
	lk_secret_wipe(&recovery);
	lk_secret_wipe(&world.provided);
	lk_secret_wipe(&world.published);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	must(system(command)); /* NOLINT(cert-env33-c) */
}

TESTS(setup, a_rotation_leaves_one_new_keyslot, other_tools_still_read_it,
      the_old_secrets_area_is_gone, the_old_keyslot_waits_for_the_provider,
      a_lost_secret_is_replaced_by_another, publishing_that_fails_changes_nothing_for_the_boot,
      power_may_fail_at_any_byte_of_a_rotation, a_damaged_copy_survives_a_cut,
      a_wrong_mac_stops_every_change, a_provider_with_the_wrong_key_changes_nothing,
      a_full_header_has_no_room, a_recovery_key_is_made_once, a_rotation_keeps_the_recovery_key,
      a_recovery_key_may_be_replaced, the_recovery_key_brings_a_new_secret,
      recovery_works_where_there_is_no_room, a_backup_brings_a_lost_header_back,
      a_backup_opens_by_cryptsetup, an_older_backup_is_no_way_back,
      a_backup_of_another_role_is_refused, a_backup_that_was_altered_is_refused,
      an_adopted_volume_gets_a_mac, cleanup)
