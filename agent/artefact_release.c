/* SPDX-License-Identifier: Apache-2.0 */
/* The release artefact: nothing to warn of. */
#include "agent/artefact.h"
#include "lk_build.h"

const struct lk_artefact lk_artefact = { .version = LK_VERSION, .banner = NULL };
