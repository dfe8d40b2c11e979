/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a TPM. */
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/tpm_wire.h"
#include "core/cursor.h"

#define HEAD	     10
#define TAG_SESSIONS 0x8002
#define CAP_PCRS     5

#define ALG_RSA	     0x0001
#define ALG_NULL     0x0010
#define ALG_RSASSA   0x0014
#define ATTEST_MAGIC 0xff544347u
#define ATTEST_QUOTE 0x8018

/* fixedTPM, restricted, sign: its signature under something that looks like a quote is a quote */
#define KEY_ATTRIBUTES 0x00050002u

static enum lk_status malformed(const char *what, struct lk_error *err)
{
	return lk_raise(err, LK_TAMPERED, "the TPM's answer is malformed: %s", what);
}

/* What follows the head, and the size of parameters where sessions follow them. */
static struct lk_cursor body(const struct lk_tpm_buf *a, uint32_t *ret_handle)
{
	struct lk_cursor c = { a->bytes, a->n, a->n > sizeof(a->bytes) };
	const uint32_t tag = lk_cursor_be(&c, 2);

	if (lk_cursor_be(&c, 4) != a->n)
		c.bad = true;
	(void)lk_cursor_be(&c, 4);
	if (ret_handle)
		*ret_handle = lk_cursor_be(&c, 4);
	if (tag == TAG_SESSIONS) {
		const uint32_t n = lk_cursor_be(&c, 4);

		if (n > c.n)
			c.bad = true;
		else
			c.n = n;
	}
	return c;
}

enum lk_status lk_tpm_read_code(const struct lk_tpm_buf *a, uint32_t *ret, struct lk_error *err)
{
	struct lk_cursor c = { a->bytes, a->n, false };

	(void)lk_cursor_be(&c, 2);
	if (lk_cursor_be(&c, 4) != a->n || a->n < HEAD)
		return malformed("its size", err);
	*ret = lk_cursor_be(&c, 4);
	return LK_OK;
}

/* TPMS_PCR_SELECTION */
static void selection(struct lk_cursor *c, uint16_t *ret_alg, uint32_t *ret_mask)
{
	size_t i, n;

	*ret_alg = (uint16_t)lk_cursor_be(c, 2);
	*ret_mask = 0;
	n = lk_cursor_be(c, 1);
	if (n > 4)
		c->bad = true;
	for (i = 0; i < n && !c->bad; i++)
		*ret_mask |= lk_cursor_be(c, 1) << (8 * i);
}

enum lk_status lk_tpm_read_pcrs(const struct lk_tpm_buf *a, uint16_t alg, uint32_t mask,
				uint8_t values[LK_TPM_PCRS][32], uint32_t *ret_mask,
				struct lk_error *err)
{
	struct lk_cursor c = body(a, NULL);
	uint32_t given = 0;
	uint16_t bank = 0;
	size_t i, n;

	(void)lk_cursor_be(&c, 4); /* update counter */
	if (lk_cursor_be(&c, 4) != 1)
		return malformed("PCRs of another bank", err);
	selection(&c, &bank, &given);
	if (c.bad || bank != alg || given == 0 || (given & ~mask))
		return malformed("PCRs that were not asked for", err);
	if (lk_cursor_be(&c, 4) != (uint32_t)__builtin_popcount(given))
		return malformed("count of PCRs", err);
	for (i = 0; i < LK_TPM_PCRS; i++) {
		const uint8_t *p;

		if (!(given & 1u << i))
			continue;
		p = lk_cursor_sized(&c, UINT16_MAX, &n);
		if (!p || n != 32)
			return malformed("a PCR's value", err);
		memcpy(values[i], p, 32);
	}
	*ret_mask = given;
	return LK_OK;
}

enum lk_status lk_tpm_read_banks(const struct lk_tpm_buf *a,
				 struct lk_tpm_bank banks[LK_TPM_BANKS_MAX], size_t *ret_n,
				 struct lk_error *err)
{
	struct lk_cursor c = body(a, NULL);
	size_t i, n;

	(void)lk_cursor_be(&c, 1); /* more data */
	if (lk_cursor_be(&c, 4) != CAP_PCRS)
		return malformed("another capability", err);
	n = lk_cursor_be(&c, 4);
	if (n > LK_TPM_BANKS_MAX)
		return malformed("too many banks", err);
	for (i = 0; i < n; i++)
		selection(&c, &banks[i].alg, &banks[i].pcrs);
	if (c.bad)
		return malformed("its banks", err);
	*ret_n = n;
	return LK_OK;
}

/* ---- keys ---- */

static enum lk_status read_public(struct lk_cursor *c, struct lk_tpm_key *ret, struct lk_error *err)
{
	uint32_t type, attributes, symmetric, scheme, hash, bits;
	const uint8_t *p;
	size_t n;

