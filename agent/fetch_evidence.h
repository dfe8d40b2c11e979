/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence for the caged fetcher: it may not touch a TPM or the kernel's report interface, so it
 * asks the opener for each piece over their socket pair. In the fetcher a stand-in takes the
 * attester's place; the opener makes the evidence while it waits for an answer and hands it over in
 * a sealed memory file. One piece at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "attestation/attester.h"
#include "core/deadline.h"
#include "core/error.h"

/* The first number of what the fetcher sends. */
enum lk_fetch_message {
	LK_FETCH_KEY = 0x6b657901,
	LK_FETCH_PROVE = 0x70727602,
};

/* Fetcher to opener: prove this machine with n bytes of digest in the evidence. */
struct lk_prove_request {
	uint32_t kind; /* LK_FETCH_PROVE */
	uint32_t n;
	uint8_t digest[LK_ATTESTER_DIGEST_MAX];
};

/* ---- in the opener ---- */

/* Make what a message of len bytes asks for and answer it. That the evidence could not be made is an
 * answer as well: LK_INTERNAL only when the message is malformed or nothing can be sent. attester may
 * be NULL: whoever asks then is not ours. */
enum lk_status lk_evidence_answer(int fd, const struct lk_attester *attester, const void *message,
				  size_t len, struct lk_error *err);

/* ---- in the fetcher ---- */

struct lk_evidence_proxy {
	struct lk_attester attester; /* named as the real one; evidence() asks the opener */
	int fd;
	const struct lk_deadline *deadline; /* of the attempt at hand */
};

/* real NULL: no attester, and proxy->attester must not be used. */
void lk_evidence_proxy_setup(struct lk_evidence_proxy *proxy, const struct lk_attester *real,
			     int fd, const struct lk_deadline *deadline);
