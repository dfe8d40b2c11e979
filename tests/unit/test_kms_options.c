/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the tables of `kms` and `oidc`: the seeds' fields and today's, what is refused, which
 * files take part. */
#include "agent/settings.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/aliyun_options.h"
#include "providers/provider.h"
#include "tests/check.h"
#include "tests/headers/config_dir.h"

static struct lk_settings *settings;
static struct lk_error err;

static enum lk_status read_volume(const char *tables)
{
	char text[4096];

	snprintf(text, sizeof(text), "volume = \"data\"\ndev = \"/dev/vdb\"\nauto_open = true\n%s",
		 tables);
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	lk_settings_free(settings);
	settings = NULL;
	err = (struct lk_error){ 0 };
	config_put("volumes.d/data.toml", text, 0600);
	return lk_settings_load(config_dir, &settings, &err);
}

static struct lk_aliyun_options *options(const char *tables)
{
	CHECK_OK(read_volume(tables));
	CHECK_EQ(settings->n_volumes, 1);
	CHECK_EQ(settings->volumes[0].n_sources, 1);
	return settings->volumes[0].sources[0].options;
}

static void refused(const char *tables, const char *why)
{
	char buf[2048];

	CHECK_EQ(read_volume(tables), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), why);
	CHECK(!strstr(buf, "PASSWORD"));
}

#define CLIENT_KEY                                                                                 \
	"[encrypt.kms]\nkms_instance_id = \"kst-bjj65\"\nsecret_name = \"disk\"\n"                 \
	"client_key = '{\"KeyId\": \"KAAP.1\"}'\nclient_key_password = \"PASSWORD\"\n"

TEST(today_s_fields)
{
	const struct lk_aliyun_options *o;

	config_dir_new();
	o = options(CLIENT_KEY);
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_CLIENT_KEY);
	CHECK(!lk_aliyun_uses_gateway(o));
	CHECK_EQ(o->encoding, LK_ALIYUN_BASE64);
	o = options("[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\nkms_instance_id = \"kst-1\"\n"
		    "secret_name = \"disk\"\necs_ram_role_name = \"Role\"\nregion_id = \"cn-a\"\n");
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_ECS_RAM_ROLE);
	CHECK_STR(o->role, "Role");
	CHECK(lk_aliyun_uses_gateway(o));
	o = options("[encrypt.kms]\nclient_type = \"sts_token\"\ntoken_path = \"/run/t\"\n");
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_STS_TOKEN);
	CHECK_EQ(lk_aliyun_gateway_mode(o), LK_ALIYUN_STS_TOKEN);
	o = options("[encrypt.oidc]\ncommand = \"some-cli\"\nargs = [\"-c\", \"x\"]\n"
		    "key_id = \"disk\"\n[encrypt.oidc.kms]\ntype = \"aliyun\"\n"
		    "oidc_provider_arn = \"acs:ram::1:oidc-provider/Idp\"\n"
		    "role_arn = \"acs:ram::1:role/r\"\nregion_id = \"cn-beijing\"\n");
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_OIDC);
	CHECK_EQ(o->encoding, LK_ALIYUN_RAW);
	CHECK_STR(o->secret_name, "disk");
	CHECK_STR(o->nested_region, "cn-beijing");
	config_dir_remove();
}

TEST(a_kms_that_wants_proof)
{
	static const char table[] = "[encrypt.kms]\nauth_mode = \"attestation\"\n"
				    "kms_instance_id = \"kst-1\"\n";
	const struct lk_aliyun_options *o;
	char text[512];

	config_dir_new();
	snprintf(text, sizeof(text), "%secs_ram_role_name = \"Role\"\n", table);
	o = options(text);
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_ATTESTATION);
	CHECK_EQ(lk_aliyun_gateway_mode(o), LK_ALIYUN_ECS_RAM_ROLE);
	CHECK(lk_aliyun_uses_instance(o) && !lk_aliyun_uses_gateway(o));
	CHECK(lk_aliyun_proves_server(o));
	CHECK(lk_volume_attested(&settings->volumes[0]));
	snprintf(text, sizeof(text), "%ssts_token_file = \"/run/t\"\n", table);
	o = options(text);
	CHECK_EQ(lk_aliyun_gateway_mode(o), LK_ALIYUN_STS_TOKEN);
	refused(table, "one of ecs_ram_role_name and sts_token_file");
	snprintf(text, sizeof(text),
		 "%secs_ram_role_name = \"Role\"\nsts_token_file = \"/run/t\"\n", table);
	refused(text, "one of ecs_ram_role_name and sts_token_file");
	refused("[encrypt.kms]\nauth_mode = \"attestation\"\necs_ram_role_name = \"Role\"\n",
		"kms_instance_id is missing");
	snprintf(text, sizeof(text),
		 "%secs_ram_role_name = \"Role\"\nclient_key_password = \"PASSWORD\"\n", table);
	refused(text, "client_key_password belongs to a client key");
	/* a login without proof proves nothing */
	CHECK_OK(read_volume("[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\n"));
	CHECK(!lk_volume_attested(&settings->volumes[0]));
	config_dir_remove();
}

