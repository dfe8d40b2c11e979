/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for one test's configuration files. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

static char config_dir[64];

/* A fresh one; the caller ends with config_dir_remove. */
static void config_dir_new(void)
{
	strcpy(config_dir, "/tmp/lk-test-config-XXXXXX");
	CHECK(mkdtemp(config_dir));
}

__attribute__((unused)) static void config_dir_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", config_dir);
	CHECK_EQ(system(command), 0);
}

__attribute__((unused)) static const char *config_path(const char *name)
{
	static char path[2][256];
	static unsigned i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", config_dir, name);
	return path[i];
}

/* name may lie in a directory, which is made. */
__attribute__((unused)) static void config_put(const char *name, const char *text, mode_t mode)
{
	char dir[256];
	int fd;

	snprintf(dir, sizeof(dir), "%s", config_path(name));
	*strrchr(dir, '/') = 0;
	(void)mkdir(dir, 0755);
	fd = open(config_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	CHECK_EQ(fchmod(fd, mode), 0);
	close(fd);
}
