/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may have which resource: JSON rules, denied unless one of them allows. Pure.
 *
 *	{"version": 1,
 *	 "rules": [{"resource": "default/disk/root", "tee": "sample", "phase": "initrd",
 *	            "all": [{"claim": "sample.svn", "op": "eq", "value": "1"}]}],
 *	 "reference_sets": {"name": ["a", "b"]}}
 *
 * A rule allows when its pattern matches the name, its tee is the one that attested, its phase is
 * the one that the evidence proves, and every clause holds. A rule without tee stands for every
 * TEE but sample, which proves nothing and must be named. A rule is for tpm only if a clause says by
 * eq or in what tpm.ak may be: anybody can make a key that signs quotes. A rule with phase never matches evidence
 * that proves none. A claim that is missing makes its clause false, whatever the op but "absent".
 *
 * op: eq; in (value is a list); ge (integers, also as decimal strings; lists and objects of them
 * are compared part by part); prefix (strings); absent (no value). A value "@name" stands for the
 * members of that reference set: the clause holds if it does with one of them. "@@x" is the text
 * "@x".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/cleanup.h"
#include "core/error.h"

struct json_t;

#define LK_POLICY_TEXT_MAX (256u * 1024)
#define LK_POLICY_REASON   512

struct lk_policy; /* immutable; may be asked from several threads */

/* LK_CONFIG with LK_C_POLICY_INVALID, naming the rule and the member that is wrong. */
enum lk_status lk_policy_parse(const char *text, size_t len, struct lk_policy **ret,
			       struct lk_error *err);
void lk_policy_free(struct lk_policy *p);
LK_DEFINE_CLEANUP(struct lk_policy *, lk_policy_free)

struct lk_policy_question {
	const char *resource;	     /* a name that is ok */
	const char *tee;	     /* the TEE whose verifier accepted the evidence */
	const char *phase;	     /* proved by the evidence; NULL = none */
	const struct json_t *claims; /* what the verifier made of the evidence */
};

/* reason: one line of printable ASCII for the audit log, never for the client. */
bool lk_policy_decide(const struct lk_policy *p, const struct lk_policy_question *q,
		      char reason[LK_POLICY_REASON]);

/* Is the key that signed this evidence one that a rule names? True for TEEs whose keys their makers
 * certify. A key that nobody knows is no reason to keep a session. why: for the audit log. */
bool lk_policy_knows_key(const struct lk_policy *p, const char *tee, const struct json_t *claims,
			 char *why, size_t n);

/* A policy written for Open Policy Agent: the two that mean the same in any reading are known,
 * and *ret_json is ours for it (a constant). LK_CONFIG with LK_C_POLICY_REGO for all others. */
enum lk_status lk_policy_from_rego(const char *text, size_t len, const char **ret_json,
				   struct lk_error *err);
