/* SPDX-License-Identifier: Apache-2.0 */
/* agent/settings*.c: what a whole configuration must not be, what it becomes, what is warned of,
 * and that what is shown reads back. */
#include "agent/settings_internal.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"
#include "tests/headers/fake_providers.h"

#define DEVICE "device = \"PARTUUID=01234567-89ab-cdef-0123-456789abcdef\"\n"
#define KBS    "[rootfs.encrypt.kbs]\nkbs_url = \"https://kbs\"\nkey_uri = \"kbs:///a/b/c\"\n"
#define EXEC   "[rootfs.encrypt.exec]\ncommand = \"/bin/true\"\n"
#define HASH   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define VERITY "[rootfs.verity]\nroot_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 32768\n"
#define VOLUME                                                                                     \
	"dev = \"/dev/vdb\"\n[encrypt.kbs]\nurl = \"https://kbs\"\nkey_uri = \"kbs:///a/b/d\"\n"

static struct lk_error err;

static void settings_end(struct lk_settings *s)
{
	if (s->volumes || s->files || s->tee) {
		struct lk_settings *copy = malloc(sizeof(*copy));

		*copy = *s;
		lk_settings_free(copy);
	}
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

/* One file alone, as the loader would take it. */
static enum lk_status parse(struct lk_settings *s, enum lk_settings_kind kind, const char *text)
{
	enum lk_status st;

	setup();
	st = lk_settings_parse(s, kind, "f.conf", text, strlen(text), 0600, NULL, &err);
	return st ? st : lk_settings_settle(s, NULL, &err);
}

/* The chain of a file that must be refused. */
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

#define AGENT_REFUSES(text, part) CHECK_HAS(refusal(LK_SETTINGS_AGENT, text), part)
#define ROOT_REFUSES(text, part)  CHECK_HAS(refusal(LK_SETTINGS_FDE, text), part)
#define DATA_REFUSES(text, part)  CHECK_HAS(refusal(LK_SETTINGS_VOLUME, text), part)

TEST(agent_refused)
{
	AGENT_REFUSES("[agent]\nregister = \"tpm:8\"\n",
		      "f.conf:2: 'register' of kind tpm takes 9, or 12 to 15");
	AGENT_REFUSES("[agent]\nregister = \"rtmr:9\"\n", "'register'");
	AGENT_REFUSES("[agent]\nregister = \"pcr\"\n", "takes none, tpm:N or rtmr:N");
	AGENT_REFUSES("[agent]\non_denied = \"wait\"\n", "takes poweroff, reboot or emergency");
	AGENT_REFUSES("[agent]\ntee = \"sgx\"\n", "takes one of: auto");
	AGENT_REFUSES("[agent]\ndeadline = \"10ms\"\n", "at least 1s");
	AGENT_REFUSES("[agent]\nfailure_delay = \"infinity\"\n", "at most 1h");
	AGENT_REFUSES("[network]\ndns = [\"ns.example\"]\n", "f.conf:2: 'dns' takes IPv4");
	AGENT_REFUSES("[rootfs]\n", "no section [rootfs]; the nearest is [");
	AGENT_REFUSES("[agent]\ndeadlin = \"1m\"\n", "the nearest is 'deadline'");
	AGENT_REFUSES("deadline = \"1m\"\n", "before the first [section]");
}

TEST(root_refused)
{
	ROOT_REFUSES("", "[rootfs] needs the key 'device'");
	ROOT_REFUSES("[rootfs]\n" KBS, "needs the key 'device'");
	ROOT_REFUSES("[rootfs]\ndevice = \"LABEL=root\"\n" KBS, "f.conf:2: ");
	ROOT_REFUSES("[rootfs]\ndevice = \"sda1\"\n" KBS, "f.conf:2: ");
	ROOT_REFUSES("[rootfs]\n" DEVICE "dev = \"/dev/vda\"\n" KBS, "another spelling");
	ROOT_REFUSES("[rootfs]\n" DEVICE "name = \"../x\"\n" KBS, "f.conf:3: a volume's name");
	ROOT_REFUSES("[rootfs]\n" DEVICE "name = \"\"\n" KBS, "a volume's name");
	ROOT_REFUSES("[rootfs]\n" DEVICE "name = \"control\"\n" KBS, "a volume's name");
	ROOT_REFUSES("[rootfs]\n" DEVICE "luks_uuid = \"1234\"\n" KBS, "is not a UUID");
	ROOT_REFUSES("[rootfs]\n" DEVICE "max_keyslots = 0\n" KBS, "at least 1");
	ROOT_REFUSES("[rootfs]\n" DEVICE "encrypted = false\n", "would protect nothing");
	ROOT_REFUSES("[rootfs]\n" DEVICE KBS "[rootfs.verty]\n", "no section [rootfs.verty]");
	ROOT_REFUSES("[rootfs]\n" DEVICE KBS "[delta]\n", "[delta] needs the key 'device'");
	ROOT_REFUSES("[rootfs]\n" DEVICE KBS "[delta]\ndevice = \"/dev/vdb\"\n",
		     "no [delta.encrypt.PROVIDER]");
}

TEST(growth)
{
	SETTINGS s = { 0 };

	DATA_REFUSES("volume = \"data0\"\ngrow = true\nintegrity = true\n" VOLUME,
		     "f.conf:2: a volume with integrity = true cannot grow");
	ROOT_REFUSES("[rootfs]\n" DEVICE "grow = true\n" KBS, "no key 'grow'");
	CHECK_OK(parse(&s, LK_SETTINGS_VOLUME,
		       "volume = \"data0\"\nauto_open = true\ngrow = true\n" VOLUME));
	CHECK(s.volumes[0].grow);
}

TEST(verity_refused)
{
#define WITH(verity) "[rootfs]\n" DEVICE KBS "[rootfs.verity]\n" verity
	ROOT_REFUSES(WITH(""), "[rootfs.verity] needs the key 'root_hash'");
	ROOT_REFUSES(WITH("root_hash = \"ab\"\n"), "32 to 64 bytes");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\nhash_offset = 4096\n"), "'data_blocks'");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\nalgorithm = \"sha512\"\ndata_blocks = 1\n"
			  "hash_offset = 4096\n"),
		     "no digest of sha512");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\nalgorithm = \"sha1\"\n"), "one of: sha256");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 28672\n"),
		     "lies within the data");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 33280\n"),
		     "not a multiple");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 9223372036854775807\n"
			  "hash_offset = 4096\n"),
		     "lies within the data");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 32768\n"
			  "data_block_size = 3000\n"),
		     "power of two");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 32768\n"
			  "on_corruption = \"ignore\"\n"),
		     "one of: panic, error, restart");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 0\n"),
		     "lies within the data");
	ROOT_REFUSES(WITH("root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 0\n"
			  "hash_device = \"PARTLABEL=tree\"\n"),
		     "the tree of an encrypted root lies behind the data");
	ROOT_REFUSES("[rootfs]\n" DEVICE "encrypted = false\n" VERITY "hash_device = \"tree\"\n",
		     "'tree'");
}

