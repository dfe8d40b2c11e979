/* SPDX-License-Identifier: Apache-2.0 */
/* Flattened JWE (RFC 7516, 7.2.2) with A256GCM: parsed without a key, then opened; and sealed. */
#include <string.h>

#include "core/base64.h"
#include "core/jose_internal.h"

#define ALG_EC	    "ECDH-ES+A256KW"
#define ALG_RSA	    "RSA-OAEP-256"
#define ENC	    "A256GCM"
#define CEK_SIZE    32
#define WRAPPED_CEK 40
#define HEADER_MAX  4096
/* So that the text of what is sealed stays below LK_JWE_MAX. */
#define PLAIN_MAX (LK_JWE_MAX / 4 * 3 - 2 * HEADER_MAX)

const char *lk_jwe_alg(enum lk_key_kind kind)
{
	return kind == LK_KEY_RSA2048 ? ALG_RSA : ALG_EC;
}

void lk_jwe_free(struct lk_jwe *jwe)
{
	lk_json_free(jwe->doc);
	free(jwe->ciphertext);
	*jwe = (struct lk_jwe){ 0 };
}

/* A member of one length only. */
static enum lk_status exact_bytes(const struct json_t *obj, const char *name, uint8_t *out,
				  size_t size, struct lk_error *err)
{
	enum lk_status st;
	size_t n;

	st = lk_jose_bytes(obj, name, out, size, &n, err);
	if (st)
		return st;
	if (n != size)
		return lk_raise_code(err, LK_C_JWE_INVALID, "member '%s' has %zu bytes, not %zu",
				     name, n, size);
	return LK_OK;
}

static enum lk_status parse_epk(const struct json_t *header, struct lk_public_key *ret,
				struct lk_error *err)
{
	struct json_t *epk;
	enum lk_status st;

	st = lk_json_get_object(header, "epk", &epk, err);
	if (st)
		return st;
	st = lk_jwk_to_public(epk, ret, err);
	if (st == LK_CONFIG) /* no operator here could change it */
		return lk_raise_code(err, LK_C_JWE_INVALID, "'epk' holds a private key");
	if (st)
		return lk_context(err, "read 'epk'");
	if (ret->kind != LK_KEY_P256 && ret->kind != LK_KEY_P521)
		return lk_raise_code(err, LK_C_JWE_INVALID, "'epk' is of a kind not used here");
	return LK_OK;
}

/* Members that change what is computed (apu, apv, zip, crit, ...) are not ours: refused. */
static enum lk_status parse_header(const struct json_t *header, struct lk_jwe *jwe,
				   struct lk_error *err)
{
	static const char *const ec_members[] = { "alg", "enc", "epk", NULL };
	static const char *const rsa_members[] = { "alg", "enc", NULL };
	const char *alg, *enc;
	enum lk_status st;

	st = lk_json_get_string(header, "alg", 64, &alg, err);
	if (st)
		return st;
	st = lk_json_get_string(header, "enc", 64, &enc, err);
	if (st)
		return st;
	if (strcmp(enc, ENC) != 0)
		return lk_raise_code(err, LK_C_JWE_INVALID, "enc '%s' is not " ENC, enc);
	if (strcmp(alg, ALG_RSA) == 0) {
		jwe->kind = LK_KEY_RSA2048;
		return lk_json_only(header, rsa_members, err);
	}
	if (strcmp(alg, ALG_EC) != 0)
		return lk_raise_code(err, LK_C_JWE_INVALID, "unknown alg '%s'", alg);
	st = lk_json_only(header, ec_members, err);
	if (st)
		return st;
	st = parse_epk(header, &jwe->epk, err);
	if (st)
		return st;
	jwe->kind = jwe->epk.kind;
	return LK_OK;
}

static enum lk_status parse_protected(struct lk_jwe *jwe, struct lk_error *err)
{
	LK_FREE uint8_t *text = NULL;
	LK_JSON *header = NULL;
	enum lk_status st;
	size_t n;

