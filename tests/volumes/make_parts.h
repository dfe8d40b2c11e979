/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of make_vm beside its own; EXIT_SUCCESS or EXIT_FAILURE. */
#pragma once

int run_make_commands(void); /* make_commands.c */
int run_make_faults(void);   /* make_faults.c */