TEST(superblock_refused)
{
#define BLOCK "root_hash = \"" HASH "\"\nsuperblock = true\n"
#define TREE  "hash_device = \"/dev/vdb\"\n"
	SETTINGS s = { 0 };

	CHECK_OK(parse(&s, LK_SETTINGS_FDE, WITH(BLOCK TREE)));
	CHECK(s.volumes[0].verity.superblock && s.volumes[0].encrypted);
	ROOT_REFUSES(WITH(BLOCK), "needs 'hash_device'");
	ROOT_REFUSES(WITH(BLOCK TREE "data_blocks = 8\n"), "leaves salt, block sizes");
	ROOT_REFUSES(WITH(BLOCK TREE "salt = \"00\"\n"), "leaves salt, block sizes");
	ROOT_REFUSES(WITH(BLOCK TREE "hash_offset = 4096\n"), "leaves salt, block sizes");
	ROOT_REFUSES(WITH(BLOCK TREE "hash_block_size = 512\n"), "leaves salt, block sizes");
	ROOT_REFUSES(WITH(BLOCK "hash_device = \"vdb\"\n"), "device 'vdb'");
}

TEST(providers_refused)
{
#define ROOT "[rootfs]\n" DEVICE
	ROOT_REFUSES(ROOT, "no [rootfs.encrypt.PROVIDER]");
	ROOT_REFUSES(ROOT "[rootfs.encrypt]\n", "no [rootfs.encrypt.PROVIDER]");
	ROOT_REFUSES(
		ROOT "[rootfs.encrypt.kbz]\n",
		"no provider 'kbz' in this build, which has kbs, exec, kms, otp; the nearest is 'kbs'");
	ROOT_REFUSES(ROOT "[encrypt.kbs]\n", "no [rootfs.encrypt.PROVIDER]");
	ROOT_REFUSES(ROOT KBS EXEC, "write providers = [\"kbs\", \"exec\"]");
	ROOT_REFUSES(ROOT "[rootfs.encrypt]\nproviders = [\"kbs\", \"exec\"]\n" KBS,
		     "'providers' names 'exec', which has no table");
	ROOT_REFUSES(ROOT "[rootfs.encrypt]\nproviders = [\"kbs\"]\n" KBS EXEC,
		     "'providers' leaves out 'exec'");
	ROOT_REFUSES(ROOT "[rootfs.encrypt]\nproviders = [\"kbs\", \"kbs\"]\n" KBS, "twice");
	ROOT_REFUSES(ROOT "[rootfs.encrypt]\nproviders = []\n" KBS, "1 to 8 items");
	ROOT_REFUSES(ROOT "[rootfs.encrypt]\nproviders = [\"kbs\", \"exec\"]\n" KBS EXEC,
		     "needs allow_weaker = true");
	ROOT_REFUSES(ROOT "encrypted = false\n" VERITY KBS, "contradicts encrypted = false");
	ROOT_REFUSES(ROOT "[rootfs.encrypt.kbs]\nkey_uri = \"kbs:///a/b/c\"\n",
		     "f.conf:3: [rootfs.encrypt.kbs] needs the key 'kbs_url'");
	ROOT_REFUSES(ROOT "[rootfs.encrypt.kbs]\nkbs_url = \"http://x\"\nkey_uri = \"u\"\n",
		     "f.conf:3: http needs allow_plaintext_http");
	ROOT_REFUSES(ROOT KBS "[rootfs.encrypt.kbs.more]\n",
		     "no section [rootfs.encrypt.kbs.more]");
}

