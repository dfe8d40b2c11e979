/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of layers_vm beside its own; EXIT_SUCCESS or EXIT_FAILURE. */
#pragma once

#include "agent/verity.h"

int run_overlays(void);				  /* layers_overlay.c */
int run_xfs(const struct lk_verity_params *root); /* layers_xfs.c */
