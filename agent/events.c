/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime events of a boot, in order. */
#include "agent/events.h"

#include <stdio.h>
#include <string.h>

#include "attestation/eventlog.h"
#include "core/crypto.h"

enum lk_status lk_events_add(struct lk_events *events, const char *operation, const char *content,
			     struct lk_error *err)
{
	uint8_t event[LK_AAEL_EVENT_MAX], digest[LK_HASH_MAX];
	struct lk_event *e;
	enum lk_status st;
	size_t n;

	if (events->n == LK_EVENTS_MAX)
		return lk_raise(err, LK_INTERNAL, "more than %d events", LK_EVENTS_MAX);
	e = &events->list[events->n];
	if (strlen(operation) >= sizeof(e->operation) || strlen(content) >= sizeof(e->content) ||
	    strpbrk(operation, " \n") || strpbrk(content, " \n"))
		return lk_raise(err, LK_INTERNAL, "an event's text does not fit");
	st = lk_aael_event(LK_EVENT_DOMAIN, operation, content, event, &n, err);
	if (!st)
		st = lk_hash(LK_SHA384, event, n, digest, err);
	if (!st)
		st = lk_register_measure(&events->reg, LK_EVENT_DOMAIN, operation, content, err);
	if (st)
		return lk_context(err, "event '%s'", operation);
	snprintf(e->operation, sizeof(e->operation), "%s", operation);
	snprintf(e->content, sizeof(e->content), "%s", content);
	memcpy(e->sha384, digest, sizeof(e->sha384));
	events->n++;
	return LK_OK;
}