TEST(volume_refused)
{
	DATA_REFUSES(VOLUME, "the key 'volume' is needed");
	DATA_REFUSES("volume = \"d\"\n", "the key 'dev' is needed");
	DATA_REFUSES("volume = \"d\"\nphase = \"later\"\n" VOLUME, "one of: initrd, system");
	DATA_REFUSES("volume = \"d\"\nintegrity = true\nallow_discards = true\n" VOLUME,
		     "integrity and allow_discards exclude each other");
	DATA_REFUSES("volume = \"d\"\nauto_opne = true\n" VOLUME, "the nearest is 'auto_open'");
	DATA_REFUSES("volume = \"d\"\ndev = \"/dev/mapper/d\"\n[encrypt.otp]\n", "not stacked");
}

TEST(what_may_be_made)
{
#define DATA "volume = \"d\"\ndev = \"/dev/vdb\"\n"
	static const char blank[] = "volume = \"d\"\nformat = \"blank\"\nmakefs = \"ext4\"\n" VOLUME
				    "kbs_root_cert = \"/etc/latchkey/ca.pem\"\n";
	static const char random[] = DATA "makefs = \"swap\"\nintegrity = true\n[encrypt.otp]\n";
	SETTINGS lasting = { 0 }, throw_away = { 0 };

	DATA_REFUSES("volume = \"d\"\nformat = \"blank\"\n" VOLUME, "only over TLS");
	DATA_REFUSES(DATA "luks_uuid = \"00000000-0000-4000-8000-000000000000\"\n[encrypt.otp]\n",
		     "has no luks_uuid");
	DATA_REFUSES(DATA "[encrypt]\nproviders = [\"otp\", \"exec\"]\n[encrypt.otp]\n"
			  "[encrypt.exec]\ncommand = \"/bin/true\"\n",
		     "goes with no other provider");
	ROOT_REFUSES("[rootfs]\n" DEVICE "[rootfs.encrypt.otp]\n", "a root cannot have");
	setup();
	CHECK_OK(lk_settings_parse(&lasting, LK_SETTINGS_VOLUME, "f.conf", blank, strlen(blank),
				   0600, NULL, &err));
	CHECK_OK(lk_settings_settle(&lasting, NULL, &err));
	CHECK(!lk_volume_throw_away(&lasting.volumes[0]));
	CHECK_OK(lk_settings_parse(&throw_away, LK_SETTINGS_VOLUME, "f.conf", random,
				   strlen(random), 0600, NULL, &err));
	CHECK_OK(lk_settings_settle(&throw_away, NULL, &err));
	CHECK(lk_volume_throw_away(&throw_away.volumes[0]));
}

