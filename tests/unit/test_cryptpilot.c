/* SPDX-License-Identifier: Apache-2.0 */
/* cryptpilot's files as they are: every form under the tables of the build's own providers, what
 * it becomes, what is refused, and that what is shown reads back as ours. */
#include "agent/settings_internal.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/provider.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"

#define FDE	 LK_SETTINGS_CRYPTPILOT_FDE
#define VOLUME	 LK_SETTINGS_CRYPTPILOT_VOLUME
#define GLOBAL	 LK_SETTINGS_CRYPTPILOT_GLOBAL
#define METADATA LK_SETTINGS_CRYPTPILOT_METADATA

static struct lk_error err;

static void settings_end(struct lk_settings *s)
{
	struct lk_settings *copy = malloc(sizeof(*copy));

	*copy = *s;
	lk_settings_free(copy);
}
#define SETTINGS LK_CLEANUP(settings_end) struct lk_settings

static void setup(void)
{
	static bool done;

	err = (struct lk_error){ 0 };
	if (done)
		return;
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	done = true;
}

/* The text of a fixture, until the next call. */
static const char *fixture(const char *name)
{
	static char text[16384];
	char path[512];
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/fixtures/cryptpilot/%s", LK_SOURCE_DIR, name);
	in = fopen(path, "r");
	CHECK(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = 0;
	fclose(in);
	return text;
}

static enum lk_status parse(struct lk_settings *s, enum lk_settings_kind kind, const char *text)
{
	setup();
	return lk_settings_parse(s, kind, "f.toml", text, strlen(text), 0600, NULL, &err);
}

static const char *refusal(enum lk_settings_kind kind, const char *text)
{
	static char buf[1024];
	SETTINGS s = { 0 };

	if (parse(&s, kind, text) == LK_OK)
		return "accepted";
	if (err.status != LK_CONFIG)
		return "wrong class";
	return lk_error_format(&err, buf, sizeof(buf));
}

#define REFUSES(kind, text, part) CHECK_HAS(refusal(kind, text), part)

/* Which of the build's tables reads this; without it, the refusal names what is missing. */
static bool takes(struct lk_settings *s, const char *name, const char *provider)
{
	const enum lk_settings_kind kind = strncmp(name, "fde", 3) == 0 ? FDE : VOLUME;
	char buf[1024], want[64];

	if (lk_provider_find(provider)) {
		CHECK_OK(parse(s, kind, fixture(name)));
		return true;
	}
	CHECK_EQ(parse(s, kind, fixture(name)), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_UNKNOWN);
	snprintf(want, sizeof(want), "no provider '%s' in this build", provider);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), want);
	return false;
}

/* -- what a file becomes -- */

TEST(global)
{
	SETTINGS a = { 0 }, b = { 0 }, c = { 0 };

	CHECK_OK(parse(&a, GLOBAL, fixture("global.toml")));
	CHECK(a.verbose && a.cryptpilot);
	CHECK_EQ(a.deadline_ms, 300000);
	CHECK_STR(a.tee, "auto");
	CHECK_OK(parse(&b, GLOBAL, fixture("global-empty.toml")));
	CHECK(!b.verbose);
	/* ours may stand beside it */
	CHECK_OK(parse(&c, GLOBAL,
		       "[boot]\n[agent]\ndeadline = \"1m\"\n[network]\ndns = \"::1\"\n"));
	CHECK_EQ(c.deadline_ms, 60000);
	CHECK_EQ(c.dns.n, 1);
}

TEST(global_refused)
{
	REFUSES(GLOBAL, "[bootddddd]\n", "no section [bootddddd]; the nearest is [boot]");
	REFUSES(GLOBAL, "[boot]\n[boot]\n", "f.toml:2: section [boot] stands in line 1 already");
	REFUSES(GLOBAL, "[boot]\nverbose = \"yes\"\n", "f.toml:2: ");
	REFUSES(GLOBAL, "[boot]\nverbos = true\n", "the nearest is 'verbose'");
	REFUSES(GLOBAL, "verbose = true\n", "before the first [section]");
	REFUSES(GLOBAL, "[boot]\nverbose = true\n[agent]\nverbose = true\n", "another spelling");
}

