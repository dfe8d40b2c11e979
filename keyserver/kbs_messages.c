/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the two requests of the handshake and building the answers. */
#include "keyserver/kbs_messages.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/json.h"

#define VERSION_MAX  32
#define NONCE_MAX    1024
#define JWK_PART_MAX 4096
#define COOKIE	     "kbs-session-id="
#define ID_DIGITS    32

/* Names of the protocol, whether or not there is a verifier here: which one is missing shows at
 * /attest. `se` is left out: its challenge is of another kind. */
static const char *const tees[] = {
	"az-snp-vtpm", "az-tdx-vtpm", "sgx",	"snp",		"tdx",	  "csv",
	"cca",	       "tpm",	      "sample", "sampledevice", "nvidia", "hygondcu",
};

static enum lk_status malformed(struct lk_error *err, const char *what)
{
	return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s", what);
}

/* --- Request ------------------------------------------------------------------------------------ */

/* Numbers of a semantic version without leading zeros; what may follow is none of our concern. */
static bool is_version(const char *s)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		size_t n = strspn(s, "0123456789");

		if (n == 0 || (n > 1 && s[0] == '0'))
			return false;
		s += n;
		if (i < 2 && *s++ != '.')
			return false;
	}
	return *s == '\0' || *s == '-' || *s == '+';
}

static enum lk_status check_version(const struct json_t *doc, struct lk_error *err)
{
	const char *version;

	if (lk_json_get_string(doc, "version", VERSION_MAX, &version, err))
		return malformed(err, "missing field `version`");
	if (!is_version(version))
		return malformed(err, "version is not a semantic version");
	/* "=0.4.0" asks for these three numbers; build metadata does not count */
	if (strcmp(version, "0.4.0") == 0 || strncmp(version, "0.4.0+", 6) == 0)
		return LK_OK;
	return lk_raise_code(
		err, LK_C_PROTOCOL_VERSION,
		"KBS Client Protocol Version Mismatch: expect =0.4.0 while the request "
		"is %s",
		version);
}

static enum lk_status read_tee(const struct json_t *doc, struct lk_kbs_request *ret,
			       struct lk_error *err)
{
	const char *tee;
	size_t i;

	if (lk_json_get_string(doc, "tee", LK_KBS_TEE_MAX, &tee, err))
		return malformed(err, "missing field `tee`");
	for (i = 0; i < sizeof(tees) / sizeof(tees[0]); i++) {
		if (strcmp(tees[i], tee) == 0) {
			memcpy(ret->tee, tee, strlen(tee) + 1);
			return LK_OK;
		}
	}
	return malformed(err, "unknown tee");
}

enum lk_status lk_kbs_request_read(const char *text, size_t len, struct lk_kbs_request *ret,
				   struct lk_error *err)
{
	struct lk_kbs_request r = { 0 };
	LK_JSON *doc = NULL;
	enum lk_status st;

	if (lk_json_parse(text, len, &doc, err) || !lk_json_is_object(doc))
		return malformed(err, "the Request is not a JSON object");
	st = read_tee(doc, &r, err);
	if (st)
		return st;
	if (!lk_json_has(doc, "extra-params"))
		return malformed(err, "missing field `extra-params`");
	st = check_version(doc, err);
	if (st)
		return st;
	*ret = r;
	return LK_OK;
}

/* --- Attestation -------------------------------------------------------------------------------- */

void lk_kbs_attestation_clear(struct lk_kbs_attestation *a)
{
	lk_json_free(a->tee_pubkey);
	lk_json_free(a->doc);
	*a = (struct lk_kbs_attestation){ 0 };
}

static enum lk_status copy_parts(const struct json_t *jwk, const char *const *parts,
				 struct json_t **ret, struct lk_error *err)
{
	LK_JSON *out = lk_json_object();
	const char *value;

