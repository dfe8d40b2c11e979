/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkey config`: what each sub-command prints, and its exit status. */
#include "agent/commands.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"
#include "tests/headers/fake_providers.h"

#define ROOT "[rootfs]\ndevice = \"/dev/vda\"\n"
#define KBS  "[rootfs.encrypt.kbs]\nkbs_url = \"https://kbs\"\nkey_uri = \"kbs:///a/b/c\"\n"
#define EXEC "[rootfs.encrypt.exec]\ncommand = \"sh\"\nargs = [\"-c\", \"hunter2\"]\n"

static char said[65536], complained[65536];

static void grab(int fd, int *ret_saved, int *ret_pipe)
{
	char name[] = "/tmp/lk-test-out-XXXXXX";

	*ret_saved = dup(fd);
	*ret_pipe = mkstemp(name);
	CHECK(*ret_saved >= 0 && *ret_pipe >= 0);
	unlink(name);
	dup2(*ret_pipe, fd);
}

static void release(int fd, int saved, int file, char *buf, size_t size)
{
	ssize_t n;

	dup2(saved, fd);
	close(saved);
	n = pread(file, buf, size - 1, 0);
	buf[n > 0 ? n : 0] = 0;
	close(file);
}

/* Run `latchkey config ...`; the arguments end with NULL. */
static int run(const char *const *args)
{
	char *argv[8] = { (char[]){ "config" } };
	int argc, out, err_saved, file, err_file, code;

	for (argc = 1; args[argc - 1]; argc++)
		argv[argc] = strdup(args[argc - 1]);
	argv[argc] = NULL;
	fflush(stdout);
	grab(1, &out, &file);
	grab(2, &err_saved, &err_file);
	code = lk_cmd_config(argc, argv);
	fflush(stdout);
	fflush(stderr);
	release(1, out, file, said, sizeof(said));
	release(2, err_saved, err_file, complained, sizeof(complained));
	while (--argc)
		free(argv[argc]);
	return code;
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static void setup(void)
{
	struct lk_error err = { 0 };

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	config_dir_new();
}

TEST(wrong_usage)
{
	CHECK_EQ(run((const char *const[]){ NULL }), 1);
	CHECK_HAS(complained, "Usage: latchkey config");
	CHECK_EQ(RUN("nonsense"), 1);
	CHECK_EQ(RUN("check", "--initrd"), 1);
	CHECK_HAS(complained, "usage: latchkey config check [--keep-going] [--fetch] [DIR]");
	CHECK_EQ(RUN("show", "--bogus"), 1);
	CHECK_EQ(RUN("check", "a", "b"), 1);
	CHECK_EQ(RUN("sample", "nonsense"), 1);
	CHECK_EQ(RUN("--help"), 0);
	CHECK_HAS(said, "unit-failure-action");
	CHECK_EQ(RUN("files", "--help"), 0);
}

TEST(check)
{
	setup();
	CHECK_EQ(RUN("check", config_dir), 1);
	CHECK_HAS(complained, "config-missing");
	config_put("latchkey.conf", "[agent]\ndeadline = 5\ntee = x\n", 0644);
	config_put("fde.conf", ROOT EXEC, 0600);
	CHECK_EQ(RUN("check", config_dir), 1);
	CHECK_HAS(complained, "latchkey.conf:2: 'deadline' takes a duration");
	CHECK(!strstr(complained, "'tee'"));
	CHECK_EQ(RUN("check", "--keep-going", config_dir), 1);
	CHECK_HAS(complained, "'deadline'");
	CHECK_HAS(complained, "'tee'");
	CHECK_HAS(complained, "2 problems");
	config_put("latchkey.conf", "", 0644);
	CHECK_EQ(RUN("check", "--keep-going", config_dir), 0);
	CHECK_HAS(said, ": 2 files, 1 volume: no errors\n");
	CHECK_HAS(complained, "provider 'exec' is for testing");
	config_put("fde.conf", ROOT KBS "kbs_root_cert = /absent/ca.pem\n", 0644);
	CHECK_EQ(RUN("check", config_dir), 0);
	CHECK_HAS(complained, "/absent/ca.pem (ca) is not on this machine");
	CHECK_EQ(RUN("files", config_dir), 1);
	config_put("loose.pem", "", 0666);
	config_put("fde.conf", ROOT KBS "kbs_root_cert = /etc/latchkey/loose.pem\n", 0644);
	CHECK_EQ(RUN("check", config_dir), 1);
	CHECK_HAS(complained, "/loose.pem: mode 0666");
	config_dir_remove();
}

TEST(show)
{
	setup();
	config_put("fde.conf", ROOT EXEC, 0600);
	CHECK_EQ(RUN("show", config_dir), 0);
	CHECK_HAS(said, "deadline = \"5m\" # default\n");
	CHECK_HAS(said, "command = \"sh\"\nargs = [\"(hidden)\", \"(hidden)\"]\n");
	CHECK(!strstr(said, "hunter2"));
	CHECK_EQ(RUN("show", "--reveal-nothing", config_dir), 0);
	CHECK_HAS(said, "deadline = \"5m\"\n");
	CHECK(!strstr(said, "hunter2"));
	config_put("fde.conf", "[rootfs]\n", 0600);
	CHECK_EQ(RUN("show", config_dir), 1);
	CHECK_STR(said, "");
	config_dir_remove();
}

TEST(files)
{
	char line[256];

	setup();
	config_put("fde.conf", ROOT EXEC, 0600);
	CHECK_EQ(RUN("files", "--initrd", config_dir), 0);
	snprintf(line, sizeof(line), "config\t0600\t%s/fde.conf\ncommand\t0755\t/", config_dir);
	CHECK_HAS(said, line);
	config_put("fde.conf", ROOT "[rootfs.encrypt.exec]\ncommand = no-such-program\n", 0600);
	CHECK_EQ(RUN("files", "--initrd", config_dir), 1);
	CHECK_HAS(complained, "no command no-such-program");
	config_dir_remove();
}

TEST(sample)
{
	CHECK_EQ(RUN("sample"), 0);
	CHECK_HAS(said, "\n[agent]\n");
	CHECK_EQ(RUN("sample", "fde"), 0);
	CHECK_HAS(said, "\n[rootfs]\n");
	CHECK_HAS(said, "\n[rootfs.encrypt.kbs]\n");
	CHECK_HAS(said, "\n#[rootfs.encrypt.exec]\n");
	CHECK_EQ(RUN("sample", "volume"), 0);
	CHECK_HAS(said, "\nvolume = \"data0\"\n");
}

/* The providers are fakes: what is asked for and how it ends is told by tests/services. */
TEST(fetch)
{
	setup();
	config_put("latchkey.conf", "[agent]\ndeadline = 5\n", 0644);
	config_put("fde.conf", ROOT KBS, 0644);
	CHECK_EQ(RUN("check", "--fetch", config_dir), 1);
	CHECK_HAS(complained, "latchkey.conf:2: ");
	CHECK_EQ(RUN("check", "--fetch", "--keep-going", config_dir), 1);
	CHECK_HAS(complained, "1 problem");
	CHECK(!strstr(complained, "provider"));
	CHECK_EQ(RUN("show", "--fetch", config_dir), 1);
	config_dir_remove();
}

TEST(network)
{
	setup();
	CHECK_EQ(RUN("network", config_dir), 2);
	config_put("fde.conf", ROOT EXEC, 0600);
	CHECK_EQ(RUN("network", config_dir), 1);
	CHECK_STR(said, "network: not needed\n");
	config_put("fde.conf", ROOT KBS, 0644);
	CHECK_EQ(RUN("network", config_dir), 0);
	CHECK_STR(said, "network: needed\n");
	config_dir_remove();
}

TEST(ask_password)
{
	setup();
	CHECK_EQ(RUN("ask-password", config_dir), 2);
	config_put("fde.conf", ROOT KBS, 0644);
	CHECK_EQ(RUN("ask-password", config_dir), 1);
	CHECK_STR(said, "password agents: not needed\n");
	config_put("fde.conf", ROOT "fallback = recovery-key\n" KBS, 0644);
	CHECK_EQ(RUN("ask-password", config_dir), 0);
	CHECK_STR(said, "password agents: needed\n");
	config_dir_remove();
}

static const char verity[] = "[rootfs.verity]\nroot_hash = \"0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef\"\ndata_blocks = 1\n"
			     "hash_offset = 4096\n";

TEST(modules_of_the_tee)
{
	static const struct {
		const char *tee, *modules;
	} rows[] = {
		{ "", "tpm_crb\ntpm_tis\ntdx_guest\nsev_guest\n" },
		{ "[agent]\ntee = auto\n", "tpm_crb\ntpm_tis\ntdx_guest\nsev_guest\n" },
		{ "[agent]\ntee = tpm\n", "tpm_crb\ntpm_tis\n" },
		{ "[agent]\ntee = tdx\nregister = \"tpm:15\"\n", "tpm_crb\ntpm_tis\ntdx_guest\n" },
		{ "[agent]\ntee = tdx\n", "tdx_guest\n" },
		{ "[agent]\ntee = snp\n", "sev_guest\n" },
		{ "[agent]\ntee = csv\n", "" },
	};

	setup();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text), ROOT KBS "%s", verity);
		config_put("fde.conf", text, 0600);
		config_put("latchkey.conf", rows[i].tee, 0644);
		CHECK_EQ(RUN("modules", config_dir), 0);
		CHECK_STR(said, rows[i].modules);
	}
	config_dir_remove();
}

TEST(modules)
{
	static const struct {
		const char *layer, *modules;
	} rows[] = {
		{ "", "" },
		{ "rw_overlay = ram\n", "overlay\n" },
		{ "rw_overlay = ram\nrw_overlay_type = dm-snapshot\n",
		  "dm_snapshot\ndm_zero\nloop\n" },
	};
	char text[1024];

	setup();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), ROOT "%s" EXEC "%s", rows[i].layer, verity);
		config_put("fde.conf", text, 0600);
		CHECK_EQ(RUN("modules", config_dir), 0);
		CHECK_STR(said, rows[i].modules);
	}
	config_put("latchkey.conf", "[agent]\nregister = \"tpm:15\"\n", 0600);
	CHECK_EQ(RUN("modules", config_dir), 0);
	CHECK_STR(said, "dm_snapshot\ndm_zero\nloop\ntpm_crb\ntpm_tis\n");
	config_put("fde.conf", "[rootfs]\n", 0600);
	CHECK_EQ(RUN("modules", config_dir), 1);
	config_dir_remove();
}

static const char *printed(const char *command, const char *agent)
{
	config_put("latchkey.conf", agent, 0644);
	CHECK_EQ(RUN(command, config_dir), 0);
	return said;
}

TEST(limits)
{
	setup();
	config_put("fde.conf", ROOT EXEC, 0600);
	CHECK_STR(printed("timeout", ""), "315\n");
	CHECK_STR(printed("timeout", "[agent]\ndeadline = \"1500ms\"\n"), "17\n");
	CHECK_STR(printed("timeout", "[agent]\nfailure_delay = \"1m\"\n"), "365\n");
	CHECK_STR(printed("timeout", "[agent]\ndeadline = infinity\n"), "infinity\n");
	CHECK_STR(printed("timeout", "[agent]\non_unreachable = wait\n"), "infinity\n");
	CHECK_STR(printed("unit-failure-action", ""), "poweroff-force\n");
	CHECK_STR(printed("unit-failure-action", "[agent]\non_denied = reboot\n"),
		  "reboot-force\n");
	CHECK_STR(printed("unit-failure-action", "[agent]\non_denied = emergency\n"), "none\n");
	config_put("latchkey.conf", "[agent\n", 0644);
	CHECK_EQ(RUN("timeout", config_dir), 1);
	CHECK_EQ(RUN("unit-failure-action", config_dir), 1);
	CHECK_STR(said, "");
	config_dir_remove();
}

TESTS(wrong_usage, check, show, files, sample, fetch, network, ask_password, modules,
      modules_of_the_tee, limits)