TEST(fde_of_the_template)
{
	SETTINGS s = { 0 };
	const struct lk_volume *root, *delta;

	CHECK_OK(parse(&s, FDE, fixture("fde-kbs.toml")));
	CHECK_EQ(s.n_known, 2);
	root = &s.volumes[0];
	delta = &s.volumes[1];
	CHECK(root->is_root && root->encrypted && !root->has_verity && root->auto_open);
	CHECK_STR(root->name, "rootfs");
	CHECK_STR(root->device, "/dev/mapper/cryptpilot-rootfs");
	CHECK_EQ(root->rw_overlay, LK_OVERLAY_DISK);
	CHECK_EQ(root->rw_overlay_type, LK_OVERLAY_SNAPSHOT);
	CHECK_EQ(root->makefs, -1);
	CHECK_EQ(root->format, LK_FORMAT_NEVER);
	CHECK_EQ(root->max_keyslots, 8);
	CHECK_STR(root->sources[0].provider->name, "kbs");
	CHECK(delta->is_delta && delta->encrypted && delta->integrity && delta->auto_open);
	CHECK_STR(delta->name, "delta");
	CHECK_STR(delta->device, "/dev/mapper/cryptpilot-delta");
	CHECK_EQ(delta->format, LK_FORMAT_ALWAYS);
	CHECK(!root->accept_unauthenticated_delta);
}

TEST(fde_defaults)
{
	SETTINGS s = { 0 };

	CHECK_OK(parse(&s, FDE, fixture("fde-defaults.toml")));
	CHECK(!s.volumes[0].encrypted);
	CHECK_EQ(s.volumes[0].n_sources, 0);
	CHECK_EQ(s.volumes[0].rw_overlay, LK_OVERLAY_DISK);
	CHECK_EQ(s.volumes[0].rw_overlay_type, LK_OVERLAY_SNAPSHOT);
	CHECK(!s.volumes[1].integrity);
	CHECK_STR(s.volumes[1].sources[0].provider->name, "exec");
}

TEST(fde_forms)
{
	SETTINGS older = { 0 }, persist = { 0 }, ram = { 0 }, otp = { 0 };

	CHECK_OK(parse(&older, FDE, fixture("fde-older.toml")));
	CHECK_EQ(older.volumes[0].rw_overlay, LK_OVERLAY_DISK_PERSIST);
	CHECK_EQ(older.volumes[0].rw_overlay_type, LK_OVERLAYFS);
	CHECK(older.volumes[1].integrity && !older.volumes[0].accept_unauthenticated_delta);
	CHECK_EQ(older.volumes[1].format, LK_FORMAT_BLANK);

	CHECK_OK(parse(&persist, FDE, fixture("fde-persist.toml")));
	CHECK_EQ(persist.volumes[1].format, LK_FORMAT_BLANK);
	CHECK(persist.volumes[0].accept_unauthenticated_delta);

	CHECK_OK(parse(&ram, FDE, fixture("fde-ram.toml")));
	CHECK_EQ(ram.volumes[0].rw_overlay, LK_OVERLAY_RAM);
	CHECK(!ram.volumes[1].auto_open);
	CHECK_EQ(ram.volumes[1].format, LK_FORMAT_NEVER);

	if (takes(&otp, "fde-otp.toml", "otp"))
		CHECK_EQ(otp.volumes[1].format, LK_FORMAT_ALWAYS);
}

