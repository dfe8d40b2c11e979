/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, their lists of revocation and public keys, over GnuTLS. */
#include "keyserver/x509.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "core/secret.h"

struct lk_cert {
	gnutls_x509_crt_t crt;
};

struct lk_crl {
	gnutls_x509_crl_t crl;
};

LK_DEFINE_CLEANUP(gnutls_pubkey_t, gnutls_pubkey_deinit)
#define PUBKEY LK_CLEANUP(gnutls_pubkey_deinit_p) gnutls_pubkey_t

static void free_datum(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}
#define DATUM LK_CLEANUP(free_datum) gnutls_datum_t

static gnutls_datum_t borrow(const void *data, size_t n)
{
	/* GnuTLS does not write through what it is given to read */
	return (gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)data, .size = (unsigned)n };
}

static gnutls_x509_crt_fmt_t format_of(const void *data, size_t n)
{
	return n > 0 && *(const uint8_t *)data == 0x30 ? GNUTLS_X509_FMT_DER : GNUTLS_X509_FMT_PEM;
}

/* --- certificates ------------------------------------------------------------------------------- */

enum lk_status lk_cert_read(const void *data, size_t n, struct lk_cert **ret, struct lk_error *err)
{
	LK_CERT *c = calloc(1, sizeof(*c));
	gnutls_datum_t text = borrow(data, n);

	if (!c || gnutls_x509_crt_init(&c->crt) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for a certificate");
	if (n > LK_X509_MAX || gnutls_x509_crt_import(c->crt, &text, format_of(data, n)) < 0)
		return lk_raise(err, LK_TAMPERED, "a certificate that cannot be read");
	*ret = lk_take(c);
	return LK_OK;
}

void lk_cert_free(struct lk_cert *c)
{
	if (!c)
		return;
	if (c->crt)
		gnutls_x509_crt_deinit(c->crt);
	free(c);
}

bool lk_cert_same(const struct lk_cert *a, const struct lk_cert *b)
{
	return gnutls_x509_crt_equals(a->crt, b->crt) != 0;
}

void lk_cert_name(const struct lk_cert *c, char out[LK_X509_NAME])
{
	size_t n = LK_X509_NAME;

	if (gnutls_x509_crt_get_dn_by_oid(c->crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &n) < 0)
		out[0] = '\0';
}

bool lk_cert_extension(const struct lk_cert *c, const char *oid, uint8_t *out, size_t cap,
		       size_t *ret_n)
{
	DATUM value = { 0 };

	if (gnutls_x509_crt_get_extension_by_oid2(c->crt, oid, 0, &value, NULL) < 0 ||
	    value.size > cap)
		return false;
	memcpy(out, value.data, value.size);
	*ret_n = value.size;
	return true;
}

/* GnuTLS puts a zero byte before numbers whose top bit is set; ours have the field's length. */
static bool take_number(const gnutls_datum_t *d, uint8_t *out, size_t len)
{
	size_t skip = 0;

	while (skip < d->size && d->data[skip] == 0)
		skip++;
	if (d->size - skip > len)
		return false;
	memset(out, 0, len - (d->size - skip));
	memcpy(out + len - (d->size - skip), d->data + skip, d->size - skip);
	return true;
}

static enum lk_status take_ec(gnutls_pubkey_t key, struct lk_public_key *ret, struct lk_error *err)
{
	struct lk_public_key k = { 0 };
	DATUM x = { 0 };
	DATUM y = { 0 };
	gnutls_ecc_curve_t curve;

	if (gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) < 0 ||
	    (curve != GNUTLS_ECC_CURVE_SECP256R1 && curve != GNUTLS_ECC_CURVE_SECP384R1))
		return lk_raise(err, LK_TAMPERED, "a key of neither P-256 nor P-384");
	k.kind = curve == GNUTLS_ECC_CURVE_SECP256R1 ? LK_KEY_P256 : LK_KEY_P384;
	k.xy_len = curve == GNUTLS_ECC_CURVE_SECP256R1 ? 32 : 48;
	if (!take_number(&x, k.x, k.xy_len) || !take_number(&y, k.y, k.xy_len))
		return lk_raise(err, LK_TAMPERED, "a public key too long for its curve");
	*ret = k;
	return LK_OK;
}

