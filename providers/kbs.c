/* SPDX-License-Identifier: Apache-2.0 */
/* Volume keys from a key broker, by attestation: the provider's contract. */
#include <stdio.h>
#include <stdlib.h>

#include "core/nameservers.h"
#include "core/route.h"
#include "providers/kbs_cdh.h"
#include "providers/kbs_options.h"
#include "providers/kbs_session.h"
#include "providers/key_bytes.h"
#include "providers/provider.h"

struct batch_session {
	const struct lk_batch_item *items; /* the caller's, until finish */
	struct lk_deadline deadline;
	struct lk_kbs_site site; /* its places are owned */
	struct lk_kbs_session session;
};

static void place_free(struct lk_kbs_place *p)
{
	lk_http_free(p->http);
	free(p->endpoints);
}

static void kbs_finish(void *session)
{
	struct batch_session *b = session;

	if (!b)
		return;
	lk_kbs_session_close(&b->session);
	place_free(&b->site.attests);
	place_free(&b->site.releases);
	free(b);
}

static void finish_p(struct batch_session **b)
{
	kbs_finish(*b);
}

static bool wants_names(const struct lk_kbs_place *p)
{
	size_t i;

	for (i = 0; i < p->n_endpoints; i++)
		if (!p->endpoints[i].literal && !p->endpoints[i].loopback)
			return true;
	return false;
}

static enum lk_status make_client(struct lk_kbs_place *p, const struct lk_kbs_party *trusted,
				  const char *trust_keys, const struct lk_batch *batch,
				  struct lk_error *err)
{
	const struct lk_kbs_options *o = batch->items[0].options;
	const struct lk_strings *dns = batch->network ? batch->network->dns : NULL;
	char servers[LK_NAMESERVERS_TEXT];
	struct lk_nameservers list;
	struct lk_http_options http = {
		.ca_pem = trusted->root_cert,
		.pins = &trusted->pins,
		.trust_keys = trust_keys,
		.allow_plaintext = o->allow_plaintext,
		.name_servers = servers,
	};
	enum lk_status st;

	st = wants_names(p) ? lk_nameservers_wait("", dns, batch->deadline, &list, err)
			    : lk_nameservers_find("", dns, &list, err);
	if (st)
		return st;
	lk_nameservers_join(&list, servers);
	return lk_http_new(&http, &p->http, err);
}

static enum lk_status make_clients(struct batch_session *b, const struct lk_batch *batch,
				   struct lk_error *err)
{
	const struct lk_kbs_options *o = batch->items[0].options;
	enum lk_status st;

	if (o->issuer.urls.n == 0)
		return make_client(&b->site.attests, &o->broker, lk_kbs_broker_names.trust, batch,
				   err);
	st = make_client(&b->site.attests, lk_kbs_party_known(&o->issuer) ? &o->issuer : &o->broker,
			 lk_kbs_issuer_names.trust, batch, err);
	if (st)
		return st;
	return make_client(&b->site.releases, &o->broker, lk_kbs_broker_names.trust, batch, err);
}

static bool any_loopback(const struct lk_kbs_place *p)
{
	size_t i;

	for (i = 0; i < p->n_endpoints; i++)
		if (p->endpoints[i].loopback)
			return true;
	return false;
}

/* No endpoint of this machine's own: nothing works before a route is there. */
static enum lk_status wait_for_network(const struct batch_session *b, struct lk_error *err)
{
	if (any_loopback(&b->site.attests) || any_loopback(&b->site.releases))
		return LK_OK;
	return lk_route_wait(b->deadline, err);
}

static enum lk_status make_place(struct lk_kbs_place *p, const struct lk_strings *urls,
				 struct lk_error *err)
{
	enum lk_status st;
	size_t i;

	if (urls->n == 0)
		return LK_OK;
	p->endpoints = calloc(urls->n, sizeof(*p->endpoints));
	if (!p->endpoints)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (i = 0; i < urls->n; i++) {
		st = lk_url_parse(urls->items[i], &p->endpoints[i], err);
		if (st)
			return st;
	}
	p->n_endpoints = urls->n;
	return LK_OK;
}

