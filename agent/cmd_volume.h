/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkey volume, one file each. Each is called with its own argv. */
#pragma once

/* agent/cmd_volume_grow.c */
int lk_cmd_volume_grow(int argc, char **argv);
