/* SPDX-License-Identifier: Apache-2.0 */
/* The artefact with the sample attester: every boot says that it proves nothing. */
#include "agent/artefact.h"
#include "lk_build.h"

const struct lk_artefact lk_artefact = {
	.version = LK_VERSION "-insecure-sample",
	.banner = "INSECURE: this build holds the sample attester, which proves nothing",
};
