/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate tables of hostile hosts: a chain has a leaf, and no more certificates than entries. */
#include <stdlib.h>

#include "attestation/snp_report.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	LK_JSON *chain = NULL;
	enum lk_status st = lk_snp_certs_json(data, size, &chain, &err);

	if (st && (st != LK_TAMPERED || err.code != LK_C_EVIDENCE_INVALID || chain))
		abort();
	if (chain && (!lk_json_count(chain) || lk_json_count(chain) > LK_SNP_CERTS_COUNT ||
		      lk_json_count(chain) > size / 24))
		abort();
	return 0;
}