	st = lk_json_get_string(jwe->doc, "protected", LK_B64_SIZE(HEADER_MAX), &jwe->protected_,
				err);
	if (st)
		return st;
	st = lk_jose_decode(jwe->protected_, strlen(jwe->protected_), "member 'protected'", &text,
			    &n, err);
	if (st)
		return st;
	st = lk_json_parse((const char *)text, n, &header, err);
	if (st)
		return lk_context(err, "read the protected header");
	st = parse_header(header, jwe, err);
	if (st)
		return lk_context(err, "read the protected header");
	return LK_OK;
}

static enum lk_status parse_encrypted_key(struct lk_jwe *jwe, struct lk_error *err)
{
	enum lk_status st;

	st = lk_jose_bytes(jwe->doc, "encrypted_key", jwe->key, sizeof(jwe->key), &jwe->key_len,
			   err);
	if (st)
		return st;
	if (jwe->kind != LK_KEY_RSA2048 && jwe->key_len != WRAPPED_CEK)
		return lk_raise_code(err, LK_C_JWE_INVALID,
				     "member 'encrypted_key' has %zu bytes, not %d", jwe->key_len,
				     WRAPPED_CEK);
	return LK_OK;
}

static enum lk_status parse_members(struct lk_jwe *jwe, struct lk_error *err)
{
	/* 'aad' is in the type that servers write, but is never filled, and never used here: if
	 * a sender did authenticate it, the tag does not fit */
	static const char *const members[] = { "protected", "encrypted_key", "iv", "ciphertext",
					       "tag",	    "aad",	     NULL };
	const char *text;
	enum lk_status st;

	st = lk_json_only(jwe->doc, members, err);
	if (st)
		return st;
	st = parse_protected(jwe, err);
	if (st)
		return st;
	st = parse_encrypted_key(jwe, err);
	if (st)
		return st;
	st = exact_bytes(jwe->doc, "iv", jwe->iv, sizeof(jwe->iv), err);
	if (st)
		return st;
	st = exact_bytes(jwe->doc, "tag", jwe->tag, sizeof(jwe->tag), err);
	if (st)
		return st;
	st = lk_json_get_string(jwe->doc, "ciphertext", LK_JWE_MAX, &text, err);
	if (st)
		return st;
	return lk_jose_decode(text, strlen(text), "member 'ciphertext'", &jwe->ciphertext,
			      &jwe->ciphertext_len, err);
}

enum lk_status lk_jwe_parse(const char *text, size_t len, struct lk_jwe *jwe, struct lk_error *err)
{
	enum lk_status st;

	if (len > LK_JWE_MAX)
		return lk_raise_code(err, LK_C_JWE_INVALID, "longer than %u bytes", LK_JWE_MAX);
	st = lk_json_parse(text, len, &jwe->doc, err);
	if (st)
		return st;
	return parse_members(jwe, err);
}

enum lk_status lk_jwe_kek(const struct lk_secret *z, struct lk_secret *ret, struct lk_error *err)
{
	/* OtherInfo: AlgorithmID, empty PartyUInfo and PartyVInfo, 256 bits; the counter of the
	 * Concat KDF (NIST SP 800-56A, 5.8.1) stands at 1, as one round is enough */
	static const uint8_t counter[] = { 0, 0, 0, 1 };
	static const char other_info[] = "\0\0\0\016" ALG_EC "\0\0\0\0"
					 "\0\0\0\0"
					 "\0\0\1\0";
	const size_t other_len = sizeof(other_info) - 1;
	uint8_t digest[LK_HASH_MAX];
	LK_SECRET input = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&input, sizeof(counter) + z->len + other_len, err);
	if (st)
		return st;
	st = lk_secret_append(&input, counter, sizeof(counter), err);
	if (!st)
		st = lk_secret_append(&input, z->data, z->len, err);
	if (!st)
		st = lk_secret_append(&input, other_info, other_len, err);
	if (!st)
		st = lk_hash(LK_SHA256, input.data, input.len, digest, err);
	if (!st)
		st = lk_secret_from(ret, digest, 32, err);
	lk_wipe(digest, sizeof(digest));
	return st;
}

