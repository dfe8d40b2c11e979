/* SPDX-License-Identifier: Apache-2.0 */
/* Volume keys from a key broker, by attestation: the provider's options and its contract. */
#include <stdlib.h>
#include <string.h>

#include "core/nameservers.h"
#include "core/route.h"
#include "core/textfile.h"
#include "providers/kbs_session.h"
#include "providers/key_bytes.h"
#include "providers/provider.h"

#define CA_FILE_MAX (1024u * 1024)
#define TRUST_KEYS  "kbs_root_cert or kbs_spki_pin"

struct kbs_options {
	struct lk_strings urls;
	char *key_uri;
	char *root_cert;
	struct lk_strings pins;
	bool allow_plaintext;
	int protocol;
	int tee_key;
	int cdh_type;
	char *cdh_socket;
	char *cdh_command;
};

static const enum lk_key_kind key_kinds[] = { LK_KEY_P256, LK_KEY_P521, LK_KEY_RSA2048 };
#define CDH_DAEMON 2

#define AT(field)  offsetof(struct kbs_options, field)
static const struct lk_key keys[] = {
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
	  .fallback = LK_KBS_VERSION,
	  .choices = (const char *const[]){ LK_KBS_VERSION, NULL },
	  .help = "Version of the key broker's protocol." },
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
	  .help = "Who speaks the protocol: native and one-shot both mean latchkey itself." },
	{ .name = "cdh_socket",
	  .type = LK_T_STRING,
	  .flags = LK_K_HIDDEN,
	  .offset = AT(cdh_socket),
	  .help = "Socket of a running confidential data hub." },
	{ .name = "cdh_command",
	  .type = LK_T_STRING,
	  .flags = LK_K_HIDDEN | LK_K_COMMAND,
	  .offset = AT(cdh_command),
	  .help = "Path of an external confidential data hub." },
	{ 0 },
};
#undef AT

static bool is_pem(const char *text)
{
	return strstr(text, "-----BEGIN ") != NULL;
}

/* ---- options ---- */

static enum lk_status check_cdh(const struct kbs_options *o, struct lk_error *err)
{
	if (o->cdh_type == CDH_DAEMON)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "cdh_type: a CDH daemon is not in this build; write native, "
				     "and kbs_url");
	if (o->cdh_command)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "cdh_command: an external CDH is not in this build; remove "
				     "it to let latchkey speak the protocol");
	if (o->cdh_socket)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "cdh_socket: a CDH daemon is not in this build; remove it");
	return LK_OK;
}

static enum lk_status check_url(const struct kbs_options *o, const char *text, struct lk_error *err)
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
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "kbs_url: %s needs " TRUST_KEYS,
				     url.base);
	return LK_OK;
}

static enum lk_status check_trust(const struct kbs_options *o, struct lk_error *err)
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

static enum lk_status kbs_check(const void *options, struct lk_error *err)
{
	const struct kbs_options *o = options;
	struct lk_kbs_name name;
	enum lk_status st;
	size_t i;

	st = check_cdh(o, err);
	if (st)
		return st;
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
	st = lk_kbs_name_parse(o->key_uri, &name, err);
	return st ? lk_context(err, "key_uri") : LK_OK;
}

static bool kbs_proves_server(const void *options)
{
	const struct kbs_options *o = options;
	struct lk_error ignored = { 0 };
	struct lk_url url;
	size_t i;

	for (i = 0; i < o->urls.n; i++)
		if (lk_url_parse(o->urls.items[i], &url, &ignored) || !url.tls)
			return false;
	return o->root_cert || o->pins.n > 0;
}

static enum lk_status kbs_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	struct kbs_options *o = options;
	LK_FREE char *text = NULL;
	enum lk_status st;

	(void)trust; /* what is public may be anybody's */
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

static bool kbs_same_session(const void *a, const void *b)
{
	const struct kbs_options *x = a, *y = b;

	return same_strings(&x->urls, &y->urls) && same_text(x->root_cert, y->root_cert) &&
	       same_strings(&x->pins, &y->pins) && x->allow_plaintext == y->allow_plaintext &&
	       x->protocol == y->protocol && x->tee_key == y->tee_key;
}

/* ---- session ---- */

struct batch_session {
	const struct lk_batch_item *items; /* the caller's, until finish */
	struct lk_http *http;
	struct lk_url *endpoints;
	struct lk_kbs_site site;
	struct lk_kbs_session session;
};

static void kbs_finish(void *session)
{
	struct batch_session *b = session;

	if (!b)
		return;
	lk_kbs_session_close(&b->session);
	lk_http_free(b->http);
	free(b->endpoints);
	free(b);
}

static void finish_p(struct batch_session **b)
{
	kbs_finish(*b);
}

static bool wants_names(const struct batch_session *b)
{
	size_t i;

	for (i = 0; i < b->site.n_endpoints; i++)
		if (!b->endpoints[i].literal && !b->endpoints[i].loopback)
			return true;
	return false;
}

