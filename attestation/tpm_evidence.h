/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a TPM, as CoCo's attester and verifier have it: {tpm_quote: {signature, message, pcrs},
 * ak_public}, and beside them "cc_eventlog": the firmware's event log and ours, if they replay to the
 * PCRs that were quoted.
 */
#pragma once

#include "attestation/attester.h"
#include "attestation/tpm_wire.h"

/* The attestation key: this persistent object if there is one, else one made for the occasion. */
#define LK_TPM_AK_HANDLE 0x81010002u

struct lk_tpm_logs {
	const char *firmware; /* may be absent */
	const char *own;      /* may be absent */
};
extern const struct lk_tpm_logs lk_tpm_logs; /* this machine's */

/* fd: as lk_tpm_call has it. digest is cut or padded with zeros to 32 bytes. LK_CONFIG when the
 * persistent object is no attestation key. */
enum lk_status lk_tpm_evidence(int fd, const struct lk_tpm_logs *logs, const uint8_t *digest,
			       size_t n, struct json_t **ret, struct lk_error *err);
/* The log that goes with these PCRs; *ret is malloc'ed, or NULL when there is none that replays. */
enum lk_status lk_tpm_eventlog(const struct lk_tpm_logs *logs, const uint8_t pcrs[LK_TPM_PCRS][32],
			       uint8_t **ret, size_t *ret_n, struct lk_error *err);
