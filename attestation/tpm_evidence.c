/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a TPM: key, PCRs, quote, and how they are put in JSON. */
#include "attestation/tpm_evidence.h"

#include <stdlib.h>
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/tpm_device.h"
#include "core/base64.h"
#include "core/json.h"

/* Somebody may extend a PCR between reading and quoting; not every time. */
#define TRIES 5
/* PCRs come eight at a time at the most. */
#define ROUNDS LK_TPM_PCRS

/* What is in use for one piece of evidence. */
struct quoting {
	int fd;
	uint32_t key;
	struct lk_tpm_key public;
	uint8_t nonce[LK_TPM_NONCE];
	uint8_t pcrs[LK_TPM_PCRS][32];
	struct lk_tpm_buf command, answer;
	struct lk_tpm_quote quote;
};

static enum lk_status call(struct quoting *q, const char *what, struct lk_error *err)
{
	return lk_tpm_call(q->fd, what, &q->command, &q->answer, NULL, err);
}

/* ---- the key ---- */

static enum lk_status find_key(struct quoting *q, bool *ret_made, struct lk_error *err)
{
	enum lk_status st;
	uint32_t rc;

	*ret_made = false;
	q->key = LK_TPM_AK_HANDLE;
	lk_tpm_cmd_read_public(&q->command, q->key);
	st = lk_tpm_call(q->fd, "look for an attestation key", &q->command, &q->answer, &rc, err);
	if (st)
		return st;
	if (rc == LK_TPM_RC_OK) {
		if (lk_tpm_read_key(&q->answer, false, NULL, &q->public, err))
			return lk_context(err, "persistent object 0x%08x", q->key);
		return LK_OK;
	}
	if (rc != LK_TPM_RC_HANDLE)
		return lk_raise(err, LK_INTERNAL,
				"look for an attestation key: the TPM answers with error 0x%03x",
				rc);
	lk_tpm_cmd_create_ak(&q->command);
	st = call(q, "make an attestation key", err);
	if (!st)
		st = lk_tpm_read_key(&q->answer, true, &q->key, &q->public, err);
	*ret_made = !st;
	return st;
}

/* ---- PCRs and the quote of them ---- */

static enum lk_status read_pcrs(struct quoting *q, struct lk_error *err)
{
	uint32_t left = LK_TPM_ALL_PCRS, given = 0;
	enum lk_status st = LK_OK;
	unsigned i;

	for (i = 0; i < ROUNDS && left && !st; i++) {
		lk_tpm_cmd_pcr_read(&q->command, LK_TCG_SHA256, left);
		st = call(q, "read PCRs", err);
		if (!st)
			st = lk_tpm_read_pcrs(&q->answer, LK_TCG_SHA256, left, q->pcrs, &given,
					      err);
		left &= ~given;
	}
	return st;
}

/* The values are those that the quote covers, or *ret_same is false. */
static enum lk_status quote_once(struct quoting *q, bool *ret_same, struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;

	st = read_pcrs(q, err);
	if (st)
		return st;
	lk_tpm_cmd_quote(&q->command, q->key, q->nonce);
	st = call(q, "quote", err);
	if (!st)
		st = lk_tpm_read_quote(&q->answer, q->nonce, &q->quote, err);
	if (!st)
		st = lk_hash(LK_SHA256, q->pcrs, sizeof(q->pcrs), digest, err);
	if (!st)
		*ret_same = memcmp(digest, q->quote.pcr_digest, 32) == 0;
	return st;
}

static enum lk_status quote(struct quoting *q, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	bool same = false;
	unsigned i;

	for (i = 0; i < TRIES && !same && !st; i++)
		st = quote_once(q, &same, err);
	if (!st && !same)
		st = lk_raise(err, LK_AGAIN, "the PCRs change while they are quoted");
	return st;
}

/* ---- JSON ---- */

static bool set_quote(struct json_t *o, const struct quoting *q)
{
	struct json_t *pcrs = lk_json_array();
	bool ok = true;
	char hex[65];
	size_t i;

	for (i = 0; i < LK_TPM_PCRS; i++) {
		lk_hex_encode(q->pcrs[i], 32, hex);
		ok = lk_json_append_string(pcrs, hex) && ok;
	}
	return lk_json_set_base64(o, "signature", LK_B64_STD, q->quote.signature,
				  q->quote.n_signature) &&
	       lk_json_set_base64(o, "message", LK_B64_STD, q->quote.message, q->quote.n_message) &&
	       ok && lk_json_set(o, "pcrs", pcrs);
}

static enum lk_status to_json(const struct quoting *q, const uint8_t *log, size_t n_log,
			      struct json_t **ret, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON *tpm_quote = lk_json_object();
	uint8_t spki[LK_TPM_SPKI_MAX];
	const size_t n = lk_tpm_key_spki(&q->public, spki);

	if (!doc || !tpm_quote || !set_quote(tpm_quote, q) ||
	    !lk_json_set(doc, "tpm_quote", lk_take(tpm_quote)) ||
	    !lk_json_set_base64(doc, "ak_public", LK_B64_STD, spki, n) ||
	    (log && !lk_json_set_base64(doc, "cc_eventlog", LK_B64_STD, log, n_log)))
		return lk_raise(err, LK_INTERNAL, "out of memory for evidence");
	*ret = lk_take(doc);
	return LK_OK;
}

enum lk_status lk_tpm_evidence(int fd, const struct lk_tpm_logs *logs, const uint8_t *digest,
			       size_t n, struct json_t **ret, struct lk_error *err)
{
	LK_FREE struct quoting *q = calloc(1, sizeof(*q));
	LK_FREE uint8_t *log = NULL;
	size_t n_log = 0;
	enum lk_status st;
	bool made;

	if (!q)
		return lk_raise(err, LK_INTERNAL, "out of memory for evidence");
	q->fd = fd;
	memcpy(q->nonce, digest, n < sizeof(q->nonce) ? n : sizeof(q->nonce));
	st = find_key(q, &made, err);
	if (st)
		return st;
	st = quote(q, err);
	if (!st)
		st = lk_tpm_eventlog(logs, (const uint8_t(*)[32])q->pcrs, &log, &n_log, err);
	if (!st)
		st = to_json(q, log, n_log, ret, err);
	if (made) {
		struct lk_error ignored = { 0 };
		uint32_t rc;

		/* closing the device does the same */
		lk_tpm_cmd_flush(&q->command, q->key);
		(void)lk_tpm_call(fd, "forget the key", &q->command, &q->answer, &rc, &ignored);
	}
	return st;
}
