/* SPDX-License-Identifier: Apache-2.0 */
/* A command run as the program would, and what it printed (after tests/check.h). */
#pragma once

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND_WORDS 6

static char said[16384];

/* words: the first is the command's own name; a NULL or COMMAND_WORDS of them end the list. Returns the
 * exit status; said holds what went to standard output. */
static int command_run(int (*command)(int argc, char **argv), const char *const *words)
{
	char name[] = "/tmp/lk-test-said-XXXXXX";
	char *argv[COMMAND_WORDS + 1] = { NULL };
	int argc = 0, i, code, file = mkstemp(name), saved = dup(1);
	ssize_t n;

	unlink(name);
	fflush(stdout);
	dup2(file, 1);
	for (; argc < COMMAND_WORDS && words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	optind = 0;
	code = command(argc, argv);
	fflush(stdout);
	dup2(saved, 1);
	n = pread(file, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(file);
	close(saved);
	for (i = 0; i < argc; i++)
		free(argv[i]);
	return code;
}
