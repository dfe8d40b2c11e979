/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of one kind of TEE, given to its verifier: JUDGED_TEE, defined before, is its name. */
#pragma once

#include "evidence_fixture.h"

static struct lk_error err;
/* Filled by each test's `begin`. */
static struct lk_appraisal a;

static enum lk_status verify(const struct json_t *e, struct json_t **ret)
{
	const struct lk_verifier *v = lk_verifier_find(JUDGED_TEE);

	CHECK(v && !v->insecure);
	return v->verify(&a, e, ret, &err);
}

/* Takes e. */
static void refused(struct json_t *e, const char *why)
{
	LK_JSON *owned = e;
	struct json_t *claims = NULL;
	char line[2048];

	CHECK_EQ(verify(owned, &claims), LK_DENIED);
	CHECK(!claims);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), why);
}

/* Takes e; the caller owns the claims. */
__attribute__((unused)) static struct json_t *accepted(struct json_t *e)
{
	LK_JSON *owned = e;
	struct json_t *claims = NULL;

	CHECK_OK(verify(owned, &claims));
	return claims;
}
