/* SPDX-License-Identifier: Apache-2.0 */
/* A server that the kbs provider talks to: its URLs and by what it is known. One releases keys; in
 * passport mode another issues the tokens. */
#pragma once

#include "core/config.h"
#include "core/error.h"

struct lk_kbs_party {
	struct lk_strings urls;
	char *root_cert; /* PEM text, or the path of a PEM file until it is loaded */
	struct lk_strings pins;
};
/* The rows that fill it, for messages. */
struct lk_kbs_party_names {
	const char *url, *root_cert, *pin;
	const char *trust; /* both of the latter */
};
extern const struct lk_kbs_party_names lk_kbs_broker_names, lk_kbs_issuer_names;

/* Pure, but for load. fallback: whose certificate and pins count where it has none; may be NULL. */
enum lk_status lk_kbs_party_check(const struct lk_kbs_party *p,
				  const struct lk_kbs_party_names *names,
				  const struct lk_kbs_party *fallback, bool allow_plaintext,
				  struct lk_error *err);
enum lk_status lk_kbs_party_load(struct lk_kbs_party *p, const struct lk_kbs_party_names *names,
				 struct lk_error *err);
bool lk_kbs_party_same(const struct lk_kbs_party *a, const struct lk_kbs_party *b);
bool lk_kbs_party_known(const struct lk_kbs_party *p); /* by a certificate or a pin */
bool lk_kbs_party_all_tls(const struct lk_kbs_party *p);