TEST(secrets_need_their_mode)
{
	static const char text[] = "volume = \"d\"\ndev = \"/dev/vdb\"\n"
				   "[encrypt.kms]\nkey_id = \"k\"\npassword = \"hunter2\"\n";
	SETTINGS loose = { 0 }, tight = { 0 };
	char buf[512];

	setup();
	CHECK_EQ(lk_settings_parse(&loose, LK_SETTINGS_VOLUME, "f.conf", text, strlen(text), 0640,
				   NULL, &err),
		 LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "f.conf: ");
	CHECK_HAS(buf, "mode is 0640");
	CHECK_OK(lk_settings_parse(&tight, LK_SETTINGS_VOLUME, "f.conf", text, strlen(text), 0600,
				   NULL, &err));
	CHECK(tight.files[0].has_secrets);
}

TEST(emergency_refused)
{
	SETTINGS s = { 0 }, other = { 0 };
	char buf[512];

	CHECK_OK(parse(&s, LK_SETTINGS_AGENT, "[agent]\non_denied = \"emergency\"\n"));
	CHECK_EQ(parse(&s, LK_SETTINGS_FDE, "[rootfs]\n" DEVICE KBS), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "refuses on_denied = \"emergency\"");
	CHECK_OK(parse(&other, LK_SETTINGS_AGENT, "[agent]\non_unreachable = \"emergency\"\n"));
	CHECK_OK(parse(&other, LK_SETTINGS_FDE, "[rootfs]\n" DEVICE EXEC));
}

TEST(mappings_clash)
{
	SETTINGS s = { 0 };
	char buf[512];

	CHECK_OK(parse(&s, LK_SETTINGS_AGENT, ""));
	CHECK_OK(parse(&s, LK_SETTINGS_FDE, "[rootfs]\n" DEVICE KBS VERITY));
	CHECK_EQ(parse(&s, LK_SETTINGS_VOLUME, "volume = \"root-crypt\"\n" VOLUME), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "the mapping 'root-crypt' is also");
}

/* -- directories -- */

/* The chain of a directory that must be refused. */
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

TEST(directories_refused)
{
	config_dir_new();
	CHECK_HAS(dir_refusal(LK_C_CONFIG_MISSING), "no latchkey.conf, fde.conf");
	config_put("fde.conf", "[rootfs]\n" DEVICE KBS, 0644);
	CHECK_STR(dir_refusal(LK_C_NONE), "accepted");
	config_put("fde.toml", "[rootfs]\n" DEVICE KBS, 0644);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_SYNTAX), "/fde.conf and ");
	CHECK_EQ(unlink(config_path("fde.toml")), 0);
	config_put("volumes.d/a.conf", "volume = \"a\"\n" VOLUME, 0644);
	config_put("volumes.d/a.b.conf", "volume = \"b\"\n" VOLUME, 0644);
	CHECK_STR(dir_refusal(LK_C_NONE), "accepted");
	config_put("volumes.d/a.toml", "volume = \"c\"\n" VOLUME, 0644);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_SYNTAX), "/a.conf and ");
	CHECK_EQ(unlink(config_path("volumes.d/a.toml")), 0);
	config_put("volumes.d/z.conf", "volume = \"a\"\n" VOLUME, 0644);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_VALUE), "z.conf: the mapping 'a' is also wanted by");
	CHECK_EQ(unlink(config_path("volumes.d/z.conf")), 0);
	config_put("latchkey.conf", "[agent]\n", 0666);
	CHECK_HAS(dir_refusal(LK_C_CONFIG_FILE_MODE), "latchkey.conf: mode 0666");
	config_dir_remove();
}

