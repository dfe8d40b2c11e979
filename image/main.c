/* SPDX-License-Identifier: Apache-2.0 */
/* The program latchkey-image: a table of sub-commands, and nothing else. */
#include <stddef.h>
#include <sys/stat.h>

#include "core/interrupt.h"
#include "image/commands.h"
#include "image/luks_format.h"
#include "lk_build.h"

static const struct lk_command commands[] = {
	{ "build", lk_image_cmd_build, "build --tree DIR|TAR --kernel FILE ...",
	  "make an encrypted, verified disk of a root tree; --help lists the options" },
	{ 0 },
};

int main(int argc, char **argv)
{
	static const struct lk_program program = {
		.name = "latchkey-image",
		.version = LK_VERSION,
		.about = "Make encrypted, measured disks for machines that latchkey opens.",
		.commands = commands,
	};

	(void)umask(022);
	lk_luks_quiet();
	lk_interrupt_setup();
	return lk_program_main(&program, argc, argv);
}
