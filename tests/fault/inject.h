/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the n-th allocation of a scenario fail. */
#pragma once

#include <stdbool.h>

void inject_arm(unsigned long nth); /* 1: the next one */
bool inject_disarm(void);	    /* did it fail one? */
