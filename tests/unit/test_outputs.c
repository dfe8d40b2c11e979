/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of naming and publishing: all files or none, nothing replaced unasked. */
#include "core/cleanup.h"
#include "image/outputs.h"
#include "tests/check.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/lk-outputs-XXXXXX";

static bool there(const char *name)
{
	char path[256];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return lstat(path, &sb) == 0;
}

static void put(const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	CHECK(f != NULL);
	fclose(f);
}

TEST(names_derive_from_the_disk)
{
	struct lk_error err = { 0 };
	struct lk_outputs o;

	CHECK_EQ(lk_outputs_name(&o, "", NULL, &err), LK_CONFIG);
	CHECK_EQ(lk_outputs_name(&o, "dir/", NULL, &err), LK_CONFIG);
	CHECK_OK(lk_outputs_name(&o, "d.img/web.img", NULL, &err));
	CHECK_STR(o.final[LK_OUT_KERNEL], "d.img/web.vmlinuz");
	CHECK_STR(o.final[LK_OUT_ESCROW], "");
	CHECK_OK(lk_outputs_name(&o, "d/web", "", &err));
	CHECK_STR(o.final[LK_OUT_MANIFEST], "d/web.json");
	CHECK_STR(o.final[LK_OUT_ESCROW], "d/web.escrow.jwe");
	CHECK_OK(lk_outputs_name(&o, ".img", "/x/y", &err));
	CHECK_STR(o.final[LK_OUT_INITRD], ".img.initrd");
	CHECK_STR(o.final[LK_OUT_ESCROW], "/x/y");
}

static void prepare(struct lk_workspace *ws, struct lk_outputs *o)
{
	struct lk_error err = { 0 };
	char disk[256];
	size_t i;

	strcpy(folder, "/tmp/lk-outputs-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	snprintf(disk, sizeof(disk), "%s/web.img", folder);
	CHECK_OK(lk_workspace_open(ws, disk, &err));
	CHECK_OK(lk_outputs_name(o, disk, "", &err));
	for (i = 0; i < LK_N_OUTPUTS; i++)
		CHECK_OK(lk_workspace_write(ws, lk_output_work_names[i], 0600, "x", 1, &err));
}

TEST(an_output_in_the_way_takes_all_back)
{
	struct lk_workspace ws = { .log = -1 };
	struct lk_error err = { 0 };
	struct lk_outputs o;

	prepare(&ws, &o);
	CHECK_OK(lk_outputs_absent(&o, &err));
	put("web.json");
	CHECK_EQ(lk_outputs_absent(&o, &err), LK_CONFIG);
	CHECK_EQ(lk_outputs_publish(&o, &ws, false, &err), LK_CONFIG);
	CHECK(!there("web.vmlinuz") && !there("web.initrd") && !there("web.img"));
	CHECK(there("web.json"));
	lk_workspace_close(&ws);
	CHECK_EQ(unlink(o.final[LK_OUT_MANIFEST]), 0);
	CHECK_EQ(rmdir(folder), 0); /* the work folder is gone */
}

TEST(force_replaces)
{
	struct lk_workspace ws = { .log = -1 };
	struct lk_error err = { 0 };
	struct lk_outputs o;
	size_t i;

	prepare(&ws, &o);
	put("web.img");
	CHECK_OK(lk_outputs_publish(&o, &ws, true, &err));
	lk_workspace_close(&ws);
	for (i = 0; i < LK_N_OUTPUTS; i++)
		CHECK_EQ(unlink(o.final[i]), 0);
	CHECK_EQ(rmdir(folder), 0);
}

TEST(another_file_system_gets_a_copy)
{
	char far[] = "/dev/shm/lk-outputs-XXXXXX", escrow[256];
	struct lk_workspace ws = { .log = -1 };
	struct lk_error err = { 0 };
	struct lk_outputs o;
	size_t i;

	prepare(&ws, &o);
	CHECK(mkdtemp(far) != NULL);
	snprintf(escrow, sizeof(escrow), "%s/key.jwe", far);
	snprintf(o.final[LK_OUT_ESCROW], LK_PATH_MAX, "%s", escrow);
	CHECK_OK(lk_outputs_publish(&o, &ws, false, &err));
	lk_workspace_close(&ws);
	for (i = 0; i < LK_N_OUTPUTS; i++)
		CHECK_EQ(unlink(o.final[i]), 0);
	CHECK_EQ(rmdir(far), 0);
	CHECK_EQ(rmdir(folder), 0);
}

TEST(the_logs_tail_begins_with_a_whole_line)
{
	struct lk_workspace ws = { .log = -1 };
	struct lk_outputs o;
	char tail[12];

	lk_workspace_log_tail(&ws, tail, sizeof(tail));
	CHECK_STR(tail, "");
	prepare(&ws, &o);
	CHECK_EQ(write(ws.log, "one\ntwo\nthree\n", 14), 14);
	lk_workspace_log_tail(&ws, tail, sizeof(tail));
	CHECK_STR(tail, "two\nthree\n");
	lk_workspace_close(&ws);
	CHECK_EQ(rmdir(folder), 0);
}

TESTS(names_derive_from_the_disk, an_output_in_the_way_takes_all_back, force_replaces,
      another_file_system_gets_a_copy, the_logs_tail_begins_with_a_whole_line)
