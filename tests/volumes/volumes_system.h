/* SPDX-License-Identifier: Apache-2.0 */
/* The part "system" of the volume tests; see volumes_system.c. */
#pragma once

int run_system(void);
