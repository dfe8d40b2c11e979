/* SPDX-License-Identifier: Apache-2.0 */
/* agent/generator.c: units for volumes of the system, and the lines of fstab that cannot work. */
#include "tests/headers/config_dir.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/generator.h"
#include "providers/provider.h"

static const struct lk_provider remote = { .name = "remote", .needs_network = true };
static const struct lk_provider local = { .name = "local" };
static struct lk_volume_source far = { &remote, NULL }, near = { &local, NULL };
static char warnings[2048];
static struct lk_error err;

static void collect(void *arg, const char *text)
{
	(void)arg;
	strcat(strcat(warnings, text), "\n");
}

static enum lk_status generate(struct lk_volume *volumes, size_t n, int64_t deadline_ms,
			       const char *fstab)
{
	const struct lk_settings s = {
		.volumes = volumes, .n_volumes = n, .n_known = n, .deadline_ms = deadline_ms
	};

	warnings[0] = '\0';
	return lk_generate(&s, fstab, strlen(fstab), config_dir, collect, NULL, &err);
}

static const char *content(const char *name)
{
	static char text[4096];
	FILE *f = fopen(config_path(name), "r");
	size_t n;

	CHECK(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static const char *target(const char *name)
{
	static char text[256];
	const ssize_t n = readlink(config_path(name), text, sizeof(text) - 1);

	CHECK(n > 0);
	text[n] = '\0';
	return text;
}

TEST(growth_is_asked_for)
{
	static char name[] = "data";
	struct lk_volume v = { .name = name, .sources = &near, .n_sources = 1 };
	const struct lk_settings s = { .volumes = &v, .n_known = 1 };

	config_dir_new();
	CHECK_OK(lk_generate(&s, "", 0, config_dir, collect, NULL, &err));
	CHECK(access(config_path("multi-user.target.wants"), F_OK) != 0);
	v.grow = true; /* though the system opens no volume */
	CHECK_OK(lk_generate(&s, "", 0, config_dir, collect, NULL, &err));
	CHECK_STR(target("multi-user.target.wants/latchkey-grow.service"),
		  "/usr/lib/systemd/system/latchkey-grow.service");
	config_dir_remove();
}

TEST(growth_comes_with_each_mount)
{
	static const char fstab[] = "/dev/mapper/data-0 /srv/data-0 ext4 nofail 0 2\n"
				    "/dev/mapper/root / xfs defaults 0 1\n"
				    "/dev/mapper/data-0 /srv//data-0/ ext4 nofail 0 2\n"
				    "/dev/mapper/data-0 /only/read ext4 noauto,ro 0 2\n"
				    "/dev/mapper/data-0 none swap sw 0 0\n"
				    "/dev/mapper/fixed /fixed ext4 defaults 0 2\n"
				    "/dev/mapper/data-0 /by/hand ext4 noauto 0 2\n";
	struct lk_volume v[3] = {
		{ .name = (char[]){ "data-0" }, .grow = true },
		{ .name = (char[]){ "root" }, .grow = true, .is_root = true },
		{ .name = (char[]){ "fixed" } },
	};
	const struct lk_settings s = { .volumes = v, .n_known = 3 };

	config_dir_new();
	CHECK_OK(lk_generate(&s, fstab, strlen(fstab), config_dir, collect, NULL, &err));
	CHECK_HAS(content("srv-data\\x2d0.mount.d/40-latchkey.conf"),
		  "[Unit]\nWants=latchkey-grow@data-0.service\n"
		  "Before=latchkey-grow@data-0.service\n");
	CHECK_HAS(content("-.mount.d/40-latchkey.conf"), "Wants=latchkey-grow@root.service\n");
	CHECK_HAS(content("by-hand.mount.d/40-latchkey.conf"), "latchkey-grow@data-0.service\n");
	CHECK(access(config_path("only-read.mount.d"), F_OK) != 0);
	CHECK(access(config_path("fixed.mount.d"), F_OK) != 0);
	config_dir_remove();
}

TEST(a_volume_gets_its_units)
{
	struct lk_volume v = { .name = (char[]){ "data-0" }, .sources = &far, .n_sources = 1 };

	config_dir_new();
	CHECK_OK(generate(&v, 1, 300000, "/dev/mapper/data-0 /srv ext4 _netdev 0 2\n"));
	CHECK_STR(warnings, "");
	CHECK_HAS(content("latchkey@data-0.service"), "After=latchkey-volumes.service\n");
	CHECK_HAS(content("latchkey@data-0.service"),
		  "ExecStart=/usr/bin/latchkey boot opened data-0\n");
	CHECK_HAS(content("latchkey@data-0.service"),
		  "Before=blockdev@dev-mapper-data\\x2d0.target multi-user.target\n");
	CHECK_STR(target("multi-user.target.wants/latchkey@data-0.service"),
		  "../latchkey@data-0.service");
	CHECK_STR(target("dev-mapper-data\\x2d0.device.requires/latchkey@data-0.service"),
		  "../latchkey@data-0.service");
	CHECK_HAS(content("dev-mapper-data\\x2d0.device.d/40-latchkey.conf"),
		  "JobRunningTimeoutSec=390\n");
	CHECK_HAS(content("latchkey-volumes.service.d/40-latchkey.conf"), "TimeoutStartSec=330\n");
	CHECK_HAS(content("latchkey-volumes.service.d/40-latchkey.conf"),
		  "Wants=network-online.target\nAfter=network.target");
	config_dir_remove();
}

TEST(without_network_nothing_is_said_of_it)
{
	struct lk_volume v = { .name = (char[]){ "data0" }, .sources = &near, .n_sources = 1 };

	config_dir_new();
	CHECK_OK(generate(&v, 1, LK_FOREVER, "/dev/mapper/data0 /srv ext4 defaults 0 2\n"));
	CHECK_STR(warnings, "");
	CHECK(!strstr(content("latchkey-volumes.service.d/40-latchkey.conf"), "network"));
	CHECK_HAS(content("latchkey-volumes.service.d/40-latchkey.conf"),
		  "TimeoutStartSec=infinity\n");
	config_dir_remove();
}

TEST(a_line_without_netdev_is_told_and_makes_no_circle)
{
	struct lk_volume v[2] = {
		{ .name = (char[]){ "data0" }, .sources = &far, .n_sources = 1 },
		{ .name = (char[]){ "swap0" }, .sources = &near, .n_sources = 1 },
	};

	config_dir_new();
	CHECK_OK(generate(v, 2, 300000,
			  "# /dev/mapper/data0 /no ext4\n"
			  "/dev/mapper/data0 /srv ext4 defaults,nofail 0 2\n"
			  "/dev/mapper/data0 /other ext4 noauto 0 2\n"
			  "/dev/mapper/swap0 none swap sw,_netdev\n"
			  "/dev/mapper/other /x ext4 defaults\n"));
	CHECK_HAS(warnings, "/etc/fstab line 2: 'data0'");
	CHECK(!strstr(warnings, "line 3") && !strstr(warnings, "line 4"));
	CHECK(!strstr(warnings, "line 5"));
	CHECK(!strstr(content("latchkey-volumes.service.d/40-latchkey.conf"), "After="));
	config_dir_remove();
}

TEST(swap_that_needs_the_network_is_waited_for_by_nobody)
{
	static const char fstab[] = "/dev/mapper/swap-0 none swap sw 0 0\n"
				    "/dev/mapper/swap-0 none swap sw,noauto 0 0\n"
				    "/dev/mapper/data0 /srv ext4 _netdev 0 2\n";
	struct lk_volume v[2] = {
		{ .name = (char[]){ "swap-0" }, .sources = &near, .n_sources = 1 },
		{ .name = (char[]){ "data0" }, .sources = &far, .n_sources = 1 },
	};

	config_dir_new();
	CHECK_OK(generate(v, 2, 300000, fstab));
	CHECK_STR(warnings, "");
	CHECK_HAS(content("dev-mapper-swap\\x2d0.swap.d/40-latchkey.conf"),
		  "DefaultDependencies=no\nAfter=latchkey@swap-0.service\n"
		  "Conflicts=umount.target\nBefore=umount.target\n");
	CHECK_HAS(content("latchkey-volumes.service.d/40-latchkey.conf"), "After=network.target");
	CHECK(access(config_path("dev-mapper-data0.swap.d"), F_OK) != 0);
	config_dir_remove();
	v[1].sources = &near; /* then it comes with the others, as ever */
	config_dir_new();
	CHECK_OK(generate(v, 2, 300000, fstab));
	CHECK(access(config_path("dev-mapper-swap\\x2d0.swap.d"), F_OK) != 0);
	config_dir_remove();
}

TEST(no_volume_no_unit)
{
	config_dir_new();
	CHECK_OK(generate(NULL, 0, 300000, ""));
	CHECK_EQ(rmdir(config_dir), 0);
}

TEST(a_file_that_is_there_is_an_error)
{
	struct lk_volume v = { .name = (char[]){ "data0" }, .sources = &near, .n_sources = 1 };

	config_dir_new();
	config_put("latchkey@data0.service", "", 0644);
	CHECK_EQ(generate(&v, 1, 300000, ""), LK_INTERNAL);
	config_dir_remove();
}

TEST(names_in_units)
{
	char out[LK_UNIT_ESCAPED(LK_VOLUME_NAME_MAX)], longest[LK_VOLUME_NAME_MAX + 1];

	lk_unit_escape("a.b_c-D9", out);
	CHECK_STR(out, "a.b_c\\x2dD9");
	memset(longest, '-', LK_VOLUME_NAME_MAX);
	longest[LK_VOLUME_NAME_MAX] = '\0';
	lk_unit_escape(longest, out);
	CHECK_EQ(strlen(out), 4 * LK_VOLUME_NAME_MAX);
}

/* The command over whole files: only phase = "system" and auto_open count. */
TEST(the_command)
{
	static const char volume[] = "dev = \"/dev/vdb\"\nauto_open = true\n"
				     "[encrypt.exec]\ncommand = \"/bin/true\"\n";
	char text[512], *out;
	char *argv[] = { (char[]){ "latchkey-generator" },
			 (char[]){ "--config" },
			 config_dir,
			 (char[]){ "--fstab" },
			 (char[]){ "/nonexistent" },
			 NULL,
			 NULL };

	config_dir_new();
	snprintf(text, sizeof(text), "volume = \"early\"\n%s", volume);
	config_put("volumes.d/a.conf", text, 0600);
	snprintf(text, sizeof(text), "volume = \"late\"\nphase = \"system\"\n%s", volume);
	config_put("volumes.d/b.conf", text, 0600);
	out = strdup(config_path("out"));
	CHECK_EQ(mkdir(out, 0755), 0);
	argv[5] = out;
	CHECK_EQ(lk_cmd_generator(6, argv), 0);
	CHECK_EQ(access(config_path("out/latchkey@late.service"), F_OK), 0);
	CHECK(access(config_path("out/latchkey@early.service"), F_OK) != 0);
	config_put("volumes.d/b.conf", "volume = \n", 0600);
	optind = 0; /* a new process would begin so */
	CHECK_EQ(lk_cmd_generator(6, argv), lk_exit_code(LK_CONFIG));
	free(out);
	config_dir_remove();
}

TESTS(growth_is_asked_for, growth_comes_with_each_mount, a_volume_gets_its_units,
      without_network_nothing_is_said_of_it, a_line_without_netdev_is_told_and_makes_no_circle,
      swap_that_needs_the_network_is_waited_for_by_nobody, no_volume_no_unit,
      a_file_that_is_there_is_an_error, names_in_units, the_command)
