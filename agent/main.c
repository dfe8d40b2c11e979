/* SPDX-License-Identifier: Apache-2.0 */
/* The program latchkey: a table of sub-commands, and nothing else. */
#include "agent/artefact.h"
#include "agent/commands.h"

static const struct lk_command commands[] = {
	{ "attest", lk_cmd_attest, "attest [--json] [--data FILE] ...",
	  "make evidence of this machine, and say what it binds" },
	{ "boot", lk_cmd_boot, "boot root|overlay|volumes|...", "open volumes; units call this" },
	{ "config", lk_cmd_config, "config check|show|files|sample ...",
	  "check, print and explain the configuration" },
	{ "generator", lk_cmd_generator, "generator DIR ...",
	  "write units for volumes of the system; systemd calls this" },
	{ "key", lk_cmd_key, "key fetch --volume NAME ...",
	  "fetch a key without opening anything" },
	{ "provider", lk_cmd_provider, "provider list|show NAME",
	  "what keys may come from, and what that needs" },
	{ "status", lk_cmd_status, "status [--json | --plot FILE]",
	  "print or draw the report of the last unlock" },
	{ "volume", lk_cmd_volume, "volume grow|rotate|recover|recovery-key|header ...",
	  "work on volumes that are configured" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct lk_program program = {
		.name = "latchkey",
		.version = lk_artefact.version,
		.about =
			"Fetch volume keys by remote attestation and open encrypted, measured disks.",
		.journal = true,
		.commands = commands,
	};

	return lk_program_main(&program, argc, argv);
}
