/* SPDX-License-Identifier: Apache-2.0 */
/* Which attester proves this machine. */
#include <string.h>

#include "attestation/hardware.h"

static const struct lk_attester *find(const struct lk_attester *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp((*list)->name, name) == 0)
			return *list;
	return NULL;
}

static const struct lk_attester *first_present(const struct lk_attester *const *list)
{
	for (; *list; list++)
		if (!(*list)->insecure && (*list)->present())
			return *list;
	return NULL;
}

static const char *what_is_there(const struct lk_hardware *hw)
{
	if (hw->tdx_cpu)
		return "a TDX processor";
	if (hw->snp_cpu)
		return "an SEV-SNP processor";
	if (hw->tsm)
		return "a TSM report interface";
	return hw->tpm ? "a TPM" : NULL;
}

enum lk_status lk_attester_choose(const struct lk_attester *const *list,
				  const struct lk_hardware *hardware, const char *name,
				  const struct lk_attester **ret, struct lk_error *err)
{
	const bool any = strcmp(name, "auto") == 0;
	const struct lk_attester *a = any ? first_present(list) : find(list, name);
	const char *real = what_is_there(hardware);

	if (!a && any)
		return lk_raise_code(err, LK_C_TEE_ABSENT,
				     "this machine has no TEE that this build can attest");
	if (!a)
		return lk_raise_code(err, LK_C_TEE_ABSENT, "this build has no attester '%.32s'",
				     name);
	if (a->insecure && real)
		return lk_raise_code(err, LK_C_TEE_REFUSED,
				     "'%s' proves nothing and is refused where there is %s",
				     a->name, real);
	if (!a->present())
		return lk_raise_code(err, LK_C_TEE_ABSENT, "this machine has no '%s'", a->name);
	*ret = a;
	return LK_OK;
}

enum lk_status lk_attester_pick(const char *name, const struct lk_attester **ret,
				struct lk_error *err)
{
	const struct lk_hardware hw = lk_hardware_probe();

	return lk_attester_choose(lk_attesters, &hw, name, ret, err);
}
