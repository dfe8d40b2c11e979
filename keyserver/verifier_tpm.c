/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM evidence, as confidential-containers clients send it, with the log of ours beside:
 *
 *	{"tpm_quote": {"signature": TPMT_SIGNATURE, "message": TPMS_ATTEST, "pcrs": [HEX x 24]},
 *	 "ak_public": SubjectPublicKeyInfo, "cc_eventlog": LOG or null}
 *
 * base64 where it is binary. The quote is over PCR 0 to 23 of the SHA-256 bank, its nonce the first
 * 32 bytes of the digest, its key (AK) the one in the evidence: genuine only if a rule knows the key.
 */
#include "keyserver/verifier_tpm.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/secret.h"
#include "keyserver/claims.h"
#include "keyserver/event_claims.h"
#include "keyserver/tpm_quote.h"
#include "keyserver/x509.h"

#define MESSAGE_MAX   1024
#define SIGNATURE_MAX 1024
#define SPKI_MAX      1024
#define NONCE_LEN     32

struct quoted {
	uint8_t message[MESSAGE_MAX], signature[SIGNATURE_MAX], spki[SPKI_MAX];
	size_t message_len, signature_len, spki_len;
	uint8_t pcrs[LK_TPM_PCRS][LK_TPM_DIGEST_LEN];
	struct lk_tpm_quote quote;
};

/* --- reading ------------------------------------------------------------------------------------ */

static enum lk_status read_base64(const struct json_t *obj, const char *name, uint8_t *out,
				  size_t cap, size_t *ret_n, struct lk_error *err)
{
	const char *text = lk_json_string_value(lk_json_get(obj, name));

	if (!text || !lk_b64_decode(LK_B64_STD, text, strlen(text), out, cap, ret_n))
		return lk_raise(err, LK_DENIED, "%s is not base64 of at most %zu bytes", name, cap);
	return LK_OK;
}

static enum lk_status read_pcrs(const struct json_t *quote, struct quoted *q, struct lk_error *err)
{
	const struct json_t *list = lk_json_get(quote, "pcrs");
	size_t i, n;

	for (i = 0; i < LK_TPM_PCRS; i++) {
		const char *hex = lk_json_is_array(list) && lk_json_count(list) == LK_TPM_PCRS
					  ? lk_json_string_value(lk_json_at(list, i))
					  : NULL;

		if (!hex || !lk_hex_decode(hex, strlen(hex), q->pcrs[i], LK_TPM_DIGEST_LEN, &n) ||
		    n != LK_TPM_DIGEST_LEN)
			return lk_raise(err, LK_DENIED, "pcrs is not a list of 24 SHA-256 values");
	}
	return LK_OK;
}

static enum lk_status read_evidence(const struct json_t *evidence, struct quoted *q,
				    struct lk_error *err)
{
	const struct json_t *quote;
	enum lk_status st;

	if (!lk_json_is_object(evidence) || !(quote = lk_json_get(evidence, "tpm_quote")) ||
	    !lk_json_is_object(quote))
		return lk_raise(err, LK_DENIED, "the evidence has no tpm_quote");
	st = read_base64(quote, "message", q->message, MESSAGE_MAX, &q->message_len, err);
	if (!st)
		st = read_base64(quote, "signature", q->signature, SIGNATURE_MAX, &q->signature_len,
				 err);
	if (!st)
		st = read_base64(evidence, "ak_public", q->spki, SPKI_MAX, &q->spki_len, err);
	if (!st)
		st = read_pcrs(quote, q, err);
	return st ? st : lk_tpm_quote_read(q->message, q->message_len, &q->quote, err);
}

/* --- checking ----------------------------------------------------------------------------------- */

static enum lk_status check_signature(const struct quoted *q, struct lk_error *err)
{
	struct lk_tpm_signature sig;
	struct lk_public_key key;
	enum lk_status st;

	if (lk_spki_read(q->spki, q->spki_len, &key, err))
		return lk_raise(err, LK_DENIED, "ak_public is no RSA or EC key that is taken");
	st = lk_tpm_signature_read(q->signature, q->signature_len, &sig, err);
	if (st)
		return st;
	if (key.kind != (sig.ecdsa ? LK_KEY_P256 : LK_KEY_RSA2048))
		return lk_raise(err, LK_DENIED, "the signature is not of the kind of ak_public");
	st = sig.ecdsa ? lk_ecdsa_verify(&key, q->message, q->message_len, sig.bytes, sig.len, err)
		       : lk_rsa_verify_sha256(&key, q->message, q->message_len, sig.bytes, sig.len,
					      err);
	if (st == LK_TAMPERED)
		return lk_raise(err, LK_DENIED, "the quote's signature does not fit");
	return st;
}

