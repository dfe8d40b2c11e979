/* SPDX-License-Identifier: Apache-2.0 */
/* One clause of a policy rule: a claim, a comparison, a value. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct json_t;

enum lk_clause_op { LK_OP_EQ, LK_OP_IN, LK_OP_GE, LK_OP_PREFIX, LK_OP_ABSENT, LK_N_OPS };

struct lk_clause {	   /* borrows from the policy's document */
	const char *claim; /* dotted path into the claims */
	enum lk_clause_op op;
	const struct json_t *holder; /* the object whose member "value" is meant */
	const struct json_t *set;    /* or candidates: the list of `in`, or a reference set */
};

/* clause: an object of the document; sets: the object of reference sets, or NULL. LK_CONFIG. */
enum lk_status lk_clause_read(const struct json_t *clause, const struct json_t *sets,
			      struct lk_clause *ret, struct lk_error *err);
/* Does it hold? If not, why says so in at most n bytes of printable ASCII. */
bool lk_clause_holds(const struct lk_clause *c, const struct json_t *claims, char *why, size_t n);
