/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of an AMD SEV-SNP guest: the report of its processor, and its certificates if the host has
 * them at hand. */
#pragma once

#include <stdbool.h>

#include "attestation/attester.h"
#include "attestation/kernel.h"

bool lk_snp_present(const struct lk_kernel *kernel);
/* {"attestation_report", "cert_chain"} as a KBS takes it; the digest, at most 64 bytes, padded by
 * zeros. */
enum lk_status lk_snp_evidence(const struct lk_kernel *kernel, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err);
