/* SPDX-License-Identifier: Apache-2.0 */
/* Which writable layers a root may have. */

#include "agent/settings_internal.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"

#define HASH   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define VERITY "[rootfs.verity]\nroot_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 32768\n"
#define ROOT(rows)                                                                                 \
	"[rootfs]\ndevice = \"/dev/vda\"\n" rows "[rootfs.encrypt.exec]\ncommand = \"/bin/true\"\n"
#define DELTA(rows)                                                                                \
	"[delta]\ndevice = \"/dev/vdb\"\n" rows "[delta.encrypt.exec]\ncommand = \"/bin/true\"\n"
#define OTP	 "[delta]\ndevice = \"/dev/vdb\"\n[delta.encrypt.otp]\n"
#define DISK	 "rw_overlay = \"disk\"\n"
#define PERSIST	 "rw_overlay = \"disk-persist\"\n"
#define RAM	 "rw_overlay = \"ram\"\n"
#define SNAPSHOT "rw_overlay_type = \"dm-snapshot\"\n"
#define ACCEPT	 "accept_unauthenticated_delta = true\n"

static struct lk_error err;

/* The settings of one fde.conf; the caller frees. */
static struct lk_settings *read_fde(const char *text, bool unfinished, enum lk_status *ret)
{
	struct lk_settings *s = calloc(1, sizeof(*s));

	CHECK(s);
	err = (struct lk_error){ 0 };
	s->unfinished = unfinished;
	*ret = lk_settings_parse(s, LK_SETTINGS_FDE, "fde.conf", text, strlen(text), 0600, NULL,
				 &err);
	if (!*ret)
		*ret = lk_settings_settle(s, NULL, &err);
	return s;
}

static void check_refused(const char *text, enum lk_code code, const char *why)
{
	LK_SETTINGS *s = NULL;
	enum lk_status st;
	char said[1024];

	s = read_fde(text, false, &st);
	CHECK_EQ(st, LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, said, sizeof(said)), why);
	CHECK_HAS(said, "fde.conf");
	CHECK_EQ(err.code, code);
}

static void check_accepted(const char *text, bool unfinished)
{
	LK_SETTINGS *s = NULL;
	enum lk_status st;

	s = read_fde(text, unfinished, &st);
	CHECK_OK(st);
}

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
}

TEST(a_layer_on_disk_needs_a_disk)
{
	check_refused(ROOT(DISK) VERITY, LK_C_CONFIG_MISSING, "needs the section [delta]");
	check_refused(ROOT(PERSIST ACCEPT) VERITY, LK_C_CONFIG_MISSING,
		      "needs the section [delta]");
	check_refused(ROOT(DISK SNAPSHOT) VERITY, LK_C_CONFIG_MISSING, "needs the section [delta]");
	check_accepted(ROOT(RAM) VERITY, false);
	check_accepted(ROOT(RAM SNAPSHOT) VERITY, false);
	check_accepted(ROOT(RAM) VERITY DELTA(""), false);
	check_accepted(ROOT(DISK) VERITY OTP, false);
	check_accepted(ROOT(DISK) OTP, false);
	check_accepted(ROOT(DISK SNAPSHOT) VERITY OTP, false);
}

TEST(what_lasts_is_authenticated_or_accepted_as_it_is)
{
	check_refused(ROOT(PERSIST) VERITY DELTA(""), LK_C_CONFIG_VALUE,
		      "accept_unauthenticated_delta = true");
	check_accepted(ROOT(PERSIST ACCEPT) VERITY DELTA(""), false);
	check_accepted(ROOT(PERSIST) VERITY DELTA("integrity = true\n"), false);
}

TEST(a_snapshot_never_lasts)
{
	check_refused(ROOT(PERSIST SNAPSHOT ACCEPT) VERITY DELTA(""), LK_C_CONFIG_VALUE,
		      "disk-persist is for overlayfs");
}

TEST(some_layers_need_a_verified_root)
{
	check_refused(ROOT(RAM SNAPSHOT), LK_C_CONFIG_MISSING, "dm-snapshot needs [rootfs.verity]");
	check_refused(ROOT(PERSIST ACCEPT) DELTA(""), LK_C_CONFIG_MISSING,
		      "disk-persist needs [rootfs.verity]");
	check_accepted(ROOT(RAM), false);
	/* latchkey-image is yet to add it */
	check_accepted(ROOT(RAM SNAPSHOT), true);
}

TEST(the_mappings_below_are_taken)
{
	check_refused(ROOT(RAM SNAPSHOT) VERITY DELTA("name = \"root-verity\"\n"),
		      LK_C_CONFIG_VALUE, "also wanted by");
	check_refused(ROOT(RAM SNAPSHOT) VERITY DELTA("name = \"root-base\"\n"), LK_C_CONFIG_VALUE,
		      "also wanted by");
	check_refused(ROOT(RAM SNAPSHOT) VERITY DELTA("name = \"root-store\"\n"), LK_C_CONFIG_VALUE,
		      "also wanted by");
	check_accepted(ROOT(RAM) VERITY DELTA("name = \"root-base\"\n"), false);
}

TESTS(setup, a_layer_on_disk_needs_a_disk, what_lasts_is_authenticated_or_accepted_as_it_is,
      a_snapshot_never_lasts, some_layers_need_a_verified_root, the_mappings_below_are_taken)
