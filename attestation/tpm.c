/* SPDX-License-Identifier: Apache-2.0 */
/* The attester of machines with a TPM 2.0. */
#include <unistd.h>

#include "attestation/tpm_device.h"
#include "attestation/tpm_evidence.h"
#include "core/cleanup.h"

static bool present(void)
{
	return access(LK_TPM_DEVICE, F_OK) == 0;
}

static enum lk_status evidence(const struct lk_attester *self, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err)
{
	LK_FD int fd = -1;
	enum lk_status st;

	(void)self;
	st = lk_tpm_open(&fd, err);
	return st ? st : lk_tpm_evidence(fd, &lk_tpm_logs, digest, n, ret, err);
}

extern const struct lk_attester lk_attester_tpm;
const struct lk_attester lk_attester_tpm = {
	.name = "tpm",
	.summary = "a quote of a TPM 2.0 over all its PCRs",
	.present = present,
	.evidence = evidence,
};
