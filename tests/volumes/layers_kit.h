/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of layers share: disks by their serial numbers. Each file that includes it has its
 * own (CHECK does not leave the file). */
#pragma once

#include <string.h>

#include "agent/blockdev.h"
#include "agent/dm.h"
#include "core/cleanup.h"
#include "core/deadline.h"
#include "tests/check.h"

#define KIT __attribute__((unused)) static

static struct lk_error err;

KIT struct lk_deadline soon(void)
{
	return lk_deadline_in(20000);
}

/* The device with this serial number. */
KIT struct lk_blockdev disk(const char *serial)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	char path[64], text[32];

	for (int letter = 'a'; letter <= 'z'; letter++) {
		LK_FILE FILE *f = NULL;

		snprintf(path, sizeof(path), "/sys/block/vd%c/serial", letter);
		f = fopen(path, "re");
		if (!f || !fgets(text, sizeof(text), f))
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, serial) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/vd%c", letter);
		CHECK_OK(lk_blockdev_open(path, &dev, &err));
		return dev;
	}
	check_fail(__FILE__, __LINE__, "no disk '%s'", serial);
}

KIT bool mapped(const char *name)
{
	bool exists = true;

	CHECK_OK(lk_dm_exists(name, &exists, &err));
	return exists;
}
