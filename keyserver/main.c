/* SPDX-License-Identifier: Apache-2.0 */
/* The program latchkeyd: a table of sub-commands, and nothing else. */
#include <signal.h>
#include <stddef.h>

#include "keyserver/commands.h"
#include "keyserver/p256.h"
#include "lk_build.h"

static const struct lk_command commands[] = {
	{ "init", lk_cmd_init, "init [--state DIR] [--hostname NAME]...",
	  "make the state: keys, certificates, an empty store" },
	{ "serve", lk_cmd_serve, "serve [--state DIR] [--listen ADDR:PORT] ...",
	  "run the key server" },
	{ "resource", lk_cmd_resource, "resource put|get|delete NAME, resource list",
	  "store and look at what attested machines may have" },
	{ "policy", lk_cmd_policy, "policy set|show", "who may have what; denied unless allowed" },
	{ "audit", lk_cmd_audit, "audit list|verify", "what was asked, by whom, and how it ended" },
	{ 0 },
};

int main(int argc, char **argv)
{
	static const struct lk_program program = {
		.name = "latchkeyd",
		.version = LK_VERSION,
		.about = "Keep volume keys and hand them to machines that prove what they booted.",
		.journal = true,
		.commands = commands,
	};

	lk_p256_setup();
	(void)signal(SIGPIPE, SIG_IGN);
	return lk_program_main(&program, argc, argv);
}
