/* SPDX-License-Identifier: Apache-2.0 */
/* Extending a runtime register (RTMR) of a TDX guest. */
#pragma once

#include "attestation/kernel.h"
#include "attestation/register.h"

/* With the SHA-384 of the event. LK_C_REGISTER when the register is not there or does not take it. */
enum lk_status lk_rtmr_extend(const struct lk_kernel *kernel, unsigned number, const uint8_t *event,
			      size_t n, struct lk_error *err);
