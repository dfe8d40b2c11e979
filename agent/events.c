/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime events of a boot, in order. */
#include "agent/events.h"

#include <stdio.h>
#include <string.h>

#include "core/crypto.h"

enum lk_status lk_events_add(struct lk_events *events, const char *operation, const char *content,
			     struct lk_error *err)
{
	char text[sizeof(LK_EVENT_DOMAIN) + sizeof(((struct lk_event *)0)->operation) +
		  sizeof(((struct lk_event *)0)->content) + 4];
	uint8_t digest[LK_HASH_MAX];
	struct lk_event *e;
	enum lk_status st;

	if (events->n == LK_EVENTS_MAX)
		return lk_raise(err, LK_INTERNAL, "more than %d events", LK_EVENTS_MAX);
	e = &events->list[events->n];
	if (strlen(operation) >= sizeof(e->operation) || strlen(content) >= sizeof(e->content) ||
	    strpbrk(operation, " \n") || strpbrk(content, " \n"))
		return lk_raise(err, LK_INTERNAL, "an event's text does not fit");
	snprintf(text, sizeof(text), "%s %s %s", LK_EVENT_DOMAIN, operation, content);
	st = lk_hash(LK_SHA384, text, strlen(text), digest, err);
	if (st)
		return lk_context(err, "hash event '%s'", operation);
	snprintf(e->operation, sizeof(e->operation), "%s", operation);
	snprintf(e->content, sizeof(e->content), "%s", content);
	memcpy(e->sha384, digest, sizeof(e->sha384));
	events->n++;
	return LK_OK;
}
