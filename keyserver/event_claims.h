/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a quoted register proves of the agent's own events: the log is replayed, and what its texts
 * say becomes claims only if it leads to the register's value.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "attestation/eventlog.h"

struct json_t;

#define LK_EVENT_CLAIMS_MAX 512
#define LK_EVENT_CLAIMS_BYTES                                                                      \
	(32u * 1024) /* of their texts: claims are kept for a session's life */

struct lk_event_source {
	const uint8_t *log;
	size_t n;
	enum lk_eventlog_kind kind;
	uint16_t alg;	      /* of the bank that was quoted */
	uint32_t index;	      /* the register of the agent's events, as the log counts */
	const char *name;     /* "tpm:15" */
	const uint8_t *value; /* the register as quoted */
};

/* Add to claims:
 *
 *	"events": {"register": "tpm:15", OPERATION: [CONTENT, ...], ...}
 *	"phase": "initrd" or "system"
 *
 * Both only if the log tells of every extension of the register by what was hashed: one entry that
 * hides what it is could be the end of the initrd. The phase needs an event "configuration" and is
 * "initrd" until an event "handoff" or "phase system". LK_DENIED when the log is malformed, lies, or
 * does not lead to value. */
enum lk_status lk_event_claims(const struct lk_event_source *source, struct json_t *claims,
			       struct lk_error *err);

/* The log in a member of evidence, base64; *ret_n is 0 if there is none. malloc'ed. LK_DENIED. */
enum lk_status lk_event_log_read(const struct json_t *evidence, uint8_t **ret, size_t *ret_n,
				 struct lk_error *err);
