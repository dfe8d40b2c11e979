/* SPDX-License-Identifier: Apache-2.0 */
/* The kbs provider's key rows, and whether what they hold is consistent. */
#include "providers/kbs_options.h"

#include <string.h>

#include "core/uri.h"
#include "providers/exec_run.h"

static const enum lk_key_kind key_kinds[] = { LK_KEY_P256, LK_KEY_P521, LK_KEY_RSA2048 };

#define AT(field) offsetof(struct lk_kbs_options, field)
const struct lk_key lk_kbs_rows[] = {
	{ .name = "kbs_url",
	  .aliases = (const char *const[]){ "url", NULL },
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SAMPLED | LK_K_ONE_OR_MANY, /* asked for behind cdh_type: kbs_check */
	  .offset = AT(broker.urls),
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
	  .offset = AT(broker.root_cert),
	  .help = "The only CA certificates trusted for the key broker: PEM text, or the absolute "
		  "path of a PEM file.",
	  .example = "\"/etc/latchkey/kbs-ca.pem\"" },
	{ .name = "kbs_spki_pin",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY,
	  .offset = AT(broker.pins),
	  .help = "The key broker's public key, as sha256//<base64> of its SPKI; any of several.",
	  .example = "[\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]" },
	{ .name = "token_url",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY,
	  .offset = AT(issuer.urls),
	  .help = "Attest here instead and bring the token to kbs_url (passport mode): URL of a key "
		  "broker or attestation service whose tokens the key broker takes, or several.",
	  .example = "\"https://attestation.example:8443\"" },
	{ .name = "token_root_cert",
	  .type = LK_T_STRING,
	  .flags = LK_K_PEM_OR_PATH | LK_K_FILE_CA,
	  .offset = AT(issuer.root_cert),
	  .help = "The only CA certificates trusted for token_url; without it and token_spki_pin, "
		  "what is trusted for kbs_url.",
	  .example = "\"/etc/latchkey/attestation-ca.pem\"" },
	{ .name = "token_spki_pin",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY,
	  .offset = AT(issuer.pins),
	  .help = "The public key of token_url, as kbs_spki_pin.",
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
	if (o->broker.urls.n > 1 || o->broker.pins.n > 0)
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
	if (o->protocol != LK_KBS_0_4_0 || o->tee_key != 0 || o->issuer.urls.n > 0)
		return lk_raise_code(
			err, LK_C_CONFIG_VALUE,
			"kbs_protocol, tee_key and token_url are the confidential data "
			"hub's own matter; remove them");
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

/* What was encrypted by old rules is worth what the connection is worth; and the form of an answer
 * is known only from the server that one has greeted. */
static enum lk_status check_protocol(const struct lk_kbs_options *o, struct lk_error *err)
{
	const struct lk_kbs_dialect *d = lk_kbs_dialect((enum lk_kbs_protocol)o->protocol);

	if (!lk_kbs_key_alg((enum lk_kbs_protocol)o->protocol, lk_kbs_option_key_kind(o)))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_protocol: version %s knows no such tee_key; write "
				     "tee_key = \"%s\"",
				     d->version, d->legacy ? "rsa-2048" : "ec-p256");
	if (d->legacy && !lk_kbs_party_all_tls(&o->broker))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_protocol: version %s over http:// protects nothing; "
				     "write https",
				     d->version);
	if (d->legacy && o->issuer.urls.n > 0)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "kbs_protocol: version %s goes without token_url", d->version);
	return LK_OK;
}

static enum lk_status check_issuer(const struct lk_kbs_options *o, struct lk_error *err)
{
	if (o->issuer.urls.n == 0 && lk_kbs_party_known(&o->issuer))
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s: token_url is missing",
				     lk_kbs_issuer_names.trust);
	return lk_kbs_party_check(&o->issuer, &lk_kbs_issuer_names, &o->broker, o->allow_plaintext,
				  err);
}

enum lk_status lk_kbs_options_check(const void *options, struct lk_error *err)
{
	const struct lk_kbs_options *o = options;
	struct lk_kbs_name name;
	enum lk_status st;

	st = lk_kbs_name_parse(o->key_uri, &name, err);
	if (st)
		return lk_context(err, "key_uri");
	if (lk_kbs_options_use_cdh(o)) {
		st = check_cdh(o, err);
		if (st || o->cdh_type == LK_CDH_DAEMON)
			return st;
	}
	if (o->broker.urls.n == 0)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "the key 'kbs_url' is needed");
	st = lk_kbs_party_check(&o->broker, &lk_kbs_broker_names, NULL, o->allow_plaintext, err);
	if (!st)
		st = check_issuer(o, err);
	return st ? st : check_protocol(o, err);
}

/* A daemon trusts who knows whom. Who issues a token cannot give a key. */
bool lk_kbs_options_prove_server(const void *options)
{
	const struct lk_kbs_options *o = options;

	return o->cdh_type != LK_CDH_DAEMON && lk_kbs_party_all_tls(&o->broker) &&
	       lk_kbs_party_known(&o->broker);
}

enum lk_status lk_kbs_options_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	struct lk_kbs_options *o = options;
	enum lk_status st;

	(void)trust; /* what is public may be anybody's */
	if (o->cdh_command && lk_exec_find(&o->cdh_command, err))
		return lk_context(err, "cdh_command");
	st = lk_kbs_party_load(&o->broker, &lk_kbs_broker_names, err);
	return st ? st : lk_kbs_party_load(&o->issuer, &lk_kbs_issuer_names, err);
}

bool lk_kbs_options_same_session(const void *a, const void *b)
{
	const struct lk_kbs_options *x = a, *y = b;

	return !lk_kbs_options_use_cdh(x) && !lk_kbs_options_use_cdh(y) &&
	       lk_kbs_party_same(&x->broker, &y->broker) &&
	       lk_kbs_party_same(&x->issuer, &y->issuer) &&
	       x->allow_plaintext == y->allow_plaintext && x->protocol == y->protocol &&
	       x->tee_key == y->tee_key;
}
