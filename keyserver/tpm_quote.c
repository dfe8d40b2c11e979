/* SPDX-License-Identifier: Apache-2.0 */
/* Reading quotes and signatures of a TPM. */
#include "keyserver/tpm_quote.h"

#include <string.h>

#define GENERATED  0xff544347 /* "\xffTCG": made by a TPM */
#define QUOTE	   0x8018
#define SHA256	   0x000b
#define RSASSA	   0x0014
#define ECDSA	   0x0018
#define SIGNER_MAX 68 /* of a signer: a hash's identifier and SHA-512 */

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return at;
}

static uint64_t number(struct reader *r, size_t n)
{
	const uint8_t *at = take(r, n);
	uint64_t value = 0;

	while (at && n--)
		value = value << 8 | *at++;
	return value;
}

/* A size of two bytes, at most max, and so many bytes. */
static const uint8_t *sized(struct reader *r, size_t max, size_t *ret_n)
{
	*ret_n = (size_t)number(r, 2);
	if (*ret_n > max)
		r->bad = true;
	return take(r, *ret_n);
}

static enum lk_status read_selection(struct reader *r, struct lk_error *err)
{
	uint64_t count = number(r, 4), hash = number(r, 2), size = number(r, 1);
	uint64_t select = number(r, 3);

	if (r->bad || count != 1 || hash != SHA256 || size != 3 || select != 0xffffff)
		return lk_raise(err, LK_DENIED,
				"the quote is not of PCR 0 to 23 of the SHA-256 bank");
	return LK_OK;
}

enum lk_status lk_tpm_quote_read(const uint8_t *message, size_t n, struct lk_tpm_quote *ret,
				 struct lk_error *err)
{
	struct reader r = { .at = message, .left = n };
	struct lk_tpm_quote q = { 0 };
	size_t len;
	uint64_t safe;
	enum lk_status st;

	if (number(&r, 4) != GENERATED || number(&r, 2) != QUOTE || r.bad)
		return lk_raise(err, LK_DENIED, "the message is no quote of a TPM");
	(void)sized(&r, SIGNER_MAX, &len);
	q.nonce = sized(&r, LK_TPM_NONCE_MAX, &q.nonce_len);
	q.clock = number(&r, 8);
	q.reset_count = (uint32_t)number(&r, 4);
	q.restart_count = (uint32_t)number(&r, 4);
	safe = number(&r, 1);
	q.safe = safe == 1;
	q.firmware = number(&r, 8);
	if (r.bad || safe > 1)
		return lk_raise(err, LK_DENIED, "the quote is cut short or malformed");
	st = read_selection(&r, err);
	if (st)
		return st;
	q.pcr_digest = sized(&r, LK_TPM_DIGEST_LEN, &len);
	if (r.bad || len != LK_TPM_DIGEST_LEN || r.left != 0)
		return lk_raise(err, LK_DENIED, "the quote is cut short or malformed");
	*ret = q;
	return LK_OK;
}

static bool read_ecdsa(struct reader *r, struct lk_tpm_signature *ret)
{
	size_t i, n;

	for (i = 0; i < 2; i++) {
		const uint8_t *part = sized(r, 32, &n);

		if (!part)
			return false;
		memcpy(ret->bytes + 32 * i + (32 - n), part, n);
	}
	ret->ecdsa = true;
	ret->len = 64;
	return true;
}

static bool read_rsassa(struct reader *r, struct lk_tpm_signature *ret)
{
	const uint8_t *bytes = sized(r, sizeof(ret->bytes), &ret->len);

	if (!bytes)
		return false;
	memcpy(ret->bytes, bytes, ret->len);
	return true;
}

enum lk_status lk_tpm_signature_read(const uint8_t *data, size_t n, struct lk_tpm_signature *ret,
				     struct lk_error *err)
{
	struct reader r = { .at = data, .left = n };
	struct lk_tpm_signature s = { 0 };
	uint64_t scheme = number(&r, 2), hash = number(&r, 2);
	bool ok;

	if (r.bad || hash != SHA256 || (scheme != RSASSA && scheme != ECDSA))
		return lk_raise(err, LK_DENIED,
				"the signature is neither RSASSA nor ECDSA with SHA-256");
	ok = scheme == ECDSA ? read_ecdsa(&r, &s) : read_rsassa(&r, &s);
	if (!ok || r.left != 0)
		return lk_raise(err, LK_DENIED, "the signature is cut short or malformed");
	*ret = s;
	return LK_OK;
}
