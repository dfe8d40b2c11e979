/* SPDX-License-Identifier: Apache-2.0 */
/* Building, signing, verifying and reading attestation tokens (RFC 7519; EAR claims). */
#include "keyserver/token.h"

#include <string.h>

#include "core/jose.h"
#include "core/json.h"
#include "lk_build.h"

#define PROFILE	 "tag:github.com,2024:confidential-containers/Trustee"
#define ISSUER	 "latchkeyd"
#define EVIDENCE "ear.veraison.annotated-evidence"
#define RUNTIME	 "runtime_data_claims"

struct lk_token_signer {
	struct lk_keypair *key;
	struct lk_public_key public_key;
	char kid[LK_THUMBPRINT_SIZE];
};

enum lk_status lk_token_signer_new(struct lk_keypair *key, struct lk_token_signer **ret,
				   struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *own = key;
	LK_FREE struct lk_token_signer *s = calloc(1, sizeof(*s));
	enum lk_status st;

	if (!s)
		return lk_raise(err, LK_INTERNAL, "no memory for the token key");
	st = lk_keypair_public(own, &s->public_key, err);
	if (st)
		return lk_context(err, "read the token key");
	st = lk_jwk_thumbprint(&s->public_key, s->kid, err);
	if (st)
		return lk_context(err, "name the token key");
	s->key = lk_take(own);
	*ret = lk_take(s);
	return LK_OK;
}

void lk_token_signer_free(struct lk_token_signer *s)
{
	if (!s)
		return;
	lk_keypair_free(s->key);
	free(s);
}

const char *lk_token_kid(const struct lk_token_signer *s)
{
	return s->kid;
}

/* --- making ------------------------------------------------------------------------------------- */

/* Nothing has been appraised against reference values: every claim of the vector is "no claim
 * made", and the policy looks at the evidence itself. */
static struct json_t *trust_vector(void)
{
	static const char *const names[] = {
		"instance-identity", "configuration",  "executables",	 "file-system",
		"hardware",	     "runtime-opaque", "storage-opaque", "sourced-data",
	};
	LK_JSON *v = lk_json_object();
	size_t i;

	for (i = 0; v && i < sizeof(names) / sizeof(names[0]); i++)
		if (!lk_json_set_int(v, names[i], 0))
			return NULL;
	return lk_take(v);
}

/* The verifier's claims with the runtime data beside them; phase is told elsewhere. */
static struct json_t *annotated_evidence(const struct lk_token_subject *about)
{
	LK_JSON *out = lk_json_object();
	void *iter = NULL;
	const char *name;
	struct json_t *value;

	while (out && lk_json_next(about->claims, &iter, &name, &value))
		if (!lk_json_set(out, name, lk_json_ref(value)))
			return NULL;
	if (!out || !lk_json_set(out, RUNTIME, lk_json_ref(about->runtime_data)))
		return NULL;
	return lk_take(out);
}

static struct json_t *submods(const struct lk_token_subject *about)
{
	LK_JSON *cpu = lk_json_object();
	LK_JSON *out = lk_json_object();

	if (!cpu || !out || !lk_json_set_string(cpu, "ear.status", "none") ||
	    !lk_json_set(cpu, "ear.trustworthiness-vector", trust_vector()) ||
	    !lk_json_set_string(cpu, "ear.appraisal-policy-id", "default") ||
	    !lk_json_set(cpu, EVIDENCE, annotated_evidence(about)) ||
	    !lk_json_set(out, "cpu0", lk_take(cpu)))
		return NULL;
	return lk_take(out);
}

static struct json_t *verifier_id(void)
{
	LK_JSON *id = lk_json_object();

	if (!id || !lk_json_set_string(id, "developer", ISSUER) ||
	    !lk_json_set_string(id, "build", ISSUER " " LK_VERSION))
		return NULL;
	return lk_take(id);
}

