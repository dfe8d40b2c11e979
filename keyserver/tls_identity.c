/* SPDX-License-Identifier: Apache-2.0 */
/* Making and loading the server's certificate and its CA (RFC 5280), over GnuTLS. */
#include "keyserver/tls_identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define DAY	    (24 * 60 * 60)
#define BACKDATE    (7 * DAY)
#define CA_LIFE	    (30 * 365 * (int64_t)DAY)
#define SERVER_LIFE (10 * 365 * (int64_t)DAY)

LK_DEFINE_CLEANUP(gnutls_x509_crt_t, gnutls_x509_crt_deinit)
LK_DEFINE_CLEANUP(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit)

#define CRT LK_CLEANUP(gnutls_x509_crt_deinit_p) gnutls_x509_crt_t
#define KEY LK_CLEANUP(gnutls_x509_privkey_deinit_p) gnutls_x509_privkey_t

static enum lk_status broken(struct lk_error *err, const char *what, int code)
{
	return lk_raise(err, LK_INTERNAL, "%s: %s", what, gnutls_strerror(code));
}

/* --- files -------------------------------------------------------------------------------------- */

static enum lk_status write_file(int dir_fd, const char *name, mode_t mode, const void *data,
				 size_t n, struct lk_error *err)
{
	LK_FD int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "create tls/%s: %s", name, strerror(errno));
	/* whatever the umask: what is public is meant to be copied */
	if (fchmod(fd, mode) != 0 || write(fd, data, n) != (ssize_t)n || fsync(fd) != 0 ||
	    fsync(dir_fd) != 0)
		return lk_raise(err, LK_INTERNAL, "write tls/%s: %s", name, strerror(errno));
	return LK_OK;
}

static enum lk_status write_crt(int dir_fd, const char *name, gnutls_x509_crt_t crt,
				struct lk_error *err)
{
	gnutls_datum_t pem = { 0 };
	enum lk_status st;
	int code = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);

	if (code < 0)
		return broken(err, "export a certificate", code);
	st = write_file(dir_fd, name, 0644, pem.data, pem.size, err);
	gnutls_free(pem.data);
	return st;
}

static enum lk_status write_key(int dir_fd, const char *name, gnutls_x509_privkey_t key,
				struct lk_error *err)
{
	gnutls_datum_t pem = { 0 };
	enum lk_status st;
	int code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						     GNUTLS_PKCS_PLAIN, &pem);

	if (code < 0)
		return broken(err, "export a TLS key", code);
	st = write_file(dir_fd, name, 0600, pem.data, pem.size, err);
	lk_wipe(pem.data, pem.size);
	gnutls_free(pem.data);
	return st;
}

/* --- certificates ------------------------------------------------------------------------------- */

bool lk_tls_name_ok(const char *name)
{
	struct in6_addr addr;
	const char *p = name;
	size_t n;

	if (inet_pton(AF_INET, name, &addr) == 1 || inet_pton(AF_INET6, name, &addr) == 1)
		return true;
	if (strlen(name) > 253)
		return false;
	for (;;) {
		n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
		if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
			return false;
		p += n;
		if (*p == '\0')
			return true;
		if (*p++ != '.')
			return false;
	}
}

static int add_name(gnutls_x509_crt_t crt, const char *name)
{
	unsigned char addr[16];

	if (inet_pton(AF_INET, name, addr) == 1)
		return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, addr, 4,
							    GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, name, addr) == 1)
		return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, addr, 16,
							    GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
						    (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

static enum lk_status new_key(gnutls_x509_privkey_t *ret, struct lk_error *err)
{
	int code = gnutls_x509_privkey_init(ret);

	if (code >= 0)
		code = gnutls_x509_privkey_generate(
			*ret, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	return code < 0 ? broken(err, "make a TLS key", code) : LK_OK;
}

/* What both certificates have: version, a random serial number, dates, name, key. */
static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *cn, int64_t now,
		int64_t life)
{
	unsigned char serial[16], id[64];
	size_t id_len = sizeof(id);
	int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and never shorter */
	if (code >= 0)
		code = gnutls_x509_crt_set_version(crt, 3);
	if (code >= 0)
		code = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (code >= 0)
		code = gnutls_x509_crt_set_activation_time(crt, (time_t)(now - BACKDATE));
	if (code >= 0)
		code = gnutls_x509_crt_set_expiration_time(crt, (time_t)(now + life));
	if (code >= 0)
		code = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
						     (unsigned)strlen(cn));
	if (code >= 0)
		code = gnutls_x509_crt_set_key(crt, key);
	if (code >= 0)
		code = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &id_len);
	if (code >= 0)
		code = gnutls_x509_crt_set_subject_key_id(crt, id, id_len);
	return code;
}

static enum lk_status make_ca(gnutls_x509_crt_t ca, gnutls_x509_privkey_t key, int64_t now,
			      struct lk_error *err)
{
	unsigned char tag[4];
	char cn[64];
	int code = gnutls_rnd(GNUTLS_RND_NONCE, tag, sizeof(tag));

	/* two servers' CAs must not bear one name: clients look issuers up by it */
	(void)snprintf(cn, sizeof(cn), "latchkeyd CA %02x%02x%02x%02x", tag[0], tag[1], tag[2],
		       tag[3]);
	if (code >= 0)
		code = fill(ca, key, cn, now, CA_LIFE);
	if (code >= 0)
		code = gnutls_x509_crt_set_basic_constraints(ca, 1, 0);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(ca, GNUTLS_KEY_KEY_CERT_SIGN |
								 GNUTLS_KEY_CRL_SIGN);
	if (code >= 0)
		code = gnutls_x509_crt_sign2(ca, ca, key, GNUTLS_DIG_SHA256, 0);
	return code < 0 ? broken(err, "make the CA", code) : LK_OK;
}

