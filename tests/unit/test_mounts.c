/* SPDX-License-Identifier: Apache-2.0 */
/* agent/mounts.c: which mount is taken, and lines that are not what they should be. */
#include "agent/mounts.h"

#include <sys/sysmacros.h>

#include "tests/check.h"

static const char *find(const char *text, dev_t device, size_t size)
{
	static char path[128];
	FILE *f = fmemopen((void *)(size_t)text, strlen(text), "r");
	bool found;

	CHECK(f && size <= sizeof(path));
	found = lk_mounts_find(f, device, path, size);
	(void)fclose(f);
	return found ? path : "none";
}

#define HEAD "22 1 254:1 / / ro,relatime shared:1 - erofs /dev/mapper/root ro\n"

TEST(the_device_decides)
{
	const char *text = HEAD "30 22 254:3 / /data rw,noatime shared:2 - ext4 /dev/dm-3 rw\n"
				"31 22 254:4 / /more rw - xfs /dev/dm-4 rw\n";

	CHECK_STR(find(text, makedev(254, 3), 64), "/data");
	CHECK_STR(find(text, makedev(254, 4), 64), "/more");
	CHECK_STR(find(text, makedev(254, 5), 64), "none");
	CHECK_STR(find(text, makedev(254, 1), 64), "none"); /* not for writing */
	CHECK_STR(find("", makedev(254, 3), 64), "none");
}

TEST(parts_of_it_do_not_count)
{
	const char *text = "30 22 254:3 /sub /part rw - ext4 /dev/dm-3 rw\n"
			   "31 22 254:3 / /ro ro,rw - ext4 /dev/dm-3 rw\n"
			   "32 22 254:3 / /rw rw - ext4 /dev/dm-3 rw\n";

	CHECK_STR(find(text, makedev(254, 3), 64), "/rw");
}

TEST(odd_names_are_read)
{
	const char *text = "30 22 254:3 / /a\\040b\\134c rw - ext4 /dev/dm-3 rw\n";

	CHECK_STR(find(text, makedev(254, 3), 64), "/a b\\c");
	CHECK_STR(find(text, makedev(254, 3), 7), "/a b\\c");
	CHECK_STR(find(text, makedev(254, 3), 6), "none");
	CHECK_STR(find("30 22 254:3 / /x\\04 rw - \n", makedev(254, 3), 64), "/x\\04");
	CHECK_STR(find("30 22 254:3 /\n\n30\n254:3 254:3\n", makedev(254, 3), 64), "none");
}

TESTS(the_device_decides, parts_of_it_do_not_count, odd_names_are_read)
