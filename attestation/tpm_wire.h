/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to a TPM 2.0 and its answers, as bytes (TPM 2.0 Library Specification, parts 2 and 3;
 * big-endian). Only what an attester takes: read and extend PCRs, make or find an attestation key,
 * quote. Authorisation is the empty password throughout.
 *
 * Pure and bounded: the TPM may be the host's. An answer that is not well-formed is LK_TAMPERED.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_TPM_MAX	 4096 /* bytes of a command or an answer: the kernel's limit */
#define LK_TPM_PCRS	 24
#define LK_TPM_ALL_PCRS	 0xffffffu
#define LK_TPM_BANKS_MAX 16
#define LK_TPM_NONCE	 32
#define LK_TPM_RSA_MAX	 512 /* bytes of a modulus */

/* Answer codes that mean something to us; the rest are errors. */
enum lk_tpm_rc {
	LK_TPM_RC_OK = 0,
	LK_TPM_RC_HANDLE = 0x18b, /* no such object */
	LK_TPM_RC_LOCALITY = 0x907,
	LK_TPM_RC_TESTING = 0x90a, /* say it again in a moment */
	LK_TPM_RC_RETRY = 0x922,   /* the same */
};

struct lk_tpm_buf {
	uint8_t bytes[LK_TPM_MAX];
	size_t n;
};

/* ---- commands ---- */

/* The PCRs of mask in the bank of a hash; the TPM answers with some of them, at most eight. */
void lk_tpm_cmd_pcr_read(struct lk_tpm_buf *c, uint16_t alg, uint32_t mask);
/* Which banks are there? */
void lk_tpm_cmd_banks(struct lk_tpm_buf *c);

struct lk_tpm_digest {
	uint16_t alg, size;
	uint8_t bytes[64];
};
void lk_tpm_cmd_pcr_extend(struct lk_tpm_buf *c, unsigned pcr, const struct lk_tpm_digest *digests,
			   size_t n);
/* A restricted RSA-2048 key that signs with RSASSA and SHA-256, under the owner's seed: the same on
 * the same TPM, as long as its owner is. */
void lk_tpm_cmd_create_ak(struct lk_tpm_buf *c);
void lk_tpm_cmd_read_public(struct lk_tpm_buf *c, uint32_t handle);
/* All PCRs of SHA-256, signed by the key's own scheme. */
void lk_tpm_cmd_quote(struct lk_tpm_buf *c, uint32_t key, const uint8_t nonce[LK_TPM_NONCE]);
void lk_tpm_cmd_flush(struct lk_tpm_buf *c, uint32_t handle);

/* ---- answers ---- */

/* The answer's code; the rest only makes sense if that is LK_TPM_RC_OK. */
enum lk_status lk_tpm_read_code(const struct lk_tpm_buf *a, uint32_t *ret, struct lk_error *err);
/* Values go to their places; *ret_mask says which were given: some of mask, and at least one. */
enum lk_status lk_tpm_read_pcrs(const struct lk_tpm_buf *a, uint16_t alg, uint32_t mask,
				uint8_t values[LK_TPM_PCRS][32], uint32_t *ret_mask,
				struct lk_error *err);

struct lk_tpm_bank {
	uint16_t alg;
	uint32_t pcrs; /* which registers it has; 0: it is not active */
};
enum lk_status lk_tpm_read_banks(const struct lk_tpm_buf *a,
				 struct lk_tpm_bank banks[LK_TPM_BANKS_MAX], size_t *ret_n,
				 struct lk_error *err);

/* An attestation key: restricted, of RSA with RSASSA and SHA-256, and never outside its TPM. */
struct lk_tpm_key {
	uint8_t n[LK_TPM_RSA_MAX];
	size_t n_len;
	uint32_t e;
};
/* created: the answer is that of making the key and begins with its handle. LK_CONFIG: it is another
 * kind of key. */
enum lk_status lk_tpm_read_key(const struct lk_tpm_buf *a, bool created, uint32_t *ret_handle,
			       struct lk_tpm_key *ret, struct lk_error *err);
/* SubjectPublicKeyInfo in DER (RFC 3279 2.3.1). */
#define LK_TPM_SPKI_MAX (LK_TPM_RSA_MAX + 64)
size_t lk_tpm_key_spki(const struct lk_tpm_key *key, uint8_t out[LK_TPM_SPKI_MAX]);

struct lk_tpm_quote {		/* borrows the answer's bytes */
	const uint8_t *message; /* TPMS_ATTEST */
	size_t n_message;
	const uint8_t *signature; /* TPMT_SIGNATURE */
	size_t n_signature;
	const uint8_t *pcr_digest; /* SHA-256 over all PCRs, within message */
};
/* Of our nonce, over all PCRs of SHA-256. */
enum lk_status lk_tpm_read_quote(const struct lk_tpm_buf *a, const uint8_t nonce[LK_TPM_NONCE],
				 struct lk_tpm_quote *ret, struct lk_error *err);
