/* SPDX-License-Identifier: Apache-2.0 */
/* The key broker provider run as the fetcher runs it, against the hostile broker (after
 * tests/check.h, a clock and the server). */
#pragma once

#include "attestation/attester.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/fakes/provider_options.h"

static const char key_text[] = "latchkey passphrase \0\1\377";
#define KEY_LEN 23

/* One volume's options, big enough for the provider's own struct. */
struct volume {
	_Alignas(16) char options[512];
	char *urls[2];
	char *pins[1];
};

__attribute__((unused)) static const struct lk_provider *kbs(void)
{
	const struct lk_provider *p = lk_provider_find("kbs");

	CHECK(p && p->options_size <= sizeof(((struct volume *)0)->options));
	return p;
}

__attribute__((unused)) static void volume_init(struct volume *v, const char *url_a,
						const char *url_b)
{
	*v = (struct volume){ .urls = { (char *)(uintptr_t)url_a, (char *)(uintptr_t)url_b } };
	option_defaults(kbs(), v->options);
	option_list(kbs(), v->options, "kbs_url", v->urls, url_b ? 2 : 1);
	option_text(kbs(), v->options, "key_uri", "kbs:///default/disk/root");
	option_text(kbs(), v->options, "allow_plaintext_http", "true");
}

static int64_t attempt_ms = 30000;

/* A batch of up to two volumes, and where its session lives. */
struct run {
	struct lk_batch_item items[2];
	struct lk_batch batch;
	struct lk_strings dns;
	struct lk_network network;
	void *session;
	struct lk_volume_key key;
	struct lk_fetch_note note;
	struct lk_error err;
};

/* Not picked: a machine with real hardware would refuse it. */
__attribute__((unused)) static const struct lk_attester *sample_attester(void)
{
	size_t i;

	for (i = 0; lk_attesters[i]; i++)
		if (strcmp(lk_attesters[i]->name, "sample") == 0)
			return lk_attesters[i];
	check_fail(__FILE__, __LINE__, "no sample attester in this test");
}

__attribute__((unused)) static enum lk_status prepare(struct run *r, struct volume *a,
						      struct volume *b)
{
	struct lk_error err = { 0 };

	*r = (struct run){ .items = { { "root", a->options }, { "data", b ? b->options : NULL } } };
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	r->batch.attester = sample_attester();
	r->network.dns = &r->dns;
	r->batch.items = r->items;
	r->batch.n_items = b ? 2 : 1;
	r->batch.network = &r->network;
	r->batch.deadline = lk_deadline_in(attempt_ms);
	return kbs()->prepare(&r->batch, &r->session, &r->err);
}

__attribute__((unused)) static enum lk_status fetch(struct run *r, size_t i)
{
	lk_secret_wipe(&r->key.bytes);
	r->err = (struct lk_error){ 0 };
	return kbs()->fetch(r->session, i, &r->key, &r->note, &r->err);
}

/* Prepare, and print why not. */
__attribute__((unused)) static void prepared(struct run *r, struct volume *a, struct volume *b)
{
	char text[2048];

	if (prepare(r, a, b))
		check_fail(__FILE__, __LINE__, "%s", lk_error_format(&r->err, text, sizeof(text)));
}

__attribute__((unused)) static void finish(struct run *r)
{
	lk_secret_wipe(&r->key.bytes);
	kbs()->finish(r->session);
}

__attribute__((unused)) static void holds_key(const struct run *r)
{
	CHECK_EQ(r->key.bytes.len, KEY_LEN);
	CHECK_MEM(r->key.bytes.data, key_text, KEY_LEN);
	CHECK_EQ(r->key.form, LK_KEY_PASSPHRASE);
}
