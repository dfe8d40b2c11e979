/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs have in common: a table of sub-commands from which usage and dispatch derive,
 * and how a command reports. A command takes its own argv (argv[0] is its name), prints its own
 * error once, and returns an exit status (core/error.h: lk_exit_code).
 */
#pragma once

#include <stdbool.h>

#include "core/error.h"

struct lk_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis;
	const char *summary; /* one line */
};

struct lk_program {
	const char *name;
	const char *version; /* with the artefact's suffix */
	const char *about;   /* one sentence */
	bool journal;	     /* lines carry priorities when stderr is not a terminal */
	const struct lk_command *commands; /* ending in { 0 }; "version" comes by itself */
};

/* Read the options in front of the command, set up log, JSON and cryptography, run the command.
 * Called through a link PROGRAM-COMMAND, all arguments are that command's. Returns the exit
 * status. */
int lk_program_main(const struct lk_program *program, int argc, char **argv);

/* Print the chain of err and what to do, and return its exit status. */
int lk_cmd_fail(const struct lk_error *err);
/* Print how the command is used, and return the exit status for wrong usage. */
int lk_cmd_usage(const char *usage);
