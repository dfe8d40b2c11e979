/* SPDX-License-Identifier: Apache-2.0 */
/* The little of protobuf that is needed here: varints and length-delimited fields. */
#include "core/proto.h"

#include <string.h>

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static size_t encode(uint64_t v, uint8_t out[10])
{
	size_t n = 0;

	do {
		out[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
	return n;
}

static enum lk_status put_varint(struct lk_secret *out, uint64_t v, struct lk_error *err)
{
	uint8_t buf[10];

	return lk_secret_append(out, buf, encode(v, buf), err);
}

enum lk_status lk_proto_put(struct lk_secret *out, unsigned field, const void *p, size_t n,
			    struct lk_error *err)
{
	enum lk_status st;

	if (n == 0)
		return LK_OK;
	st = put_varint(out, field << 3 | BYTES, err);
	if (!st)
		st = put_varint(out, n, err);
	return st ? st : lk_secret_append(out, p, n, err);
}

enum lk_status lk_proto_put_int(struct lk_secret *out, unsigned field, uint64_t value,
				struct lk_error *err)
{
	enum lk_status st;

	if (value == 0)
		return LK_OK;
	st = put_varint(out, field << 3 | VARINT, err);
	return st ? st : put_varint(out, value, err);
}

struct field {
	uint64_t number;
	unsigned wire;
	uint64_t value; /* of a varint */
	struct lk_proto_bytes bytes;
};

static bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; shift < 70; shift += 7) {
		if (*p == end || (shift == 63 && **p > 1))
			return false;
		v |= (uint64_t)(**p & 0x7f) << shift;
		if (!(*(*p)++ & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static bool skip(const uint8_t **p, const uint8_t *end, size_t n)
{
	if ((size_t)(end - *p) < n)
		return false;
	*p += n;
	return true;
}

static bool next(const uint8_t **p, const uint8_t *end, struct field *f)
{
	uint64_t tag;

	*f = (struct field){ 0 };
	if (!get_varint(p, end, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return false;
	f->number = tag >> 3;
	f->wire = tag & 7;
	switch (f->wire) {
	case VARINT:
		return get_varint(p, end, &f->value);
	case FIXED64:
		return skip(p, end, 8);
	case FIXED32:
		return skip(p, end, 4);
	case BYTES:
		if (!get_varint(p, end, &f->value) || f->value > (uint64_t)(end - *p))
			return false;
		f->bytes = (struct lk_proto_bytes){ *p, (size_t)f->value };
		*p += f->value;
		return true;
	default:
		return false;
	}
}

static bool find(const void *message, size_t n, unsigned field, enum wire wire, struct field *ret)
{
	const uint8_t *p = message, *end = p + n;
	struct field f;

	*ret = (struct field){ 0 };
	while (p < end) {
		if (!next(&p, end, &f))
			return false;
		if (f.number != field)
			continue;
		if (f.wire != wire)
			return false;
		*ret = f;
	}
	return true;
}

bool lk_proto_bytes(const void *message, size_t n, unsigned field, struct lk_proto_bytes *ret)
{
	struct field f;

	if (!find(message, n, field, BYTES, &f))
		return false;
	*ret = f.bytes;
	return true;
}

bool lk_proto_int(const void *message, size_t n, unsigned field, uint64_t *ret)
{
	struct field f;

	if (!find(message, n, field, VARINT, &f))
		return false;
	*ret = f.value;
	return true;
}
