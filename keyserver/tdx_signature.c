/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a quote's signature data and the extension of a PCK's certificate. */
#include "keyserver/tdx_signature.h"

#include <string.h>

#include "core/cursor.h"

#define CERT_QE	   6 /* QE report, its signature, authentication data, certificates */
#define CERT_CHAIN 5 /* PEM, from PCK to root */
#define AUTH_MAX   1024
#define CHAIN_MAX  (32u * 1024)

enum lk_status lk_tdx_signature_read(const uint8_t *data, size_t n, struct lk_tdx_signature *ret,
				     struct lk_error *err)
{
	struct lk_cursor r = { .p = data, .n = n };
	struct lk_tdx_signature s = { 0 };
	uint32_t kind;

	s.signature = lk_cursor_take(&r, 64);
	s.key = lk_cursor_take(&r, 64);
	kind = lk_cursor_le(&r, 2);
	if (kind != CERT_QE || lk_cursor_le(&r, 4) != r.n)
		return lk_raise(err, LK_DENIED, "the quote has no report of its quoting enclave");
	s.qe_report = lk_cursor_take(&r, LK_QE_REPORT);
	s.qe_signature = lk_cursor_take(&r, 64);
	s.auth_len = lk_cursor_le(&r, 2);
	s.auth = lk_cursor_take(&r, s.auth_len);
	kind = lk_cursor_le(&r, 2);
	if (kind != CERT_CHAIN || lk_cursor_le(&r, 4) != r.n || s.auth_len > AUTH_MAX)
		return lk_raise(err, LK_DENIED, "the quote has no certificates of its platform");
	s.chain_len = r.n;
	s.chain = (const char *)lk_cursor_take(&r, r.n);
	if (r.bad || s.chain_len > CHAIN_MAX)
		return lk_raise(err, LK_DENIED, "the quote's signature is malformed");
	*ret = s;
	return LK_OK;
}

/* --- the certificate of a PCK ------------------------------------------------------------------- */

#define SEQUENCE     0x30
#define OID	     0x06
#define INTEGER	     0x02
#define OCTET_STRING 0x04

/* One value of DER, lengths of at most two bytes; its content goes to *ret. */
static bool der_take(struct lk_cursor *r, uint8_t tag, struct lk_cursor *ret)
{
	uint64_t got = lk_cursor_le(r, 1), len = lk_cursor_le(r, 1);
	const uint8_t *more;

	if (len == 0x81 || len == 0x82) {
		more = lk_cursor_take(r, len - 0x80);
		if (!more)
			return false;
		len = len == 0x81 ? more[0] : (uint32_t)more[0] << 8 | more[1];
	} else if (len > 0x7f) {
		r->bad = true;
	}
	ret->p = lk_cursor_take(r, len);
	ret->n = len;
	ret->bad = false;
	return !r->bad && got == tag;
}

static const uint8_t base[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

/* SEQUENCE { OID below ours, value }: the numbers that follow our OID, and what is left. */
static bool der_pair(struct lk_cursor *r, uint8_t tail[2], struct lk_cursor *ret)
{
	struct lk_cursor oid;

	if (!der_take(r, SEQUENCE, ret) || !der_take(ret, OID, &oid) || oid.n <= sizeof(base) ||
	    oid.n > sizeof(base) + 2 || memcmp(oid.p, base, sizeof(base)) != 0)
		return false;
	tail[0] = oid.p[sizeof(base)];
	tail[1] = oid.n == sizeof(base) + 2 ? oid.p[sizeof(base) + 1] : 0;
	return true;
}

static bool der_integer(struct lk_cursor *r, uint32_t max, uint32_t *ret)
{
	struct lk_cursor number;
	size_t i;

	if (!der_take(r, INTEGER, &number) || number.n == 0 || number.n > 4 || number.p[0] > 0x7f)
		return false;
	*ret = 0;
	for (i = 0; i < number.n; i++)
		*ret = *ret << 8 | number.p[i];
	return *ret <= max;
}

static bool der_octets(struct lk_cursor *r, uint8_t *out, size_t n)
{
	struct lk_cursor bytes;

	if (!der_take(r, OCTET_STRING, &bytes) || bytes.n != n)
		return false;
	memcpy(out, bytes.p, n);
	return true;
}

/* Members 1 to 16 are the components, 17 is PCESVN; 18 says the same as a whole. */
static bool read_tcb(struct lk_cursor *value, struct lk_pck *pck, uint32_t *seen)
{
	struct lk_cursor tcb, v;
	uint8_t tail[2];
	uint32_t n;

	if (!der_take(value, SEQUENCE, &tcb))
		return false;
	while (tcb.n) {
		if (!der_pair(&tcb, tail, &v) || tail[0] != 2 || tail[1] < 1 || tail[1] > 18 ||
		    (*seen & 1u << tail[1]))
			return false;
		*seen |= 1u << tail[1];
		if (tail[1] == 18)
			continue;
		if (!der_integer(&v, tail[1] == 17 ? 0xffff : 0xff, &n))
			return false;
		if (tail[1] == 17)
			pck->pcesvn = (uint16_t)n;
		else
			pck->components[tail[1] - 1] = (uint8_t)n;
	}
	return true;
}

enum lk_status lk_pck_read(const uint8_t *der, size_t n, struct lk_pck *ret, struct lk_error *err)
{
	struct lk_cursor r = { .p = der, .n = n }, all = { 0 }, value;
	struct lk_pck pck = { 0 };
	bool ok = der_take(&r, SEQUENCE, &all) && r.n == 0;
	uint32_t tcb = 0, members = 0;
	uint8_t tail[2];

	while (ok && all.n) {
		ok = der_pair(&all, tail, &value) && tail[1] == 0 && tail[0] < 32 &&
		     !(members & 1u << tail[0]);
		if (!ok)
			break;
		members |= 1u << tail[0];
		if (tail[0] == 2)
			ok = read_tcb(&value, &pck, &tcb);
		else if (tail[0] == 3)
			ok = der_octets(&value, pck.pceid, sizeof(pck.pceid));
		else if (tail[0] == 4)
			ok = der_octets(&value, pck.fmspc, sizeof(pck.fmspc));
	}
	if (!ok || (members & 0x1c) != 0x1c || (tcb & 0x3fffe) != 0x3fffe)
		return lk_raise(err, LK_DENIED,
				"the platform's certificate does not say what platform it is");
	*ret = pck;
	return LK_OK;
}