	for (; *parts; parts++) {
		if (lk_json_get_string(jwk, *parts, JWK_PART_MAX, &value, err))
			return lk_context(err, "read tee-pubkey");
		if (!lk_json_set_string(out, *parts, value))
			return lk_raise(err, LK_INTERNAL, "no memory for a key");
	}
	*ret = lk_take(out);
	return LK_OK;
}

/* Clients hash what the server is going to hash: the members that the protocol knows. */
static enum lk_status read_pubkey(const struct json_t *runtime, struct json_t **ret,
				  struct lk_error *err)
{
	static const char *const ec[] = { "kty", "crv", "alg", "x", "y", NULL };
	static const char *const rsa[] = { "kty", "alg", "n", "e", NULL };
	struct json_t *jwk;
	const char *kty;

	if (lk_json_get_object(runtime, "tee-pubkey", &jwk, err) ||
	    lk_json_get_string(jwk, "kty", 8, &kty, err))
		return lk_context(err, "read tee-pubkey");
	if (strcmp(kty, "EC") == 0)
		return copy_parts(jwk, ec, ret, err);
	if (strcmp(kty, "RSA") == 0)
		return copy_parts(jwk, rsa, ret, err);
	return malformed(err, "tee-pubkey is neither EC nor RSA");
}

static enum lk_status read_init_data(struct lk_kbs_attestation *a, struct lk_error *err)
{
	const struct json_t *init = lk_json_get(a->doc, "init-data");
	const char *format, *body;

	if (!init || lk_json_is_null(init))
		return LK_OK;
	if (!lk_json_is_object(init) || lk_json_get_string(init, "format", 16, &format, err) ||
	    lk_json_get_string(init, "body", LK_KBS_BODY_MAX, &body, err))
		return malformed(err, "init-data is not {format, body}");
	a->has_init_data = true;
	return LK_OK;
}

static enum lk_status read_members(struct lk_kbs_attestation *a, struct lk_error *err)
{
	struct json_t *runtime, *tee;
	enum lk_status st;

	st = lk_json_get_object(a->doc, "runtime-data", &runtime, err);
	if (st)
		return st;
	st = lk_json_get_string(runtime, "nonce", NONCE_MAX, &a->nonce, err);
	if (st)
		return st;
	st = read_pubkey(runtime, &a->tee_pubkey, err);
	if (st)
		return st;
	st = lk_json_get_object(a->doc, "tee-evidence", &tee, err);
	if (st)
		return st;
	a->evidence = lk_json_get(tee, "primary_evidence");
	if (!a->evidence)
		return malformed(err, "missing field `primary_evidence`");
	st = lk_json_get_string(tee, "additional_evidence", LK_KBS_BODY_MAX,
				&a->additional_evidence, err);
	if (st)
		return st;
	return read_init_data(a, err);
}

enum lk_status lk_kbs_attestation_read(const char *text, size_t len, struct lk_kbs_attestation *ret,
				       struct lk_error *err)
{
	LK_KBS_ATTESTATION a = { 0 };
	enum lk_status st;

	st = lk_json_parse(text, len, &a.doc, err);
	if (st)
		return lk_context(err, "read the Attestation");
	if (!lk_json_is_object(a.doc))
		return malformed(err, "the Attestation is not a JSON object");
	st = read_members(&a, err);
	if (st)
		return lk_context(err, "read the Attestation");
	*ret = a;
	a = (struct lk_kbs_attestation){ 0 };
	return LK_OK;
}

enum lk_status lk_kbs_runtime_data(const struct lk_kbs_attestation *a, const char *nonce,
				   struct json_t **ret, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_string(doc, "additional-evidence", a->additional_evidence) ||
	    !lk_json_set_string(doc, "nonce", nonce) ||
	    !lk_json_set(doc, "tee-pubkey", lk_json_ref(a->tee_pubkey)))
		return lk_raise(err, LK_INTERNAL, "no memory for the runtime data");
	*ret = lk_take(doc);
	return LK_OK;
}

