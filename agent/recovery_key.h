/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery keys as people copy them: 256 random bits as 64 modhex characters (cbdefghijklnrtuv, which
 * lie alike on most keyboards) in eight groups joined by dashes, 71 characters. This text is what the
 * keyslot takes, so that other tools open it by the same text. Pure but for the random bits.
 */
#pragma once

#include "core/error.h"
#include "core/secret.h"

#define LK_RECOVERY_KEY_LEN 71
#define LK_RECOVERY_KEY_MAX 512 /* of what is typed */

enum lk_status lk_recovery_key_new(struct lk_secret *ret, struct lk_error *err);
/* What was typed, in place: blanks and line ends around it go, and what has the shape of a recovery
 * key but for its case and dashes gets the one spelling. Everything else stays as it is. */
void lk_recovery_key_normalise(struct lk_secret *typed);
