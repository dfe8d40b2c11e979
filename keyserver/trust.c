/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates and documents that evidence is checked against, and the search for a chain. */
#include "keyserver/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define ROOTS_MAX      16
#define CERTS_MAX      1024
#define CRLS_MAX       64
#define COLLATERAL_MAX 64
#define PEM_BEGIN      "-----BEGIN "
#define PEM_CERT       "-----BEGIN CERTIFICATE-----"
#define PEM_CRL	       "-----BEGIN X509 CRL-----"

struct collateral {
	char *text;
	size_t n;
};

struct lk_trust {
	struct lk_cert *roots[ROOTS_MAX];
	enum lk_vendor vendors[ROOTS_MAX]; /* of the roots */
	size_t n_roots;
	struct lk_cert *certs[CERTS_MAX];
	size_t n_certs;
	struct lk_crl *crls[CRLS_MAX];
	size_t n_crls;
	struct collateral collateral[COLLATERAL_MAX];
	size_t n_collateral;
};

void lk_trust_free(struct lk_trust *t)
{
	size_t i;

	if (!t)
		return;
	for (i = 0; i < t->n_roots; i++)
		lk_cert_free(t->roots[i]);
	for (i = 0; i < t->n_certs; i++)
		lk_cert_free(t->certs[i]);
	for (i = 0; i < t->n_crls; i++)
		lk_crl_free(t->crls[i]);
	for (i = 0; i < t->n_collateral; i++)
		free(t->collateral[i].text);
	free(t);
}

/* --- filling ------------------------------------------------------------------------------------ */

enum lk_status lk_trust_add_root(struct lk_trust *t, enum lk_vendor vendor, const char *pem,
				 struct lk_error *err)
{
	enum lk_status st;

	if (t->n_roots == ROOTS_MAX)
		return lk_raise(err, LK_INTERNAL, "more than %d root certificates", ROOTS_MAX);
	st = lk_cert_read(pem, strlen(pem), &t->roots[t->n_roots], err);
	if (st)
		return st;
	t->vendors[t->n_roots++] = vendor;
	return LK_OK;
}

static enum lk_status add_cert(struct lk_trust *t, const void *data, size_t n, struct lk_error *err)
{
	enum lk_status st;

	if (t->n_certs == CERTS_MAX)
		return lk_raise(err, LK_CONFIG, "more than %d certificates", CERTS_MAX);
	st = lk_cert_read(data, n, &t->certs[t->n_certs], err);
	if (st == LK_OK)
		t->n_certs++;
	return st;
}

static enum lk_status add_crl(struct lk_trust *t, const void *data, size_t n, struct lk_error *err)
{
	enum lk_status st;

	if (t->n_crls == CRLS_MAX)
		return lk_raise(err, LK_CONFIG, "more than %d revocation lists", CRLS_MAX);
	st = lk_crl_read(data, n, &t->crls[t->n_crls], err);
	if (st == LK_OK)
		t->n_crls++;
	return st;
}

static enum lk_status add_collateral(struct lk_trust *t, const void *data, size_t n,
				     struct lk_error *err)
{
	struct collateral *c = &t->collateral[t->n_collateral];

	if (t->n_collateral == COLLATERAL_MAX)
		return lk_raise(err, LK_CONFIG, "more than %d documents", COLLATERAL_MAX);
	c->text = strndup(data, n);
	if (!c->text)
		return lk_raise(err, LK_INTERNAL, "no memory for a document");
	c->n = strlen(c->text);
	t->n_collateral++;
	return LK_OK;
}

static enum lk_status add_pem(struct lk_trust *t, const char *text, struct lk_error *err)
{
	const char *at = strstr(text, PEM_BEGIN), *next;
	enum lk_status st = LK_OK;

	for (; at && !st; at = next) {
		next = strstr(at + 1, PEM_BEGIN);
		if (strncmp(at, PEM_CERT, strlen(PEM_CERT)) == 0)
			st = add_cert(t, at, next ? (size_t)(next - at) : strlen(at), err);
		else if (strncmp(at, PEM_CRL, strlen(PEM_CRL)) == 0)
			st = add_crl(t, at, next ? (size_t)(next - at) : strlen(at), err);
		else
			st = lk_raise(err, LK_CONFIG,
				      "PEM of neither certificates nor revocation lists");
	}
	return st;
}