TEST(fde_refused)
{
#define DELTA "[delta.encrypt.exec]\ncommand = \"echo\"\n"
	REFUSES(FDE, "", "[rootfs] is needed");
	REFUSES(FDE, "[rootfs]\n", "no [delta.encrypt.PROVIDER]");
	REFUSES(FDE, DELTA, "[rootfs] is needed");
	REFUSES(FDE, "[rootfs]\n[delta]\nintegrity = true\n", "no [delta.encrypt.PROVIDER]");
	REFUSES(FDE, "[rootfs]\n[rootfs.encrypt]\n" DELTA, "no [rootfs.encrypt.PROVIDER]");
	REFUSES(FDE, "[rootfs]\ndelta_location = \"none\"\n" DELTA,
		"takes one of: disk, disk-persist, ram");
	REFUSES(FDE, "[rootfs]\ndelta_location = \"ram\"\nrw_overlay = \"ram\"\n" DELTA,
		"another spelling");
	REFUSES(FDE, "[rootfs]\ndelta_backend = \"btrfs\"\n" DELTA, "overlayfs, dm-snapshot");
	REFUSES(FDE, "[rootfs]\ndevice = \"/dev/vda\"\n" DELTA, "has no key 'device'");
	REFUSES(FDE, "[rootfs]\n" DELTA "[data]\n[data.encrypt.exec]\n",
		"[data] is another spelling of [delta]");
	REFUSES(FDE, "[rootfs]\n[delta]\nintegrity = 1\n" DELTA, "f.toml:3: ");
	REFUSES(FDE, "[rootfs]\n" DELTA DELTA, "f.toml:4: ");
	REFUSES(FDE, "[rootfs]\n" DELTA "[rootfs.verity]\n", "no section [rootfs.verity]");
	REFUSES(FDE, "[rootfs]\n[delta.encrypt.exec]\ncommand = echo\n", "f.toml:3: ");
}

TEST(metadata)
{
	SETTINGS s = { 0 };
	const struct lk_volume *root = NULL;

	CHECK_OK(parse(&s, FDE, fixture("fde-kbs.toml")));
	CHECK_OK(parse(&s, METADATA, fixture("metadata-image.toml")));
	root = &s.volumes[0];
	CHECK(root->has_verity);
	CHECK_STR(root->device, "PARTUUID=01234567-89ab-cdef-0123-456789abcdef");
	CHECK_STR(root->luks_uuid, "5b1c9a3e-0000-4000-8000-0123456789ab");
	CHECK_STR(s.volumes[1].device, "PARTLABEL=delta");
	CHECK_EQ(root->verity.root_hash.len, 32);
	CHECK_EQ(root->verity.root_hash.data[0], 0x6f);
	CHECK_EQ(root->verity.data_blocks, 8);
	CHECK_EQ(root->verity.on_corruption, LK_VERITY_PANIC);
}

/* cryptpilot's own metadata: the rest is in its volume group. */
TEST(metadata_of_a_volume_group)
{
	SETTINGS s = { 0 };
	const struct lk_verity_params *p;

	CHECK_OK(parse(&s, FDE, fixture("fde-kbs.toml")));
	CHECK_OK(parse(&s, METADATA, fixture("metadata.toml")));
	p = &s.volumes[0].verity;
	CHECK(s.volumes[0].has_verity && p->superblock);
	CHECK_STR(s.volumes[0].device, "/dev/mapper/cryptpilot-rootfs");
	CHECK_STR(p->hash_device, "/dev/mapper/cryptpilot-rootfs_hash");
	CHECK_EQ(p->root_hash.data[31], 0x5b);
	CHECK_EQ(p->on_corruption, LK_VERITY_PANIC);
}

static const char *metadata_refusal(const char *text)
{
	static char buf[1024];
	SETTINGS s = { 0 };

	CHECK_OK(parse(&s, FDE, fixture("fde-defaults.toml")));
	if (parse(&s, METADATA, text) == LK_OK)
		return "accepted";
	CHECK_EQ(err.status, LK_CONFIG);
	return lk_error_format(&err, buf, sizeof(buf));
}