enum lk_status lk_kbs_runtime_digest(const struct json_t *runtime_data,
				     uint8_t ret[LK_KBS_DIGEST_LEN], struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	LK_JSON_TEXT *text = NULL;
	size_t len;
	enum lk_status st;

	st = lk_json_dump(runtime_data, LK_JSON_CANONICAL, &text, &len, err);
	if (st)
		return lk_context(err, "write the runtime data");
	st = lk_hash(LK_SHA384, text, len, digest, err);
	if (st)
		return lk_context(err, "hash the runtime data");
	memcpy(ret, digest, LK_KBS_DIGEST_LEN);
	return LK_OK;
}

enum lk_status lk_kbs_tee_key(const struct json_t *tee_pubkey, struct lk_public_key *ret,
			      struct lk_error *err)
{
	struct lk_public_key k;
	const char *alg;
	enum lk_status st;

	st = lk_jwk_to_public(tee_pubkey, &k, err);
	if (st)
		return lk_raise(err, LK_CONFIG, "the TEE key is of no known kind or malformed");
	if (k.kind != LK_KEY_P256 && k.kind != LK_KEY_P521 && k.kind != LK_KEY_RSA2048)
		return lk_raise(err, LK_CONFIG, "no JWE algorithm for the TEE key's kind");
	if (lk_json_get_string(tee_pubkey, "alg", 32, &alg, err) ||
	    strcmp(alg, lk_jwe_alg(k.kind)) != 0)
		return lk_raise(err, LK_CONFIG, "the TEE key's alg does not fit its kind");
	*ret = k;
	return LK_OK;
}

/* --- answers ------------------------------------------------------------------------------------ */

static enum lk_status two_members(const char *a, const char *a_value, const char *b,
				  const char *b_value, char **ret, size_t *ret_len,
				  struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();

	if (!doc || !lk_json_set_string(doc, a, a_value) ||
	    (b && !lk_json_set_string(doc, b, b_value)))
		return lk_raise(err, LK_INTERNAL, "no memory for an answer");
	return lk_json_dump(doc, LK_JSON_COMPACT, ret, ret_len, err);
}

enum lk_status lk_kbs_challenge_text(const char *nonce, char **ret, size_t *ret_len,
				     struct lk_error *err)
{
	return two_members("nonce", nonce, "extra-params", "", ret, ret_len, err);
}

enum lk_status lk_kbs_token_text(const char *token, char **ret, size_t *ret_len,
				 struct lk_error *err)
{
	return two_members("token", token, NULL, NULL, ret, ret_len, err);
}

enum lk_status lk_kbs_error_text(const char *kind, const char *detail, char **ret, size_t *ret_len,
				 struct lk_error *err)
{
	char type[128];

	(void)snprintf(type, sizeof(type),
		       "https://github.com/confidential-containers/kbs/errors/%s", kind);
	return two_members("type", type, "detail", detail, ret, ret_len, err);
}

/* --- the cookie --------------------------------------------------------------------------------- */

void lk_kbs_cookie_text(const char *id, int64_t ends_wall, char ret[LK_KBS_COOKIE_SIZE])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)ends_wall;
	struct tm tm;

	gmtime_r(&t, &tm);
	/* IMF-fixdate (RFC 9110 section 5.6.7), whatever the locale */
	(void)snprintf(ret, LK_KBS_COOKIE_SIZE,
		       COOKIE "%s; Expires=%s, %02d %s %04d %02d:%02d:%02d GMT", id,
		       days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
		       tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool lk_kbs_cookie_read(const char *header, char *ret_id)
{
	const char *p = header;
	size_t n;

	while (p && *p) {
		p += strspn(p, " \t;");
		n = strcspn(p, ";");
		if (strncmp(p, COOKIE, sizeof(COOKIE) - 1) == 0) {
			p += sizeof(COOKIE) - 1;
			n = strcspn(p, "; \t");
			if (n != ID_DIGITS || strspn(p, "0123456789abcdef") != ID_DIGITS)
				return false;
			memcpy(ret_id, p, ID_DIGITS);
			ret_id[ID_DIGITS] = '\0';
			return true;
		}
		p += n;
	}
	return false;
}
