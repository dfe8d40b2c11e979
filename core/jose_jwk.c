/* SPDX-License-Identifier: Apache-2.0 */
/* JSON web keys (RFC 7517, 7518 section 6, 7638), and the base64url members that all of JOSE is
 * made of. */
#include <string.h>

#include "core/base64.h"
#include "core/jose_internal.h"

#define RSA_BYTES_MAX 512
#define RSA_BITS_MIN  2048

static const struct {
	const char *crv;
	size_t size;
} curves[] = {
	[LK_KEY_P256] = { "P-256", 32 },
	[LK_KEY_P384] = { "P-384", 48 },
	[LK_KEY_P521] = { "P-521", 66 },
};

enum lk_status lk_jose_bytes(const struct json_t *obj, const char *name, uint8_t *out, size_t cap,
			     size_t *ret_n, struct lk_error *err)
{
	const char *text;
	enum lk_status st;

	st = lk_json_get_string(obj, name, LK_B64_SIZE(cap), &text, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_URL, text, strlen(text), out, cap, ret_n))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "member '%s' is not base64url of at most %zu bytes", name,
				     cap);
	return LK_OK;
}

enum lk_status lk_jose_secret(const struct json_t *obj, const char *name, size_t cap,
			      struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET s = { 0 };
	enum lk_status st;

	st = lk_secret_alloc(&s, cap, err);
	if (st)
		return st;
	st = lk_jose_bytes(obj, name, s.data, s.cap, &s.len, err);
	if (st)
		return st;
	*ret = lk_secret_take(&s);
	return LK_OK;
}

enum lk_status lk_jose_decode(const char *text, size_t len, const char *what, uint8_t **ret,
			      size_t *ret_n, struct lk_error *err)
{
	size_t cap = len / 4 * 3 + 2;
	LK_FREE uint8_t *out = malloc(cap + 1);

	if (!out)
		return lk_raise(err, LK_INTERNAL, "decode %s: out of memory", what);
	if (!lk_b64_decode(LK_B64_URL, text, len, out, cap, ret_n))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "%s is not base64url", what);
	out[*ret_n] = '\0';
	*ret = lk_take(out);
	return LK_OK;
}

bool lk_jose_set_bytes(struct json_t *obj, const char *name, const void *data, size_t n)
{
	return n <= RSA_BYTES_MAX && lk_json_set_base64(obj, name, LK_B64_URL, data, n);
}

enum lk_status lk_jwk_from_public(const struct lk_public_key *k, const char *alg,
				  struct json_t **ret, struct lk_error *err)
{
	LK_JSON *jwk = lk_json_object();
	bool rsa = k->kind == LK_KEY_RSA2048;
	bool ok = jwk && lk_json_set_string(jwk, "kty", rsa ? "RSA" : "EC");

	if (!rsa)
		ok = ok && lk_json_set_string(jwk, "crv", curves[k->kind].crv);
	if (alg)
		ok = ok && lk_json_set_string(jwk, "alg", alg);
	if (rsa)
		ok = ok && lk_jose_set_bytes(jwk, "n", k->n, k->n_len) &&
		     lk_jose_set_bytes(jwk, "e", k->e, k->e_len);
	else
		ok = ok && lk_jose_set_bytes(jwk, "x", k->x, k->xy_len) &&
		     lk_jose_set_bytes(jwk, "y", k->y, k->xy_len);
	if (!ok)
		return lk_raise(err, LK_INTERNAL, "write a JWK: out of memory");
	*ret = lk_take(jwk);
	return LK_OK;
}

static enum lk_status read_curve(const struct json_t *jwk, enum lk_key_kind *ret,
				 struct lk_error *err)
{
	const char *crv;
	enum lk_status st;
	unsigned i;

	st = lk_json_get_string(jwk, "crv", 64, &crv, err);
	if (st)
		return st;
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(crv, curves[i].crv) == 0) {
			*ret = (enum lk_key_kind)i;
			return LK_OK;
		}
	}
	return lk_raise_code(err, LK_C_REPLY_INVALID, "a key on the unknown curve '%s'", crv);
}

static enum lk_status read_coordinate(const struct json_t *jwk, const char *name, uint8_t *out,
				      size_t size, struct lk_error *err)
{
	enum lk_status st;
	size_t n;

	st = lk_jose_bytes(jwk, name, out, size, &n, err);
	if (st)
		return st;
	if (n != size)
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "coordinate '%s' has %zu bytes, not %zu", name, n, size);
	return LK_OK;
}

static enum lk_status read_ec(const struct json_t *jwk, struct lk_public_key *k,
			      struct lk_error *err)
{
	enum lk_status st;

	st = read_curve(jwk, &k->kind, err);
	if (st)
		return st;
	k->xy_len = curves[k->kind].size;
	st = read_coordinate(jwk, "x", k->x, k->xy_len, err);
	if (st)
		return st;
	return read_coordinate(jwk, "y", k->y, k->xy_len, err);
}

static enum lk_status read_rsa(const struct json_t *jwk, struct lk_public_key *k,
			       struct lk_error *err)
{
	enum lk_status st;

