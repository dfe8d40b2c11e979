/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator keeps for quotes: certificates, lists and documents of Intel's; and the extension
 * of a platform's certificate. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/json.h"
#include "keyserver/tdx_collateral.h"
#include "keyserver/trust.h"

#define IN_NOVEMBER_2025 1762300000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct lk_error err = { 0 };

	(void)argc;
	(void)argv;
	lk_json_setup();
	return lk_crypto_setup(&err) == LK_OK ? 0 : 1;
}

static void pck(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	struct lk_pck p;

	if (lk_pck_read(data, size, &p, &err) != LK_OK && !err.frames[0].text[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[LK_QE_REPORT];
	LK_CLEANUP(lk_trust_free_p) struct lk_trust *trust = NULL;
	const struct lk_tdx_platform p = { .mrsignerseam = zeros,
					   .seam_attributes = zeros,
					   .qe_report = zeros };
	struct lk_tdx_standing s;
	struct lk_error err = { 0 };

	if (size == 0)
		return 0;
	if (data[0] == 'p') {
		pck(data + 1, size - 1);
		return 0;
	}
	if (lk_trust_new(&trust, &err) != LK_OK)
		abort();
	if (lk_trust_add(trust, data + 1, size - 1, &err) != LK_OK)
		return 0;
	/* nobody but Intel can say anything good of such a platform */
	if (lk_tdx_standing(trust, IN_NOVEMBER_2025, &p, &s, &err) != LK_OK ||
	    s.status != LK_TCB_UNKNOWN)
		abort();
	return 0;
}