	type = lk_cursor_be(c, 2);
	(void)lk_cursor_be(c, 2); /* of its name */
	attributes = lk_cursor_be(c, 4);
	(void)lk_cursor_sized(c, UINT16_MAX, &n); /* policy */
	symmetric = lk_cursor_be(c, 2);
	scheme = lk_cursor_be(c, 2);
	hash = lk_cursor_be(c, 2);
	bits = lk_cursor_be(c, 2);
	ret->e = lk_cursor_be(c, 4);
	p = lk_cursor_sized(c, UINT16_MAX, &n);
	if (type != ALG_RSA || symmetric != ALG_NULL || scheme != ALG_RSASSA ||
	    hash != LK_TCG_SHA256 || (attributes & KEY_ATTRIBUTES) != KEY_ATTRIBUTES)
		return lk_raise(err, LK_CONFIG,
				"the key is no attestation key of RSA with RSASSA and SHA-256");
	if (!p || c->bad || n != bits / 8 || n < 256 || n > LK_TPM_RSA_MAX || !(p[0] & 0x80))
		return malformed("a key's modulus", err);
	if (ret->e == 0)
		ret->e = 65537;
	memcpy(ret->n, p, n);
	ret->n_len = n;
	return LK_OK;
}

enum lk_status lk_tpm_read_key(const struct lk_tpm_buf *a, bool created, uint32_t *ret_handle,
			       struct lk_tpm_key *ret, struct lk_error *err)
{
	struct lk_cursor c = body(a, created ? ret_handle : NULL);
	struct lk_cursor public = { 0 };

	public.p = lk_cursor_sized(&c, UINT16_MAX, &public.n);
	if (c.bad)
		return malformed("a key", err);
	return read_public(&public, ret, err);
}

/* A DER head with a length of two bytes, as all lengths here have. */
static size_t der(uint8_t *out, uint8_t tag, size_t n)
{
	out[0] = tag;
	out[1] = 0x82;
	out[2] = (uint8_t)(n >> 8);
	out[3] = (uint8_t)n;
	return 4;
}

size_t lk_tpm_key_spki(const struct lk_tpm_key *key, uint8_t out[LK_TPM_SPKI_MAX])
{
	/* AlgorithmIdentifier { rsaEncryption, NULL } */
	static const uint8_t rsa[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	uint8_t e[7] = { 0x02, 0 };
	size_t n = 0, i, n_key;

	for (i = 4; i-- > 0;)
		if (e[1] > 0 || key->e >> (8 * i)) {
			if (e[1] == 0 && (key->e >> (8 * i)) & 0x80)
				e[2 + e[1]++] = 0; /* it is not negative */
			e[2 + e[1]++] = (uint8_t)(key->e >> (8 * i));
		}
	n_key = 4 + 1 + key->n_len + 2 + e[1];
	n += der(out + n, 0x30, sizeof(rsa) + 4 + 1 + 4 + n_key);
	memcpy(out + n, rsa, sizeof(rsa));
	n += sizeof(rsa);
	n += der(out + n, 0x03, 1 + 4 + n_key);
	out[n++] = 0; /* no unused bits */
	n += der(out + n, 0x30, n_key);
	n += der(out + n, 0x02, 1 + key->n_len);
	out[n++] = 0;
	memcpy(out + n, key->n, key->n_len);
	n += key->n_len;
	memcpy(out + n, e, 2u + e[1]);
	return n + 2 + e[1];
}

/* ---- quotes ---- */

/* TPMS_ATTEST */
static enum lk_status read_attest(struct lk_cursor c, const uint8_t nonce[LK_TPM_NONCE],
				  const uint8_t **ret_digest, struct lk_error *err)
{
	const uint8_t *extra;
	uint32_t mask = 0;
	uint16_t alg = 0;
	size_t n;

	if (lk_cursor_be(&c, 4) != ATTEST_MAGIC || lk_cursor_be(&c, 2) != ATTEST_QUOTE)
		return malformed("no quote", err);
	(void)lk_cursor_sized(&c, UINT16_MAX, &n); /* who signed */
	extra = lk_cursor_sized(&c, UINT16_MAX, &n);
	if (!extra || n != LK_TPM_NONCE || memcmp(extra, nonce, n) != 0)
		return malformed("a quote for another nonce", err);
	(void)lk_cursor_take(&c, 8 + 4 + 4 + 1 + 8); /* clock and firmware */
	if (lk_cursor_be(&c, 4) != 1)
		return malformed("a quote of other banks", err);
	selection(&c, &alg, &mask);
	*ret_digest = lk_cursor_sized(&c, UINT16_MAX, &n);
	if (!*ret_digest || c.bad || c.n != 0 || alg != LK_TCG_SHA256 || mask != LK_TPM_ALL_PCRS ||
	    n != 32)
		return malformed("a quote of other PCRs", err);
	return LK_OK;
}

enum lk_status lk_tpm_read_quote(const struct lk_tpm_buf *a, const uint8_t nonce[LK_TPM_NONCE],
				 struct lk_tpm_quote *ret, struct lk_error *err)
{
	struct lk_cursor c = body(a, NULL);
	struct lk_cursor signature;
	size_t n;

	ret->message = lk_cursor_sized(&c, UINT16_MAX, &ret->n_message);
	signature = c;
	ret->signature = c.p;
	ret->n_signature = c.n;
	if (c.bad || lk_cursor_be(&signature, 2) != ALG_RSASSA ||
	    lk_cursor_be(&signature, 2) != LK_TCG_SHA256 ||
	    !lk_cursor_sized(&signature, UINT16_MAX, &n) || n < 256 || signature.n != 0)
		return malformed("a signature of another kind", err);
	return read_attest((struct lk_cursor){ ret->message, ret->n_message, false }, nonce,
			   &ret->pcr_digest, err);
}
