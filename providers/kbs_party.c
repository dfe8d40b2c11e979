/* SPDX-License-Identifier: Apache-2.0 */
/* A key broker's or token issuer's URLs, certificate and pins. */
#include "providers/kbs_party.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/http.h"
#include "core/textfile.h"
#include "core/uri.h"

#define CA_FILE_MAX (1024u * 1024)

const struct lk_kbs_party_names lk_kbs_broker_names = { "kbs_url", "kbs_root_cert", "kbs_spki_pin",
							"kbs_root_cert or kbs_spki_pin" };
const struct lk_kbs_party_names lk_kbs_issuer_names = { "token_url", "token_root_cert",
							"token_spki_pin",
							"token_root_cert or token_spki_pin" };

static bool is_pem(const char *text)
{
	return strstr(text, "-----BEGIN ") != NULL;
}

bool lk_kbs_party_known(const struct lk_kbs_party *p)
{
	return p->root_cert || p->pins.n > 0;
}

bool lk_kbs_party_all_tls(const struct lk_kbs_party *p)
{
	struct lk_error ignored = { 0 };
	struct lk_url url;
	size_t i;

	for (i = 0; i < p->urls.n; i++)
		if (lk_url_parse(p->urls.items[i], &url, &ignored) || !url.tls)
			return false;
	return true;
}

static enum lk_status check_cert(const struct lk_kbs_party *p,
				 const struct lk_kbs_party_names *names, struct lk_error *err)
{
	unsigned n;

	if (!p->root_cert)
		return LK_OK;
	if (!is_pem(p->root_cert) && p->root_cert[0] != '/')
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "%s is neither PEM text nor an absolute path",
				     names->root_cert);
	if (!is_pem(p->root_cert))
		return LK_OK;
	if (lk_x509_check_bundle(p->root_cert, &n, err))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "%s holds a certificate that cannot be read",
				     names->root_cert);
	return LK_OK;
}

enum lk_status lk_kbs_party_check(const struct lk_kbs_party *p,
				  const struct lk_kbs_party_names *names,
				  const struct lk_kbs_party *fallback, bool allow_plaintext,
				  struct lk_error *err)
{
	const bool known = lk_kbs_party_known(p) || (fallback && lk_kbs_party_known(fallback));
	struct lk_url url;
	enum lk_status st;
	size_t i;

	if (p->urls.n > LK_HTTP_RACE_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s: write at most %d URLs",
				     names->url, LK_HTTP_RACE_MAX);
	st = check_cert(p, names, err);
	if (st)
		return st;
	for (i = 0; i < p->urls.n; i++) {
		st = lk_url_parse(p->urls.items[i], &url, err);
		if (st)
			return lk_context(err, "%s", names->url);
		if (!url.tls && !allow_plaintext)
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "%s: %s is not encrypted; write https, or "
					     "allow_plaintext_http = true",
					     names->url, url.base);
		if (url.tls && !known)
			return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s: %s needs %s",
					     names->url, url.base, names->trust);
	}
	return LK_OK;
}

enum lk_status lk_kbs_party_load(struct lk_kbs_party *p, const struct lk_kbs_party_names *names,
				 struct lk_error *err)
{
	LK_FREE char *text = NULL;
	enum lk_status st;

	if (!p->root_cert || is_pem(p->root_cert))
		return LK_OK;
	st = lk_textfile_read(p->root_cert, CA_FILE_MAX, &text, NULL, err);
	if (st)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s: cannot read %s",
				     names->root_cert, p->root_cert);
	if (!is_pem(text))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "%s: %s holds no PEM text",
				     names->root_cert, p->root_cert);
	free(p->root_cert);
	p->root_cert = lk_take(text);
	return check_cert(p, names, err);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_strings(const struct lk_strings *a, const struct lk_strings *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

bool lk_kbs_party_same(const struct lk_kbs_party *a, const struct lk_kbs_party *b)
{
	return same_strings(&a->urls, &b->urls) && same_text(a->root_cert, b->root_cert) &&
	       same_strings(&a->pins, &b->pins);
}
