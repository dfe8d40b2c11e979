/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TPM 2.0 signs and how it says so: TPMS_ATTEST of a quote and TPMT_SIGNATURE (TPM Library
 * Specification, part 2, sections 10.12.8 and 11.3.4), big-endian. Pure; nothing is copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_TPM_PCRS	  24
#define LK_TPM_NONCE_MAX  64
#define LK_TPM_DIGEST_LEN 32

struct lk_tpm_quote { /* borrows from the message */
	const uint8_t *nonce;
	size_t nonce_len;
	uint64_t clock, firmware;
	uint32_t reset_count, restart_count;
	bool safe;		   /* the clock never went back */
	const uint8_t *pcr_digest; /* SHA-256 over PCR 0 to 23 of the SHA-256 bank */
};
/* A quote of all 24 PCRs of the SHA-256 bank and of nothing else; LK_DENIED says what it is not. */
enum lk_status lk_tpm_quote_read(const uint8_t *message, size_t n, struct lk_tpm_quote *ret,
				 struct lk_error *err);

struct lk_tpm_signature { /* by SHA-256 */
	bool ecdsa;	  /* else RSASSA-PKCS1-v1_5 */
	uint8_t bytes[512];
	size_t len; /* ECDSA: r || s, 32 bytes each */
};
/* LK_DENIED for other schemes and hashes. */
enum lk_status lk_tpm_signature_read(const uint8_t *data, size_t n, struct lk_tpm_signature *ret,
				     struct lk_error *err);
