/* SPDX-License-Identifier: Apache-2.0 */
/* The kbs provider's key rows, and whether what they hold is consistent. */
#include "providers/kbs_options.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/http.h"
#include "core/textfile.h"
#include "core/uri.h"
#include "providers/exec_run.h"

#define CA_FILE_MAX (1024u * 1024)

static const enum lk_key_kind key_kinds[] = { LK_KEY_P256, LK_KEY_P521, LK_KEY_RSA2048 };

#define AT(field) offsetof(struct lk_kbs_options, field)
const struct lk_key lk_kbs_rows[] = {
	{ .name = "kbs_url",
	  .aliases = (const char *const[]){ "url", NULL },
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SAMPLED | LK_K_ONE_OR_MANY, /* asked for behind cdh_type: kbs_check */
	  .offset = AT(urls),
	  .help = "URL of the key broker, or several: the first that answers is used.",
	  .example = "\"https://kbs.example:8443\"" },
	{ .name = "key_uri",
	  .aliases = (const char *const[]){ "resource_path", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  .offset = AT(key_uri),
	  .help = "The resource that holds the key: kbs:///repository/type/tag.",
	  .example = "\"kbs:///default/disk/root\"" },
	{ .name = "kbs_root_cert",
	  .type = LK_T_STRING,
	  .flags = LK_K_PEM_OR_PATH | LK_K_FILE_CA | LK_K_SAMPLED,
	  .offset = AT(root_cert),
	  .help = "The only CA certificates trusted for the key broker: PEM text, or the absolute "
		  "path of a PEM file.",
	  .example = "\"/etc/latchkey/kbs-ca.pem\"" },
	{ .name = "kbs_spki_pin",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY,
	  .offset = AT(pins),
	  .help = "The key broker's public key, as sha256//<base64> of its SPKI; any of several.",
	  .example = "[\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]" },
	{ .name = "allow_plaintext_http",
	  .type = LK_T_BOOL,
	  .flags = LK_K_WEAKENS,
	  .offset = AT(allow_plaintext),
	  .fallback = "false",
	  .help = "Accept http:// URLs. Keys stay encrypted to the TEE; who asks for which does "
		  "not." },
	{ .name = "kbs_protocol",
	  .type = LK_T_CHOICE,
	  .offset = AT(protocol),
	  .fallback = "0.4.0",
	  /* enum lk_kbs_protocol */
	  .choices = (const char *const[]){ "0.4.0", "0.2.0", "0.1.1", "0.1.0", NULL },
	  .help = "Version of the key broker's protocol. With 0.4.0 a broker of 0.2.0 is served "
		  "too. 0.1.1 and 0.1.0, of brokers before 2025, are spoken only when written "
		  "here, with tee_key = \"rsa-2048\", and never over http://." },
	{ .name = "tee_key",
	  .type = LK_T_CHOICE,
	  .offset = AT(tee_key),
	  .fallback = "ec-p256",
	  .choices = (const char *const[]){ "ec-p256", "ec-p521", "rsa-2048", NULL },
	  .help = "Kind of the one-time key that the answer is encrypted to." },
	{ .name = "cdh_type",
	  .type = LK_T_CHOICE,
	  .offset = AT(cdh_type),
	  .fallback = "native",
	  .choices = (const char *const[]){ "native", "one-shot", "daemon", NULL },
	  .help = "Who speaks the protocol: native and one-shot both mean latchkey itself, unless "
		  "cdh_command is given; daemon means a confidential data hub that runs already, "
		  "whose own configuration names the key broker. Why a hub gives no key cannot be "
		  "told: it is asked again until the deadline." },
	{ .name = "cdh_socket",
	  .type = LK_T_STRING,
	  .offset = AT(cdh_socket),
	  .fallback = LK_CDH_SOCKET,
	  .help = "Socket of the daemon: unix:///path, or unix://@name in the abstract name "
		  "space." },
	{ .name = "cdh_command",
	  .type = LK_T_STRING,
	  .flags = LK_K_COMMAND,
	  .offset = AT(cdh_command),
	  .help = "A confidential data hub to run once for the key instead: its absolute path, or "
		  "a name in the usual folders. It gets kbs_url and kbs_root_cert.",
	  .example = "\"/usr/bin/confidential-data-hub\"" },
	{ 0 },
};
#undef AT

enum lk_key_kind lk_kbs_option_key_kind(const struct lk_kbs_options *o)
{
	return key_kinds[o->tee_key];
}

static bool is_pem(const char *text)
{
	return strstr(text, "-----BEGIN ") != NULL;
}

/* ---- somebody else's client ---- */

bool lk_kbs_options_use_cdh(const struct lk_kbs_options *o)
{
	return o->cdh_type == LK_CDH_DAEMON || o->cdh_command;
}

bool lk_cdh_address(const char *text, const char **ret)
{
	static const char scheme[] = "unix://";
	const size_t n = sizeof(scheme) - 1;

	if (strncmp(text, scheme, n) != 0 || (text[n] != '/' && text[n] != '@') ||
	    text[n + 1] == '\0' || strlen(text + n) > 107)
		return false;
	*ret = text + n;
	return true;
}

static enum lk_status check_command(const struct lk_kbs_options *o, struct lk_error *err)
{
	if (o->cdh_type == LK_CDH_DAEMON)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "cdh_command: a daemon is not run; write one or the other");
	if (lk_exec_check(o->cdh_command, err))
		return lk_context(err, "cdh_command");
	if (o->urls.n > 1 || o->pins.n > 0)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "cdh_command: it takes one kbs_url and no kbs_spki_pin");
	return LK_OK;
}

