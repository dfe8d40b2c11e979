/* SPDX-License-Identifier: Apache-2.0 */
/* Opens LUKS2 volumes from their private headers, over libcryptsetup. */

#include "agent/luks.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>

#include "agent/dm.h"
#include "agent/dm_table.h"
#include "agent/luks_internal.h"
#include "core/secret.h"

#define SECTOR	       512
#define KEY_MAX	       (8u * 1024 * 1024) /* libcryptsetup's own limit for a passphrase */
#define CLOSE_AGAIN_MS 5000

struct lk_luks_rules lk_luks_rules_here(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0)
		return lk_luks_rules_default(0);
	return lk_luks_rules_default((uint64_t)info.totalram * info.mem_unit);
}

void lk_luks_prepared_free(struct lk_luks_prepared *p)
{
	if (!p)
		return;
	if (p->memory_fd >= 0)
		close(p->memory_fd);
	free(p);
}

const struct lk_luks_header *lk_luks_prepared_header(const struct lk_luks_prepared *p)
{
	return &p->header;
}

enum lk_status lk_luks_prepare(const struct lk_blockdev *dev, const struct lk_luks_rules *rules,
			       struct lk_luks_prepared **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = calloc(1, sizeof(*p));
	LK_LUKS_COPIES c = { 0 };
	enum lk_status st;

	if (!p)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	p->memory_fd = -1;
	st = lk_luks_copies_read(dev->fd, dev->size, &c, err);
	if (st)
		return st;
	st = lk_luks_header_parse(c.primary.data, c.primary.len, c.secondary.data, c.secondary.len,
				  dev->size, rules, &p->header, err);
	if (st)
		return st;
	st = lk_luks_memory_file(&p->header, dev->fd, &p->memory_fd, err);
	if (st)
		return st;
	*ret = lk_take(p);
	return LK_OK;
}

/* What can be said of a key before it is tried. */
static enum lk_status check_shape(const struct lk_volume_key *key, const struct lk_luks_header *h,
				  struct lk_error *err)
{
	const uint32_t size = lk_luks_key_size(h->integrity);

	if (key->bytes.len == 0 || key->bytes.len > KEY_MAX)
		return lk_raise_code(err, LK_C_KEY_WRONG, "the key is empty or too long");
	if (lk_all_zero_ct(key->bytes.data, key->bytes.len))
		return lk_raise_code(err, LK_C_KEY_WRONG, "the key is all zeros");
	if (key->form == LK_KEY_VOLUME && key->bytes.len != size)
		return lk_raise_code(err, LK_C_KEY_WRONG,
				     "the volume key is %zu bytes long, the volume's has %u",
				     key->bytes.len, size);
	return LK_OK;
}

static enum lk_status key_fault(const struct lk_luks_session *s, int r, struct lk_error *err)
{
	if (r == -EPERM)
		return lk_raise_code(err, LK_C_KEY_WRONG, "the key opens no keyslot");
	if (r == -EBUSY)
		return lk_raise(err, LK_INTERNAL,
				"the device is in use: mapped or mounted already");
	if (r == -ENOMEM)
		return lk_raise(err, LK_INTERNAL, "not enough memory for the keyslot's KDF");
	return lk_luks_library_fault(s, "open the volume", r, err);
}

static int activate(struct lk_luks_session *s, const char *name, const struct lk_volume_key *key,
		    uint32_t flags)
{
	const char *bytes = (const char *)key->bytes.data;

	if (key->form == LK_KEY_VOLUME && !name)
		return crypt_volume_key_verify(s->cd, bytes, key->bytes.len);
	if (key->form == LK_KEY_VOLUME)
		return crypt_activate_by_volume_key(s->cd, name, bytes, key->bytes.len, flags);
	return crypt_activate_by_passphrase(s->cd, name, CRYPT_ANY_SLOT, bytes, key->bytes.len,
					    flags);
}

enum lk_status lk_luks_check_key(const struct lk_luks_prepared *p, const struct lk_volume_key *key,
				 struct lk_error *err)
{
	LK_LUKS_SESSION s = { 0 };
	enum lk_status st;
	int r;

	st = check_shape(key, &p->header, err);
	if (st)
		return st;
	st = lk_luks_session_load(&s, p->memory_fd, -1, err);
	if (st)
		return st;
	r = activate(&s, NULL, key, 0);
	return r < 0 ? key_fault(&s, r, err) : LK_OK;
}

/* Into buf, which has room for a volume key; the keyslot's id, 0 for none, or a negative errno. */
static int read_volume_key(struct lk_luks_session *s, const struct lk_volume_key *key,
			   struct lk_secret *buf)
{
	const char *bytes = (const char *)key->bytes.data;
	struct lk_error ignored = { 0 };
	size_t n = buf->cap;
	int r;

	if (key->form == LK_KEY_PASSPHRASE) {
		r = crypt_volume_key_get(s->cd, CRYPT_ANY_SLOT, (char *)buf->data, &n, bytes,
					 key->bytes.len);
		buf->len = r < 0 ? 0 : n;
		return r;
	}
	r = crypt_volume_key_verify(s->cd, bytes, key->bytes.len);
	if (r >= 0 && lk_secret_append(buf, bytes, key->bytes.len, &ignored))
		return -ENOMEM;
	return r < 0 ? r : 0;
}

enum lk_status lk_luks_volume_key(const struct lk_luks_prepared *p, const struct lk_volume_key *key,
				  struct lk_secret *ret, int *ret_slot, struct lk_error *err)
{
	LK_LUKS_SESSION s = { 0 };
	LK_SECRET found = { 0 };
	enum lk_status st;
	int slot;

