/* SPDX-License-Identifier: Apache-2.0 */
/* Makes LUKS2 headers in memory, over libcryptsetup, and writes them to a device. */

#include "agent/luks_make.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/dm.h"
#include "agent/luks_header_internal.h"
#include "agent/luks_internal.h"
#include "core/base64.h"

#define SECTOR	       512
#define COPY_SIZE      LK_LUKS_HDR_SIZE_MIN
#define KEYSLOTS_SIZE  (4u * 1024 * 1024 - 2 * COPY_SIZE)
#define KEYSLOTS_SMALL (LK_LUKS_THROW_AWAY_BEGIN - 2 * COPY_SIZE)
#define ARGON2_KIB     (256u * 1024)
#define ARGON2_PASSES  4
#define CHUNK	       (64u * 1024)

void lk_luks_made_free(struct lk_luks_made *m)
{
	lk_luks_prepared_free(m->prepared);
	if (m->memory_fd >= 0)
		close(m->memory_fd);
	*m = (struct lk_luks_made)LK_LUKS_MADE_NONE;
}

static uint32_t keyslots_size(const struct lk_luks_recipe *r)
{
	return r->data_begin >= LK_LUKS_DATA_BEGIN ? KEYSLOTS_SIZE : KEYSLOTS_SMALL;
}

static struct crypt_pbkdf_type pbkdf_for(enum lk_luks_stretch stretch)
{
	const struct lk_luks_rules rules = lk_luks_rules_here();

	if (stretch == LK_LUKS_NO_STRETCH)
		return (struct crypt_pbkdf_type){
			.type = CRYPT_KDF_PBKDF2,
			.hash = "sha256",
			.iterations = LK_LUKS_PBKDF2_MIN,
			.flags = CRYPT_PBKDF_NO_BENCHMARK,
		};
	return (struct crypt_pbkdf_type){
		.type = CRYPT_KDF_ARGON2ID,
		.hash = "sha256",
		.iterations = ARGON2_PASSES,
		.max_memory_kb =
			ARGON2_KIB < rules.max_argon2_kib ? ARGON2_KIB : rules.max_argon2_kib,
		.parallel_threads = LK_LUKS_ARGON2_CPUS_MAX,
		.flags = CRYPT_PBKDF_NO_BENCHMARK,
	};
}

/* The token of generation 1 with the header's MAC. */
static enum lk_status put_token(struct lk_luks_session *s, const struct lk_luks_recipe *r,
				const struct lk_secret *volume_key, struct lk_error *err)
{
	const struct lk_header_fields fields = { r->uuid, r->data_begin, r->sector_size,
						 r->integrity };
	uint8_t mac[LK_HEADER_MAC_SIZE];
	char text[LK_B64_SIZE(sizeof(mac))], json[256];
	enum lk_status st;
	int n;

	if (!r->owner)
		return LK_OK;
	st = lk_header_mac(&fields, r->owner, 1, volume_key, mac, err);
	if (st)
		return st;
	lk_b64_encode(LK_B64_STD, mac, sizeof(mac), text);
	snprintf(json, sizeof(json),
		 "{\"type\":\"latchkey\",\"keyslots\":[\"0\"],\"generation\":\"1\",\"mac\":\"%s\"}",
		 text);
	n = crypt_token_json_set(s->cd, 0, json);
	return n < 0 ? lk_luks_library_fault(s, "make the token", n, err) : LK_OK;
}

static enum lk_status format(struct lk_luks_session *s, const struct lk_luks_recipe *r,
			     const struct lk_secret *passphrase, struct lk_error *err)
{
	const struct crypt_pbkdf_type pbkdf = pbkdf_for(r->stretch);
	struct crypt_params_luks2 params = {
		.pbkdf = &pbkdf,
		.integrity = r->integrity ? LK_LUKS_INTEGRITY : NULL,
		.sector_size = r->sector_size,
	};
	LK_SECRET key = { 0 };
	const char *bytes;
	enum lk_status st;
	int n;

	st = lk_random_secret(&key, lk_luks_key_size(r->integrity), err);
	if (st)
		return st;
	bytes = (const char *)key.data;
	n = crypt_set_metadata_size(s->cd, COPY_SIZE, keyslots_size(r));
	if (n >= 0)
		n = crypt_set_data_offset(s->cd, r->data_begin / SECTOR);
	if (n >= 0)
		n = crypt_format(s->cd, CRYPT_LUKS2, "aes", "xts-plain64", r->uuid, bytes, key.len,
				 &params);
	if (n < 0)
		return lk_luks_library_fault(s, "make the header", n, err);
	n = crypt_keyslot_add_by_volume_key(s->cd, 0, bytes, key.len,
					    (const char *)passphrase->data, passphrase->len);
	if (n < 0)
		return lk_luks_library_fault(s, "make the keyslot", n, err);
	return put_token(s, r, &key, err);
}

