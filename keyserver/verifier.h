/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of verifiers: what evidence of one kind of TEE proves, as claims for the policy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct json_t;
struct lk_trust;

/* What the operator may allow beyond the rules; zeros allow nothing. */
struct lk_verifier_limits {
	unsigned snp_vmpl;     /* the highest VMPL that may ask for a report */
	unsigned tpm_register; /* the PCR of the agent's events; 0 stands for 15 */
};

/* What evidence is judged by. digest is what it must carry; a TEE whose field is longer has zeros
 * after it, one whose field is shorter the first bytes of it. */
struct lk_appraisal {
	const uint8_t *digest;
	size_t n; /* at most 64 */
	const struct lk_trust *trust;
	int64_t now; /* seconds since 1970, by a clock that is trusted: certificates have dates */
	struct lk_verifier_limits limits;
};

struct lk_verifier {
	const char *tee; /* the protocol's name */
	bool insecure;	 /* proves nothing: off unless asked for, and only for rules that name it */

	/* Check that the evidence is genuine and carries the digest. *ret is a JSON object of
	 * claims, owned by the caller, made of checked values only. A member "phase" ("initrd" or
	 * "system") is there only if the evidence proves it. LK_DENIED says what does not fit; the
	 * text is for the audit log. Pure: no I/O. */
	enum lk_status (*verify)(const struct lk_appraisal *a, const struct json_t *evidence,
				 struct json_t **ret, struct lk_error *err);
};

/* NULL if there is none for this TEE. */
const struct lk_verifier *lk_verifier_find(const char *tee);