	k->kind = LK_KEY_RSA2048;
	st = lk_jose_bytes(jwk, "n", k->n, sizeof(k->n), &k->n_len, err);
	if (st)
		return st;
	st = lk_jose_bytes(jwk, "e", k->e, sizeof(k->e), &k->e_len, err);
	if (st)
		return st;
	/* minimal integers: 2048 bits then means 256 bytes that start with a set bit */
	if (k->n_len < RSA_BITS_MIN / 8 || k->n[0] == 0 ||
	    (k->n_len == RSA_BITS_MIN / 8 && k->n[0] < 0x80))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "an RSA modulus below %d bits",
				     RSA_BITS_MIN);
	if (k->e_len == 0 || k->e[0] == 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "an RSA exponent that is none");
	return LK_OK;
}

static enum lk_status read_public(const struct json_t *jwk, struct lk_public_key *ret,
				  struct lk_error *err)
{
	struct lk_public_key k = { 0 };
	enum lk_status st;
	const char *kty;

	st = lk_json_get_string(jwk, "kty", 64, &kty, err);
	if (st)
		return st;
	if (strcmp(kty, "EC") == 0)
		st = read_ec(jwk, &k, err);
	else if (strcmp(kty, "RSA") == 0)
		st = read_rsa(jwk, &k, err);
	else
		st = lk_raise_code(err, LK_C_REPLY_INVALID, "a key of the unknown type '%s'", kty);
	if (st)
		return st;
	*ret = k;
	return LK_OK;
}

enum lk_status lk_jwk_to_public(const struct json_t *jwk, struct lk_public_key *ret,
				struct lk_error *err)
{
	/* RFC 7518, 6.2.2, 6.3.2 and 6.4 */
	static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
	unsigned i;

	for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++) {
		if (lk_json_has(jwk, private_members[i]))
			return lk_raise(err, LK_CONFIG,
					"the JWK holds a private key; give only the public one");
	}
	return read_public(jwk, ret, err);
}

static enum lk_status read_ec_private(const struct json_t *jwk, enum lk_key_kind kind,
				      struct lk_keypair **ret, struct lk_error *err)
{
	LK_SECRET d = { 0 };
	enum lk_status st;

	st = lk_jose_secret(jwk, "d", curves[kind].size, &d, err);
	if (st)
		return st;
	return lk_keypair_from_scalar(kind, d.data, d.len, ret, err);
}

static enum lk_status read_rsa_private(const struct json_t *jwk, const struct lk_public_key *pub,
				       struct lk_keypair **ret, struct lk_error *err)
{
	LK_SECRET d = { 0 };
	LK_SECRET p = { 0 };
	LK_SECRET q = { 0 };
	enum lk_status st;

	st = lk_jose_secret(jwk, "d", RSA_BYTES_MAX, &d, err);
	if (st)
		return st;
	st = lk_jose_secret(jwk, "p", RSA_BYTES_MAX / 2, &p, err);
	if (st)
		return st;
	st = lk_jose_secret(jwk, "q", RSA_BYTES_MAX / 2, &q, err);
	if (st)
		return st;
	return lk_keypair_from_rsa(&(struct lk_rsa_parts){ .n = pub->n,
							   .n_len = pub->n_len,
							   .e = pub->e,
							   .e_len = pub->e_len,
							   .d = d.data,
							   .d_len = d.len,
							   .p = p.data,
							   .p_len = p.len,
							   .q = q.data,
							   .q_len = q.len },
				   ret, err);
}

static bool same_key(const struct lk_public_key *a, const struct lk_public_key *b)
{
	return a->kind == b->kind && a->xy_len == b->xy_len && a->n_len == b->n_len &&
	       a->e_len == b->e_len && memcmp(a->x, b->x, a->xy_len) == 0 &&
	       memcmp(a->y, b->y, a->xy_len) == 0 && memcmp(a->n, b->n, a->n_len) == 0 &&
	       memcmp(a->e, b->e, a->e_len) == 0;
}

enum lk_status lk_jwk_to_keypair(const struct json_t *jwk, struct lk_keypair **ret,
				 struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	struct lk_public_key claimed, derived;
	enum lk_status st;

	st = read_public(jwk, &claimed, err);
	if (st)
		return st;
	if (claimed.kind == LK_KEY_RSA2048)
		st = read_rsa_private(jwk, &claimed, &k, err);
	else
		st = read_ec_private(jwk, claimed.kind, &k, err);
	if (st)
		return st;
	st = lk_keypair_public(k, &derived, err);
	if (st)
		return st;
	if (!same_key(&claimed, &derived))
		return lk_raise_code(err, LK_C_REPLY_INVALID,
				     "a JWK whose public and private part differ");
	*ret = lk_take(k);
	return LK_OK;
}

enum lk_status lk_jwk_thumbprint(const struct lk_public_key *k, char out[LK_THUMBPRINT_SIZE],
				 struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	LK_JSON_TEXT *text = NULL;
	LK_JSON *jwk = NULL;
	enum lk_status st;
	size_t n;

	/* without alg these are exactly the required members, which RFC 7638 wants sorted */
	st = lk_jwk_from_public(k, NULL, &jwk, err);
	if (st)
		return st;
	st = lk_json_dump(jwk, LK_JSON_CANONICAL, &text, &n, err);
	if (st)
		return st;
	st = lk_hash(LK_SHA256, text, n, digest, err);
	if (st)
		return st;
	lk_b64_encode(LK_B64_URL, digest, 32, out);
	return LK_OK;
}