TEST(metadata_refused)
{
#define HASH  "root_hash = \"" H8 H8 H8 H8 H8 H8 H8 H8 "\"\n"
#define H8    "01234567"
#define PLACE "[latchkey]\ndevice = \"/dev/vda2\"\n"
	REFUSES(METADATA, fixture("metadata.toml"), "needs an fde.toml");
	CHECK_HAS(metadata_refusal(""), "the key 'type' is needed");
	CHECK_HAS(metadata_refusal("type = 1\n"), "'root_hash' is needed");
	CHECK_HAS(metadata_refusal("type = 2\n" HASH),
		  "f.toml:1: 'type' must be at least 1 and at most 1");
	CHECK_HAS(metadata_refusal("type = \"1\"\n" HASH), "f.toml:1: ");
	CHECK_HAS(metadata_refusal("type = 1\nroot_hash = \"012\"\n"), "f.toml:2: ");
	CHECK_HAS(metadata_refusal("type = 1\nroot_hash = \"" H8 "\"\n"), "f.toml:2: ");
	CHECK_HAS(metadata_refusal("type = 1\n" HASH "salt = \"00\"\n"), "no key 'salt'");
	CHECK_HAS(metadata_refusal("type = 1\n" HASH "[latchkey]\n"), "needs the key 'device'");
	CHECK_HAS(metadata_refusal("type = 1\n" HASH "[latchkey]\ndevice = \"LABEL=x\"\n"),
		  "f.toml:3: device 'LABEL=x'");
	CHECK_HAS(metadata_refusal("type = 1\n" HASH PLACE
				   "[latchkey.verity]\nroot_hash = \"" H8 H8 H8 H8 H8 H8 H8
				   "00000000\"\ndata_blocks = 1\n"
				   "hash_offset = 4096\n"),
		  "is not the one above");
}

TEST(volumes)
{
	static const struct {
		const char *name, *provider;
	} forms[] = {
		{ "volume-exec.toml", "exec" },	 { "volume-kbs.toml", "kbs" },
		{ "volume-kms.toml", "kms" },	 { "volume-kms-role.toml", "kms" },
		{ "volume-kms-id.toml", "kms" }, { "volume-oidc.toml", "oidc" },
		{ "volume-otp.toml", "otp" },	 { "volume-kbs-daemon.toml", "kbs" },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		SETTINGS s = { 0 };
		const struct lk_volume *v;

		if (!takes(&s, forms[i].name, forms[i].provider))
			continue;
		v = &s.volumes[0];
		CHECK_STR(v->name, "data0");
		CHECK_STR(v->device, "/dev/nvme1n1p1");
		CHECK(v->auto_open && v->integrity && v->encrypted);
		CHECK_EQ(v->phase, LK_PHASE_SYSTEM);
		CHECK_EQ(v->makefs, LK_FS_EXT4);
		CHECK_EQ(v->n_sources, 1);
		CHECK_STR(v->sources[0].provider->name, forms[i].provider);
		CHECK_EQ(v->format, strcmp(forms[i].provider, "otp") == 0 ? LK_FORMAT_ALWAYS
									  : LK_FORMAT_NEVER);
	}
}

TEST(swap)
{
	SETTINGS s = { 0 };

	if (!takes(&s, "volume-swap.toml", "otp"))
		return;
	CHECK_EQ(s.volumes[0].makefs, LK_FS_SWAP);
	CHECK(!s.volumes[0].integrity);
}

TEST(volumes_refused)
{
#define HEAD "volume = \"d\"\ndev = \"/dev/vdb\"\n"
#define EXEC "[encrypt.exec]\ncommand = \"echo\"\n"
	REFUSES(VOLUME, fixture("volume-tpm2.toml"), "no provider 'tpm2' in this build");
	REFUSES(VOLUME,
		HEAD "[encrypt.kbs]\nkey_uri = \"kbs:///a/b/c\"\ncdh_type = \"daemon\"\n"
		     "cdh_socket = \"/run/cdh.sock\"\n",
		"cdh_socket: write unix:///path or unix://@name");
	if (lk_provider_find("oidc"))
		REFUSES(VOLUME, fixture("volume-oidc-token.toml"), "oidc_provider_arn is missing");
	REFUSES(VOLUME, HEAD "[encrypt.kbs]\nkey_uri = \"kbs:///a/b/c\"\n", "'kbs_url' is needed");
	REFUSES(VOLUME, fixture("volume-kbs-plain.toml"), "needs kbs_root_cert or kbs_spki_pin");
	REFUSES(VOLUME, "volume = \"d\"\n" EXEC, "the key 'dev' is needed");
	REFUSES(VOLUME, "dev = \"/dev/vdb\"\n" EXEC, "the key 'volume' is needed");
	REFUSES(VOLUME, "volume = \"d/e\"\ndev = \"/dev/vdb\"\n" EXEC, "a volume's name has");
	REFUSES(VOLUME, "volume = \"d\"\ndev = \"vdb\"\n" EXEC, "f.toml:2: device 'vdb'");
	REFUSES(VOLUME, HEAD, "no [encrypt.PROVIDER]");
	REFUSES(VOLUME, HEAD "makefs = \"btrfs\"\n" EXEC, "takes one of: swap, ext4, xfs, vfat");
	REFUSES(VOLUME, HEAD "phase = \"system\"\n" EXEC, "no key 'phase'");
	REFUSES(VOLUME, HEAD EXEC "[encrypt.kbs]\n", "write providers = [\"exec\", \"kbs\"]");
	REFUSES(VOLUME, HEAD "[encrypt.exec]\n", "needs the key 'command'");
	REFUSES(VOLUME, HEAD "[encrypt]\nexec = { command = \"echo\" }\n", "[encrypt.exec]");
}

