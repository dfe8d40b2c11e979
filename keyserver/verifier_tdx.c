/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX evidence: {"quote": base64, "cc_eventlog": base64 or null}.
 *
 * The quote is signed by a key that Intel's quoting enclave vouches for in a report; that report is
 * signed by a key of the platform (PCK) whose certificate leads to Intel's root. What Intel thinks of
 * the platform's versions is known only from documents that the operator keeps.
 */
#include "keyserver/verifier_tdx.h"

#include <stdio.h>
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/tdx_quote.h"
#include "core/base64.h"
#include "core/json.h"
#include "core/secret.h"
#include "keyserver/event_claims.h"
#include "keyserver/tdx_claims.h"
#include "keyserver/tdx_collateral.h"
#include "keyserver/tdx_signature.h"
#include "keyserver/trust.h"

#define QUOTE_MAX  (64u * 1024)
#define CERTS_MAX  4
#define HEADER_KEY 2 /* offsets in the quote */
#define HEADER_QE  12
#define ECDSA_P256 2
#define UNTRUSTED  0xff /* attributes for debugging and what may come of the kind */
#define PEM_BEGIN  "-----BEGIN CERTIFICATE-----"

struct given { /* certificates in the quote */
	struct lk_cert *certs[CERTS_MAX];
	size_t n;
};

static void given_clear(struct given *g)
{
	while (g->n)
		lk_cert_free(g->certs[--g->n]);
}

/* --- reading ------------------------------------------------------------------------------------ */

static enum lk_status read_quote(const struct json_t *evidence, uint8_t **ret_bytes,
				 struct lk_tdx_quote *q, struct lk_error *err)
{
	const char *text = lk_json_is_object(evidence)
				   ? lk_json_string_value(lk_json_get(evidence, "quote"))
				   : NULL;
	LK_FREE uint8_t *bytes = malloc(QUOTE_MAX);
	struct lk_error why = { 0 };
	size_t n;

	if (!bytes)
		return lk_raise(err, LK_INTERNAL, "no memory for a quote");
	if (!text || !lk_b64_decode(LK_B64_STD, text, strlen(text), bytes, QUOTE_MAX, &n))
		return lk_raise(err, LK_DENIED, "quote is not base64 of at most 64 KiB");
	if (lk_tdx_quote_parse(bytes, n, q, &why))
		return lk_raise(err, LK_DENIED, "%s", why.frames[0].text);
	if (!lk_all_zero_ct(bytes + q->used, n - q->used))
		return lk_raise(err, LK_DENIED, "something other than zeros follows the quote");
	*ret_bytes = lk_take(bytes);
	return LK_OK;
}

static enum lk_status read_certs(const struct lk_tdx_signature *s, struct given *g,
				 struct lk_error *err)
{
	LK_FREE char *text = strndup(s->chain, s->chain_len);
	const char *at, *next;

	if (!text)
		return lk_raise(err, LK_INTERNAL, "no memory for certificates");
	for (at = strstr(text, PEM_BEGIN); at; at = next) {
		next = strstr(at + 1, PEM_BEGIN);
		if (g->n == CERTS_MAX ||
		    lk_cert_read(at, next ? (size_t)(next - at) : strlen(at), &g->certs[g->n], err))
			return lk_raise(err, LK_DENIED,
					"the quote's certificates cannot be read, or are too many");
		g->n++;
	}
	return g->n ? LK_OK : lk_raise(err, LK_DENIED, "the quote brings no certificate");
}

/* --- checking ----------------------------------------------------------------------------------- */