static enum lk_status check_cdh(const struct lk_kbs_options *o, struct lk_error *err)
{
	const char *path;

	if (o->cdh_type == LK_CDH_DAEMON && !lk_cdh_address(o->cdh_socket, &path))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "cdh_socket: write unix:///path or unix://@name");
	if (o->protocol != LK_KBS_0_4_0 || o->tee_key != 0)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_protocol and tee_key are the confidential data hub's own "
				     "matter; remove them");
	return o->cdh_command ? check_command(o, err) : LK_OK;
}

void lk_kbs_options_need(const void *options, struct lk_provider_needs *needs)
{
	const struct lk_kbs_options *o = options;

	if (!lk_kbs_options_use_cdh(o))
		return;
	needs->elsewhere = true; /* the hub attests */
	needs->programs = o->cdh_command != NULL;
	needs->own_user = true;
}

/* ---- the broker ---- */

/* What was encrypted by old rules is worth what the connection is worth. */
static enum lk_status check_protocol(const struct lk_kbs_options *o, bool tls, struct lk_error *err)
{
	const enum lk_kbs_protocol p = (enum lk_kbs_protocol)o->protocol;

	if (!lk_kbs_key_alg(p, lk_kbs_option_key_kind(o)))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_protocol: version %s knows no such tee_key; write "
				     "tee_key = \"%s\"",
				     lk_kbs_dialect(p)->version,
				     lk_kbs_dialect(p)->legacy ? "rsa-2048" : "ec-p256");
	if (!tls && lk_kbs_dialect(p)->legacy)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_protocol: version %s over http:// protects nothing; "
				     "write https",
				     lk_kbs_dialect(p)->version);
	return LK_OK;
}

static enum lk_status check_url(const struct lk_kbs_options *o, const char *text,
				struct lk_error *err)
{
	struct lk_url url;
	enum lk_status st;

	st = lk_url_parse(text, &url, err);
	if (st)
		return lk_context(err, "kbs_url");
	if (!url.tls && !o->allow_plaintext)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_url: %s is not encrypted; write https, or "
				     "allow_plaintext_http = true",
				     url.base);
	if (url.tls && !o->root_cert && o->pins.n == 0)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "kbs_url: %s needs " LK_KBS_TRUST_KEYS, url.base);
	return check_protocol(o, url.tls, err);
}

static enum lk_status check_trust(const struct lk_kbs_options *o, struct lk_error *err)
{
	unsigned n;

	if (!o->root_cert)
		return LK_OK;
	if (!is_pem(o->root_cert) && o->root_cert[0] != '/')
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_root_cert is neither PEM text nor an absolute path");
	if (!is_pem(o->root_cert))
		return LK_OK;
	if (lk_x509_check_bundle(o->root_cert, &n, err))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_root_cert holds a certificate that cannot be read");
	return LK_OK;
}

enum lk_status lk_kbs_options_check(const void *options, struct lk_error *err)
{
	const struct lk_kbs_options *o = options;
	struct lk_kbs_name name;
	enum lk_status st;
	size_t i;

	st = lk_kbs_name_parse(o->key_uri, &name, err);
	if (st)
		return lk_context(err, "key_uri");
	if (lk_kbs_options_use_cdh(o)) {
		st = check_cdh(o, err);
		if (st || o->cdh_type == LK_CDH_DAEMON)
			return st;
	}
	if (o->urls.n == 0)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "the key 'kbs_url' is needed");
	if (o->urls.n > LK_HTTP_RACE_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "kbs_url: write at most %d URLs",
				     LK_HTTP_RACE_MAX);
	st = check_trust(o, err);
	if (st)
		return st;
	for (i = 0; i < o->urls.n; i++) {
		st = check_url(o, o->urls.items[i], err);
		if (st)
			return st;
	}
	return LK_OK;
}

bool lk_kbs_options_prove_server(const void *options)
{
	const struct lk_kbs_options *o = options;
	struct lk_error ignored = { 0 };
	struct lk_url url;
	size_t i;

	if (o->cdh_type == LK_CDH_DAEMON) /* who knows whom it trusts */
		return false;
	for (i = 0; i < o->urls.n; i++)
		if (lk_url_parse(o->urls.items[i], &url, &ignored) || !url.tls)
			return false;
	return o->root_cert || o->pins.n > 0;
}

enum lk_status lk_kbs_options_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	struct lk_kbs_options *o = options;
	LK_FREE char *text = NULL;
	enum lk_status st;

	(void)trust; /* what is public may be anybody's */
	if (o->cdh_command && lk_exec_find(&o->cdh_command, err))
		return lk_context(err, "cdh_command");
	if (!o->root_cert || is_pem(o->root_cert))
		return LK_OK;
	st = lk_textfile_read(o->root_cert, CA_FILE_MAX, &text, NULL, err);
	if (st)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "kbs_root_cert: cannot read %s",
				     o->root_cert);
	if (!is_pem(text))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "kbs_root_cert: %s holds no PEM text",
				     o->root_cert);
	free(o->root_cert);
	o->root_cert = lk_take(text);
	return check_trust(o, err);
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

bool lk_kbs_options_same_session(const void *a, const void *b)
{
	const struct lk_kbs_options *x = a, *y = b;

	return !lk_kbs_options_use_cdh(x) && !lk_kbs_options_use_cdh(y) &&
	       same_strings(&x->urls, &y->urls) && same_text(x->root_cert, y->root_cert) &&
	       same_strings(&x->pins, &y->pins) && x->allow_plaintext == y->allow_plaintext &&
	       x->protocol == y->protocol && x->tee_key == y->tee_key;
}
