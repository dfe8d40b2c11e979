/* SPDX-License-Identifier: Apache-2.0 */
/* [sealed], [services.NAME] and [credentials.NAME] of latchkey.conf: what is read, refused, shown
 * and named as a file. */
#include "agent/settings.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/aliyun_options.h"
#include "providers/provider.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"

static struct lk_settings *settings;
static struct lk_error err;

#define KBS  "[services.kbs]\nkbs_url = \"http://127.0.0.1:1\"\nallow_plaintext_http = true\n"
#define PATH "/run/confidential-containers/cdh/kbs/kms-credential/aliyun/"
#define KEY                                                                                        \
	"[credentials.client-key]\npath = \"" PATH "clientKey_K.json\"\n"                          \
	"resource_uri = \"kbs:///default/aliyun/key\"\n"
#define PASSWORD                                                                                   \
	"[credentials.password]\npath = \"" PATH "password_K.json\"\n"                             \
	"resource_uri = \"kbs:///default/aliyun/password\"\n"
#define CA                                                                                         \
	"[credentials.ca]\npath = \"" PATH "PrivateKmsCA_kst-1.pem\"\n"                            \
	"resource_uri = \"kbs:///default/aliyun/ca\"\n"
#define KMS    "[services.kms]\nkms_instance_id = \"kst-1\"\nclient_key_id = \"K\"\n"
#define VOLUME "volume = \"data\"\ndev = \"/dev/vdb\"\nauto_open = true\n"

static enum lk_status read_conf(const char *conf, const char *encrypt)
{
	char text[4096];

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	lk_settings_free(settings);
	settings = NULL;
	err = (struct lk_error){ 0 };
	snprintf(text, sizeof(text), VOLUME "%s", encrypt);
	config_put("volumes.d/data.toml", text, 0600);
	config_put("latchkey.conf", conf, 0600);
	return lk_settings_load(config_dir, &settings, &err);
}

static void refused(const char *conf, const char *words)
{
	char line[2048];

	CHECK_EQ(read_conf(conf, "[encrypt.otp]\n"), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), words);
}

static void done(void)
{
	lk_settings_free(settings);
	settings = NULL;
	config_dir_remove();
}

TEST(all_of_it)
{
	const struct lk_aliyun_options *o;

	config_dir_new();
	CHECK_OK(read_conf("[sealed]\nkeys = [\"/etc/latchkey/sealed/a\", \"/x/b\"]\n"
			   "kbs_keys = \"kbs:///default/signing/1\"\n" KBS KMS KEY PASSWORD CA,
			   "[encrypt.kms]\nkms_instance_id = \"kst-1\"\nclient_key_id = \"K\"\n"));
	CHECK_EQ(settings->sealing.key_files.n, 2);
	CHECK_STR(settings->sealing.key_uris.items[0], "kbs:///default/signing/1");
	CHECK_EQ(settings->sealing.n_credentials, 3);
	CHECK_STR(settings->sealing.credentials[0].name, "client-key");
	CHECK_STR(settings->sealing.credentials[1].uri, "kbs:///default/aliyun/password");
	CHECK_STR(settings->sealing.services[LK_SERVICE_KBS].provider->name, "kbs");
	o = settings->sealing.services[LK_SERVICE_KMS].options;
	CHECK_STR(o->client_key_id, "K");
	CHECK_EQ(o->deferred->n, 3);
	o = settings->volumes[0].sources[0].options;
	CHECK_EQ(o->deferred->n, 3);
	CHECK(lk_sealing_used(settings) && lk_sealing_attested(settings));
	CHECK_OK(read_conf("", "[encrypt.otp]\n"));
	CHECK(!lk_sealing_used(settings) && !lk_sealing_attested(settings));
	done();
}

TEST(a_key_that_lies_sealed)
{
	char line[2048];

	config_dir_new();
	CHECK_OK(read_conf("", "[encrypt.sealed]\nfile = \"/etc/latchkey/data.sealed\"\n"));
	CHECK(lk_volume_needs_network(&settings->volumes[0]));
	CHECK_EQ(read_conf("", "[encrypt.sealed]\n"), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	CHECK_EQ(read_conf("", "[encrypt.sealed]\nfile = \"/a\"\nsecret = \"sealed.x\"\n"),
		 LK_CONFIG);
	CHECK_EQ(read_conf("", "[encrypt.sealed]\nfile = \"a\"\n"), LK_CONFIG);
	CHECK_EQ(read_conf("", "[encrypt.sealed]\nsecret = \"anything\"\n"), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), "no sealed secret");
	done();
}

