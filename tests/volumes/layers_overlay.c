/* SPDX-License-Identifier: Apache-2.0 */
/* Overlays whose layer lies on a disk, against a real kernel: a part of layers_vm. */
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/containers.h"
#include "agent/layer_store.h"
#include "agent/overlay.h"
#include "tests/volumes/layers_kit.h"
#include "tests/volumes/layers_parts.h"

#define ROOT  "/tmp/sysroot"
#define PLACE "/tmp/layers"
#define OTHER "00ff"

static void put(const char *path, const char *text)
{
	LK_FILE FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0)
		check_fail(__FILE__, __LINE__, "write %s: %s", path, strerror(errno));
}

static enum lk_status lay(const char *made_for, struct lk_overlay_found *found)
{
	LK_BLOCKDEV store = disk("ext4");
	const struct lk_overlay_spec o = {
		.root = ROOT, .place = PLACE, .store = store.path, .made_for = made_for
	};

	return lk_overlay_mount(&o, found, &err);
}

static void take_off(void)
{
	char path[128];

	for (size_t i = 0; lk_container_dirs[i]; i++) {
		snprintf(path, sizeof(path), ROOT "/%s", lk_container_dirs[i]);
		CHECK_EQ(umount(path), 0);
	}
	CHECK_EQ(umount(ROOT), 0);
	CHECK_EQ(umount(PLACE), 0);
}

/* The store as it is between two boots. */
static void change_store(const char *from, const char *to, const char *link)
{
	LK_BLOCKDEV store = disk("ext4");

	CHECK_EQ(mount(store.path, PLACE, "ext4", 0, ""), 0);
	if (from)
		CHECK_EQ(rename(from, to), 0);
	if (link)
		CHECK_EQ(symlink("/tmp", link), 0);
	CHECK_EQ(umount(PLACE), 0);
}

