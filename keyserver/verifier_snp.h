/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier of AMD SEV-SNP reports: signed by a chip's key (VCEK) or a provider's (VLEK) that
 * AMD certifies, for a guest that nobody debugs. */
#pragma once

#include "keyserver/verifier.h"

extern const struct lk_verifier lk_verifier_snp;