/* The key that wraps, between one side's private and the other's public key. */
static enum lk_status agree(const struct lk_keypair *own, const struct lk_public_key *peer,
			    struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET z = { 0 };
	enum lk_status st;

	st = lk_ecdh(own, peer, &z, err);
	if (st)
		return st;
	return lk_jwe_kek(&z, ret, err);
}

static enum lk_status unwrap_cek(const struct lk_keypair *k, const struct lk_jwe *jwe,
				 struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET kek = { 0 };
	enum lk_status st;

	if (jwe->kind != lk_keypair_kind(k))
		return lk_raise_code(err, LK_C_JWE_INVALID, "made for a key of another kind");
	if (jwe->kind == LK_KEY_RSA2048)
		return lk_rsa_oaep_open(k, jwe->key, jwe->key_len, ret, err);
	st = agree(k, &jwe->epk, &kek, err);
	if (st)
		return st;
	return lk_aes_kw_open(&kek, jwe->key, jwe->key_len, ret, err);
}

static enum lk_status decrypt(const struct lk_keypair *k, const struct lk_jwe *jwe,
			      struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET cek = { 0 };
	enum lk_status st;

	st = unwrap_cek(k, jwe, &cek, err);
	if (st)
		return st;
	if (cek.len != CEK_SIZE)
		return lk_raise_code(err, LK_C_JWE_INVALID, "a content key of the wrong length");
	return lk_aes_gcm_open(&cek, jwe->iv, jwe->protected_, strlen(jwe->protected_),
			       jwe->ciphertext, jwe->ciphertext_len, jwe->tag, ret, err);
}

enum lk_status lk_jwe_open_form(const struct lk_jwe_form *form, const struct lk_keypair *k,
				const char *text, size_t len, struct lk_secret *ret,
				struct lk_error *err)
{
	LK_CLEANUP(lk_jwe_free) struct lk_jwe jwe = { 0 };
	enum lk_status st;

	st = form->parse(text, len, &jwe, err);
	if (!st)
		st = form->decrypt(k, &jwe, ret, err);
	if (!st)
		return LK_OK;
	if (st == LK_TAMPERED)
		err->code = LK_C_JWE_INVALID;
	return lk_context(err, "open the JWE");
}

enum lk_status lk_jwe_open(const struct lk_keypair *k, const char *text, size_t len,
			   struct lk_secret *ret, struct lk_error *err)
{
	static const struct lk_jwe_form form = { lk_jwe_parse, decrypt };

	return lk_jwe_open_form(&form, k, text, len, ret, err);
}

/* Wrap the content key for the recipient, with a key pair of its own on the recipient's curve. */
static enum lk_status wrap_cek(const struct lk_public_key *k, const struct lk_secret *cek,
			       struct lk_jwe *jwe, struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *own = NULL;
	LK_SECRET kek = { 0 };
	enum lk_status st;

	jwe->kind = k->kind;
	if (k->kind == LK_KEY_RSA2048)
		return lk_rsa_oaep_seal(k, cek->data, cek->len, jwe->key, &jwe->key_len, err);
	if (k->kind != LK_KEY_P256 && k->kind != LK_KEY_P521)
		return lk_raise(err, LK_CONFIG, "the recipient's key is of a kind not used here");
	st = lk_keypair_generate(k->kind, &own, err);
	if (st)
		return st;
	st = lk_keypair_public(own, &jwe->epk, err);
	if (st)
		return st;
	st = agree(own, k, &kek, err);
	if (st)
		return st;
	return lk_aes_kw_seal(&kek, cek, jwe->key, sizeof(jwe->key), &jwe->key_len, err);
}

/* base64url of the header. Peers rebuild the authenticated data from the parsed header: only
 * this order of members will do, which happens to be the sorted one. */
