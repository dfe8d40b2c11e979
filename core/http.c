/* SPDX-License-Identifier: Apache-2.0 */
/* The client: whom it trusts, which connections it keeps, and single exchanges. */
#include "core/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/http_internal.h"

/* "sha256//" and 44 characters of base64 each; joined as libcurl takes several. */
#define PIN_LENGTH 52
#define PINS_MAX   16

static bool pin_ok(const char *pin)
{
	return strlen(pin) == PIN_LENGTH && strncmp(pin, "sha256//", 8) == 0 &&
	       strspn(pin + 8,
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
		       PIN_LENGTH - 9 &&
	       pin[PIN_LENGTH - 1] == '=';
}

static enum lk_status join_pins(const struct lk_strings *pins, char **ret, struct lk_error *err)
{
	LK_FREE char *joined = NULL;
	size_t i;

	if (!pins || pins->n == 0)
		return LK_OK;
	if (pins->n > PINS_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "more than %d pins", PINS_MAX);
	joined = calloc(pins->n, PIN_LENGTH + 1);
	if (!joined)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (i = 0; i < pins->n; i++) {
		if (!pin_ok(pins->items[i]))
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "'%.60s' is not a pin; write sha256//<base64>",
					     pins->items[i]);
		strcat(joined, i ? ";" : "");
		strcat(joined, pins->items[i]);
	}
	*ret = lk_take(joined);
	return LK_OK;
}

static bool copy(const char *text, char **ret)
{
	if (!text || !*text)
		return true;
	*ret = strdup(text);
	return *ret != NULL;
}

enum lk_status lk_http_new(const struct lk_http_options *options, struct lk_http **ret,
			   struct lk_error *err)
{
	LK_CLEANUP(lk_http_free_p) struct lk_http *h = calloc(1, sizeof(*h));
	enum lk_status st;
	unsigned n;

	if (!h)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_http_setup(err);
	if (st)
		return st;
	if (options->ca_pem && !options->public_roots) {
		st = lk_x509_check_bundle(options->ca_pem, &n, err);
		if (st)
			return lk_context(err, "read the CA certificates");
	}
	st = join_pins(options->pins, &h->pins, err);
	if (st)
		return st;
	h->allow_plaintext = options->allow_plaintext;
	h->public_roots = options->public_roots;
	h->multi = curl_multi_init();
	if (!h->multi || !copy(options->ca_pem, &h->ca_pem) ||
	    !copy(options->name_servers, &h->name_servers) ||
	    !copy(options->metadata_base, &h->metadata_base) ||
	    !copy(options->trust_keys ? options->trust_keys : "a CA or a pin", &h->trust_keys))
		return lk_raise(err, LK_INTERNAL, "out of memory for an HTTP client");
	*ret = lk_take(h);
	return LK_OK;
}

void lk_http_free(struct lk_http *h)
{
	if (!h)
		return;
	if (h->multi)
		(void)curl_multi_cleanup(h->multi);
	free(h->ca_pem);
	free(h->pins);
	free(h->trust_keys);
	free(h->name_servers);
	free(h->metadata_base);
	free(h);
}

void lk_http_response_clear(struct lk_http_response *r)
{
	lk_secret_wipe(&r->body);
	lk_secret_wipe(&r->head);
	*r = (struct lk_http_response){ 0 };
}

enum lk_status lk_http_exchange(struct lk_http *h, const struct lk_http_request *req,
				struct lk_http_response *ret, struct lk_error *err)
{
	bool dead = false;
	const struct lk_http_race alone = { .bases = &req->base, .n = 1, .dead = &dead };
	size_t winner;

	return lk_http_race(h, req, &alone, &winner, ret, err);
}