static enum lk_status build_payload(const struct lk_token_subject *about, int64_t now, char **ret,
				    size_t *ret_len, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_string(doc, "eat_profile", PROFILE) ||
	    !lk_json_set_string(doc, "iss", ISSUER) || !lk_json_set_int(doc, "iat", now) ||
	    !lk_json_set_int(doc, "exp", now + LK_TOKEN_LIFETIME_S) ||
	    !lk_json_set(doc, "ear.verifier-id", verifier_id()) ||
	    !lk_json_set_string(doc, "tee", about->tee) ||
	    !lk_json_set(doc, "submods", submods(about)))
		return lk_raise(err, LK_INTERNAL, "no memory for a token");
	return lk_json_dump(doc, LK_JSON_COMPACT, ret, ret_len, err);
}

enum lk_status lk_token_make(const struct lk_token_signer *s, const struct lk_token_subject *about,
			     int64_t now, char **ret_token, char **ret_payload,
			     struct lk_error *err)
{
	LK_JSON_TEXT *payload = NULL;
	LK_FREE char *token = NULL;
	size_t len;
	enum lk_status st;

	st = build_payload(about, now, &payload, &len, err);
	if (st)
		return st;
	st = lk_jws_sign(s->key, "JWT", s->kid, payload, len, &token, err);
	if (st)
		return lk_context(err, "sign a token");
	*ret_token = lk_take(token);
	*ret_payload = lk_take(payload);
	return LK_OK;
}

/* --- reading ------------------------------------------------------------------------------------ */

void lk_token_claims_clear(struct lk_token_claims *c)
{
	lk_json_free(c->doc);
	*c = (struct lk_token_claims){ 0 };
}

static enum lk_status read_claims(struct lk_token_claims *c, struct lk_error *err)
{
	struct json_t *mods, *cpu, *evidence, *runtime, *key;

	if (lk_json_get_string(c->doc, "tee", 64, &c->tee, err) ||
	    lk_json_get_object(c->doc, "submods", &mods, err) ||
	    lk_json_get_object(mods, "cpu0", &cpu, err) ||
	    lk_json_get_object(cpu, EVIDENCE, &evidence, err) ||
	    lk_json_get_object(evidence, RUNTIME, &runtime, err) ||
	    lk_json_get_object(runtime, "tee-pubkey", &key, err))
		return lk_context(err, "read a token's claims");
	c->phase = lk_json_string_value(lk_json_get(evidence, "phase"));
	c->claims = evidence;
	c->tee_pubkey = key;
	return LK_OK;
}

enum lk_status lk_token_claims_read(const char *payload, struct lk_token_claims *ret,
				    struct lk_error *err)
{
	LK_TOKEN_CLAIMS c = { 0 };
	enum lk_status st;

	st = lk_json_parse(payload, strlen(payload), &c.doc, err);
	if (st)
		return lk_context(err, "read a token");
	st = read_claims(&c, err);
	if (st)
		return st;
	*ret = c;
	c = (struct lk_token_claims){ 0 };
	return LK_OK;
}

static enum lk_status check_times(const char *payload, size_t len, int64_t now,
				  struct lk_error *err)
{
	LK_JSON *doc = NULL;
	int64_t exp;

	if (lk_json_parse(payload, len, &doc, err) ||
	    lk_json_get_int(doc, "exp", 0, INT64_MAX, &exp, err))
		return lk_raise(err, LK_DENIED, "a token without exp");
	if (exp <= now)
		return lk_raise(err, LK_DENIED, "the token has expired");
	return LK_OK;
}

enum lk_status lk_token_verify(const struct lk_token_signer *s, const char *token, size_t len,
			       int64_t now, char **ret_payload, struct lk_error *err)
{
	LK_FREE char *payload = NULL;
	size_t payload_len;
	enum lk_status st;

	if (len > LK_TOKEN_MAX)
		return lk_raise(err, LK_DENIED, "the token is too long");
	st = lk_jws_verify(&s->public_key, s->kid, token, len, &payload, &payload_len, err);
	if (st == LK_INTERNAL)
		return lk_context(err, "verify a token");
	if (st)
		return lk_raise(err, LK_DENIED, "the token is not one of ours");
	st = check_times(payload, payload_len, now, err);
	if (st)
		return st;
	*ret_payload = lk_take(payload);
	return LK_OK;
}
