/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey generator, which systemd runs early at boot and at each daemon-reload through a link
 * named latchkey-generator: reads the configuration and /etc/fstab, writes units, opens nothing. */
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/fstab.h"
#include "agent/generator.h"
#include "core/log.h"
#include "core/textfile.h"
#include "lk_build.h"

#define USAGE "generator [--config DIR] [--fstab FILE] DIR [EARLY-DIR LATE-DIR]"

/* systemd runs generators before there is a journal, with nothing to write to: the kernel's log
 * is the place. */
static void use_kernel_log(void)
{
	struct stat sb;
	LK_FD int fd = -1;

	if (fstat(STDERR_FILENO, &sb) == 0 && (!S_ISCHR(sb.st_mode) || sb.st_rdev != makedev(1, 3)))
		return;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)dup2(fd, STDERR_FILENO);
}

/* In the initramfs, and on a machine with neither root nor volumes of ours, there is nothing to
 * generate. */
static bool is_configured(void)
{
	static const char *const files[] = {
		LK_SYSCONFDIR "/volumes.d",
		LK_SYSCONFDIR "/fde.conf",
		LK_CRYPTPILOT_DIR "/volumes",
		LK_CRYPTPILOT_DIR "/fde.toml",
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i], F_OK) == 0)
			return true;
	return false;
}

static void warn(void *arg, const char *text)
{
	(void)arg;
	lk_log(LK_LOG_WARNING, "%s", text);
}

static enum lk_status generate(const char *config_dir, const char *fstab, const char *dir,
			       struct lk_error *err)
{
	LK_FREE char *text = NULL;
	LK_SETTINGS *s = NULL;
	enum lk_status st;
	size_t len = 0;

	st = lk_settings_load_system(config_dir, &s, err);
	if (st)
		return st;
	lk_settings_take_phase(s, LK_PHASE_SYSTEM);
	st = lk_textfile_read(fstab, LK_FSTAB_MAX, &text, &len, err);
	if (st && st != LK_ABSENT)
		warn(NULL, "/etc/fstab cannot be read; its lines are not looked at");
	return lk_generate(s, text ? text : "", len, dir, warn, NULL, err);
}

int lk_cmd_generator(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "fstab", required_argument, NULL, 'f' },
		{ 0 },
	};
	const char *config_dir = NULL, *fstab = "/etc/fstab";
	struct lk_error err = { 0 };
	int c;

	use_kernel_log();
	lk_log_setup("latchkey-generator", true, false);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			config_dir = optarg;
		else if (c == 'f')
			fstab = optarg;
		else
			return lk_cmd_usage(USAGE);
	}
	if (optind >= argc || argc - optind > 3)
		return lk_cmd_usage(USAGE);
	if (!config_dir && (access("/etc/initrd-release", F_OK) == 0 || !is_configured()))
		return 0;
	return generate(config_dir, fstab, argv[optind], &err) ? lk_cmd_fail(&err) : 0;
}
