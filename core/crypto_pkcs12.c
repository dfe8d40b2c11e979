/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a PKCS#12 file: structure, key derivation, MAC, key bag. */
#include <mbedtls/asn1.h>
#include <mbedtls/md.h>
#include <string.h>

#include "core/crypto_des3.h"
#include "core/crypto_internal.h"
#include "core/pkcs12.h"

#define HASH	      20 /* SHA-1 */
#define BLOCK	      64
#define SALT_MAX      64
#define CONTEXT	      (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED)
#define SEQUENCE      (MBEDTLS_ASN1_SEQUENCE | MBEDTLS_ASN1_CONSTRUCTED)

#define DATA	      "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define ENCRYPTED     "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"
#define SHROUDED_BAG  "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"
#define PBE_3DES      "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"
#define PBE_3DES_2KEY "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x04"
#define SHA1	      "\x2b\x0e\x03\x02\x1a"

/* What is left of the element being read; `broken` stays once it is set. */
struct reader {
	unsigned char *p;
	const unsigned char *end;
	bool broken;
};

/* The contents of the next element, which must have this tag. */
static struct reader enter(struct reader *r, int tag)
{
	struct reader in = { .broken = true };
	size_t len;

	if (r->broken || mbedtls_asn1_get_tag(&r->p, r->end, &len, tag)) {
		r->broken = true;
		return in;
	}
	in = (struct reader){ .p = r->p, .end = r->p + len };
	r->p += len;
	return in;
}

static bool more(const struct reader *r)
{
	return !r->broken && r->p < r->end;
}

static struct lk_span rest(struct reader in)
{
	if (in.broken)
		return (struct lk_span){ 0 };
	return (struct lk_span){ in.p, (size_t)(in.end - in.p) };
}

static bool is_oid(const struct lk_span *oid, const char *known)
{
	return oid->len == strlen(known) && memcmp(oid->data, known, oid->len) == 0;
}

static int integer(struct reader *r)
{
	int v = 0;

	if (!r->broken && mbedtls_asn1_get_int(&r->p, r->end, &v))
		r->broken = true;
	return v;
}

/* AlgorithmIdentifier with nothing, or NULL, as parameters. */
static void hash_algorithm(struct reader *r)
{
	struct reader alg = enter(r, SEQUENCE);
	const struct lk_span oid = rest(enter(&alg, MBEDTLS_ASN1_OID));

	if (more(&alg))
		(void)enter(&alg, MBEDTLS_ASN1_NULL);
	if (alg.broken || more(&alg) || !is_oid(&oid, SHA1))
		r->broken = true;
}

static void mac_data(struct reader *pfx, struct lk_pkcs12 *out)
{
	struct reader mac = enter(pfx, SEQUENCE);
	struct reader digest = enter(&mac, SEQUENCE);

	hash_algorithm(&digest);
	out->mac = rest(enter(&digest, MBEDTLS_ASN1_OCTET_STRING));
	out->mac_salt = rest(enter(&mac, MBEDTLS_ASN1_OCTET_STRING));
	out->mac_iterations = more(&mac) ? integer(&mac) : 1;
	if (digest.broken || mac.broken || more(&mac) || out->mac.len != HASH)
		pfx->broken = true;
}

/* EncryptedPrivateKeyInfo */
static void shrouded_key(struct reader *value, struct lk_pkcs12 *out)
{
	struct reader info = enter(value, SEQUENCE);
	struct reader alg = enter(&info, SEQUENCE);
	const struct lk_span oid = rest(enter(&alg, MBEDTLS_ASN1_OID));
	struct reader param = enter(&alg, SEQUENCE);

	out->two_keys = is_oid(&oid, PBE_3DES_2KEY);
	out->salt = rest(enter(&param, MBEDTLS_ASN1_OCTET_STRING));
	out->iterations = integer(&param);
	out->key = rest(enter(&info, MBEDTLS_ASN1_OCTET_STRING));
	if (info.broken || alg.broken || param.broken || more(&info) || more(&alg) ||
	    more(&param) || (!out->two_keys && !is_oid(&oid, PBE_3DES)))
		value->broken = true;
}

/* SafeContents: bags until the first shrouded key. */
static void safe_contents(struct reader in, struct lk_pkcs12 *out, bool *broken)
{
	struct reader bags = enter(&in, SEQUENCE);

	while (more(&bags) && !out->key.data) {
		struct reader bag = enter(&bags, SEQUENCE);
		const struct lk_span oid = rest(enter(&bag, MBEDTLS_ASN1_OID));
		struct reader value = enter(&bag, CONTEXT);

		if (!bag.broken && is_oid(&oid, SHROUDED_BAG))
			shrouded_key(&value, out);
		bags.broken |= bag.broken | value.broken;
	}
	*broken |= in.broken | bags.broken;
}