TEST(the_seed_s_fields)
{
	const struct lk_aliyun_options *o;

	config_dir_new();
	o = options("[encrypt.kms]\nkms_instance_id = \"kst-1\"\nclient_key_id = \"LTAI5t\"\n"
		    "client_key_password_from_kms = \"alias/ClientKey_KAAP.1\"\n");
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_CLIENT_KEY);
	CHECK_EQ(lk_aliyun_gateway_mode(o), LK_ALIYUN_ECS_RAM_ROLE);
	CHECK(lk_aliyun_uses_gateway(o));
	CHECK_STR(lk_aliyun_key_id(o), "LTAI5t");
	CHECK(!o->secret_name);
	o = options("[encrypt.oidc]\nkms_instance_id = \"kst-1\"\n"
		    "client_key_password_from_kms = \"alias/ClientKey_KAAP.1\"\n"
		    "oidc_provider_arn = \"acs:ram::1:oidc-provider/Idp\"\n"
		    "role_arn = \"acs:ram::1:role/r\"\n"
		    "[encrypt.oidc.oidc_token_from_exec]\n"
		    "command = \"/usr/bin/get-oidc-token\"\nargs = []\n");
	CHECK_EQ(lk_aliyun_mode(o), LK_ALIYUN_CLIENT_KEY);
	CHECK_EQ(lk_aliyun_gateway_mode(o), LK_ALIYUN_OIDC);
	CHECK_STR(lk_aliyun_key_id(o), "KAAP.1");
	CHECK_STR(lk_aliyun_secret_from(o->password_from_kms), "ClientKey_KAAP.1");
	CHECK_STR(o->nested_command, "/usr/bin/get-oidc-token");
	config_dir_remove();
}

#define OIDC                                                                                       \
	"[encrypt.oidc]\ncommand = \"/bin/true\"\nrole_arn = \"acs:ram::1:role/r\"\n"              \
	"oidc_provider_arn = \"acs:ram::1:oidc-provider/Idp\"\n"

TEST(incomplete_and_contradictory_tables)
{
	config_dir_new();
	refused("[encrypt.kms]\n", "client_key, client_key_file or client_key_id is missing");
	refused("[encrypt.kms]\necs_ram_role_name = \"r\"\n", "auth_mode is missing");
	refused("[encrypt.kms]\nauth_mode = \"access_key\"\n", "client_key, ecs_ram_role");
	refused("[encrypt.kms]\nclient_key_id = \"K\"\n", "kms_instance_id is missing");
	refused(CLIENT_KEY "client_key_file = \"/x\"\n", "one of client_key and client_key_file");
	refused(CLIENT_KEY "client_key_password_file = \"/x\"\n", "write one of client_key_pass");
	refused("[encrypt.kms]\nkms_instance_id = \"kst-1\"\nclient_key_file = \"/x\"\n",
		"client_key_id is missing");
	refused(CLIENT_KEY "auth_mode = \"ecs_ram_role\"\n", "client_key belongs to a client key");
	refused("[encrypt.kms]\nauth_mode = \"sts_token\"\n", "sts_token_file is missing");
	refused("[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\n"
		"client_key_password_from_kms = \"alias/x\"\n",
		"goes with a client key");
	refused(CLIENT_KEY "gateway_endpoint = \"https://a\"\n", "write endpoint");
	refused(CLIENT_KEY "endpoint = \"http://a\"\n", "endpoint: write https");
	refused(CLIENT_KEY "kms_cert_pem = \"-----BEGIN CERTIFICATE-----\\nAA\\n-----END "
			   "CERTIFICATE-----\\n\"\n",
		"kms_cert_pem holds a certificate that cannot be read");
	refused(CLIENT_KEY "unknown = 1\n", "unknown");
	refused(OIDC "[encrypt.oidc.oidc_token_from_exec]\ncommand = \"/bin/false\"\n",
		"command stands here and in a table below");
	refused(OIDC "[encrypt.oidc.kms]\nrole_arn = \"acs:ram::1:role/s\"\n",
		"role_arn stands here and in a table below");
	refused(OIDC "[encrypt.oidc.other]\nx = \"y\"\n", "encrypt.oidc.other");
	refused("[encrypt.oidc]\nkey_id = \"x\"\n", "no command says");
	refused("[encrypt.oidc]\ncommand = \"/bin/true\"\n", "oidc_provider_arn is missing");
	refused(OIDC "role_session_name = \"a b\"\n", "role_session_name");
	config_dir_remove();
}

