/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that talks to key services: forked (never exec'ed) before anything is opened,
 * caged (agent/sandbox.h), asked for one attempt at a time over a socket pair, and the place
 * where tokens and TEE keys live and die. Keys come back into locked memory of the opener.
 */
#pragma once

#include "agent/settings.h"
#include "attestation/attester.h"
#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/error.h"
#include "providers/provider.h"

#define LK_FETCH_KEY_MAX (64u * 1024)

/* What one volume's fetch came to. */
struct lk_fetch_result {
	bool wanted; /* set by the caller: fetch this one in the next attempt */
	enum lk_status status;
	struct lk_volume_key key; /* LK_OK only; moved out by the caller */
	const struct lk_provider *provider;
	struct lk_fetch_note note;
	struct lk_error err; /* status != LK_OK */
};

struct lk_fetcher;

/* Fork the fetcher for all volumes of settings. attester may be NULL when no provider needs
 * one. settings must outlive it. */
enum lk_status lk_fetcher_start(const struct lk_settings *settings,
				const struct lk_attester *attester, struct lk_fetcher **ret,
				struct lk_error *err);
/* One attempt at every wanted volume, sources in order, one session for volumes that can share
 * it. results has settings->n_volumes entries. LK_OK means that every wanted entry has its
 * status; anything else means that the fetcher itself failed (LK_TIMEOUT, LK_INTERNAL). */
enum lk_status lk_fetcher_attempt(struct lk_fetcher *f, struct lk_deadline deadline,
				  struct lk_fetch_result *results, struct lk_error *err);
/* End the process and reap it: sessions, tokens and TEE keys are gone afterwards. NULL is fine. */
void lk_fetcher_stop(struct lk_fetcher *f);
LK_DEFINE_CLEANUP(struct lk_fetcher *, lk_fetcher_stop)

/* Wipe the keys and empty the results. */
void lk_fetch_results_clear(struct lk_fetch_result *results, size_t n);