TEST(what_is_refused)
{
	config_dir_new();
	refused("[sealed]\nkeys = \"operator\"\n", "takes an absolute path");
	refused("[sealed]\nkeys = [\"/a/b/../c\"]\n", "keys: write absolute paths");
	refused("[sealed]\nkeys = [\"/a/key\", \"/b/key\"]\n", "two are called 'key'");
	refused("[sealed]\nkbs_keys = \"kbs:///a/b/c\"\n", "no [services.kbs]");
	refused(KBS "[sealed]\nkbs_keys = \"https://a/b\"\n", "kbs_keys");
	refused("[sealed]\nskip_verification = true\n", "skip_verification");
	refused(KEY, "no [services.kbs]");
	refused(KBS "[credentials.a]\npath = \"/x\"\n", "resource_uri");
	refused(KBS "[credentials.a]\npath = \"/run/../etc/x\"\nresource_uri = \"kbs:///a/b/c\"\n",
		"without . and ..");
	refused(KBS "[credentials.a]\npath = \"x\"\nresource_uri = \"kbs:///a/b/c\"\n",
		"an absolute path");
	refused(KBS "[credentials.a]\npath = \"/x\"\nresource_uri = \"a b\"\n", "resource_uri");
	refused(KBS KEY "[credentials.two]\npath = \"" PATH
			"clientKey_K.json\"\nresource_uri = \"kbs:///a/b/c\"\n",
		"[credentials.client-key] has the same");
	refused("[services.kbs]\nkbs_url = \"http://a\"\n", "is not encrypted");
	refused(KBS "key_uri = \"kbs:///a/b/c\"\n", "key_uri");
	refused("[services.kms]\n", "client_key_id is missing");
	refused(KMS "secret_name = \"x\"\n", "secret_name");
	refused("[services.other]\nx = 1\n", "services.other");
	refused(KBS "[agent]\non_unreachable = \"emergency\"\n", "released by attestation");
	done();
}

/* What `config show` prints is read back as the same. */
TEST(shown_and_read_back)
{
	static char shown[2][16384];
	FILE *out;
	int i;

	config_dir_new();
	CHECK_OK(read_conf("[sealed]\nkeys = [\"/etc/latchkey/sealed/a\"]\n" KBS KMS KEY PASSWORD,
			   "[encrypt.otp]\n"));
	for (i = 0; i < 2; i++) {
		memset(shown[i], 0, sizeof(shown[i]));
		out = fmemopen(shown[i], sizeof(shown[i]) - 1, "w");
		CHECK(out);
		lk_settings_show_agent(out, settings, false);
		fclose(out);
		if (i == 0)
			CHECK_OK(read_conf(shown[0], "[encrypt.otp]\n"));
	}
	CHECK_STR(shown[0], shown[1]);
	CHECK_HAS(shown[0], "[credentials.password]");
	CHECK(!strstr(shown[0], "key_uri"));
	done();
}

static char listed[4096];

static enum lk_status list(void *arg, enum lk_file_kind kind, mode_t mode, const char *path,
			   struct lk_error *e)
{
	(void)arg;
	(void)mode;
	(void)e;
	snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed), "%s %s\n",
		 lk_file_kind_name(kind), path);
	return LK_OK;
}

/* A credential that is fetched is no file of the initramfs; signers and sealed files are. */
TEST(which_files_take_part)
{
	static const struct lk_settings_visitor visitor = { list, NULL };
	char conf[2048], encrypt[256];

	config_dir_new();
	config_put("operator", "{}", 0644);
	config_put("data.sealed", "sealed.", 0644);
	snprintf(conf, sizeof(conf), "[sealed]\nkeys = [\"%s/operator\"]\n" KBS KMS KEY PASSWORD CA,
		 config_dir);
	snprintf(encrypt, sizeof(encrypt), "[encrypt.sealed]\nfile = \"%s/data.sealed\"\n",
		 config_dir);
	CHECK_OK(read_conf(conf, encrypt));
	*listed = '\0';
	CHECK_OK(lk_settings_files(settings, true, &visitor, &err));
	CHECK_HAS(listed, "/operator\n");
	CHECK_HAS(listed, "/data.sealed\n");
	CHECK(!strstr(listed, "clientKey") && !strstr(listed, "password_K") &&
	      !strstr(listed, "PrivateKmsCA"));
	done();
}

TESTS(all_of_it, a_key_that_lies_sealed, what_is_refused, shown_and_read_back,
      which_files_take_part)
