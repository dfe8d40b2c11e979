/* SPDX-License-Identifier: Apache-2.0 */
/* Reading quotes and signatures of a TPM. */
#include "keyserver/tpm_quote.h"

#include <string.h>

#include "core/cursor.h"

#define GENERATED  0xff544347 /* "\xffTCG": made by a TPM */
#define QUOTE	   0x8018
#define SHA256	   0x000b
#define RSASSA	   0x0014
#define ECDSA	   0x0018
#define SIGNER_MAX 68 /* of a signer: a hash's identifier and SHA-512 */

static enum lk_status read_selection(struct lk_cursor *r, struct lk_error *err)
{
	uint64_t count = lk_cursor_be(r, 4), hash = lk_cursor_be(r, 2), size = lk_cursor_be(r, 1);
	uint64_t select = lk_cursor_be(r, 3);

	if (r->bad || count != 1 || hash != SHA256 || size != 3 || select != 0xffffff)
		return lk_raise(err, LK_DENIED,
				"the quote is not of PCR 0 to 23 of the SHA-256 bank");
	return LK_OK;
}

enum lk_status lk_tpm_quote_read(const uint8_t *message, size_t n, struct lk_tpm_quote *ret,
				 struct lk_error *err)
{
	struct lk_cursor r = { .p = message, .n = n };
	struct lk_tpm_quote q = { 0 };
	size_t len;
	uint64_t safe;
	enum lk_status st;

	if (lk_cursor_be(&r, 4) != GENERATED || lk_cursor_be(&r, 2) != QUOTE || r.bad)
		return lk_raise(err, LK_DENIED, "the message is no quote of a TPM");
	(void)lk_cursor_sized(&r, SIGNER_MAX, &len);
	q.nonce = lk_cursor_sized(&r, LK_TPM_NONCE_MAX, &q.nonce_len);
	q.clock = lk_cursor_be(&r, 8);
	q.reset_count = (uint32_t)lk_cursor_be(&r, 4);
	q.restart_count = (uint32_t)lk_cursor_be(&r, 4);
	safe = lk_cursor_be(&r, 1);
	q.safe = safe == 1;
	q.firmware = lk_cursor_be(&r, 8);
	if (r.bad || safe > 1)
		return lk_raise(err, LK_DENIED, "the quote is cut short or malformed");
	st = read_selection(&r, err);
	if (st)
		return st;
	q.pcr_digest = lk_cursor_sized(&r, LK_TPM_DIGEST_LEN, &len);
	if (r.bad || len != LK_TPM_DIGEST_LEN || r.n != 0)
		return lk_raise(err, LK_DENIED, "the quote is cut short or malformed");
	*ret = q;
	return LK_OK;
}

static bool read_ecdsa(struct lk_cursor *r, struct lk_tpm_signature *ret)
{
	size_t i, n;

	for (i = 0; i < 2; i++) {
		const uint8_t *part = lk_cursor_sized(r, 32, &n);

		if (!part)
			return false;
		memcpy(ret->bytes + 32 * i + (32 - n), part, n);
	}
	ret->ecdsa = true;
	ret->len = 64;
	return true;
}

static bool read_rsassa(struct lk_cursor *r, struct lk_tpm_signature *ret)
{
	const uint8_t *bytes = lk_cursor_sized(r, sizeof(ret->bytes), &ret->len);

	if (!bytes)
		return false;
	memcpy(ret->bytes, bytes, ret->len);
	return true;
}

enum lk_status lk_tpm_signature_read(const uint8_t *data, size_t n, struct lk_tpm_signature *ret,
				     struct lk_error *err)
{
	struct lk_cursor r = { .p = data, .n = n };
	struct lk_tpm_signature s = { 0 };
	uint64_t scheme = lk_cursor_be(&r, 2), hash = lk_cursor_be(&r, 2);
	bool ok;

	if (r.bad || hash != SHA256 || (scheme != RSASSA && scheme != ECDSA))
		return lk_raise(err, LK_DENIED,
				"the signature is neither RSASSA nor ECDSA with SHA-256");
	ok = scheme == ECDSA ? read_ecdsa(&r, &s) : read_rsassa(&r, &s);
	if (!ok || r.n != 0)
		return lk_raise(err, LK_DENIED, "the signature is cut short or malformed");
	*ret = s;
	return LK_OK;
}
