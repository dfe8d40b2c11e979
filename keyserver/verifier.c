/* SPDX-License-Identifier: Apache-2.0 */
/* The list of verifiers: a new one is a row here. */
#include "keyserver/verifier.h"

#include <string.h>

#include "keyserver/verifier_sample.h"
#include "keyserver/verifier_snp.h"
#include "keyserver/verifier_tdx.h"
#include "keyserver/verifier_tpm.h"

static const struct lk_verifier *const verifiers[] = {
	&lk_verifier_sample,
	&lk_verifier_snp,
	&lk_verifier_tdx,
	&lk_verifier_tpm,
};

const struct lk_verifier *lk_verifier_find(const char *tee)
{
	size_t i;

	for (i = 0; i < sizeof(verifiers) / sizeof(verifiers[0]); i++)
		if (strcmp(verifiers[i]->tee, tee) == 0)
			return verifiers[i];
	return NULL;
}