TEST(all_of_it)
{
	LK_SETTINGS *s = NULL;
	const struct lk_volume *root;
	uint8_t before[32];

	setup();
	config_dir_new();
	config_put("latchkey.toml",
		   "[agent]\ndeadline = \"2m\"\non_unreachable = \"wait\"\n"
		   "tee = \"tdx\"\n[network]\ndns = \"10.0.2.3\"\n",
		   0644);
	config_put("fde.conf",
		   "[rootfs]\n" DEVICE "rw_overlay = ram\nallow_discards = true\n"
		   "luks_uuid = 5B1C9A3E-0000-4000-8000-0123456789AB\n"
		   "[rootfs.encrypt]\nproviders = [\"exec\", \"kbs\"]\n" KBS EXEC VERITY
		   "[delta]\ndev = \"/dev/vdb\"\n[delta.encrypt.exec]\ncommand = \"/bin/true\"\n",
		   0644);
	config_put("volumes.d/a.conf", "volume = idle\n" VOLUME, 0644);
	config_put("volumes.d/b.toml", "volume = \"data\"\nauto_open = true\n" VOLUME, 0644);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_STR(s->dir, config_dir);
	CHECK_EQ(s->deadline_ms, 120000);
	CHECK_EQ(s->on_unreachable, LK_FAIL_WAIT);
	CHECK_EQ(s->on_denied, LK_FAIL_POWEROFF);
	CHECK_EQ(s->failure_delay_ms, 10000);
	CHECK_STR(s->tee, "tdx");
	CHECK_STR(s->reg, "none");
	CHECK_EQ(s->dns.n, 1);
	CHECK_EQ(s->n_files, 4);
	CHECK_EQ(s->n_volumes, 2);
	CHECK_EQ(s->n_known, 4);
	root = &s->volumes[0];
	CHECK(root->is_root && root->encrypted && root->has_verity && root->allow_discards);
	CHECK_STR(root->name, "root");
	CHECK_STR(root->luks_uuid, "5b1c9a3e-0000-4000-8000-0123456789ab");
	CHECK_EQ(root->rw_overlay, LK_OVERLAY_RAM);
	CHECK_EQ(root->max_keyslots, 2);
	CHECK_EQ(root->verity.on_corruption, LK_VERITY_PANIC);
	CHECK_EQ(root->verity.hash_offset, 32768);
	CHECK_EQ(root->verity.root_hash.len, 32);
	CHECK_EQ(root->n_sources, 2);
	CHECK_STR(root->sources[0].provider->name, "exec");
	CHECK_STR(((struct fake_kbs *)root->sources[1].options)->uri, "kbs:///a/b/c");
	CHECK_STR(s->volumes[1].name, "data");
	/* nothing writes to it: rw_overlay is ram */
	CHECK(s->volumes[2].is_delta && s->volumes[2].encrypted && !s->volumes[2].auto_open);
	CHECK_STR(s->volumes[2].name, "delta");
	CHECK_STR(s->volumes[3].name, "idle");
	CHECK(lk_volume_attested(root) && lk_volume_needs_network(root));
	memcpy(before, s->digest, sizeof(before));
	lk_settings_free(lk_take(s));
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_MEM(s->digest, before, sizeof(before));
	lk_settings_free(lk_take(s));
	config_put("latchkey.toml", "[agent]\ndeadline = \"3m\"\n", 0644);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK(memcmp(s->digest, before, sizeof(before)) != 0);
	config_dir_remove();
}

static void append(void *arg, const char *text)
{
	strcat(strcat(arg, text), "\n");
}

