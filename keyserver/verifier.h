/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of verifiers: what evidence of one kind of TEE proves, as claims for the policy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct json_t;

struct lk_verifier {
	const char *tee; /* the protocol's name */
	bool insecure;	 /* proves nothing: off unless asked for, and only for rules that name it */

	/* Check that the evidence is genuine and carries digest (n bytes). *ret is a JSON object of
	 * claims, owned by the caller, made of checked values only. A member "phase" ("initrd" or
	 * "system") is there only if the evidence proves it. LK_DENIED says what does not fit; the
	 * text is for the audit log. Pure: no I/O. */
	enum lk_status (*verify)(const struct json_t *evidence, const uint8_t *digest, size_t n,
				 struct json_t **ret, struct lk_error *err);
};

/* NULL if there is none for this TEE. */
const struct lk_verifier *lk_verifier_find(const char *tee);
