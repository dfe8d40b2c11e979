/* SPDX-License-Identifier: Apache-2.0 */
/* The header's MAC. */
#include "agent/header_mac.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/luks_header_internal.h"

#define DOMAIN	 "latchkey-hdr-1"
#define TEXT_MAX 512

struct lk_header_fields lk_header_fields_of(const struct lk_luks_header *h)
{
	return (struct lk_header_fields){ h->uuid, h->segment_offset, h->sector_size,
					  h->integrity };
}

static enum lk_status canonical(const struct lk_header_fields *f, const struct lk_header_owner *o,
				uint64_t generation, char text[TEXT_MAX], struct lk_error *err)
{
	static const char *const roles[] = { "data", "root", "delta" };
	int n = snprintf(text, TEXT_MAX,
			 DOMAIN "\nuuid=%s\noffset=%" PRIu64
				"\nsize=dynamic\ncipher=" LK_LUKS_CIPHER "\nsector_size=%" PRIu32
				"\nintegrity=%s\nrole=%s:%s\ngeneration=%" PRIu64 "\n",
			 f->uuid, f->segment_offset, f->sector_size,
			 f->integrity ? "hmac(sha256)" : "none", roles[o->role], o->name,
			 generation);

	if (n < 0 || n >= TEXT_MAX)
		return lk_raise(err, LK_INTERNAL, "the header's text does not fit");
	return LK_OK;
}

enum lk_status lk_header_mac(const struct lk_header_fields *fields,
			     const struct lk_header_owner *owner, uint64_t generation,
			     const struct lk_secret *volume_key, uint8_t ret[LK_HEADER_MAC_SIZE],
			     struct lk_error *err)
{
	char text[TEXT_MAX];
	LK_SECRET key = { 0 };
	enum lk_status st;

	st = canonical(fields, owner, generation, text, err);
	if (!st)
		st = lk_secret_alloc(&key, LK_HEADER_MAC_SIZE, err);
	if (!st)
		st = lk_hkdf_sha256(volume_key, DOMAIN, key.data, LK_HEADER_MAC_SIZE, err);
	if (!st)
		st = lk_hmac_sha256(key.data, LK_HEADER_MAC_SIZE, text, strlen(text), ret, err);
	return st ? lk_context(err, "compute the header's MAC") : LK_OK;
}

enum lk_status lk_header_mac_check(const struct lk_luks_header *h,
				   const struct lk_header_owner *owner, bool required,
				   const struct lk_secret *volume_key,
				   struct lk_header_identity *ret, struct lk_error *err)
{
	const struct lk_header_fields fields = lk_header_fields_of(h);
	const bool has_mac = h->has_token && h->token.has_mac;
	struct lk_header_identity identity = { .has_mac = has_mac };
	enum lk_status st;

	if (!has_mac && required)
		return lk_raise_code(err, LK_C_HEADER_MAC_ABSENT,
				     "the header has no MAC, and header_mac = \"required\"");
	st = lk_header_mac(&fields, owner, has_mac ? h->token.generation : 0, volume_key,
			   identity.mac, err);
	if (st)
		return st;
	if (has_mac && !lk_equal_ct(identity.mac, h->token.mac, LK_HEADER_MAC_SIZE))
		return lk_raise_code(err, LK_C_HEADER_MAC,
				     "the header's MAC does not fit volume '%s'", owner->name);
	*ret = identity;
	return LK_OK;
}
