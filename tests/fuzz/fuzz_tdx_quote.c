/* SPDX-License-Identifier: Apache-2.0 */
/* TDX quotes on hostile bytes: every part of what is accepted lies within them, in order. */
#include <stdlib.h>

#include "attestation/tdx_quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_tdx_quote q = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st = lk_tdx_quote_parse(data, size, &q, &err);

	must(st == LK_OK || (st == LK_TAMPERED && err.code == LK_C_EVIDENCE_INVALID && !q.body));
	if (st)
		return 0;
	must((q.version == 4 || q.version == 5) && q.used <= size);
	must(q.body + q.body_len == data + q.signed_len);
	must(q.signature == data + q.signed_len + 4 && q.signature_len > 0);
	must(q.signature + q.signature_len == data + q.used);
	must(q.report_data + LK_TDX_DATA <= q.body + q.body_len);
	must(q.rtmr + (size_t)LK_TDX_RTMRS * LK_TDX_MR == q.report_data);
	st = lk_tdx_quote_check(&q, q.report_data, &err);
	must(st == (q.attributes & LK_TDX_DEBUG ? LK_TAMPERED : LK_OK));
	return 0;
}