static enum lk_status make_site(struct batch_session *b, const struct lk_batch *batch,
				struct lk_error *err)
{
	const struct lk_kbs_options *o = batch->items[0].options;
	const bool passport = o->issuer.urls.n > 0;
	enum lk_status st;

	b->site.attester = batch->attester;
	b->site.protocol = (enum lk_kbs_protocol)o->protocol;
	b->site.key_kind = lk_kbs_option_key_kind(o);
	b->site.deadline = batch->deadline;
	st = make_place(&b->site.attests, passport ? &o->issuer.urls : &o->broker.urls, err);
	if (st || !passport)
		return st;
	return make_place(&b->site.releases, &o->broker.urls, err);
}

static enum lk_status kbs_prepare(const struct lk_batch *batch, void **ret_session,
				  struct lk_error *err)
{
	LK_CLEANUP(finish_p) struct batch_session *b = calloc(1, sizeof(*b));
	const struct lk_kbs_options *o = batch->items[0].options;
	enum lk_status st;

	if (!b)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_kbs_options_check(o, err);
	if (st)
		return st;
	b->items = batch->items;
	b->deadline = batch->deadline;
	if (o->cdh_type == LK_CDH_DAEMON) {
		*ret_session = lk_take(b);
		return LK_OK;
	}
	st = make_site(b, batch, err);
	if (st)
		return st;
	st = wait_for_network(b, err);
	if (st)
		return st;
	if (o->cdh_command) {
		*ret_session = lk_take(b);
		return LK_OK;
	}
	/* after the route: the lease that brought it names the servers */
	st = make_clients(b, batch, err);
	if (st)
		return st;
	st = lk_kbs_session_open(&b->session, &b->site, err);
	if (st)
		return st;
	*ret_session = lk_take(b);
	return LK_OK;
}

/* The bytes of the resource, and who gave them. */
static enum lk_status get(struct batch_session *b, const struct lk_kbs_options *o,
			  struct lk_secret *key, struct lk_fetch_note *note, struct lk_error *err)
{
	struct lk_kbs_name name;
	enum lk_status st;

	if (lk_kbs_options_use_cdh(o)) {
		(void)snprintf(note->endpoint, sizeof(note->endpoint), "%s",
			       o->cdh_command ? o->cdh_command : o->cdh_socket);
		return lk_cdh_get(o, b->deadline, key, err);
	}
	st = lk_kbs_name_parse(o->key_uri, &name, err);
	if (!st)
		st = lk_kbs_session_get(&b->session, name.target, key, err);
	if (st)
		return st;
	lk_kbs_session_describe(&b->session, note->endpoint, sizeof(note->endpoint));
	note->clock_untrusted = b->session.clock_untrusted;
	return LK_OK;
}

static enum lk_status kbs_fetch(void *session, size_t i, struct lk_volume_key *ret,
				struct lk_fetch_note *note, struct lk_error *err)
{
	struct batch_session *b = session;
	const struct lk_kbs_options *o = b->items[i].options;
	LK_SECRET key = { 0 };
	enum lk_status st;

	st = get(b, o, &key, note, err);
	if (st)
		return st;
	if (lk_key_is_blank(&key))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "%s holds %s", o->key_uri,
				     key.len ? "only zeros" : "nothing");
	ret->bytes = lk_secret_take(&key);
	ret->form = LK_KEY_PASSPHRASE;
	return LK_OK;
}

static const struct lk_provider_doc doc = {
	.cloud = true,
	.where = "root and other volumes",
	.use = "production, with proof of what booted",
	.needs =
		"A key broker that speaks the KBS protocol (latchkeyd, or another), its CA or the pin of its key, and an attester for this machine. The key is stored there as a resource, and the broker's policy says what may have it. With token_url another server attests, and its token is brought to the key broker; with cdh_type = \"daemon\" or cdh_command a confidential data hub does all of this.",
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
	.needs = lk_kbs_options_need,
	.keys = lk_kbs_rows,
	.options_size = sizeof(struct lk_kbs_options),
	.check = lk_kbs_options_check,
	.proves_server = lk_kbs_options_prove_server,
	.load = lk_kbs_options_load,
	.same_session = lk_kbs_options_same_session,
	.prepare = kbs_prepare,
	.fetch = kbs_fetch,
	.finish = kbs_finish,
};