TEST(a_root_to_write_over)
{
	CHECK(mkdir(ROOT, 0755) == 0 && mount("test", ROOT, "tmpfs", 0, "mode=0751") == 0);
	put(ROOT "/below", "base");
	CHECK_EQ(mount(NULL, ROOT, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
}

TEST(a_layer_lasts_for_its_root_hash)
{
	struct lk_overlay_found found;
	struct statvfs fs;
	struct stat s;

	CHECK_OK(lay("aa", &found));
	CHECK(!found.kept);
	CHECK(stat(ROOT, &s) == 0 && (s.st_mode & 07777) == 0751);
	CHECK(stat(PLACE, &s) == 0 && (s.st_mode & 07777) == 0700);
	CHECK(statvfs(PLACE, &fs) == 0);
	CHECK((fs.f_flag & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
	put(ROOT "/written", "first");
	put(ROOT "/var/lib/docker/image", "pulled");
	CHECK_OK(lay("aa", &found)); /* done already */
	take_off();
	CHECK(access(ROOT "/written", F_OK) != 0);
	CHECK_OK(lay("aa", &found));
	CHECK(found.kept);
	CHECK(access(ROOT "/written", F_OK) == 0 && access(ROOT "/below", F_OK) == 0);
	CHECK(access(ROOT "/var/lib/docker/image", F_OK) == 0 && found.missed == 0);
	take_off();
}

TEST(another_root_hash_starts_empty_and_loses_nothing)
{
	struct lk_overlay_found found;

	CHECK_OK(lay(OTHER, &found));
	CHECK(!found.kept);
	CHECK(access(ROOT "/written", F_OK) != 0);
	put(ROOT "/other", "second");
	take_off();
	CHECK_OK(lay("aa", &found));
	CHECK(found.kept);
	CHECK(access(ROOT "/written", F_OK) == 0 && access(ROOT "/other", F_OK) != 0);
	take_off();
}

TEST(a_store_that_was_to_be_empty_is_refused)
{
	struct lk_overlay_found found;

	CHECK_EQ(lay(NULL, &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
	CHECK_EQ(umount(PLACE), -1);
}

TEST(what_a_cut_left_unfinished_is_finished)
{
	struct lk_overlay_found found;

	/* all that a crash leaves behind: the name is given last */
	change_store(PLACE "/layers/" OTHER, PLACE "/layers/bb.new", NULL);
	CHECK_OK(lay("bb", &found));
	CHECK(!found.kept);
	CHECK(access(ROOT "/other", F_OK) != 0);
	take_off();
}

/* A boot of the root with this hash; how its store is tidied. */
static struct lk_layers_tidied boot_root(const char *hash, bool kept)
{
	struct lk_overlay_found found;
	struct lk_layers_tidied t;

	CHECK_OK(lay(hash, &found));
	CHECK_EQ(found.kept, kept);
	CHECK_OK(lk_layers_tidy(PLACE, hash, soon(), &t, &err));
	return t;
}

static bool has_layer(const char *name)
{
	char path[128];
	struct stat s;

	snprintf(path, sizeof(path), PLACE "/layers/%s", name);
	return lstat(path, &s) == 0;
}

/* "aa" and "bb" are there from before the store took note of roots. */
TEST(layers_of_two_roots_stay)
{
	struct lk_layers_tidied t = boot_root("aa", true);

	CHECK(t.removed == 0 && t.others == 1);
	take_off();
	t = boot_root("bb", true); /* before it: aa */
	CHECK(t.removed == 0 && t.others == 1);
	put(ROOT "/by-b", "kept");
	take_off();
	t = boot_root("cc", false); /* before it: bb; nobody needs aa */
	CHECK(t.removed == 1 && t.others == 1);
	CHECK(!has_layer("aa") && !has_layer("aa.old") && has_layer("bb") && has_layer("cc"));
	take_off();
	t = boot_root("cc", true);
	CHECK(t.removed == 0 && t.others == 1);
	take_off();
	t = boot_root("bb", true);
	CHECK(t.removed == 0 && t.others == 1 && has_layer("cc"));
	CHECK(access(ROOT "/by-b", F_OK) == 0);
	take_off();
}

TEST(what_a_cut_left_half_removed_is_removed)
{
	struct lk_layers_tidied t = boot_root("dd", false); /* before it: bb */

	CHECK(t.removed == 1 && !has_layer("cc"));
	CHECK(mkdir(PLACE "/layers/cc.old", 0700) == 0 && mkdir(PLACE "/layers/cc", 0700) == 0);
	CHECK(mkdir(PLACE "/layers/ee.new", 0700) == 0 &&
	      mkdir(PLACE "/layers/strange", 0700) == 0);
	put(PLACE "/layers/cc.old/file", "half");
	CHECK_EQ(lk_layers_tidy(PLACE, "dd", lk_deadline_in(0), &t, &err), LK_TIMEOUT);
	CHECK(has_layer("cc") || has_layer("cc.old"));
	take_off();
	t = boot_root("dd", true);
	CHECK(t.removed >= 2 && t.others == 1);
	CHECK(!has_layer("cc") && !has_layer("cc.old") && !has_layer("ee.new"));
	CHECK(has_layer("bb") && has_layer("dd") && has_layer("strange"));
	CHECK_EQ(rmdir(PLACE "/layers/strange"), 0);
	take_off();
}

/* On a store that proves nothing, a mark may hold anything. */
TEST(a_mark_that_names_no_root_removes_nothing)
{
	struct lk_layers_tidied t = boot_root("dd", true);

	CHECK_EQ(unlink(PLACE "/layers/.former"), 0);
	CHECK_EQ(symlink("../../../tmp", PLACE "/layers/.former"), 0);
	CHECK_OK(lk_layers_tidy(PLACE, "dd", soon(), &t, &err));
	CHECK(t.removed == 0 && t.others == 1 && has_layer("bb"));
	CHECK_EQ(unlink(PLACE "/layers/.current"), 0);
	CHECK_EQ(symlink("dd/../bb", PLACE "/layers/.current"), 0);
	CHECK_OK(lk_layers_tidy(PLACE, "dd", soon(), &t, &err));
	CHECK(t.removed == 0 && has_layer("bb"));
	take_off();
	change_store(PLACE "/layers/dd", PLACE "/layers/aa", NULL);
}

TEST(links_in_a_store_are_not_followed)
{
	struct lk_overlay_found found;

	change_store(NULL, NULL, PLACE "/layers/cc");
	CHECK_EQ(lay("cc", &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
	change_store(PLACE "/layers", PLACE "/were", PLACE "/layers");
	CHECK_EQ(lay("aa", &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
	CHECK_EQ(umount(PLACE), -1);
}

TEST(a_layer_that_starts_empty)
{
	struct lk_overlay_found found;

	change_store(PLACE "/layers", PLACE "/link", NULL);
	CHECK_OK(lay(NULL, &found));
	CHECK(!found.kept);
	put(ROOT "/written", "third");
	take_off();
	/* whoever promised an empty store did not keep it */
	CHECK_EQ(lay(NULL, &found), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LAYER_INVALID);
}

TEST(a_store_without_a_file_system)
{
	const struct lk_overlay_spec o = { .root = ROOT, .place = PLACE, .store = "/dev/vda" };
	struct lk_overlay_found found;

	CHECK_EQ(lk_overlay_mount(&o, &found, &err), LK_INTERNAL);
	CHECK_EQ(umount(ROOT), 0); /* the test's own, with nothing on top */
	CHECK_EQ(access(ROOT "/below", F_OK), -1);
}

int run_overlays(void)
{
	void (*const run[])(void) = {
		a_root_to_write_over,
		a_layer_lasts_for_its_root_hash,
		another_root_hash_starts_empty_and_loses_nothing,
		a_store_that_was_to_be_empty_is_refused,
		what_a_cut_left_unfinished_is_finished,
		layers_of_two_roots_stay,
		what_a_cut_left_half_removed_is_removed,
		a_mark_that_names_no_root_removes_nothing,
		links_in_a_store_are_not_followed,
		a_layer_that_starts_empty,
		a_store_without_a_file_system,
	};

	return check_main(
		run, sizeof(run) / sizeof(run[0]),
		"a_root_to_write_over, a_layer_lasts_for_its_root_hash, another_root_hash_starts_empty_and_loses_nothing, a_store_that_was_to_be_empty_is_refused, what_a_cut_left_unfinished_is_finished, layers_of_two_roots_stay, what_a_cut_left_half_removed_is_removed, a_mark_that_names_no_root_removes_nothing, links_in_a_store_are_not_followed, a_layer_that_starts_empty, a_store_without_a_file_system");
}