TEST(volumes_of_one_phase)
{
	LK_SETTINGS *s = NULL;
	char text[8192] = "";

	setup();
	config_dir_new();
	config_put("fde.conf", "[rootfs]\n" DEVICE KBS VERITY, 0644);
	config_put("volumes.d/a.conf",
		   "volume = late\nphase = system\nauto_open = true\ndev = /dev/vdb\n"
		   "[encrypt.kbs]\nkbs_url = https://x\nkey_uri = \"u\"\n",
		   0644);
	config_put("volumes.d/b.conf", "volume = idle\nphase = system\n" VOLUME, 0644);
	config_put("volumes.d/c.conf", "volume = early\nauto_open = true\n" VOLUME, 0644);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_EQ(s->n_volumes, 2);
	CHECK_STR(s->volumes[0].name, "root");
	CHECK_STR(s->volumes[1].name, "early");
	lk_settings_take_phase(s, LK_PHASE_SYSTEM);
	CHECK_EQ(s->n_volumes, 1);
	CHECK_EQ(s->n_known, 4);
	CHECK_STR(s->volumes[0].name, "late");
	lk_settings_take_phase(s, LK_PHASE_INITRD);
	CHECK_EQ(s->n_volumes, 2);
	CHECK_STR(s->volumes[0].name, "root");
	lk_settings_warn(s, append, text);
	CHECK_HAS(text, "volume 'late': phase is system: the key service's policy must allow");
	CHECK_HAS(text, "volume 'late': phase is system: its line in /etc/fstab needs");
	CHECK(!strstr(text, "volume 'early': phase"));
	CHECK_HAS(text, "volume 'idle': auto_open is false");
	config_dir_remove();
}

TEST(defaults_without_latchkey_conf)
{
	LK_SETTINGS *s = NULL;

	setup();
	config_dir_new();
	config_put("fde.conf", "[rootfs]\n" DEVICE EXEC VERITY, 0644);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_EQ(s->deadline_ms, 300000);
	CHECK_EQ(s->on_unreachable, LK_FAIL_REBOOT);
	CHECK_STR(s->tee, "auto");
	CHECK_EQ(s->n_files, 1);
	CHECK_EQ(s->volumes[0].verity.on_corruption, LK_VERITY_ERROR);
	config_dir_remove();
}

static void collect(void *arg, const struct lk_error *problem)
{
	char *text = arg;
	char line[512];

	strcat(strcat(text, lk_error_format(problem, line, sizeof(line))), "\n");
}

TEST(keep_going)
{
	char text[8192] = "";
	struct lk_problems problems = { collect, text, 0 };
	LK_SETTINGS *s = NULL;

	setup();
	config_dir_new();
	config_put("latchkey.conf", "[agent]\ndeadline = 5\ntee = x\n", 0644);
	config_put("fde.conf", "[rootfs]\nbogus = 1\n[rootfs.encrypt.kbz]\n", 0644);
	config_put("volumes.d/a.conf", "volume: a\n", 0644);
	config_put("volumes.d/b.conf", "volume = b\n" VOLUME, 0644);
	CHECK_OK(lk_settings_check(config_dir, &problems, &s, &err));
	CHECK_EQ(problems.n, 5);
	CHECK_HAS(text, "latchkey.conf:2: ");
	CHECK_HAS(text, "latchkey.conf:3: ");
	CHECK_HAS(text, "fde.conf:2: [rootfs] has no key 'bogus'");
	CHECK_HAS(text, "no provider 'kbz'");
	CHECK_HAS(text, "a.conf:1: a colon");
	config_dir_remove();
}

