/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator sees of long work: on a terminal a line for each stage with a bar for
 * long ones; elsewhere nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lk_progress {
	bool on;
	unsigned stage, n_stages;
	const char *what;
	int permille;	    /* last one drawn; -1 = no bar yet */
	int64_t started_ms; /* of the stage */
};

/* wanted: the operator did not switch it off; on only if stderr is a terminal. */
void lk_progress_setup(struct lk_progress *p, bool wanted, unsigned n_stages);
/* A stage begins; what: two or three words that stay valid. */
void lk_progress_stage(struct lk_progress *p, const char *what);
void lk_progress_at(struct lk_progress *p, uint64_t done, uint64_t whole);
/* The last stage is over, well or not. */
void lk_progress_end(struct lk_progress *p, bool well);