/* -- directories -- */

static const char *dir_refusal(enum lk_code code)
{
	static char buf[1024];
	LK_SETTINGS *s = NULL;

	setup();
	if (lk_settings_load(config_dir, &s, &err) == LK_OK)
		return "accepted";
	CHECK_EQ(err.status, LK_CONFIG);
	CHECK_EQ(err.code, code);
	return lk_error_format(&err, buf, sizeof(buf));
}

static void put(const char *name, const char *from)
{
	config_put(name, fixture(from), 0600);
}

TEST(directory)
{
	LK_SETTINGS *s = NULL, *lax = NULL;
	uint8_t before[32];

	setup();
	config_dir_new();
	put("fde.toml", "fde-ram.toml");
	put("global.toml", "global.toml");
	config_put("volumes/b.toml", "volume = \"b\"\ndev = \"/dev/vdb\"\nauto_open = true\n" EXEC,
		   0600);
	config_put("volumes/README", "not read", 0644);
	config_put("volumes/old.template", "not read", 0644);
	/* the root hash is in the initramfs alone */
	CHECK_HAS(dir_refusal(LK_C_CONFIG_MISSING), "fde.toml: no metadata.toml beside it");
	err = (struct lk_error){ 0 };
	CHECK_OK(lk_settings_check(config_dir, NULL, &lax, &err));
	lk_settings_free(lk_take(lax));
	CHECK_OK(lk_settings_load_system(config_dir, &lax, &err));
	put("metadata.toml", "metadata-image.toml");
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_STR(s->dir, config_dir);
	CHECK(s->cryptpilot && s->verbose && !s->own);
	CHECK_EQ(s->n_files, 4);
	CHECK_EQ(s->n_volumes, 1);
	CHECK_EQ(s->n_known, 3);
	CHECK_STR(s->volumes[0].name, "rootfs");
	lk_settings_take_phase(s, LK_PHASE_SYSTEM);
	CHECK_EQ(s->n_volumes, 1);
	CHECK_STR(s->volumes[0].name, "b");
	memcpy(before, s->digest, sizeof(before));
	lk_settings_free(lk_take(s));
	config_put("global.toml", "", 0644);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK(memcmp(s->digest, before, sizeof(before)) != 0);
	lk_settings_free(lk_take(s));
	/* a machine without a root of cryptpilot */
	CHECK_EQ(unlink(config_path("fde.toml")), 0);
	CHECK_EQ(unlink(config_path("global.toml")), 0);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_EQ(s->n_known, 1);
	CHECK_EQ(s->deadline_ms, 300000);
	config_dir_remove();
}