	st = check_shape(key, &p->header, err);
	if (!st)
		st = lk_luks_session_load(&s, p->memory_fd, -1, err);
	if (!st)
		st = lk_secret_alloc(&found, lk_luks_key_size(p->header.integrity), err);
	if (st)
		return st;
	slot = read_volume_key(&s, key, &found);
	if (slot < 0)
		return key_fault(&s, slot, err);
	*ret = lk_secret_take(&found);
	*ret_slot = key->form == LK_KEY_VOLUME ? LK_LUKS_NO_SLOT : slot;
	return LK_OK;
}

/* The integrity mapping is what was meant; turn *want to what lies on it. */
static enum lk_status check_below(const struct lk_luks_prepared *p, const char *name,
				  unsigned flags, struct lk_dm_crypt *want, struct lk_error *err)
{
	const struct lk_dm_integrity below = {
		.max_length = want->length,
		.major = want->major,
		.minor = want->minor,
		.offset = want->offset,
		.tag_size = LK_LUKS_TAG_SIZE,
		.sector_size = p->header.sector_size,
		.journal = !(flags & LK_LUKS_NO_JOURNAL),
	};
	LK_DM_LIVE live = { 0 };
	char buf[LK_LUKS_BELOW_NAME];
	enum lk_status st;

	st = lk_dm_table(lk_luks_below_name(name, buf), &live, err);
	if (!st && live.targets != 1)
		return lk_raise_code(err, LK_C_TABLE_MISMATCH, "the mapping has %u targets",
				     live.targets);
	if (!st)
		st = lk_dm_integrity_check(&below, live.start, live.length, live.target,
					   live.params, err);
	if (st)
		return lk_context(err, "check the mapping '%s'", buf);
	want->integrity = true;
	want->length = live.length;
	want->major = live.major;
	want->minor = live.minor;
	want->offset = 0;
	return LK_OK;
}

static enum lk_status check_table(const struct lk_luks_prepared *p, const struct lk_blockdev *dev,
				  const char *name, unsigned flags, struct lk_error *err)
{
	struct lk_dm_crypt want = {
		.length = (dev->size - p->header.segment_offset) / SECTOR,
		.key_size = lk_luks_key_size(p->header.integrity),
		.major = major(dev->number),
		.minor = minor(dev->number),
		.offset = p->header.segment_offset / SECTOR,
		.sector_size = p->header.sector_size,
		.discards = flags & LK_LUKS_DISCARDS,
		.bypass = flags & LK_LUKS_BYPASS,
	};
	LK_DM_LIVE live = { 0 };
	enum lk_status st = LK_OK;

	if (p->header.integrity)
		st = check_below(p, name, flags, &want, err);
	if (!st)
		st = lk_dm_table(name, &live, err);
	if (st)
		return st;
	if (live.targets != 1 || live.read_only != !!(flags & LK_LUKS_READONLY))
		return lk_raise_code(err, LK_C_TABLE_MISMATCH,
				     "the mapping has %u targets and is %s", live.targets,
				     live.read_only ? "read-only" : "writable");
	return lk_dm_crypt_check(&want, live.start, live.length, live.target, live.params, err);
}

static uint32_t activation_flags(unsigned flags)
{
	uint32_t how = 0;

	if (flags & LK_LUKS_READONLY)
		how |= CRYPT_ACTIVATE_READONLY;
	if (flags & LK_LUKS_DISCARDS)
		how |= CRYPT_ACTIVATE_ALLOW_DISCARDS;
	if (flags & LK_LUKS_PRIVATE)
		how |= CRYPT_ACTIVATE_PRIVATE;
	if (flags & LK_LUKS_BYPASS)
		how |= CRYPT_ACTIVATE_NO_READ_WORKQUEUE | CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE;
	if (flags & LK_LUKS_NO_JOURNAL)
		how |= CRYPT_ACTIVATE_NO_JOURNAL;
	return how;
}

static enum lk_status open_checked(const struct lk_luks_prepared *p, const struct lk_blockdev *dev,
				   const char *name, const struct lk_volume_key *key,
				   unsigned flags, struct lk_error *err)
{
	LK_LUKS_SESSION s = { 0 };
	enum lk_status st;
	int r;

	st = lk_luks_session_load(&s, p->memory_fd, dev->fd, err);
	if (st)
		return st;
	r = activate(&s, name, key, activation_flags(flags));
	return r < 0 ? key_fault(&s, r, err) : LK_OK;
}

/* Undo what was opened; the first error stays the one told. */
static enum lk_status give_up(const char *name, enum lk_status st)
{
	struct lk_error ignored = { 0 };

	lk_luks_close(name, NULL, lk_deadline_in(CLOSE_AGAIN_MS), &ignored);
	return st;
}

enum lk_status lk_luks_open(const struct lk_luks_prepared *p, const struct lk_blockdev *dev,
			    const char *name, const struct lk_volume_key *key, unsigned flags,
			    struct lk_deadline deadline, struct lk_error *err)
{
	struct lk_dm_watchdog *watchdog = NULL;
	char below[LK_LUKS_BELOW_NAME];
	enum lk_status st;

	st = check_shape(key, &p->header, err);
	if (!st)
		st = lk_luks_check_free(name, err);
	if (!st && p->header.integrity)
		st = lk_luks_check_free(lk_luks_below_name(name, below), err);
	if (st)
		return st;
	st = lk_dm_watchdog_start(deadline, &watchdog, err);
	if (st)
		return st;
	st = open_checked(p, dev, name, key, flags, err);
	if (lk_dm_watchdog_stop(watchdog))
		return give_up(name, lk_raise(err, LK_TIMEOUT, "udev did not settle '%s'", name));
	if (st)
		return st;
	st = check_table(p, dev, name, flags, err);
	return st ? give_up(name, st) : LK_OK;
}
