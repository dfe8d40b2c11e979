/* SPDX-License-Identifier: Apache-2.0 */
/* What attesting hardware this machine has, and which attester that allows. */
#pragma once

#include <stdbool.h>

#include "attestation/attester.h"

struct lk_hardware {
	bool tdx_cpu; /* CPUID leaf 0x21: a TDX guest */
	bool snp_cpu; /* CPUID 0x8000001f: SEV-SNP offered */
	bool tsm;     /* the kernel's TSM report interface has a provider */
	bool tpm;     /* a TPM device */
};

/* Look at this machine. */
struct lk_hardware lk_hardware_probe(void);

/* lk_attester_pick over a given list and machine; pure but for each attester's present(). */
enum lk_status lk_attester_choose(const struct lk_attester *const *list,
				  const struct lk_hardware *hardware, const char *name,
				  const struct lk_attester **ret, struct lk_error *err);