TEST(two_configurations)
{
	LK_CLEANUP(lk_settings_list_free) struct settings_list both = LK_SETTINGS_LIST_NONE;
	LK_CLEANUP(lk_settings_list_free) struct settings_list theirs = LK_SETTINGS_LIST_NONE;
	char buf[1024];

	setup();
	config_dir_new();
	config_put("older/fde.toml", "", 0644);
	config_put("ours/README", "", 0644);
	CHECK_OK(lk_settings_find(config_path("ours"), config_path("older"), LK_TRUST_CALLER,
				  &theirs, &err));
	CHECK(theirs.cryptpilot && theirs.n == 1);
	CHECK_EQ(theirs.entries[0].kind, FDE);
	CHECK_STR(theirs.dir.path, config_path("older"));
	config_put("ours/latchkey.conf", "", 0644);
	CHECK_EQ(lk_settings_find(config_path("ours"), config_path("older"), LK_TRUST_CALLER, &both,
				  &err),
		 LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "/ours/latchkey.conf and ");
	CHECK_HAS(buf, "/older/fde.toml: two configurations");
	/* one directory with both */
	config_put("volumes/a.toml", HEAD EXEC, 0600);
	CHECK_STR(dir_refusal(LK_C_NONE), "accepted");
	config_put("latchkey.conf", "", 0644);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_SYNTAX), "/latchkey.conf and ");
	CHECK_EQ(unlink(config_path("latchkey.conf")), 0);
	config_put("volumes.d/a.conf", HEAD EXEC, 0600);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_SYNTAX), "/volumes.d/a.conf and ");
	config_dir_remove();
}

/* An fde.toml with nothing beside it: whose it is, its text tells. */
TEST(lone_fde)
{
	LK_SETTINGS *s = NULL;

	setup();
	config_dir_new();
	put("fde.toml", "fde-ram.toml");
	CHECK_OK(lk_settings_check(config_dir, NULL, &s, &err));
	CHECK(s->cryptpilot);
	CHECK_STR(s->volumes[0].name, "rootfs");
	lk_settings_free(lk_take(s));
	config_put("fde.toml",
		   "[rootfs]\ndevice = \"/dev/vda\"\n[rootfs.encrypt.exec]\ncommand = \"echo\"\n",
		   0600);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK(!s->cryptpilot);
	lk_settings_free(lk_take(s));
	/* with our files beside it, it is ours */
	put("fde.toml", "fde-ram.toml");
	config_put("latchkey.conf", "", 0644);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_MISSING), "[rootfs] needs the key 'device'");
	config_dir_remove();
}

TEST(secrets_need_their_mode)
{
	SETTINGS s = { 0 };
	const char *text = fixture("volume-kms.toml");

	setup();
	if (!lk_provider_find("kms"))
		return;
	CHECK_EQ(lk_settings_parse(&s, VOLUME, "f.toml", text, strlen(text), 0644, NULL, &err),
		 LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
}

static void collect(void *arg, const struct lk_error *problem)
{
	char line[512];

	strcat(strcat(arg, lk_error_format(problem, line, sizeof(line))), "\n");
}

TEST(keep_going)
{
	char text[8192] = "";
	struct lk_problems problems = { collect, text, 0 };
	LK_SETTINGS *s = NULL;

	setup();
	config_dir_new();
	config_put("global.toml", "[boot]\nverbose = 1\n", 0644);
	config_put("fde.toml", "[rootfs]\nbogus = 1\n[delta]\nintegrity = 3\n" DELTA, 0600);
	config_put("metadata.toml", "type = 3\n", 0644);
	config_put("volumes/a.toml", "volume = \"a\"\n" EXEC, 0600);
	CHECK_OK(lk_settings_check(config_dir, &problems, &s, &err));
	CHECK_HAS(text, "global.toml:2: ");
	CHECK_EQ(problems.n, 6);
	CHECK_HAS(text, "fde.toml:2: [rootfs] has no key 'bogus'");
	CHECK_HAS(text, "fde.toml:4: 'integrity' takes true or false");
	CHECK_HAS(text, "metadata.toml:1: ");
	CHECK_HAS(text, "a.toml:1: the key 'dev' is needed");
	config_dir_remove();
}

/* Every form that the tables take passes the rules between keys as well. */
TEST(whole_configurations)
{
	static const struct {
		const char *fde, *volume;
		const char *provider; /* of either */
	} forms[] = {
		{ "fde-kbs.toml", "volume-exec.toml", "kbs" },
		{ "fde-defaults.toml", "volume-kbs.toml", "kbs" },
		{ "fde-older.toml", "volume-kms.toml", "kms" },
		{ "fde-persist.toml", "volume-kms-role.toml", "kms" },
		{ "fde-ram.toml", "volume-kms-id.toml", "kms" },
		{ "fde-kbs.toml", "volume-oidc.toml", "oidc" },
		{ "fde-otp.toml", "volume-otp.toml", "otp" },
		{ "fde-ram.toml", "volume-swap.toml", "otp" },
	};
	size_t i;

	setup();
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		LK_SETTINGS *s = NULL;

		if (!lk_provider_find(forms[i].provider))
			continue; /* refused by name: see above */
		config_dir_new();
		put("fde.toml", forms[i].fde);
		put("metadata.toml", i % 2 ? "metadata.toml" : "metadata-image.toml");
		put("volumes/v.toml", forms[i].volume);
		CHECK_OK(lk_settings_load(config_dir, &s, &err));
		CHECK_EQ(s->n_known, 3);
		config_dir_remove();
	}
}

