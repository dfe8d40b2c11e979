/* SPDX-License-Identifier: Apache-2.0 */
/* Extending a PCR in every bank that the TPM has. */
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/register.h"
#include "attestation/tpm_device.h"
#include "core/cleanup.h"

/* What a bank that we cannot hash is extended with. */
#define CAP 0x01

/* TCG Algorithm Registry: banks beside those that we hash. 0: not known. */
static uint16_t size_of(uint16_t alg)
{
	switch (alg) {
	case LK_TCG_SHA1:
		return 20;
	case LK_TCG_SM3:
	case 0x27: /* SHA3-256 */
		return 32;
	case 0x28:
		return 48;
	case 0x29:
		return 64;
	default:
		return 0;
	}
}

static enum lk_status digest_for(uint16_t alg, const uint8_t *event, size_t n,
				 struct lk_tpm_digest *ret, bool *hashed, struct lk_error *err)
{
	enum lk_hash hash;

	ret->alg = alg;
	if (lk_tcg_hash(alg, &hash)) {
		*hashed = true;
		ret->size = (uint16_t)lk_hash_size(hash);
		return lk_hash(hash, event, n, ret->bytes, err);
	}
	ret->size = size_of(alg);
	memset(ret->bytes, CAP, sizeof(ret->bytes));
	if (ret->size == 0)
		return lk_raise_code(err, LK_C_REGISTER,
				     "the TPM has a bank of a kind that is not known: 0x%04x", alg);
	return LK_OK;
}

enum lk_status lk_register_extend_banks(int fd, unsigned number, const uint8_t *event, size_t n,
					struct lk_error *err)
{
	struct lk_tpm_digest digests[LK_TPM_BANKS_MAX];
	struct lk_tpm_bank banks[LK_TPM_BANKS_MAX];
	struct lk_tpm_buf command, answer;
	size_t i, n_banks = 0, active = 0;
	bool hashed = false;
	enum lk_status st;

	lk_tpm_cmd_banks(&command);
	st = lk_tpm_call(fd, "ask for the TPM's banks", &command, &answer, NULL, err);
	if (!st)
		st = lk_tpm_read_banks(&answer, banks, &n_banks, err);
	for (i = 0; i < n_banks && !st; i++)
		if (banks[i].pcrs & 1u << number)
			st = digest_for(banks[i].alg, event, n, &digests[active++], &hashed, err);
	if (!st && !hashed)
		return lk_raise_code(err, LK_C_REGISTER,
				     "the TPM has no bank of SHA-256 or better");
	if (st)
		return st;
	lk_tpm_cmd_pcr_extend(&command, number, digests, active);
	return lk_tpm_call(fd, "extend", &command, &answer, NULL, err);
}

/* Why does not matter: the host could have taken the TPM away. */
enum lk_status lk_register_extend_tpm(unsigned number, const uint8_t *event, size_t n,
				      struct lk_error *err)
{
	struct lk_error why = { 0 };
	LK_FD int fd = -1;
	enum lk_status st;

	st = lk_tpm_open(&fd, &why);
	if (!st)
		st = lk_register_extend_banks(fd, number, event, n, &why);
	if (!st)
		return LK_OK;
	*err = why;
	err->status = lk_code_status(LK_C_REGISTER);
	err->code = LK_C_REGISTER;
	return err->status;
}
