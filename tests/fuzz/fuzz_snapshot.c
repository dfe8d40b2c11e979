/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says what the rest is: s, a snapshot's status; f, the first bytes of a root. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void check_status(const char *text)
{
	struct lk_snapshot_use use;
	struct lk_error err = { 0 };
	char again[80];

	if (lk_snapshot_use_parse(text, &use, &err)) {
		must(err.code == LK_C_TABLE_MISMATCH, "the code");
		return;
	}
	if (use.overflowed) {
		must(strcmp(text, use.lost ? "Invalid" : "Overflow") == 0, "the words");
		return;
	}
	must(!use.lost && use.bookkeeping <= use.used && use.used <= use.total, "the sums");
	snprintf(again, sizeof(again), "%" PRIu64 "/%" PRIu64 " %" PRIu64, use.used, use.total,
		 use.bookkeeping);
	must(strlen(text) >= strlen(again), "nothing left out");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line;

	if (size == 0 || size > 8192)
		return 0;
	if (data[0] == 'f') {
		uint8_t *head = malloc(size);

		if (!head)
			return 0;
		memcpy(head, data + 1, size - 1);
		must(*lk_snapshot_filesystem(head, size - 1) != '\0', "a name");
		must(lk_snapshot_xfs_sector(head, size - 1) <= UINT16_MAX, "sectors");
		free(head);
		return 0;
	}
	line = strndup((const char *)data + 1, size - 1);
	if (!line)
		return 0;
	check_status(line);
	free(line);
	return 0;
}