static bool proves(const char *tables)
{
	const void *o = options(tables);

	return settings->volumes[0].sources[0].provider->proves_server(o);
}

/* A volume is made with a fetched key only if nobody else can have given it. */
TEST(whose_key_may_make_a_volume)
{
#define BROKER "[encrypt.kbs]\nkey_uri = \"kbs:///a/b/c\"\n"
#define PIN    "kbs_spki_pin = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n"
#define ROLE                                                                                       \
	"[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\nsecret_name = \"disk\"\nregion_id = \"cn-a\"\n"
	config_dir_new();
	CHECK(proves(CLIENT_KEY));
	CHECK(!proves(ROLE));
	CHECK(proves(ROLE "gateway_ca = \"/etc/latchkey/ca.pem\"\n"));
	CHECK(proves(BROKER PIN "kbs_url = \"https://kbs\"\n"));
	CHECK(!proves(BROKER PIN "kbs_url = [\"https://kbs\", \"http://kbs\"]\n"
				 "allow_plaintext_http = true\n"));
	config_dir_remove();
}

TEST(names_that_lead_elsewhere)
{
	config_dir_new();
	refused("[encrypt.kms]\nkms_instance_id = \"kst-1.evil.example/\"\nclient_key_id = \"a\"\n",
		"kms_instance_id holds");
	refused("[encrypt.kms]\nkms_instance_id = \"evil\"\nclient_key_id = \"a\"\n",
		"kms_instance_id begins with kst-");
	refused("[encrypt.kms]\nkms_instance_id = \"kst-1\"\nclient_key_id = \"../x\"\n",
		"client_key_id holds");
	refused("[encrypt.kms]\nkms_instance_id = \"kst-1\"\n"
		"client_key_password_from_kms = \"alias/ClientKey_../../x\"\n",
		"client_key_id holds");
	refused("[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\nregion_id = \"a.evil/\"\n",
		"region_id holds");
	refused("[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\necs_ram_role_name = \"a/b\"\n",
		"ecs_ram_role_name holds");
	refused("[encrypt.oidc]\ncommand = \"/bin/true\"\nrole_arn = \"role\"\n"
		"oidc_provider_arn = \"acs:ram::1:oidc-provider/Idp\"\n",
		"role_arn: write acs:ram::ACCOUNT");
	config_dir_remove();
}

/* ---- files ---- */

static char listed[2048];

static enum lk_status list(void *arg, enum lk_file_kind kind, mode_t mode, const char *path,
			   struct lk_error *e)
{
	const size_t n = strlen(listed);

	(void)arg;
	(void)mode;
	(void)e;
	if (kind != LK_FILE_CONFIG)
		snprintf(listed + n, sizeof(listed) - n, "%s %s\n", lk_file_kind_name(kind),
			 strrchr(path, '/') + 1);
	return LK_OK;
}

static enum lk_status files(void)
{
	const struct lk_settings_visitor visitor = { list, NULL };

	*listed = 0;
	return lk_settings_files(settings, true, &visitor, &err);
}

/* Tables that find their files in the test's folder. */
static const char *with_dir(const char *tables)
{
	static char text[2048];

	snprintf(text, sizeof(text), "%scredentials_dir = \"%s/cred\"\n", tables, config_dir);
	return text;
}

#define SEED "[encrypt.kms]\nkms_instance_id = \"kst-1\"\nclient_key_id = \"KAAP.1\"\n"

