/* SPDX-License-Identifier: Apache-2.0 */
/* The providers of this build, as meson's option lists them. */
#include "providers/lk_providers.h"
#include "providers/provider.h"

#define DECLARE(name) extern const struct lk_provider lk_provider_##name;
LK_PROVIDERS(DECLARE)
#undef DECLARE

const struct lk_provider *const lk_providers[] = {
#define LIST(name) &lk_provider_##name,
	LK_PROVIDERS(LIST)
#undef LIST
		NULL,
};