enum lk_status lk_trust_add(struct lk_trust *t, const void *data, size_t n, struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;

	if (n > 0 && *(const uint8_t *)data == 0x30) {
		st = n <= LK_X509_MAX ? add_cert(t, data, n, err) : LK_TAMPERED;
		if (st == LK_TAMPERED)
			st = add_crl(t, data, n, err);
	} else if (n > 0 && *(const char *)data == '{') {
		st = add_collateral(t, data, n, err);
	} else {
		text = strndup(data, n);
		if (!text)
			return lk_raise(err, LK_INTERNAL, "no memory for certificates");
		if (!strstr(text, PEM_BEGIN))
			return lk_raise(err, LK_CONFIG,
					"no certificate, revocation list or JSON document");
		st = add_pem(t, text, err);
	}
	return st == LK_TAMPERED ? lk_raise(err, LK_CONFIG, "a certificate or list that is damaged")
				 : st;
}

static enum lk_status add_built_in(struct lk_trust *t, const struct lk_trust_root *list,
				   struct lk_error *err)
{
	enum lk_status st = LK_OK;

	for (; list->pem && !st; list++)
		st = list->root ? lk_trust_add_root(t, list->vendor, list->pem, err)
				: add_cert(t, list->pem, strlen(list->pem), err);
	return st;
}

enum lk_status lk_trust_new(struct lk_trust **ret, struct lk_error *err)
{
	LK_CLEANUP(lk_trust_free_p) struct lk_trust *t = calloc(1, sizeof(*t));
	enum lk_status st;

	if (!t)
		return lk_raise(err, LK_INTERNAL, "no memory for certificates");
	st = add_built_in(t, lk_amd_certificates, err);
	if (!st)
		st = add_built_in(t, lk_intel_certificates, err);
	if (st)
		return lk_context(err, "read the vendors' certificates");
	*ret = lk_take(t);
	return LK_OK;
}

static enum lk_status read_file(int dir, const char *name, char **ret, size_t *ret_n,
				struct lk_error *err)
{
	LK_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	LK_FREE char *data = NULL;
	struct stat sb;
	size_t n = 0;
	ssize_t got;

	if (fd < 0 || fstat(fd, &sb) != 0)
		return lk_raise(err, LK_CONFIG, "open: %s", strerror(errno));
	if (!S_ISREG(sb.st_mode) || sb.st_size <= 0 || sb.st_size > (off_t)LK_CRL_MAX)
		return lk_raise(err, LK_CONFIG, "not a file of at most 1 MiB");
	data = malloc((size_t)sb.st_size);
	if (!data)
		return lk_raise(err, LK_INTERNAL, "no memory for certificates");
	while (n < (size_t)sb.st_size && (got = read(fd, data + n, (size_t)sb.st_size - n)) > 0)
		n += (size_t)got;
	*ret = lk_take(data);
	*ret_n = n;
	return LK_OK;
}

static enum lk_status add_file(struct lk_trust *t, int dir, const char *name, struct lk_error *err)
{
	LK_FREE char *data = NULL;
	size_t n;
	enum lk_status st;

	st = read_file(dir, name, &data, &n, err);
	if (!st)
		st = lk_trust_add(t, data, n, err);
	return st ? lk_context(err, "read %s", name) : LK_OK;
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

enum lk_status lk_trust_add_folder(struct lk_trust *t, const char *path, struct lk_error *err)
{
	LK_CLEANUP(close_dir) DIR *dir = opendir(path);
	const struct dirent *e;
	enum lk_status st = LK_OK;