/* AuthenticatedSafe: a list of ContentInfo, of which the encrypted ones hold certificates. */
static bool authenticated_safe(const struct lk_span *content, struct lk_pkcs12 *out)
{
	struct reader in = { .p = (unsigned char *)(uintptr_t)content->data,
			     .end = content->data + content->len };
	struct reader list = enter(&in, SEQUENCE);
	bool broken = more(&in);

	while (more(&list) && !broken) {
		struct reader info = enter(&list, SEQUENCE);
		const struct lk_span oid = rest(enter(&info, MBEDTLS_ASN1_OID));
		struct reader value = enter(&info, CONTEXT);

		if (!info.broken && is_oid(&oid, DATA))
			safe_contents(enter(&value, MBEDTLS_ASN1_OCTET_STRING), out, &broken);
		else if (!is_oid(&oid, ENCRYPTED))
			broken = true;
		broken |= info.broken | value.broken;
	}
	return !broken && !list.broken && !in.broken && out->key.data;
}

static bool in_bounds(const struct lk_pkcs12 *p)
{
	return p->mac_iterations >= 1 && p->mac_iterations <= LK_PKCS12_ITERATIONS &&
	       p->iterations >= 1 && p->iterations <= LK_PKCS12_ITERATIONS && p->salt.len >= 1 &&
	       p->salt.len <= SALT_MAX && p->mac_salt.len >= 1 && p->mac_salt.len <= SALT_MAX &&
	       p->key.len >= 8 && p->key.len % 8 == 0;
}

enum lk_status lk_pkcs12_parse(const void *der, size_t n, struct lk_pkcs12 *ret,
			       struct lk_error *err)
{
	struct reader file = { .p = (unsigned char *)(uintptr_t)der };
	struct lk_pkcs12 p = { 0 };
	struct reader pfx, safe, value;
	struct lk_span oid;
	int version;

	if (n == 0 || n > LK_PKCS12_MAX)
		return lk_raise(err, LK_TAMPERED, "no PKCS#12 file of 1 to %d bytes",
				LK_PKCS12_MAX);
	file.end = file.p + n;
	pfx = enter(&file, SEQUENCE);
	version = integer(&pfx);
	safe = enter(&pfx, SEQUENCE);
	oid = rest(enter(&safe, MBEDTLS_ASN1_OID));
	value = enter(&safe, CONTEXT);
	p.content = rest(enter(&value, MBEDTLS_ASN1_OCTET_STRING));
	mac_data(&pfx, &p);
	if (file.broken || more(&file) || pfx.broken || more(&pfx) || safe.broken || value.broken ||
	    version != 3 || !is_oid(&oid, DATA) || !authenticated_safe(&p.content, &p) ||
	    !in_bounds(&p))
		return lk_raise(err, LK_TAMPERED, "not a PKCS#12 file of a client key's shape");
	*ret = p;
	return LK_OK;
}

/* ---- key derivation ---- */

/* BMPString with its terminator, repeated to whole blocks. */
static size_t spread_password(const char *password, size_t n, uint8_t *out)
{
	const size_t len = 2 * n + 2, whole = (len + BLOCK - 1) / BLOCK * BLOCK;
	size_t i, at;

	for (i = 0; i < whole; i++) {
		at = i % len / 2;
		out[i] = i % len % 2 && at < n ? (uint8_t)password[at] : 0;
	}
	return whole;
}

static size_t spread_salt(const struct lk_span *salt, uint8_t *out)
{
	const size_t whole = (salt->len + BLOCK - 1) / BLOCK * BLOCK;
	size_t i;

	for (i = 0; i < whole; i++)
		out[i] = salt->data[i % salt->len];
	return whole;
}

