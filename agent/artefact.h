/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the two artefacts this program is: latchkey, or latchkey-insecure-sample, which holds
 * the sample attester and says so. Meson gives each program its own file. */
#pragma once

#include <stddef.h>

extern const struct lk_artefact {
	const char *version; /* "0.1.0", or with "-insecure-sample" behind it */
	const char *banner;  /* a line for the console at boot, or NULL */
} lk_artefact;
