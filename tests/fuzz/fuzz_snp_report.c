/* SPDX-License-Identifier: Apache-2.0 */
/* SEV-SNP reports on hostile bytes: what is accepted can be told as JSON, unless a number is too
 * large for one. */
#include <stdlib.h>
#include <string.h>

#include "attestation/snp_report.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t asked[LK_SNP_DATA] = { 0 };
	struct lk_error err = { 0 };
	LK_JSON *doc = NULL;
	enum lk_status st;

	if (size == LK_SNP_REPORT)
		memcpy(asked, data + 0x50, sizeof(asked));
	st = lk_snp_report_check(data, size, asked, &err);
	must(st == LK_OK || (st == LK_TAMPERED && err.code));
	if (st)
		return 0;
	must(size == LK_SNP_REPORT && data[0] >= 2 && data[0] <= 5 && !(data[10] & 0x08));
	st = lk_snp_report_json(data, &doc, &err);
	must(st == LK_OK || (st == LK_TAMPERED && err.code == LK_C_EVIDENCE_INVALID));
	must(st == LK_OK ? lk_json_count(doc) == 29 : !doc);
	return 0;
}
