/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs from firmware or a client. Whatever replays can be joined to entries and still replays,
 * to the same registers but the one that the entries extend; every event that reads is what was hashed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/eventlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void read_all(const uint8_t *data, size_t size)
{
	static struct lk_aael e;
	struct lk_eventlog_record r;
	struct lk_error err = { 0 };
	struct lk_eventlog log;
	bool end = false, is;

	must(lk_eventlog_open(&log, data, size, &err) == LK_OK, "what replays opens");
	while (!end) {
		must(lk_eventlog_next(&log, &r, &end, &err) == LK_OK, "what replays reads");
		if (!end && lk_aael_read(&r, LK_TCG_SHA256, &e, &is, &err) == LK_OK && is) {
			uint8_t again[LK_AAEL_EVENT_MAX];
			size_t n;

			must(lk_aael_event(e.domain, e.operation, e.content, again, &n, &err) ==
				     LK_OK,
			     "what reads can be written");
			must(n == r.len && memcmp(again, r.data, n) == 0, "and is the same");
		}
	}
}

static void join(const uint8_t *data, size_t size, const struct lk_replay *before)
{
	uint8_t event[LK_AAEL_EVENT_MAX], entry[LK_AAEL_ENTRY_MAX], *all = NULL;
	struct lk_eventlog_parts parts = { .firmware = data, .n_firmware = size, .entries = entry };
	struct lk_error err = { 0 };
	struct lk_replay after;
	enum lk_status st;
	size_t n, i;

	must(lk_aael_event("a", "b", "c", event, &n, &err) == LK_OK, "an event");
	must(lk_aael_entry(1, LK_TCG_SHA256, event, n, entry, &parts.n_entries, &err) == LK_OK,
	     "an entry");
	must(lk_eventlog_join(&parts, &all, &n, &err) == LK_OK, "what replays can be joined");
	st = lk_eventlog_replay(all, n, LK_EVENTLOG_TPM, LK_TCG_SHA256, &after, &err);
	free(all);
	if (st) /* the log did not announce SHA-256 */
		return;
	must(after.extended == (before->extended | 2), "one register more");
	for (i = 0; i < LK_EVENTLOG_INDEXES; i++)
		must(i == 1 || memcmp(before->value[i], after.value[i], 32) == 0,
		     "others keep their value");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	struct lk_replay r;

	if (lk_eventlog_replay(data, size, LK_EVENTLOG_CC, LK_TCG_SHA384, &r, &err) == LK_OK)
		must((r.extended & ~0x1eu) == 0, "a guest has four registers");
	if (lk_eventlog_replay(data, size, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err))
		return 0;
	read_all(data, size);
	join(data, size, &r);
	return 0;
}
