/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed values and credentials that lie with a key broker, opened inside the fetcher: by whose
 * signature, at which service, with which credential is all said by the configuration ([sealed],
 * [services.kbs], [services.kms], [credentials.NAME]). One level deep: what comes out of a sealed
 * secret is not opened again, and a credential of [services.kms] comes from [services.kbs] at most.
 */
#pragma once

#include "agent/settings.h"
#include "attestation/attester.h"
#include "core/deadline.h"
#include "providers/provider.h"

struct lk_unsealer;
/* Before the cage: reads the files with signers' keys and those that the services name. settings
 * must outlive it. */
enum lk_status lk_unsealer_new(const struct lk_settings *settings, struct lk_unsealer **ret,
			       struct lk_error *err);
void lk_unsealer_free(struct lk_unsealer *u); /* NULL is fine */
LK_DEFINE_CLEANUP(struct lk_unsealer *, lk_unsealer_free)

/* One attempt: services are asked within it, each in one session, which ends with it. */
void lk_unsealer_begin(struct lk_unsealer *u, const struct lk_attester *attester,
		       const struct lk_network *network, struct lk_deadline deadline);
void lk_unsealer_end(struct lk_unsealer *u);

/* Complete the credentials of a provider's options. */
enum lk_status lk_unseal_options(struct lk_unsealer *u, const struct lk_provider *p, void *options,
				 struct lk_error *err);
/* Put what a fetched key holds into its place, if it is sealed. */
enum lk_status lk_unseal_key(struct lk_unsealer *u, const struct lk_provider *p,
			     struct lk_secret *key, struct lk_error *err);