/* What cryptpilot would have, and a layer that lasts must not be. */
TEST(lasting_snapshots_refused)
{
	setup();
	config_dir_new();
	config_put("fde.toml", "[rootfs]\ndelta_location = \"disk-persist\"\n" DELTA, 0600);
	put("metadata.toml", "metadata.toml");
	CHECK_HAS(dir_refusal(LK_C_CONFIG_VALUE), "disk-persist is for overlayfs");
	config_dir_remove();
}

/* -- what is shown reads back as ours -- */

static char *shown(const struct lk_settings *s)
{
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	if (!s->n_known)
		lk_settings_show_agent(out, s, false);
	for (i = 0; i < s->n_known; i++)
		lk_settings_show_volume(out, &s->volumes[i], false);
	fclose(out);
	return text;
}

static void reads_back(const struct lk_settings *s, enum lk_settings_kind ours)
{
	LK_FREE char *first = shown(s), *second = NULL;
	SETTINGS again = { 0 };

	CHECK_OK(lk_settings_parse(&again, ours, "shown.toml", first, strlen(first), 0600, NULL,
				   &err));
	second = shown(&again);
	CHECK_STR(second, first);
	CHECK(!strstr(first, "not a "));
}

TEST(shown_reads_back)
{
	static const char *const fdes[] = { "fde-kbs.toml", "fde-defaults.toml", "fde-older.toml",
					    "fde-persist.toml", "fde-ram.toml" };
	static const char *const volumes[] = { "exec",	   "kbs",    "kbs-daemon", "kms",
					       "kms-role", "kms-id", "oidc",	   "otp" };
	SETTINGS global = { 0 };
	size_t i;

	CHECK_OK(parse(&global, GLOBAL, fixture("global.toml")));
	reads_back(&global, LK_SETTINGS_AGENT);
	for (i = 0; i < 2 * sizeof(fdes) / sizeof(fdes[0]); i++) {
		SETTINGS s = { 0 };

		CHECK_OK(parse(&s, FDE, fixture(fdes[i / 2])));
		CHECK_OK(parse(&s, METADATA,
			       fixture(i % 2 ? "metadata.toml" : "metadata-image.toml")));
		reads_back(&s, LK_SETTINGS_FDE);
	}
	for (i = 0; i < sizeof(volumes) / sizeof(volumes[0]); i++) {
		char name[64], provider[16];
		SETTINGS s = { 0 };

		snprintf(name, sizeof(name), "volume-%s.toml", volumes[i]);
		snprintf(provider, sizeof(provider), "%.*s", (int)strcspn(volumes[i], "-"),
			 volumes[i]);
		if (takes(&s, name, provider))
			reads_back(&s, LK_SETTINGS_VOLUME);
	}
}

TESTS(global, global_refused, fde_of_the_template, fde_defaults, fde_forms, fde_refused, metadata,
      metadata_of_a_volume_group, metadata_refused, volumes, swap, volumes_refused, directory,
      two_configurations, lone_fde, whole_configurations, lasting_snapshots_refused,
      secrets_need_their_mode, keep_going, shown_reads_back)