static enum lk_status write_protected(const struct lk_jwe *jwe, char **ret, struct lk_error *err)
{
	LK_JSON *header = lk_json_object();
	LK_JSON_TEXT *text = NULL;
	struct json_t *epk = NULL;
	bool ok = header && lk_json_set_string(header, "alg", lk_jwe_alg(jwe->kind)) &&
		  lk_json_set_string(header, "enc", ENC);
	enum lk_status st;
	size_t n;

	if (jwe->kind != LK_KEY_RSA2048) {
		st = lk_jwk_from_public(&jwe->epk, NULL, &epk, err);
		if (st)
			return st;
		ok = lk_json_set(header, "epk", epk) && ok;
	}
	if (!ok)
		return lk_raise(err, LK_INTERNAL, "write a JWE: out of memory");
	st = lk_json_dump(header, LK_JSON_CANONICAL, &text, &n, err);
	if (st)
		return st;
	*ret = malloc(LK_B64_SIZE(n));
	if (!*ret)
		return lk_raise(err, LK_INTERNAL, "write a JWE: out of memory");
	lk_b64_encode(LK_B64_URL, text, n, *ret);
	return LK_OK;
}

static enum lk_status encrypt_payload(const struct lk_secret *cek, const char *protected_,
				      const void *data, size_t n, struct lk_jwe *jwe,
				      struct lk_error *err)
{
	enum lk_status st;

	jwe->ciphertext_len = n;
	jwe->ciphertext = malloc(n ? n : 1);
	if (!jwe->ciphertext)
		return lk_raise(err, LK_INTERNAL, "write a JWE: out of memory");
	st = lk_random(jwe->iv, sizeof(jwe->iv), err);
	if (st)
		return st;
	return lk_aes_gcm_seal(cek, jwe->iv, protected_, strlen(protected_), data, n,
			       jwe->ciphertext, jwe->tag, err);
}

static enum lk_status write_jwe(const struct lk_jwe *jwe, const char *protected_, char **ret,
				size_t *ret_len, struct lk_error *err)
{
	LK_FREE char *ciphertext = malloc(LK_B64_SIZE(jwe->ciphertext_len));
	LK_JSON *doc = lk_json_object();

	if (!doc || !ciphertext)
		return lk_raise(err, LK_INTERNAL, "write a JWE: out of memory");
	lk_b64_encode(LK_B64_URL, jwe->ciphertext, jwe->ciphertext_len, ciphertext);
	if (!lk_json_set_string(doc, "protected", protected_) ||
	    !lk_jose_set_bytes(doc, "encrypted_key", jwe->key, jwe->key_len) ||
	    !lk_jose_set_bytes(doc, "iv", jwe->iv, sizeof(jwe->iv)) ||
	    !lk_json_set_string(doc, "ciphertext", ciphertext) ||
	    !lk_jose_set_bytes(doc, "tag", jwe->tag, sizeof(jwe->tag)))
		return lk_raise(err, LK_INTERNAL, "write a JWE: out of memory");
	return lk_json_dump(doc, LK_JSON_COMPACT, ret, ret_len, err);
}

enum lk_status lk_jwe_seal(const struct lk_public_key *k, const void *data, size_t n, char **ret,
			   size_t *ret_len, struct lk_error *err)
{
	LK_CLEANUP(lk_jwe_free) struct lk_jwe jwe = { 0 };
	LK_FREE char *protected_ = NULL;
	LK_SECRET cek = { 0 };
	enum lk_status st;

	if (n > PLAIN_MAX)
		return lk_raise(err, LK_CONFIG, "seal a JWE: more than %u bytes", PLAIN_MAX);
	st = lk_random_secret(&cek, CEK_SIZE, err);
	if (!st)
		st = wrap_cek(k, &cek, &jwe, err);
	if (!st)
		st = write_protected(&jwe, &protected_, err);
	if (!st)
		st = encrypt_payload(&cek, protected_, data, n, &jwe, err);
	if (!st)
		st = write_jwe(&jwe, protected_, ret, ret_len, err);
	return st ? lk_context(err, "seal a JWE") : LK_OK;
}