enum lk_status lk_cert_ec_key(const struct lk_cert *c, struct lk_public_key *ret,
			      struct lk_error *err)
{
	PUBKEY key = NULL;

	if (gnutls_pubkey_init(&key) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for a key");
	if (gnutls_pubkey_import_x509(key, c->crt, 0) < 0)
		return lk_raise(err, LK_TAMPERED, "a certificate whose key cannot be read");
	return take_ec(key, ret, err);
}

bool lk_cert_names_issuer(const struct lk_cert *cert, const struct lk_cert *issuer)
{
	return gnutls_x509_crt_check_issuer(cert->crt, issuer->crt) != 0;
}

static enum lk_status check_dates(const struct lk_cert *c, int64_t now, struct lk_error *err)
{
	time_t from = gnutls_x509_crt_get_activation_time(c->crt);
	time_t until = gnutls_x509_crt_get_expiration_time(c->crt);
	char name[LK_X509_NAME];

	lk_cert_name(c, name);
	if (from == (time_t)-1 || until == (time_t)-1 || now < from)
		return lk_raise(err, LK_TAMPERED, "the certificate of %s is not valid yet", name);
	if (now > until)
		return lk_raise(err, LK_TAMPERED, "the certificate of %s has ended", name);
	return LK_OK;
}

/* The dates are ours to judge: GnuTLS knows only the clock of this moment. */
enum lk_status lk_cert_check(const struct lk_cert *cert, const struct lk_cert *issuer, int64_t now,
			     struct lk_error *err)
{
	char name[LK_X509_NAME];
	unsigned problems = 0;
	enum lk_status st;

	lk_cert_name(cert, name);
	if (gnutls_x509_crt_verify(cert->crt, &issuer->crt, 1,
				   GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
					   GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |
					   GNUTLS_VERIFY_DO_NOT_ALLOW_X509_V1_CA_CRT |
					   GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM),
				   &problems) < 0 ||
	    problems != 0)
		return lk_raise(err, LK_TAMPERED,
				"the certificate of %s is not signed by the one it names", name);
	st = check_dates(cert, now, err);
	return st ? st : check_dates(issuer, now, err);
}

/* --- revocation --------------------------------------------------------------------------------- */

enum lk_status lk_crl_read(const void *data, size_t n, struct lk_crl **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_crl_free_p) struct lk_crl *c = calloc(1, sizeof(*c));
	gnutls_datum_t text = borrow(data, n);

	if (!c || gnutls_x509_crl_init(&c->crl) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for a revocation list");
	if (n > LK_CRL_MAX || gnutls_x509_crl_import(c->crl, &text, format_of(data, n)) < 0)
		return lk_raise(err, LK_TAMPERED, "a revocation list that cannot be read");
	*ret = lk_take(c);
	return LK_OK;
}

void lk_crl_free(struct lk_crl *crl)
{
	if (!crl)
		return;
	if (crl->crl)
		gnutls_x509_crl_deinit(crl->crl);
	free(crl);
}

static bool lists(const struct lk_crl *crl, const struct lk_cert *cert)
{
	uint8_t serial[LK_X509_SERIAL], entry[LK_X509_SERIAL];
	size_t n = sizeof(serial), len;
	int i, count = gnutls_x509_crl_get_crt_count(crl->crl);

	if (gnutls_x509_crt_get_serial(cert->crt, serial, &n) < 0)
		return true;
	for (i = 0; i < count; i++) {
		len = sizeof(entry);
		if (gnutls_x509_crl_get_crt_serial(crl->crl, (unsigned)i, entry, &len, NULL) < 0 ||
		    (len == n && memcmp(entry, serial, n) == 0))
			return true;
	}
	return count < 0;
}

bool lk_cert_signs_lists(const struct lk_cert *issuer)
{
	unsigned usage = 0;

	/* without the extension, for everything */
	return gnutls_x509_crt_get_key_usage(issuer->crt, &usage, NULL) < 0 ||
	       (usage & GNUTLS_KEY_CRL_SIGN);
}