static enum lk_status format_watched(const struct lk_blockdev *dev, const struct lk_luks_recipe *r,
				     const struct lk_secret *passphrase, int memory_fd,
				     struct lk_deadline deadline, struct lk_error *err)
{
	struct lk_dm_watchdog *watchdog = NULL;
	enum lk_status st;

	st = lk_dm_watchdog_start(deadline, &watchdog, err);
	if (!st) {
		LK_LUKS_SESSION s = { 0 };

		st = lk_luks_session_start(&s, memory_fd, dev->fd, err);
		if (!st)
			st = format(&s, r, passphrase, err);
	}
	if (lk_dm_watchdog_stop(watchdog))
		return lk_raise(err, LK_TIMEOUT, "udev did not settle while the header was made");
	return st;
}

/* Our own reader must take what the library made. */
static enum lk_status check(const struct lk_blockdev *dev, const struct lk_luks_recipe *r,
			    int memory_fd, struct lk_luks_prepared **ret, struct lk_error *err)
{
	struct lk_blockdev memory = *dev;
	struct lk_luks_rules rules = lk_luks_rules_here();

	memory.fd = memory_fd;
	rules.integrity = r->integrity;
	rules.luks_uuid = r->uuid;
	if (lk_luks_prepare(&memory, &rules, ret, err)) {
		err->status = LK_INTERNAL;
		return lk_context(err, "check the new header");
	}
	return LK_OK;
}

enum lk_status lk_luks_make(const struct lk_blockdev *dev, const struct lk_luks_recipe *recipe,
			    const struct lk_secret *passphrase, struct lk_deadline deadline,
			    struct lk_luks_made *ret, struct lk_error *err)
{
	LK_LUKS_MADE made = LK_LUKS_MADE_NONE;
	enum lk_status st;

	made.memory_fd = memfd_create("luks-made", MFD_CLOEXEC);
	if (made.memory_fd < 0 ||
	    ftruncate(made.memory_fd, (off_t)2 * COPY_SIZE + keyslots_size(recipe)) != 0)
		return lk_raise(err, LK_INTERNAL, "make a memory file: %s", strerror(errno));
	st = format_watched(dev, recipe, passphrase, made.memory_fd, deadline, err);
	if (!st)
		st = check(dev, recipe, made.memory_fd, &made.prepared, err);
	if (st)
		return st;
	*ret = made;
	made = (struct lk_luks_made)LK_LUKS_MADE_NONE;
	return LK_OK;
}

/* ---- to the disk ---- */

static enum lk_status device_fault(const char *what, struct lk_error *err)
{
	return lk_raise_code(err, LK_C_DEVICE_FAILED, "%s: %s", what, strerror(errno));
}

static enum lk_status copy_range(int from, int to, uint64_t at, uint64_t length,
				 struct lk_error *err)
{
	LK_FREE uint8_t *buf = malloc(CHUNK);

	if (!buf)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	while (length > 0) {
		const size_t n = length < CHUNK ? (size_t)length : CHUNK;

		if (!lk_luks_read_at(from, buf, n, at))
			return lk_raise(err, LK_INTERNAL, "read the new header");
		if (!lk_luks_write_at(to, buf, n, at))
			return device_fault("write the header", err);
		at += n;
		length -= n;
	}
	return LK_OK;
}

enum lk_status lk_luks_made_write(const struct lk_luks_made *m, int fd, struct lk_error *err)
{
	const struct lk_luks_header *h = &m->prepared->header;
	enum lk_status st;
	size_t i;

	st = copy_range(m->memory_fd, fd, SECTOR, 2 * h->hdr_size - SECTOR, err);
	for (i = 0; !st && i < h->n_keyslots; i++)
		st = copy_range(m->memory_fd, fd, h->keyslots[i].area_offset,
				h->keyslots[i].area_size, err);
	if (!st && fsync(fd) != 0)
		st = device_fault("write the header", err);
	if (!st)
		st = copy_range(m->memory_fd, fd, 0, SECTOR, err);
	if (!st && fsync(fd) != 0)
		st = device_fault("write the header", err);
	return st;
}