	if (!dir)
		return lk_raise(err, LK_CONFIG, "open %s: %s", path, strerror(errno));
	while (!st && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			st = add_file(t, dirfd(dir), e->d_name, err);
	return st ? lk_context(err, "read the certificates in %s", path) : LK_OK;
}

const struct lk_cert *lk_trust_cert(const struct lk_trust *t, size_t i)
{
	return i < t->n_certs ? t->certs[i] : NULL;
}

const char *lk_trust_collateral(const struct lk_trust *t, size_t i, size_t *ret_n)
{
	if (i >= t->n_collateral)
		return NULL;
	*ret_n = t->collateral[i].n;
	return t->collateral[i].text;
}

/* --- chains ------------------------------------------------------------------------------------- */

struct search {
	const struct lk_trust *trust;
	enum lk_vendor vendor;
	struct lk_cert *const *others;
	size_t n_others;
	int64_t now;
};

static bool try_issuer(const struct search *s, const struct lk_cert *cert,
		       const struct lk_cert *candidate, struct lk_error *err)
{
	return lk_cert_names_issuer(cert, candidate) &&
	       lk_cert_check(cert, candidate, s->now, err) == LK_OK;
}

static bool is_root(const struct search *s, const struct lk_cert *cert)
{
	size_t i;

	for (i = 0; i < s->trust->n_roots; i++)
		if (s->trust->vendors[i] == s->vendor && s->trust->roots[i] == cert)
			return true;
	return false;
}

/* Who signed cert: a root of the vendor's before all others. NULL with the reason in err. */
static const struct lk_cert *find_issuer(const struct search *s, const struct lk_cert *cert,
					 struct lk_error *err)
{
	const struct lk_trust *t = s->trust;
	char name[LK_X509_NAME];
	size_t i;

	lk_cert_name(cert, name);
	lk_raise(err, LK_TAMPERED, "no certificate that signed the one of %s", name);
	for (i = 0; i < t->n_roots; i++)
		if (t->vendors[i] == s->vendor && try_issuer(s, cert, t->roots[i], err))
			return t->roots[i];
	for (i = 0; i < t->n_certs; i++)
		if (try_issuer(s, cert, t->certs[i], err))
			return t->certs[i];
	for (i = 0; i < s->n_others; i++)
		if (try_issuer(s, cert, s->others[i], err))
			return s->others[i];
	return NULL;
}

/* One list that knows better counts for all: revoked stays revoked, a fresh list beats a stale. */
static enum lk_revocation look_up(const struct search *s, const struct lk_cert *cert,
				  const struct lk_cert *issuer)
{
	enum lk_revocation best = LK_NOT_LISTED, r;
	size_t i;

	for (i = 0; i < s->trust->n_crls; i++) {
		r = lk_crl_look(s->trust->crls[i], cert, issuer, s->now);
		if (r == LK_REVOKED)
			return r;
		if (r == LK_GOOD || (r == LK_GOOD_STALE && best == LK_NOT_LISTED))
			best = r;
	}
	return best;
}

static enum lk_status check_revocation(const struct search *s, struct lk_chain *c,
				       struct lk_error *err)
{
	char name[LK_X509_NAME];
	bool looked = false;
	size_t i;

	c->revocation = LK_NOT_LISTED;
	for (i = 0; i + 1 < c->n; i++) {
		enum lk_revocation r;

		if (!lk_cert_signs_lists(c->certs[i + 1]))
			continue; /* AMD's ASK: chips are not revoked one by one */
		r = look_up(s, c->certs[i], c->certs[i + 1]);
		if (r == LK_REVOKED) {
			lk_cert_name(c->certs[i], name);
			return lk_raise(err, LK_DENIED, "the certificate of %s was revoked", name);
		}
		if (!looked || r == LK_NOT_LISTED || c->revocation == LK_GOOD)
			c->revocation = r;
		looked = true;
	}
	return LK_OK;
}

enum lk_status lk_trust_chain(const struct lk_trust *t, enum lk_vendor vendor,
			      const struct lk_cert *leaf, struct lk_cert *const *others,
			      size_t n_others, int64_t now, struct lk_chain *ret,
			      struct lk_error *err)
{
	const struct search s = { t, vendor, others, n_others, now };
	struct lk_chain c = { .certs = { leaf }, .n = 1 };
	enum lk_status st;

	while (!is_root(&s, c.certs[c.n - 1])) {
		if (c.n == LK_CHAIN_MAX)
			return lk_raise(err, LK_DENIED, "more than %d certificates to a root",
					LK_CHAIN_MAX);
		c.certs[c.n] = find_issuer(&s, c.certs[c.n - 1], err);
		if (!c.certs[c.n]) {
			char why[LK_ERROR_TEXT];

			(void)snprintf(why, sizeof(why), "%s", err->frames[0].text);
			return lk_raise(err, LK_DENIED, "%s", why);
		}
		c.n++;
	}
	st = check_revocation(&s, &c, err);
	if (st)
		return st;
	*ret = c;
	return LK_OK;
}

const char *lk_revocation_name(enum lk_revocation r)
{
	return r == LK_GOOD ? "checked" : r == LK_GOOD_STALE ? "stale" : "unknown";
}