static enum lk_status check_nonce(const struct lk_appraisal *a, const struct quoted *q,
				  struct lk_error *err)
{
	uint8_t want[NONCE_LEN] = { 0 };

	memcpy(want, a->digest, a->n < NONCE_LEN ? a->n : NONCE_LEN);
	if (q->quote.nonce_len != NONCE_LEN || !lk_equal_ct(q->quote.nonce, want, NONCE_LEN))
		return lk_raise(err, LK_DENIED,
				"the quote's nonce is not the digest of this session's nonce and "
				"key");
	return LK_OK;
}

static enum lk_status check_pcrs(const struct quoted *q, struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;

	st = lk_hash(LK_SHA256, q->pcrs, sizeof(q->pcrs), digest, err);
	if (st)
		return st;
	if (!lk_equal_ct(digest, q->quote.pcr_digest, LK_TPM_DIGEST_LEN))
		return lk_raise(err, LK_DENIED, "pcrs are not what was quoted");
	return LK_OK;
}

/* --- claims ------------------------------------------------------------------------------------- */

static bool set_pcrs(struct json_t *tpm, const struct quoted *q)
{
	LK_JSON *pcrs = lk_json_object();
	bool ok = pcrs != NULL;
	char name[4];
	size_t i;

	for (i = 0; i < LK_TPM_PCRS; i++) {
		(void)snprintf(name, sizeof(name), "%zu", i);
		ok = ok && lk_claims_set_hex(pcrs, name, q->pcrs[i], LK_TPM_DIGEST_LEN);
	}
	return ok && lk_json_set(tpm, "pcr", lk_take(pcrs));
}

static enum lk_status make_claims(const struct quoted *q, struct json_t *claims,
				  struct lk_error *err)
{
	LK_JSON *tpm = lk_json_object();
	uint8_t ak[LK_HASH_MAX], firmware[8];
	enum lk_status st;
	size_t i;

	st = lk_hash(LK_SHA256, q->spki, q->spki_len, ak, err);
	if (st)
		return st;
	for (i = 0; i < sizeof(firmware); i++)
		firmware[i] = (uint8_t)(q->quote.firmware >> (56 - 8 * i));
	if (!tpm || !lk_claims_set_hex(tpm, "ak", ak, 32) || !set_pcrs(tpm, q) ||
	    !lk_claims_set_hex(tpm, "report_data", q->quote.nonce, q->quote.nonce_len) ||
	    !lk_claims_set_hex(tpm, "firmware_version", firmware, sizeof(firmware)) ||
	    !lk_json_set_int(tpm, "reset_count", q->quote.reset_count) ||
	    !lk_json_set_int(tpm, "restart_count", q->quote.restart_count) ||
	    !lk_json_set_bool(tpm, "safe", q->quote.safe) ||
	    !lk_json_set(claims, "tpm", lk_take(tpm)))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	return LK_OK;
}

static enum lk_status add_events(const struct lk_appraisal *a, const struct json_t *evidence,
				 const struct quoted *q, struct json_t *claims,
				 struct lk_error *err)
{
	unsigned pcr = a->limits.tpm_register ? a->limits.tpm_register : LK_TPM_REGISTER;
	char name[16];
	struct lk_event_source source = { .kind = LK_EVENTLOG_TPM,
					  .alg = LK_TCG_SHA256,
					  .index = pcr,
					  .name = name,
					  .value = q->pcrs[pcr] };
	LK_FREE uint8_t *log = NULL;
	enum lk_status st;

	st = lk_event_log_read(evidence, &log, &source.n, err);
	if (st || !source.n)
		return st;
	source.log = log;
	(void)snprintf(name, sizeof(name), "tpm:%u", pcr);
	return lk_event_claims(&source, claims, err);
}

static enum lk_status verify(const struct lk_appraisal *a, const struct json_t *evidence,
			     struct json_t **ret, struct lk_error *err)
{
	LK_FREE struct quoted *q = calloc(1, sizeof(*q));
	LK_JSON *claims = lk_json_object();
	enum lk_status st;

	if (!q || !claims)
		return lk_raise(err, LK_INTERNAL, "no memory for a quote");
	st = read_evidence(evidence, q, err);
	if (!st)
		st = check_nonce(a, q, err);
	if (!st)
		st = check_signature(q, err);
	if (!st)
		st = check_pcrs(q, err);
	if (!st)
		st = make_claims(q, claims, err);
	if (!st)
		st = add_events(a, evidence, q, claims, err);
	if (st)
		return st;
	*ret = lk_take(claims);
	return LK_OK;
}

const struct lk_verifier lk_verifier_tpm = {
	.tee = "tpm",
	.verify = verify,
};
