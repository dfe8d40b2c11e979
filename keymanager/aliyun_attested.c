/* SPDX-License-Identifier: Apache-2.0 */
/* Proof to a dedicated instance: its challenge, the document that answers it, and the secret that
 * only the key in the proof opens. */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/json.h"
#include "keymanager/aliyun_internal.h"

static enum lk_status no_memory(struct lk_error *err)
{
	return lk_raise(err, LK_INTERNAL, "out of memory for a message");
}

/* ---- pure ---- */

static enum lk_status take_text(const struct json_t *doc, const char *name,
				char out[LK_ALIYUN_CHALLENGE_MAX + 1], struct lk_error *err)
{
	const char *text, *p;
	enum lk_status st;

	st = lk_json_get_string(doc, name, LK_ALIYUN_CHALLENGE_MAX, &text, err);
	if (st)
		return st;
	for (p = text; *p >= ' ' && *p <= '~'; p++)
		;
	if (p == text || *p)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "%s is not a text", name);
	memcpy(out, text, strlen(text) + 1);
	return LK_OK;
}

enum lk_status lk_aliyun_parse_challenge(const void *json, size_t n,
					 struct lk_aliyun_challenge *ret, struct lk_error *err)
{
	LK_JSON *doc = NULL;
	enum lk_status st;

	st = lk_json_parse(json, n, &doc, err);
	if (!st)
		st = take_text(doc, "Nonce", ret->nonce, err);
	return st ? st : take_text(doc, "ChallengeToken", ret->token, err);
}

static struct json_t *recipient_key(const struct lk_public_key *key)
{
	LK_JSON *jwk = lk_json_object();

	if (!jwk || !lk_json_set_string(jwk, "alg", "RSA") ||
	    !lk_json_set_base64(jwk, "k-exp", LK_B64_URL, key->e, key->e_len) ||
	    !lk_json_set_base64(jwk, "k-mod", LK_B64_URL, key->n, key->n_len))
		return NULL;
	return lk_take(jwk);
}

enum lk_status lk_aliyun_runtime_data(const struct lk_aliyun_challenge *challenge,
				      const struct lk_public_key *key, struct json_t **ret,
				      uint8_t digest[48], struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	uint8_t hash[LK_HASH_MAX];
	enum lk_status st;
	size_t len;

	if (!doc || !lk_json_set_string(doc, "challenge_token", challenge->token) ||
	    !lk_json_set_string(doc, "nonce", challenge->nonce) ||
	    !lk_json_set(doc, "tee-pubkey", recipient_key(key)))
		return no_memory(err);
	st = lk_json_dump(doc, LK_JSON_CANONICAL, &text, &len, err);
	if (!st)
		st = lk_hash(LK_SHA384, text, len, hash, err);
	if (st)
		return st;
	memcpy(digest, hash, 48);
	*ret = lk_take(doc);
	return LK_OK;
}

/* The text of a document in base64url, with the padding that this service wants where it is asked
 * for; malloc'ed. */
static enum lk_status encoded(const struct json_t *doc, bool padded, char **ret,
			      struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t len, n;
	char *out;

	st = lk_json_dump(doc, LK_JSON_COMPACT, &text, &len, err);
	if (st)
		return st;
	out = malloc(LK_B64_SIZE(len));
	if (!out)
		return no_memory(err);
	n = lk_b64_encode(LK_B64_URL, text, len, out);
	while (padded && n % 4)
		out[n++] = '=';
	out[n] = '\0';
	*ret = out;
	return LK_OK;
}

static enum lk_status document(const char *tee, const struct json_t *evidence,
			       struct json_t *runtime_data, struct json_t **ret,
			       struct lk_error *err)
{
	LK_JSON *runtime = lk_json_object();
	LK_JSON *doc = lk_json_object();
	LK_FREE char *proof = NULL;
	enum lk_status st;

	st = encoded(evidence, false, &proof, err);
	if (st)
		return st;
	if (!doc || !runtime || !lk_json_set(runtime, "structured", lk_json_ref(runtime_data)) ||
	    !lk_json_set_string(doc, "tee", tee) || !lk_json_set_string(doc, "evidence", proof) ||
	    !lk_json_set(doc, "runtime_data", lk_take(runtime)) ||
	    !lk_json_set_string(doc, "runtime_data_hash_algorithm", "sha384"))
		return no_memory(err);
	*ret = lk_take(doc);
	return LK_OK;
}

enum lk_status lk_aliyun_recipient(const char *tee, const struct json_t *evidence,
				   struct json_t *runtime_data, char **ret, struct lk_error *err)
{
	LK_JSON *recipient = lk_json_object();
	LK_JSON *doc = NULL;
	LK_FREE char *text = NULL;
	enum lk_status st;
	size_t len;

	st = document(tee, evidence, runtime_data, &doc, err);
	if (!st)
		st = encoded(doc, true, &text, err);
	if (st)
		return st;
	if (!recipient || !lk_json_set_string(recipient, "type", "Trustee") ||
	    !lk_json_set_string(recipient, "KeyEncryptionAlgorithm", "RSAES_OAEP_SHA_256") ||
	    !lk_json_set_string(recipient, "attestationDocument", text))
		return no_memory(err);
	return lk_json_dump(recipient, LK_JSON_COMPACT, ret, &len, err);
}

enum lk_status lk_aliyun_parse_sealed(const void *json, size_t n, struct lk_aliyun_sealed *ret,
				      struct lk_error *err)
{
	LK_JSON *doc = NULL;
	const char *text;
	enum lk_status st;

	st = lk_json_parse(json, n, &doc, err);
	if (!st)
		st = lk_json_get_string(doc, "CiphertextForRecipient", LK_B64_SIZE(512), &text,
					err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_STD, text, strlen(text), ret->data, sizeof(ret->data), &ret->len))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "CiphertextForRecipient is not base64");
	return LK_OK;
}

/* ---- calls ---- */

enum lk_status lk_aliyun_get_challenge(struct lk_aliyun *k, struct lk_aliyun_challenge *ret,
				       struct lk_error *err)
{
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = lk_aliyun_call_rpc(k, "GetChallenge", NULL, 0, &answer, err);
	if (!st)
		st = lk_aliyun_parse_challenge(answer.body.data, answer.body.len, ret, err);
	return st ? lk_context(err, "get a challenge") : LK_OK;
}

enum lk_status lk_aliyun_get_secret_for(struct lk_aliyun *k, const char *name, const char *stage,
					const char *version, const char *recipient,
					struct lk_aliyun_sealed *ret, struct lk_error *err)
{
	const struct lk_aliyun_param params[] = {
		{ "FetchExtendedConfig", "true" },
		{ "Recipient", recipient },
		{ "SecretName", name },
		{ "VersionId", version ? version : "" },
		{ "VersionStage", stage ? stage : "" },
	};
	LK_HTTP_RESPONSE answer = { 0 };
	enum lk_status st;

	st = lk_aliyun_call_rpc(k, "GetSecretValue", params, sizeof(params) / sizeof(params[0]),
				&answer, err);
	if (!st)
		st = lk_aliyun_parse_sealed(answer.body.data, answer.body.len, ret, err);
	return st ? lk_context(err, "get secret '%.64s'", name) : LK_OK;
}
