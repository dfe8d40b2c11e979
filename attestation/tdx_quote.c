/* SPDX-License-Identifier: Apache-2.0 */
/* Takes TDX quotes and TD reports apart. */
#include "attestation/tdx_quote.h"

#include <string.h>

#include "attestation/bytes.h"

/* quote header */
#define HEADER	     48
#define TEE_TYPE_OFF 4
#define TEE_TDX	     0x81
/* version 5 says what follows its header */
#define BODY_KIND     HEADER
#define BODY_SIZE     (HEADER + 2)
#define BODY_V5	      (HEADER + 6)
#define BODY_1_0      584
#define BODY_1_5      648
#define KIND_1_0      2
#define KIND_1_5      3
#define SIGNATURE_LEN 4 /* bytes of the length before the signature data */
/* body */
#define BODY_ATTRIBUTES	 120
#define BODY_MRTD	 136
#define BODY_RTMR	 328
#define BODY_REPORT_DATA 520
/* TD report */
#define REPORT_TYPE	  0
#define REPORT_DATA	  128
#define REPORT_ATTRIBUTES 512

#define BAD(err, ...)	  lk_raise_code(err, LK_C_EVIDENCE_INVALID, __VA_ARGS__)

/* Where the body is, by the quote's version. */
static enum lk_status find_body(const uint8_t *data, size_t n, struct lk_tdx_quote *q,
				struct lk_error *err)
{
	unsigned kind;
	uint32_t size;

	q->body = data + HEADER;
	q->body_len = BODY_1_0;
	if (q->version == 4)
		return LK_OK;
	if (n < BODY_V5)
		return BAD(err, "a quote of %zu bytes", n);
	kind = lk_le16(data + BODY_KIND);
	size = lk_le32(data + BODY_SIZE);
	if (!(kind == KIND_1_0 && size == BODY_1_0) && !(kind == KIND_1_5 && size == BODY_1_5))
		return BAD(err, "a quote with a body of kind %u and %u bytes", kind, size);
	q->body = data + BODY_V5;
	q->body_len = size;
	return LK_OK;
}

static void find_fields(const uint8_t *data, struct lk_tdx_quote *q)
{
	q->attributes = lk_le64(q->body + BODY_ATTRIBUTES);
	q->mrtd = q->body + BODY_MRTD;
	q->rtmr = q->body + BODY_RTMR;
	q->report_data = q->body + BODY_REPORT_DATA;
	q->signature = data + q->signed_len + SIGNATURE_LEN;
	q->signature_len = lk_le32(data + q->signed_len);
	q->used = q->signed_len + SIGNATURE_LEN + q->signature_len;
}

enum lk_status lk_tdx_quote_parse(const uint8_t *data, size_t n, struct lk_tdx_quote *ret,
				  struct lk_error *err)
{
	struct lk_tdx_quote q = { 0 };
	enum lk_status st;

	if (n < HEADER)
		return BAD(err, "a quote of %zu bytes", n);
	q.version = lk_le16(data);
	if (q.version != 4 && q.version != 5)
		return BAD(err, "a quote of version %u", q.version);
	if (lk_le32(data + TEE_TYPE_OFF) != TEE_TDX)
		return BAD(err, "a quote of TEE type %#x, not TDX", lk_le32(data + TEE_TYPE_OFF));
	st = find_body(data, n, &q, err);
	if (st)
		return st;
	q.signed_len = (size_t)(q.body - data) + q.body_len;
	if (n < q.signed_len + SIGNATURE_LEN)
		return BAD(err, "a quote of %zu bytes", n);
	find_fields(data, &q);
	if (!q.signature_len || q.used > n)
		return BAD(err, "a quote of %zu bytes with %zu of signature", n, q.signature_len);
	*ret = q;
	return LK_OK;
}

static enum lk_status check(const uint8_t *theirs, const uint8_t *data, uint64_t attributes,
			    struct lk_error *err)
{
	if (memcmp(theirs, data, LK_TDX_DATA) != 0)
		return BAD(err, "the TDX module reported other data than what was asked for");
	if (attributes & LK_TDX_DEBUG)
		return lk_raise_code(err, LK_C_TEE_DEBUG,
				     "this trust domain is being debugged by its host");
	return LK_OK;
}

enum lk_status lk_tdx_quote_check(const struct lk_tdx_quote *q, const uint8_t data[LK_TDX_DATA],
				  struct lk_error *err)
{
	return check(q->report_data, data, q->attributes, err);
}

enum lk_status lk_tdx_report_check(const uint8_t report[LK_TDX_REPORT],
				   const uint8_t data[LK_TDX_DATA], struct lk_error *err)
{
	if (report[REPORT_TYPE] != TEE_TDX)
		return BAD(err, "a report of type %#x, not of TDX", report[REPORT_TYPE]);
	return check(report + REPORT_DATA, data, lk_le64(report + REPORT_ATTRIBUTES), err);
}
