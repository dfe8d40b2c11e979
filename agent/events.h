/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime events of a boot, in order: what was about to be trusted, what was unlocked, and
 * the hand-over. Each extends the configured register before it is listed, with the hash of
 * "latchkey OPERATION CONTENT" as the attestation agent's event log (AAEL) wraps it.
 * With register = "none" the list is kept and reported and no register exists.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "attestation/register.h"
#include "core/error.h"

#define LK_EVENT_DOMAIN "latchkey"
#define LK_EVENTS_MAX	256

struct lk_event {
	char operation[24];
	char content[136];  /* a digest in hex, or a volume's name */
	uint8_t sha384[48]; /* what a bank of that hash is extended with */
};

struct lk_events {
	struct lk_register reg; /* { 0 }: none */
	struct lk_event list[LK_EVENTS_MAX];
	size_t n;
};

/* Measure an event and append it. LK_INTERNAL when the list is full or the text does not fit or holds
 * blanks; LK_C_REGISTER when it could not be measured. */
enum lk_status lk_events_add(struct lk_events *events, const char *operation, const char *content,
			     struct lk_error *err);