static int set_issuer(gnutls_x509_crt_t crt, gnutls_x509_crt_t ca)
{
	unsigned char id[64];
	size_t id_len = sizeof(id);
	int code = gnutls_x509_crt_get_subject_key_id(ca, id, &id_len, NULL);

	return code < 0 ? code : gnutls_x509_crt_set_authority_key_id(crt, id, id_len);
}

static enum lk_status make_server(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
				  gnutls_x509_crt_t ca, gnutls_x509_privkey_t ca_key,
				  const char *const *names, size_t n_names, int64_t now,
				  struct lk_error *err)
{
	int code = fill(crt, key, "latchkeyd", now, SERVER_LIFE);
	size_t i;

	for (i = 0; code >= 0 && i < n_names; i++)
		code = add_name(crt, names[i]);
	if (code >= 0)
		code = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (code >= 0)
		code = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (code >= 0)
		code = set_issuer(crt, ca);
	if (code >= 0)
		code = gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0);
	return code < 0 ? broken(err, "make the server's certificate", code) : LK_OK;
}

enum lk_status lk_tls_identity_create(int dir_fd, const char *const *names, size_t n_names,
				      int64_t now, struct lk_error *err)
{
	KEY ca_key = NULL;
	KEY key = NULL;
	CRT ca = NULL;
	CRT crt = NULL;
	enum lk_status st;

	st = new_key(&ca_key, err);
	if (st == LK_OK)
		st = new_key(&key, err);
	if (st)
		return st;
	if (gnutls_x509_crt_init(&ca) < 0 || gnutls_x509_crt_init(&crt) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for certificates");
	st = make_ca(ca, ca_key, now, err);
	if (st == LK_OK)
		st = make_server(crt, key, ca, ca_key, names, n_names, now, err);
	if (st == LK_OK)
		st = write_key(dir_fd, "ca.key", ca_key, err);
	if (st == LK_OK)
		st = write_crt(dir_fd, "ca.pem", ca, err);
	if (st == LK_OK)
		st = write_key(dir_fd, "server.key", key, err);
	if (st == LK_OK)
		st = write_crt(dir_fd, "server.pem", crt, err);
	return st;
}

/* --- loading ------------------------------------------------------------------------------------ */

static enum lk_status read_pem(int dir_fd, const char *name, struct lk_secret *ret,
			       struct lk_error *err)
{
	LK_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	LK_SECRET raw = { 0 };
	LK_SECRET pem = { 0 };
	enum lk_status st;

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "open tls/%s: %s", name, strerror(errno));
	st = lk_secret_read_fd(&raw, fd, LK_TLS_PEM_MAX, err);
	if (st == LK_OK)
		st = lk_secret_alloc(&pem, raw.len + 1, err);
	if (st == LK_OK)
		st = lk_secret_append(&pem, raw.data, raw.len, err);
	if (st == LK_OK)
		st = lk_secret_append(&pem, "", 1, err);
	if (st)
		return lk_context(err, "read tls/%s", name);
	*ret = lk_secret_take(&pem);
	return LK_OK;
}

/* The same key on both sides? Else the first client would be the one to find out. */
static enum lk_status check_pair(const struct lk_secret *cert_pem, const struct lk_secret *key_pem,
				 int64_t *ret_not_after, struct lk_error *err)
{
	const gnutls_datum_t cert = { cert_pem->data, (unsigned)cert_pem->len };
	const gnutls_datum_t private = { key_pem->data, (unsigned)key_pem->len };
	unsigned char a[64], b[64];
	size_t a_len = sizeof(a), b_len = sizeof(b);
	CRT crt = NULL;
	KEY key = NULL;

	if (gnutls_x509_crt_init(&crt) < 0 || gnutls_x509_privkey_init(&key) < 0)
		return lk_raise(err, LK_INTERNAL, "no memory for a certificate");
	if (gnutls_x509_crt_import(crt, &cert, GNUTLS_X509_FMT_PEM) < 0)
		return lk_raise(err, LK_CONFIG, "tls/server.pem is no certificate");
	if (gnutls_x509_privkey_import(key, &private, GNUTLS_X509_FMT_PEM) < 0)
		return lk_raise(err, LK_CONFIG, "tls/server.key is no key");
	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, a, &a_len) < 0 ||
	    gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b, &b_len) < 0 ||
	    a_len != b_len || memcmp(a, b, a_len) != 0)
		return lk_raise(err, LK_CONFIG, "tls/server.key is not the key of tls/server.pem");
	*ret_not_after = (int64_t)gnutls_x509_crt_get_expiration_time(crt);
	return LK_OK;
}

void lk_tls_identity_clear(struct lk_tls_identity *t)
{
	lk_secret_wipe(&t->key_pem);
	free(t->cert_pem);
	*t = (struct lk_tls_identity){ 0 };
}

enum lk_status lk_tls_identity_load(int dir_fd, struct lk_tls_identity *ret, struct lk_error *err)
{
	LK_SECRET cert = { 0 };
	LK_SECRET key = { 0 };
	char *cert_pem;
	int64_t not_after;
	enum lk_status st;

	st = read_pem(dir_fd, "server.pem", &cert, err);
	if (st)
		return st;
	st = read_pem(dir_fd, "server.key", &key, err);
	if (st)
		return st;
	st = check_pair(&cert, &key, &not_after, err);
	if (st)
		return st;
	cert_pem = strdup((const char *)cert.data);
	if (!cert_pem)
		return lk_raise(err, LK_INTERNAL, "no memory for a certificate");
	*ret = (struct lk_tls_identity){ lk_secret_take(&key), cert_pem, not_after };
	return LK_OK;
}