/* block = block + b + 1, big-endian */
static void add_one_and(uint8_t *block, const uint8_t *a)
{
	unsigned carry = 1, i;

	for (i = BLOCK; i-- > 0;) {
		carry += block[i] + a[i % HASH];
		block[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

struct derivation {
	uint8_t diversifier[BLOCK];
	uint8_t input[SALT_MAX + 2 * LK_PKCS12_PASSWORD + 2 + BLOCK];
	size_t input_len;
	uint8_t a[HASH];
};

static void derivation_wipe(struct derivation *d)
{
	lk_wipe(d, sizeof(*d));
}

static int hash_rounds(struct derivation *d, int iterations)
{
	const mbedtls_md_info_t *sha1 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
	LK_CLEANUP(mbedtls_md_free) mbedtls_md_context_t md = { 0 };
	int rc;

	mbedtls_md_init(&md);
	rc = mbedtls_md_setup(&md, sha1, 0);
	if (!rc)
		rc = mbedtls_md_starts(&md);
	if (!rc)
		rc = mbedtls_md_update(&md, d->diversifier, BLOCK);
	if (!rc)
		rc = mbedtls_md_update(&md, d->input, d->input_len);
	if (!rc)
		rc = mbedtls_md_finish(&md, d->a);
	while (!rc && --iterations > 0)
		rc = mbedtls_md(sha1, d->a, HASH, d->a);
	return rc;
}

enum lk_status lk_pkcs12_derive(const char *password, size_t password_len,
				const struct lk_span *salt, uint8_t id, int iterations,
				uint8_t *out, size_t n, struct lk_error *err)
{
	LK_CLEANUP(derivation_wipe) struct derivation d = { 0 };
	size_t done, i;
	int rc;

	if (password_len > LK_PKCS12_PASSWORD || salt->len == 0 || salt->len > SALT_MAX)
		return lk_raise(err, LK_TAMPERED, "a password or salt that is too long");
	memset(d.diversifier, id, sizeof(d.diversifier));
	d.input_len = spread_salt(salt, d.input);
	d.input_len += spread_password(password, password_len, d.input + d.input_len);
	for (done = 0; done < n; done += HASH) {
		rc = hash_rounds(&d, iterations);
		if (rc)
			return lk_crypto_raise(err, "derive a key", rc);
		memcpy(out + done, d.a, n - done < HASH ? n - done : HASH);
		for (i = 0; i < d.input_len; i += BLOCK)
			add_one_and(d.input + i, d.a);
	}
	return LK_OK;
}

/* ---- opening ---- */

static enum lk_status check_mac(const struct lk_pkcs12 *p, const char *password,
				size_t password_len, struct lk_error *err)
{
	uint8_t key[HASH], mac[HASH];
	enum lk_status st;

	st = lk_pkcs12_derive(password, password_len, &p->mac_salt, 3, p->mac_iterations, key,
			      sizeof(key), err);
	if (!st)
		st = lk_hmac_sha1(key, sizeof(key), p->content.data, p->content.len, mac, err);
	lk_wipe(key, sizeof(key));
	if (st)
		return st;
	if (!lk_equal_ct(mac, p->mac.data, sizeof(mac)))
		return lk_raise(err, LK_TAMPERED,
				"the password does not fit, or the file is "
				"damaged");
	return LK_OK;
}

static enum lk_status decrypt(const struct lk_pkcs12 *p, const char *password, size_t password_len,
			      struct lk_secret *out, struct lk_error *err)
{
	uint8_t key[24], iv[8];
	enum lk_status st;

	st = lk_pkcs12_derive(password, password_len, &p->salt, 1, p->iterations, key,
			      p->two_keys ? 16 : 24, err);
	if (!st)
		st = lk_pkcs12_derive(password, password_len, &p->salt, 2, p->iterations, iv,
				      sizeof(iv), err);
	if (!st)
		st = lk_secret_alloc(out, p->key.len, err);
	if (!st) {
		if (p->two_keys)
			memcpy(key + 16, key, 8);
		lk_des3_cbc_decrypt(key, iv, p->key.data, p->key.len, out->data);
		out->len = p->key.len;
	}
	lk_wipe(key, sizeof(key));
	return st;
}

static enum lk_status remove_padding(struct lk_secret *s, struct lk_error *err)
{
	const uint8_t n = s->data[s->len - 1];
	size_t i;

	for (i = 1; n >= 1 && n <= 8 && i <= n; i++)
		if (s->data[s->len - i] != n)
			break;
	if (n < 1 || n > 8 || i <= n)
		return lk_raise(err, LK_TAMPERED, "the key's padding does not fit");
	s->len -= n;
	return LK_OK;
}

enum lk_status lk_pkcs12_open(const void *der, size_t n, const char *password, size_t password_len,
			      struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET key = { 0 };
	struct lk_pkcs12 p;
	enum lk_status st;

	st = lk_pkcs12_parse(der, n, &p, err);
	if (!st)
		st = check_mac(&p, password, password_len, err);
	if (!st)
		st = decrypt(&p, password, password_len, &key, err);
	if (!st)
		st = remove_padding(&key, err);
	if (st)
		return st;
	*ret = lk_secret_take(&key);
	return LK_OK;
}
