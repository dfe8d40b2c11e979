/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of an Intel TDX guest: a quote from the kernel, or from the host's quoting service. */
#pragma once

#include <stdbool.h>

#include "attestation/attester.h"
#include "attestation/kernel.h"

bool lk_tdx_present(const struct lk_kernel *kernel);
/* {"quote", "cc_eventlog"} as a KBS takes it; the digest, at most 64 bytes, padded by zeros. */
enum lk_status lk_tdx_evidence(const struct lk_kernel *kernel, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err);