static enum lk_status make_client(struct batch_session *b, const struct kbs_options *o,
				  const struct lk_strings *dns, struct lk_error *err)
{
	char servers[LK_NAMESERVERS_TEXT];
	struct lk_nameservers list;
	struct lk_http_options http = {
		.ca_pem = o->root_cert,
		.pins = &o->pins,
		.trust_keys = TRUST_KEYS,
		.allow_plaintext = o->allow_plaintext,
		.name_servers = servers,
	};
	enum lk_status st;

	st = wants_names(b) ? lk_nameservers_wait("", dns, b->site.deadline, &list, err)
			    : lk_nameservers_find("", dns, &list, err);
	if (st)
		return st;
	lk_nameservers_join(&list, servers);
	return lk_http_new(&http, &b->http, err);
}

/* No endpoint of this machine's own: nothing works before a route is there. */
static enum lk_status wait_for_network(const struct batch_session *b, struct lk_error *err)
{
	size_t i;

	for (i = 0; i < b->site.n_endpoints; i++)
		if (b->endpoints[i].loopback)
			return LK_OK;
	return lk_route_wait(b->site.deadline, err);
}

static enum lk_status make_site(struct batch_session *b, const struct lk_batch *batch,
				struct lk_error *err)
{
	const struct kbs_options *o = batch->items[0].options;
	enum lk_status st;
	size_t i;

	b->endpoints = calloc(o->urls.n, sizeof(*b->endpoints));
	if (!b->endpoints)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	b->items = batch->items;
	for (i = 0; i < o->urls.n; i++) {
		st = lk_url_parse(o->urls.items[i], &b->endpoints[i], err);
		if (st)
			return st;
	}
	b->site = (struct lk_kbs_site){
		.endpoints = b->endpoints,
		.n_endpoints = o->urls.n,
		.attester = batch->attester,
		.key_kind = key_kinds[o->tee_key],
		.deadline = batch->deadline,
	};
	return LK_OK;
}

static enum lk_status kbs_prepare(const struct lk_batch *batch, void **ret_session,
				  struct lk_error *err)
{
	LK_CLEANUP(finish_p) struct batch_session *b = calloc(1, sizeof(*b));
	const struct kbs_options *o = batch->items[0].options;
	enum lk_status st;

	if (!b)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = kbs_check(o, err);
	if (st)
		return st;
	st = make_site(b, batch, err);
	if (st)
		return st;
	st = wait_for_network(b, err);
	if (st)
		return st;
	/* after the route: the lease that brought it names the servers */
	st = make_client(b, o, batch->network ? batch->network->dns : NULL, err);
	if (st)
		return st;
	b->site.http = b->http;
	st = lk_kbs_session_open(&b->session, &b->site, err);
	if (st)
		return st;
	*ret_session = lk_take(b);
	return LK_OK;
}

static enum lk_status kbs_fetch(void *session, size_t i, struct lk_volume_key *ret,
				struct lk_fetch_note *note, struct lk_error *err)
{
	struct batch_session *b = session;
	const struct kbs_options *o = b->items[i].options;
	LK_SECRET key = { 0 };
	struct lk_kbs_name name;
	enum lk_status st;

	st = lk_kbs_name_parse(o->key_uri, &name, err);
	if (st)
		return st;
	st = lk_kbs_session_get(&b->session, name.target, &key, err);
	if (st)
		return st;
	if (lk_key_is_blank(&key))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "%s holds %s", name.target,
				     key.len ? "only zeros" : "nothing");
	lk_kbs_session_describe(&b->session, note->endpoint, sizeof(note->endpoint));
	note->clock_untrusted = b->session.clock_untrusted;
	ret->bytes = lk_secret_take(&key);
	ret->form = LK_KEY_PASSPHRASE;
	return LK_OK;
}

static const struct lk_provider_doc doc = {
	.cloud = true,
	.where = "root and other volumes",
	.use = "production, with proof of what booted",
	.needs =
		"A key broker that speaks the KBS protocol (latchkeyd, or another), its CA or the pin of its key, and an attester for this machine. The key is stored there as a resource, and the broker's policy says what may have it.",
	.example = "volume = \"data\"\n"
		   "dev = \"/dev/vdb\"\n"
		   "auto_open = true\n"
		   "[encrypt.kbs]\n"
		   "kbs_url = \"https://kbs.example:8443\"\n"
		   "key_uri = \"kbs:///default/disk/data\"\n"
		   "kbs_root_cert = \"/etc/latchkey/kbs-ca.pem\"\n",
};

extern const struct lk_provider lk_provider_kbs;
const struct lk_provider lk_provider_kbs = {
	.name = "kbs",
	.summary = "a key broker that releases the key to what it has seen attested",
	.doc = &doc,
	.needs_network = true,
	.needs_attester = true,
	.keys = keys,
	.options_size = sizeof(struct kbs_options),
	.check = kbs_check,
	.proves_server = kbs_proves_server,
	.load = kbs_load,
	.same_session = kbs_same_session,
	.prepare = kbs_prepare,
	.fetch = kbs_fetch,
	.finish = kbs_finish,
};
