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
	{ "seal", lk_cmd_seal, "seal envelope|vault ...",
	  "make a sealed secret, which a KMS or a key broker opens" },
	{ "status", lk_cmd_status, "status [--json | --plot FILE]",
	  "print or draw the report of the last unlock" },
	{ "unseal", lk_cmd_unseal, "unseal --check FILE",
	  "open a sealed secret as the unlock would, and show nothing of it" },
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
