/* SPDX-License-Identifier: Apache-2.0 */
/* The providers of this build told to people: on the terminal and as latchkey-providers(7), both
 * from the providers' own tables. */
#pragma once

#include <stdio.h>

#include "providers/provider.h"

/* One line each: what it proves and what it is for. */
void lk_providers_list(FILE *out);
/* What it needs, its keys as a commented sample, and a worked example. */
void lk_provider_show(FILE *out, const struct lk_provider *p);
void lk_providers_manual(FILE *out);
