/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses between the two copies of a LUKS2 header and reads the chosen one. */

#include <string.h>
#include <strings.h>

#include "agent/luks_header_internal.h"
#include "core/secret.h"

#define GIB_IN_KIB (1024u * 1024)

struct lk_luks_rules lk_luks_rules_default(uint64_t ram_bytes)
{
	uint64_t half_kib = ram_bytes / 2 / 1024;

	return (struct lk_luks_rules){
		.max_keyslots = 2,
		.max_argon2_kib = half_kib < GIB_IN_KIB ? (uint32_t)half_kib : GIB_IN_KIB,
		.max_iterations = 10000000,
		.max_digest_iterations = 2000000,
	};
}

const char *lk_luks_degraded_text(enum lk_luks_degraded degraded)
{
	switch (degraded) {
	case LK_LUKS_BOTH_GOOD:
		return "";
	case LK_LUKS_PRIMARY_BAD:
		return "primary copy damaged, secondary used";
	case LK_LUKS_SECONDARY_BAD:
		return "secondary copy damaged, primary used";
	case LK_LUKS_COPIES_DIFFER:
		return "the copies differ, the newer used";
	}
	return "";
}

/* Two valid copies say the same if all but magic, salt, place and checksum is equal. */
static bool same_content(const uint8_t *a, const uint8_t *b, size_t len)
{
	return memcmp(a + LK_LUKS_AT_SEQID, b + LK_LUKS_AT_SEQID, 8) == 0 &&
	       memcmp(a + LK_LUKS_AT_UUID, b + LK_LUKS_AT_UUID, LK_LUKS_UUID_LEN) == 0 &&
	       memcmp(a + LK_LUKS_BINARY_SIZE, b + LK_LUKS_BINARY_SIZE,
		      len - LK_LUKS_BINARY_SIZE) == 0;
}

static const uint8_t *newer(const uint8_t *a, const uint8_t *b)
{
	uint64_t seq_a = lk_luks_be64(a + LK_LUKS_AT_SEQID);
	uint64_t seq_b = lk_luks_be64(b + LK_LUKS_AT_SEQID);

	return seq_b > seq_a ? b : a;
}

struct choice {
	const uint8_t *copy; /* NULL when neither holds together */
	uint64_t size;
	enum lk_luks_degraded degraded;
};

/* A newer copy that holds together but breaks a rule is refused later, never passed over for the
 * other. */
static struct choice choose(const uint8_t *primary, size_t primary_len, bool good_1,
			    const uint8_t *secondary, size_t secondary_len, bool good_2)
{
	struct choice c = { primary, primary_len, LK_LUKS_SECONDARY_BAD };

	if (good_1 && good_2 && primary_len == secondary_len) {
		c.copy = newer(primary, secondary);
		c.degraded = same_content(primary, secondary, primary_len) ? LK_LUKS_BOTH_GOOD
									   : LK_LUKS_COPIES_DIFFER;
	} else if (!good_1) {
		c = (struct choice){ good_2 ? secondary : NULL, secondary_len,
				     LK_LUKS_PRIMARY_BAD };
	}
	return c;
}

static bool is_uuid(const char *text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; shape[i]; i++) {
		if (shape[i] == '-' ? text[i] != '-'
				    : !text[i] || !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return text[i] == '\0';
}

static enum lk_status read_uuid(const uint8_t *copy, const char *pin, struct lk_luks_header *ret,
				struct lk_error *err)
{
	const uint8_t *field = copy + LK_LUKS_AT_UUID;

	if (!lk_all_zero_ct(field + LK_LUKS_UUID_SIZE - 1,
			    LK_LUKS_UUID_LEN - LK_LUKS_UUID_SIZE + 1))
		return lk_raise_code(err, LK_C_HEADER_INVALID, "the UUID is not a UUID");
	memcpy(ret->uuid, field, LK_LUKS_UUID_SIZE);
	if (!is_uuid(ret->uuid))
		return lk_raise_code(err, LK_C_HEADER_INVALID, "the UUID is not a UUID");
	if (pin && strcasecmp(pin, ret->uuid) != 0)
		return lk_raise_code(err, LK_C_HEADER_CHANGED,
				     "the header's UUID is %s, the configuration names %s",
				     ret->uuid, pin);
	return LK_OK;
}

static enum lk_status read_copy(const uint8_t *copy, const struct lk_luks_frame *frame,
				struct lk_luks_header *ret, struct lk_error *err)
{
	enum lk_status st;

	ret->hdr_size = frame->hdr_size;
	ret->seqid = lk_luks_be64(copy + LK_LUKS_AT_SEQID);
	if (!lk_all_zero_ct(copy + LK_LUKS_AT_PADDING, LK_LUKS_AT_CSUM - LK_LUKS_AT_PADDING) ||
	    !lk_all_zero_ct(copy + LK_LUKS_AT_PADDING_2,
			    LK_LUKS_BINARY_SIZE - LK_LUKS_AT_PADDING_2))
		return lk_raise_code(err, LK_C_HEADER_INVALID, "reserved bytes are in use");
	st = read_uuid(copy, frame->rules->luks_uuid, ret, err);
	if (st)
		return st;
	return lk_luks_json_read(copy + LK_LUKS_BINARY_SIZE,
				 (size_t)frame->hdr_size - LK_LUKS_BINARY_SIZE, frame, ret, err);
}

enum lk_status lk_luks_header_parse(const uint8_t *primary, size_t primary_len,
				    const uint8_t *secondary, size_t secondary_len,
				    uint64_t device_size, const struct lk_luks_rules *rules,
				    struct lk_luks_header *ret, struct lk_error *err)
{
	struct lk_luks_frame frame = { .rules = rules, .device_size = device_size };
	struct lk_luks_header header = { 0 };
	bool good_1, good_2;
	struct choice chosen;
	enum lk_status st;

	st = lk_luks_copy_check(primary, primary_len, 0, &good_1, err);
	if (!st)
		st = lk_luks_copy_check(secondary, secondary_len, secondary_len, &good_2, err);
	if (st)
		return st;
	chosen = choose(primary, primary_len, good_1, secondary, secondary_len, good_2);
	if (!chosen.copy)
		return lk_raise_code(
			err, LK_C_HEADER_INVALID,
			"neither copy is a whole LUKS2 header with a SHA-256 checksum");
	frame.hdr_size = chosen.size;
	header.degraded = chosen.degraded;
	st = read_copy(chosen.copy, &frame, &header, err);
	if (st)
		return lk_context(err, "check the %s LUKS2 header",
				  chosen.copy == primary ? "primary" : "secondary");
	*ret = header;
	return LK_OK;
}