TEST(left_to_the_image_tool)
{
	LK_SETTINGS *s = NULL, *strict = NULL;

	setup();
	config_dir_new();
	config_put("fde.conf", "[rootfs]\nrw_overlay = ram\n[rootfs.verity]\n" KBS, 0644);
	CHECK_OK(lk_settings_check(config_dir, NULL, &s, &err));
	CHECK(!s->volumes[0].device && !s->volumes[0].verity.root_hash.data);
	CHECK_EQ(lk_settings_load(config_dir, &strict, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	config_put("fde.conf", "[rootfs]\ndevice = LABEL=x\n" KBS, 0644);
	lk_settings_free(lk_take(s));
	CHECK_EQ(lk_settings_check(config_dir, NULL, &s, &err), LK_CONFIG);
	config_dir_remove();
}

TEST(warnings)
{
	SETTINGS s = { 0 };
	char text[8192] = "";

	lk_settings_warn(&(struct lk_settings){ .tee = (char[]){ "auto" } }, append, text);
	CHECK_HAS(text, "no volume is opened at boot");
	*text = 0;
	CHECK_OK(parse(&s, LK_SETTINGS_AGENT, "[agent]\ntee = \"sample\"\n"));
	CHECK_OK(parse(&s, LK_SETTINGS_FDE,
		       "[rootfs]\n" DEVICE "[rootfs.encrypt]\nproviders = [\"kbs\", \"exec\"]\n"
		       "allow_weaker = true\n" KBS "allow_plaintext_http = true\n" EXEC
		       "args = ['x']\n"));
	CHECK_OK(parse(&s, LK_SETTINGS_VOLUME,
		       "volume = \"d\"\ndev = \"/dev/vdb\"\n"
		       "[encrypt.kms]\nkey_id = \"k\"\n"));
	lk_settings_warn(&s, append, text);
	CHECK_HAS(text, "register is none");
	CHECK_HAS(text, "tee is sample: it proves NOTHING");
	CHECK_HAS(text, "volume 'root': provider 'exec' is for testing");
	CHECK_HAS(text, "volume 'root': allow_plaintext_http = true: Anybody may look on.");
	CHECK_HAS(text, "volume 'root': allow_weaker = true");
	CHECK_HAS(text, "without [rootfs.verity]");
	CHECK_HAS(text, "volume 'd': provider 'kms' releases the key to whoever");
	CHECK_HAS(text, "volume 'd': auto_open is false");
	CHECK_HAS(text, "f.conf holds a secret");
	CHECK(!strstr(text, "no volume"));
}

/* -- what is shown reads back -- */

static char *shown(const struct lk_settings *s, bool notes)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (s->n_known)
		lk_settings_show_volume(out, &s->volumes[0], notes);
	else
		lk_settings_show_agent(out, s, notes);
	fclose(out);
	return text;
}

static void reads_back(enum lk_settings_kind kind, const char *text)
{
	SETTINGS a = { 0 }, b = { 0 };
	LK_FREE char *first = NULL, *second = NULL, *plain = NULL;

	CHECK_OK(parse(&a, kind, text));
	plain = shown(&a, false);
	first = shown(&a, true);
	CHECK_OK(lk_settings_parse(&b, kind, "shown.toml", plain, strlen(plain), 0600, NULL, &err));
	second = shown(&b, true);
	CHECK_STR(second, first);
	CHECK(!strstr(first, "hunter"));
}

TEST(shown_reads_back)
{
	reads_back(LK_SETTINGS_AGENT, "");
	reads_back(LK_SETTINGS_AGENT, "[agent]\ndeadline = infinity\nfailure_delay = 1500ms\n"
				      "[network]\ndns = [\"10.0.2.3\", \"fe80::1\"]\n");
	reads_back(LK_SETTINGS_FDE, "[rootfs]\n" DEVICE KBS VERITY);
	reads_back(LK_SETTINGS_FDE,
		   "[rootfs]\n" DEVICE "encrypted = false\nrw_overlay = ram\n" VERITY
		   "salt = 00ff\non_corruption = restart\n");
	reads_back(LK_SETTINGS_FDE, "[rootfs]\n" DEVICE "encrypted = false\n[rootfs.verity]\n"
				    "root_hash = \"" HASH "\"\ndata_blocks = 8\nhash_offset = 0\n"
				    "hash_device = \"PARTLABEL=tree\"\n");
	reads_back(LK_SETTINGS_FDE,
		   "[rootfs]\n" DEVICE "[rootfs.encrypt]\nproviders = [\"kbs\", \"exec\"]\n"
		   "allow_weaker = true\n" KBS
		   "kbs_root_cert = '''\n-----BEGIN X-----\nAA==\n-----END X-----\n'''\n" EXEC
		   "args = [\"-p\", \"hunter2\"]\n");
	reads_back(LK_SETTINGS_VOLUME, "volume = d\ndev = PARTLABEL=x y\nauto_open = true\n"
				       "[encrypt.kms]\nkey_id = k\npassword = hunter2\n");
}

TEST(seeds_read_back)
{
	static const char *const names[] = { "agent", "root" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char path[256], text[8192];
		FILE *in;

		snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/settings/%s.conf", LK_SOURCE_DIR,
			 names[i]);
		in = fopen(path, "r");
		CHECK(in);
		text[fread(text, 1, sizeof(text) - 1, in)] = 0;
		fclose(in);
		reads_back(i ? LK_SETTINGS_FDE : LK_SETTINGS_AGENT, text);
	}
}