static enum lk_status check_guest(const struct lk_appraisal *a, const uint8_t *bytes,
				  const struct lk_tdx_quote *q, struct lk_error *err)
{
	static const uint8_t intel[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
					   0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

	if ((bytes[HEADER_KEY] | bytes[HEADER_KEY + 1] << 8) != ECDSA_P256 ||
	    memcmp(bytes + HEADER_QE, intel, sizeof(intel)) != 0)
		return lk_raise(err, LK_DENIED,
				"the quote is not of Intel's enclave with a key of P-256");
	if (a->n > LK_TDX_DATA || !lk_equal_ct(q->report_data, a->digest, a->n) ||
	    !lk_all_zero_ct(q->report_data + a->n, LK_TDX_DATA - a->n))
		return lk_raise(err, LK_DENIED,
				"report_data is not the digest of this session's nonce and key");
	if (q->attributes & UNTRUSTED)
		return lk_raise(err, LK_DENIED, "the trust domain is being debugged");
	if (!lk_all_zero_ct(q->body + LK_TDX_BODY_MRSIGNERSEAM, 48) ||
	    !lk_all_zero_ct(q->body + LK_TDX_BODY_SEAM_ATTRIBUTES, 8))
		return lk_raise(err, LK_DENIED, "the TDX module is not Intel's");
	return LK_OK;
}

static enum lk_status check_ecdsa(const uint8_t key[64], const uint8_t *data, size_t n,
				  const uint8_t sig[64], const char *what, struct lk_error *err)
{
	struct lk_public_key k = { .kind = LK_KEY_P256, .xy_len = 32 };
	enum lk_status st;

	memcpy(k.x, key, 32);
	memcpy(k.y, key + 32, 32);
	st = lk_ecdsa_verify(&k, data, n, sig, 64, err);
	return st == LK_TAMPERED
		       ? lk_raise(err, LK_DENIED, "the signature of %s does not fit", what)
		       : st;
}

/* The enclave's identity as far as it never changes: Intel's key, the product, no debugging. */
static enum lk_status check_qe(const struct lk_tdx_signature *s, struct lk_error *err)
{
	static const uint8_t signer[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17,
					    0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
					    0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf,
					    0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
	const uint8_t *r = s->qe_report;
	uint8_t digest[LK_HASH_MAX], bound[64 + 1024];
	enum lk_status st;

	if (memcmp(r + LK_QE_MRSIGNER, signer, sizeof(signer)) != 0 || r[LK_QE_PROD_ID] != 2 ||
	    r[LK_QE_PROD_ID + 1] != 0)
		return lk_raise(err, LK_DENIED, "the quoting enclave is not Intel's for TDX");
	/* initialised, of 64 bits or not, and nothing else: no debugging, no keys of the platform's */
	if ((r[LK_QE_ATTRIBUTES] & ~0x04) != 0x11 || !lk_all_zero_ct(r + LK_QE_ATTRIBUTES + 1, 7))
		return lk_raise(err, LK_DENIED, "the quoting enclave may be debugged");
	memcpy(bound, s->key, 64);
	memcpy(bound + 64, s->auth, s->auth_len);
	st = lk_hash(LK_SHA256, bound, 64 + s->auth_len, digest, err);
	if (st)
		return st;
	if (!lk_equal_ct(r + LK_QE_REPORT_DATA, digest, 32) ||
	    !lk_all_zero_ct(r + LK_QE_REPORT_DATA + 32, 32))
		return lk_raise(err, LK_DENIED, "the quoting enclave vouches for another key");
	return LK_OK;
}

/* Intel SGX PCK Certificate, below the Platform or the Processor CA, below the root. */
static enum lk_status check_chain(const struct lk_appraisal *a, const struct given *g,
				  struct lk_chain *ret, struct lk_error *err)
{
	static const char *const want[] = { "Intel SGX PCK Certificate", "Intel SGX PCK " };
	char name[LK_X509_NAME];
	enum lk_status st;
	size_t i;

	st = lk_trust_chain(a->trust, LK_VENDOR_INTEL, g->certs[0], g->certs + 1, g->n - 1, a->now,
			    ret, err);
	if (st)
		return st;
	for (i = 0; i < 2; i++) {
		lk_cert_name(ret->certs[i], name);
		if (ret->n != 3 || strncmp(name, want[i], strlen(want[i])) != 0)
			return lk_raise(err, LK_DENIED, "%s does not certify platforms", name);
	}
	return LK_OK;
}

static enum lk_status check_signatures(const uint8_t *bytes, const struct lk_tdx_quote *q,
				       const struct lk_tdx_signature *s, const struct lk_cert *leaf,
				       struct lk_error *err)
{
	struct lk_public_key pck;
	uint8_t key[64];
	enum lk_status st;

	if (lk_cert_ec_key(leaf, &pck, err) || pck.kind != LK_KEY_P256)
		return lk_raise(err, LK_DENIED, "the platform's key is not of P-256");
	memcpy(key, pck.x, 32);
	memcpy(key + 32, pck.y, 32);
	st = check_ecdsa(key, s->qe_report, LK_QE_REPORT, s->qe_signature, "the quoting enclave",
			 err);
	if (!st)
		st = check_qe(s, err);
	if (!st)
		st = check_ecdsa(s->key, bytes, q->signed_len, s->signature, "the quote", err);
	return st;
}

static enum lk_status check_standing(const struct lk_appraisal *a, const struct lk_tdx_quote *q,
				     const struct lk_tdx_signature *s, struct lk_tdx_facts *facts,
				     struct lk_error *err)
{
	struct lk_tdx_platform *p = &facts->platform;
	uint8_t der[LK_PCK_MAX];
	enum lk_status st;
	size_t n;

	if (!lk_cert_extension(facts->chain.certs[0], LK_PCK_OID, der, sizeof(der), &n))
		return lk_raise(err, LK_DENIED, "the platform's certificate says nothing of it");
	st = lk_pck_read(der, n, &p->pck, err);
	if (st)
		return st;
	memcpy(p->tee_tcb_svn, q->body, sizeof(p->tee_tcb_svn));
	p->mrsignerseam = q->body + LK_TDX_BODY_MRSIGNERSEAM;
	p->seam_attributes = q->body + LK_TDX_BODY_SEAM_ATTRIBUTES;
	p->qe_report = s->qe_report;
	st = lk_tdx_standing(a->trust, a->now, p, &facts->standing, err);
	if (!st && facts->standing.status == LK_TCB_REVOKED)
		return lk_raise(err, LK_DENIED, "Intel has revoked this platform's TCB level");
	return st;
}

/* --- the log ------------------------------------------------------------------------------------ */

/* A log that leads to other registers than the quoted ones is worse than none. */
static enum lk_status check_log(const uint8_t *log, size_t n, const struct lk_tdx_quote *q,
				struct lk_error *err)
{
	LK_FREE struct lk_replay *replay = malloc(sizeof(*replay));
	struct lk_error why = { 0 };
	size_t i;

	if (!replay)
		return lk_raise(err, LK_INTERNAL, "no memory for a replay");
	if (lk_eventlog_replay(log, n, LK_EVENTLOG_CC, LK_TCG_SHA384, replay, &why))
		return lk_raise(err, LK_DENIED, "the event log is malformed");
	for (i = 0; i < LK_TDX_RTMRS; i++)
		if (memcmp(replay->value[i + 1], q->rtmr + LK_TDX_MR * i, LK_TDX_MR) != 0)
			return lk_raise(err, LK_DENIED,
					"the event log does not lead to the value of rtmr:%zu", i);
	return LK_OK;
}

static enum lk_status add_events(const struct json_t *evidence, const struct lk_tdx_quote *q,
				 struct json_t *claims, struct lk_error *err)
{
	struct lk_event_source source = { .kind = LK_EVENTLOG_CC,
					  .alg = LK_TCG_SHA384,
					  .index = 4,
					  .name = "rtmr:3",
					  .value = q->rtmr + 3 * LK_TDX_MR };
	LK_FREE uint8_t *log = NULL;
	enum lk_status st;

	st = lk_event_log_read(evidence, &log, &source.n, err);
	if (st || !source.n)
		return st;
	source.log = log;
	st = check_log(log, source.n, q, err);
	return st ? st : lk_event_claims(&source, claims, err);
}

static enum lk_status judge(const struct lk_appraisal *a, const uint8_t *bytes,
			    const struct lk_tdx_quote *q, struct lk_tdx_facts *facts,
			    struct given *g, struct lk_error *err)
{
	struct lk_tdx_signature s;
	enum lk_status st;

	st = check_guest(a, bytes, q, err);
	if (!st)
		st = lk_tdx_signature_read(q->signature, q->signature_len, &s, err);
	if (!st)
		st = read_certs(&s, g, err);
	if (!st)
		st = check_chain(a, g, &facts->chain, err);
	if (!st)
		st = check_signatures(bytes, q, &s, g->certs[0], err);
	return st ? st : check_standing(a, q, &s, facts, err);
}

static enum lk_status verify(const struct lk_appraisal *a, const struct json_t *evidence,
			     struct json_t **ret, struct lk_error *err)
{
	LK_CLEANUP(given_clear) struct given g = { .n = 0 };
	LK_FREE uint8_t *bytes = NULL;
	LK_JSON *claims = lk_json_object();
	struct lk_tdx_facts facts = { 0 };
	struct lk_tdx_quote q;
	enum lk_status st;

	if (!claims)
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	st = read_quote(evidence, &bytes, &q, err);
	if (!st)
		st = judge(a, bytes, &q, &facts, &g, err);
	if (!st)
		st = lk_tdx_claims(&q, &facts, claims, err);
	if (!st)
		st = add_events(evidence, &q, claims, err);
	if (st)
		return st;
	*ret = lk_take(claims);
	return LK_OK;
}

const struct lk_verifier lk_verifier_tdx = {
	.tee = "tdx",
	.verify = verify,
};