TEST(files_of_the_layout)
{
	struct lk_aliyun_options *o;
	char buf[2048];

	config_dir_new();
	config_put("cred/clientKey_KAAP.1.json", "KEY", 0600);
	config_put("cred/password_KAAP.1.json", "PASSWORD", 0600);
	config_put("cred/PrivateKmsCA_kst-1.pem", "CA", 0644);
	o = options(with_dir(SEED));
	CHECK_OK(files());
	CHECK_STR(listed, "credential clientKey_KAAP.1.json\ncredential password_KAAP.1.json\n"
			  "ca PrivateKmsCA_kst-1.pem\n");
	CHECK_OK(lk_aliyun_load(o, LK_TRUST_CALLER, &err));
	CHECK_STR(o->client_key, "KEY");
	CHECK_STR(o->password, "PASSWORD");
	CHECK_STR(o->instance_ca, "CA");

	config_put("cred/password_KAAP.1.json", "PASSWORD", 0640);
	o = options(with_dir(SEED));
	CHECK_EQ(files(), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	CHECK_EQ(lk_aliyun_load(o, LK_TRUST_CALLER, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "password_KAAP.1.json");
	CHECK(!strstr(buf, "PASSWORD"));
	unlink(config_path("cred/password_KAAP.1.json"));
	o = options(with_dir(SEED));
	CHECK_EQ(lk_aliyun_load(o, LK_TRUST_CALLER, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	CHECK_EQ(symlink("clientKey_KAAP.1.json", config_path("cred/password_KAAP.1.json")), 0);
	CHECK_EQ(lk_aliyun_load(o, LK_TRUST_CALLER, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	config_dir_remove();
}

TEST(files_of_a_role)
{
	static const char role[] = "[encrypt.kms]\nauth_mode = \"ecs_ram_role\"\n"
				   "gateway_ca = \"/proc/version\"\n";
	struct lk_aliyun_options *o;

	config_dir_new();
	config_put("cred/x", "", 0600);
	o = options(with_dir(role));
	CHECK_OK(lk_aliyun_load(o, LK_TRUST_CALLER, &err));
	CHECK(!o->role && !o->region);
	config_put("cred/ecsRamRole.json",
		   "{\"ecs_ram_role_name\": \"r1\", \"region_id\": \"cn-a\"}", 0600);
	o = options(with_dir(role));
	CHECK_OK(files());
	CHECK_HAS(listed, "credential ecsRamRole.json\n");
	CHECK_OK(lk_aliyun_load(o, LK_TRUST_CALLER, &err));
	CHECK_STR(o->role, "r1");
	CHECK_STR(o->region, "cn-a");
	CHECK(!o->public_roots);
	config_put("cred/ecsRamRole.json", "{\"ecs_ram_role_name\": \"r/1\", \"region_id\": \"\"}",
		   0600);
	o = options(with_dir(role));
	CHECK_EQ(lk_aliyun_load(o, LK_TRUST_CALLER, &err), LK_CONFIG);
	config_dir_remove();
}

TEST(what_lies_in_run_is_not_in_an_initramfs)
{
	config_dir_new();
	(void)options("[encrypt.kms]\nauth_mode = \"sts_token\"\ntoken_path = \"/run/t\"\n");
	CHECK_EQ(files(), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
	config_dir_remove();
}

TEST(the_nested_tables_are_joined)
{
	struct lk_aliyun_options *o;

	config_dir_new();
	o = options("[encrypt.oidc]\ngateway_ca = \"/proc/version\"\n"
		    "[encrypt.oidc.oidc_token_from_exec]\ncommand = \"cat\"\nargs = [\"x\"]\n"
		    "[encrypt.oidc.kms]\noidc_provider_arn = \"acs:ram::1:oidc-provider/Idp\"\n"
		    "role_arn = \"acs:ram::1:role/r\"\nregion_id = \"cn-beijing\"\n");
	CHECK_OK(files());
	CHECK_HAS(listed, "command cat\n");
	CHECK_OK(lk_provider_find("oidc")->load(o, LK_TRUST_CALLER, &err));
	CHECK_HAS(o->command, "/cat");
	CHECK_EQ(o->args.n, 1);
	CHECK_STR(o->role_arn, "acs:ram::1:role/r");
	CHECK_STR(o->region, "cn-beijing");
	CHECK(!o->nested_region && !o->nested_args.items);
	config_dir_remove();
	lk_settings_free(settings);
	settings = NULL;
}

TESTS(today_s_fields, a_kms_that_wants_proof, the_seed_s_fields,
      incomplete_and_contradictory_tables, whose_key_may_make_a_volume, names_that_lead_elsewhere,
      files_of_the_layout, files_of_a_role, what_lies_in_run_is_not_in_an_initramfs,
      the_nested_tables_are_joined)