/* GnuTLS judges a list's dates by the clock of this moment, whatever it is told; ours come later. */
static bool signed_by(const struct lk_crl *crl, const struct lk_cert *issuer)
{
	const unsigned dates = GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
			       GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
	unsigned problems = 0;

	if (gnutls_x509_crl_check_issuer(crl->crl, issuer->crt) == 0 ||
	    gnutls_x509_crl_verify(crl->crl, &issuer->crt, 1,
				   GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), &problems) < 0)
		return false;
	if (problems & dates)
		problems &= ~(dates | GNUTLS_CERT_INVALID);
	return problems == 0;
}

enum lk_revocation lk_crl_look(const struct lk_crl *crl, const struct lk_cert *cert,
			       const struct lk_cert *issuer, int64_t now)
{
	time_t from, until;

	if (!signed_by(crl, issuer))
		return LK_NOT_LISTED;
	from = gnutls_x509_crl_get_this_update(crl->crl);
	until = gnutls_x509_crl_get_next_update(crl->crl);
	if (lists(crl, cert))
		return LK_REVOKED;
	if (from == (time_t)-1 || now < from)
		return LK_NOT_LISTED;
	return until == (time_t)-1 || now > until ? LK_GOOD_STALE : LK_GOOD;
}

/* --- keys --------------------------------------------------------------------------------------- */

static enum lk_status take_rsa(gnutls_pubkey_t key, struct lk_public_key *ret, struct lk_error *err)
{
	struct lk_public_key k = { .kind = LK_KEY_RSA2048 };
	DATUM n = { 0 };
	DATUM e = { 0 };
	unsigned skip;

	if (gnutls_pubkey_export_rsa_raw(key, &n, &e) < 0)
		return lk_raise(err, LK_TAMPERED, "an RSA key that cannot be read");
	for (skip = 0; skip < n.size && n.data[skip] == 0; skip++)
		;
	k.n_len = n.size - skip;
	k.e_len = e.size;
	if (k.n_len < 256 || k.n_len > sizeof(k.n) || k.e_len > sizeof(k.e) || k.e_len == 0)
		return lk_raise(err, LK_TAMPERED,
				"an RSA key of less than 2048 or more than 4096 bits");
	memcpy(k.n, n.data + skip, k.n_len);
	memcpy(k.e, e.data, k.e_len);
	*ret = k;
	return LK_OK;
}

enum lk_status lk_spki_read(const void *der, size_t n, struct lk_public_key *ret,
			    struct lk_error *err)
{
	gnutls_datum_t text = borrow(der, n);
	PUBKEY key = NULL;

	if (gnutls_pubkey_init(&key) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for a key");
	if (gnutls_pubkey_import(key, &text, GNUTLS_X509_FMT_DER) < 0)
		return lk_raise(err, LK_TAMPERED, "a public key that cannot be read");
	switch (gnutls_pubkey_get_pk_algorithm(key, NULL)) {
	case GNUTLS_PK_RSA:
		return take_rsa(key, ret, err);
	case GNUTLS_PK_ECDSA:
		return take_ec(key, ret, err);
	default:
		return lk_raise(err, LK_TAMPERED, "a public key of neither RSA nor EC");
	}
}

enum lk_status lk_rsa_verify_sha256(const struct lk_public_key *key, const void *data, size_t n,
				    const uint8_t *sig, size_t sig_len, struct lk_error *err)
{
	gnutls_datum_t modulus = borrow(key->n, key->n_len), e = borrow(key->e, key->e_len);
	gnutls_datum_t text = borrow(data, n), given = borrow(sig, sig_len);
	PUBKEY k = NULL;

	if (gnutls_pubkey_init(&k) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for a key");
	if (gnutls_pubkey_import_rsa_raw(k, &modulus, &e) < 0)
		return lk_raise(err, LK_TAMPERED, "an RSA key that cannot be used");
	if (gnutls_pubkey_verify_data2(k, GNUTLS_SIGN_RSA_SHA256, 0, &text, &given) < 0)
		return lk_raise(err, LK_TAMPERED, "the signature does not fit");
	return LK_OK;
}
