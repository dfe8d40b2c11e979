/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier of TPM 2.0 quotes. Whose TPM it is, only a policy that names its key can tell: anybody
 * can make a key. */
#pragma once

#include "keyserver/verifier.h"

#define LK_TPM_REGISTER 15 /* of the agent's events, unless the operator says otherwise */

extern const struct lk_verifier lk_verifier_tpm;
