/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a TPM, which may be the host's. What is accepted lies within the answer and within what was
 * asked for. The nonce is the first bytes of the seeds' quotes: "latchkey", then zeros.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/tpm_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static bool within(const struct lk_tpm_buf *a, const uint8_t *p, size_t n)
{
	return p >= a->bytes && n <= a->n && p + n <= a->bytes + a->n;
}

static void try_pcrs(const struct lk_tpm_buf *a, struct lk_error *err)
{
	uint8_t values[LK_TPM_PCRS][32];
	struct lk_tpm_bank banks[LK_TPM_BANKS_MAX];
	uint32_t given;
	size_t n;

	if (lk_tpm_read_pcrs(a, LK_TCG_SHA256, 0xff00ff, values, &given, err) == LK_OK)
		must(given && !(given & ~0xff00ffu), "PCRs that were asked for");
	if (lk_tpm_read_banks(a, banks, &n, err) == LK_OK)
		must(n <= LK_TPM_BANKS_MAX, "few banks");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[LK_TPM_NONCE] = "latchkey";
	struct lk_tpm_buf *a = calloc(1, sizeof(*a));
	uint8_t spki[LK_TPM_SPKI_MAX];
	struct lk_error err = { 0 };
	struct lk_tpm_quote q;
	struct lk_tpm_key key;
	uint32_t handle, rc;
	int created;

	if (!a || size > LK_TPM_MAX) {
		free(a);
		return 0;
	}
	memcpy(a->bytes, data, size);
	a->n = size;
	(void)lk_tpm_read_code(a, &rc, &err);
	try_pcrs(a, &err);
	for (created = 0; created < 2; created++)
		if (lk_tpm_read_key(a, created, &handle, &key, &err) == LK_OK)
			must(lk_tpm_key_spki(&key, spki) <= sizeof(spki), "a key fits");
	if (lk_tpm_read_quote(a, nonce, &q, &err) == LK_OK) {
		must(within(a, q.message, q.n_message), "the message lies in the answer");
		must(within(a, q.signature, q.n_signature), "and the signature");
		must(within(a, q.pcr_digest, 32), "and the digest");
	}
	free(a);
	return 0;
}