TEST(samples_are_read)
{
	enum lk_settings_kind kind;

	for (kind = LK_SETTINGS_AGENT; kind <= LK_SETTINGS_VOLUME; kind++) {
		LK_FREE char *text = NULL;
		SETTINGS s = { 0 };
		size_t len;
		FILE *out = open_memstream(&text, &len);

		lk_settings_sample(out, kind);
		fclose(out);
		CHECK_OK(parse(&s, kind, text));
		CHECK_EQ(s.n_known, kind == LK_SETTINGS_AGENT ? 0 : 1);
	}
}

/* Every commented key of the samples is legal as well: take the '#' away from "#name = value". */
TEST(samples_are_read_uncommented)
{
	LK_FREE char *text = NULL;
	SETTINGS s = { 0 };
	size_t len;
	FILE *out = open_memstream(&text, &len);
	char *p;

	lk_settings_sample(out, LK_SETTINGS_AGENT);
	fclose(out);
	for (p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (*p == '#' && p[1] != ' ')
			*p = ' ';
	}
	CHECK_OK(parse(&s, LK_SETTINGS_AGENT, text));
	CHECK_STR(s.dns.items[0], "192.0.2.53");
}

TEST(manual)
{
	LK_FREE char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	lk_settings_manual(out);
	fclose(out);
	CHECK_HAS(text, ".SS \"[rootfs.verity]\"");
	CHECK_HAS(text, ".SS \"[encrypt.kbs]\"");
	CHECK_HAS(text, "In fde.conf: [rootfs.encrypt.kbs] or [delta.encrypt.kbs].");
	CHECK_HAS(text, ".SS \"[delta]\"");
	CHECK_HAS(text, "makefs");
}

static enum lk_status note(void *arg, enum lk_file_kind kind, mode_t mode, const char *path,
			   struct lk_error *e)
{
	char *list = arg;

	(void)e;
	sprintf(list + strlen(list), "%s %o %s\n", lk_file_kind_name(kind), (unsigned)mode,
		strrchr(path, '/'));
	return LK_OK;
}

TEST(files)
{
	char list[1024] = "", fde[1024], data[1024];
	const struct lk_settings_visitor visitor = { note, list };
	LK_SETTINGS *s = NULL;

	setup();
	config_dir_new();
	config_put("ca.pem", "-", 0644);
	config_put("key", "-", 0600);
	snprintf(fde, sizeof(fde),
		 "[rootfs]\n%s[rootfs.encrypt]\nproviders = [\"kbs\", \"exec\"]\n"
		 "allow_weaker = true\n%skbs_root_cert = \"%s\"\n[rootfs.encrypt.exec]\n"
		 "command = sh\n",
		 DEVICE, KBS, "/etc/latchkey/ca.pem");
	snprintf(data, sizeof(data),
		 "volume = d\ndev = /dev/vdb\n[encrypt.kms]\nkey_id = k\n"
		 "credential = %s\n",
		 config_path("key"));
	config_put("fde.conf", fde, 0640);
	config_put("volumes.d/d.conf", data, 0644);
	CHECK_OK(lk_settings_load(config_dir, &s, &err));
	CHECK_OK(lk_settings_files(s, true, &visitor, &err));
	CHECK_STR(list, "config 640 /fde.conf\nconfig 644 /d.conf\nca 644 /ca.pem\n"
			"command 755 /sh\n");
	*list = 0;
	CHECK_OK(lk_settings_files(s, false, &visitor, &err));
	CHECK_HAS(list, "credential 600 /key\n");
	CHECK_EQ(chmod(config_path("key"), 0644), 0);
	CHECK_EQ(lk_settings_files(s, false, &visitor, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	CHECK_EQ(unlink(config_path("ca.pem")), 0);
	*list = 0;
	CHECK_OK(lk_settings_files(s, true, &visitor, &err));
	CHECK_HAS(list, "ca 0 /ca.pem\n");
	/* the machine's own configuration names what must be there */
	s->own = true;
	CHECK_EQ(lk_settings_files(s, true, &visitor, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	config_dir_remove();
}

TESTS(agent_refused, root_refused, growth, verity_refused, superblock_refused, providers_refused,
      volume_refused, what_may_be_made, secrets_need_their_mode, emergency_refused, mappings_clash,
      directories_refused, all_of_it, volumes_of_one_phase, defaults_without_latchkey_conf,
      keep_going, left_to_the_image_tool, warnings, shown_reads_back, seeds_read_back,
      samples_are_read, samples_are_read_uncommented, manual, files)
