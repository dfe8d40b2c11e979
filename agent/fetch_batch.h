/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at the keys of many volumes: their sources in the order written, one session for
 * volumes that can share it. Runs inside the fetcher; knows no processes or sockets.
 */
#pragma once

#include "agent/fetcher.h"
#include "agent/unseal.h"

struct lk_fetch_context {
	const struct lk_settings *settings;
	const struct lk_attester *attester;
	struct lk_network network;
	struct lk_deadline deadline;
	struct lk_unsealer *unsealer;
};

/* Fill in the status of each wanted result. A source that answers LK_ABSENT, LK_AGAIN or
 * LK_TIMEOUT lets the volume's next source try; any other refusal is that volume's outcome.
 * Where there are several sessions, one that serves neither the root nor its writable layer gets a
 * share of the time, and LK_AGAIN when it is spent. */
void lk_fetch_batches(const struct lk_fetch_context *ctx, struct lk_fetch_result *results);
