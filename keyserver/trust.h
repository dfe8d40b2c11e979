/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evidence is checked against: the vendors' root certificates, which are built in, and what
 * the operator keeps beside them (certificates of chips, revocation lists, Intel's collateral).
 * Nothing is ever fetched. Does not change while threads run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "keyserver/x509.h"

enum lk_vendor { LK_VENDOR_AMD, LK_VENDOR_INTEL };

struct lk_trust_root { /* a root or, if the vendor signs with it, an intermediate, as built in */
	enum lk_vendor vendor;
	bool root;
	const char *pem;
};
extern const struct lk_trust_root lk_amd_certificates[]; /* end with pem = NULL */
extern const struct lk_trust_root lk_intel_certificates[];

struct lk_trust;

/* The built-in certificates, alone. */
enum lk_status lk_trust_new(struct lk_trust **ret, struct lk_error *err);
void lk_trust_free(struct lk_trust *t);
LK_DEFINE_CLEANUP(struct lk_trust *, lk_trust_free)

enum lk_status lk_trust_add_root(struct lk_trust *t, enum lk_vendor vendor, const char *pem,
				 struct lk_error *err);
/* A file of the operator's: certificates (DER, or PEM of any number), a revocation list, or a JSON
 * document of Intel's. None of them is believed for being there. LK_CONFIG when it is none. */
enum lk_status lk_trust_add(struct lk_trust *t, const void *data, size_t n, struct lk_error *err);
/* Every regular file of a folder; LK_CONFIG names the first that cannot be used. */
enum lk_status lk_trust_add_folder(struct lk_trust *t, const char *path, struct lk_error *err);

/* The i-th certificate of the operator's and of those built in that are no roots; NULL past the
 * end. */
const struct lk_cert *lk_trust_cert(const struct lk_trust *t, size_t i);
/* The i-th JSON document of Intel's, as text; NULL past the end. */
const char *lk_trust_collateral(const struct lk_trust *t, size_t i, size_t *ret_n);

#define LK_CHAIN_MAX 4
struct lk_chain {
	const struct lk_cert *certs[LK_CHAIN_MAX]; /* leaf first, root last; borrowed */
	size_t n;
	enum lk_revocation revocation; /* the least that is known of those below the root */
};
/* Find the way from leaf to a root of the vendor's, over certificates of ours and over those that
 * came with the evidence, and check each step at now (seconds since 1970). LK_DENIED. */
enum lk_status lk_trust_chain(const struct lk_trust *t, enum lk_vendor vendor,
			      const struct lk_cert *leaf, struct lk_cert *const *others,
			      size_t n_others, int64_t now, struct lk_chain *ret,
			      struct lk_error *err);
/* "checked", "stale" or "unknown", for claims. */
const char *lk_revocation_name(enum lk_revocation r);
