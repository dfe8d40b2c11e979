/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the confidential data hub: its configuration, its output, its messages; a program and a
 * daemon that answer well and badly. */
#include "providers/kbs_cdh.h"

#include <sys/stat.h>

#include "tests/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/kbs_run.h"
#include "tests/fakes/unix_peer.h"

static const char pem[] = "Issuer: \"\"\" quoted\n"
			  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
			  "between\n"
			  "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n";

/* ---- pure ---- */

static const char *uri(const char *text)
{
	static char out[LK_CDH_URI_MAX];
	struct lk_error err = { 0 };
	struct lk_kbs_name name;

	CHECK_OK(lk_kbs_name_parse(text, &name, &err));
	lk_cdh_uri(&name, out);
	return out;
}

TEST(uris_are_written_whole)
{
	CHECK_STR(uri("kbs:///default/key/1"), "kbs:///default/key/1");
	CHECK_STR(uri("default/key/1"), "kbs:///default/key/1");
	CHECK_STR(uri("kbs://elsewhere:8080/a/b/c"), "kbs:///a/b/c");
	CHECK_STR(uri("kbs+pkcs11:///a/b?x=1"), "kbs+pkcs11:///a/b?x=1");
}

TEST(the_configuration_is_exact)
{
	struct lk_error err = { 0 };
	LK_FREE char *plain = NULL;
	LK_FREE char *text = NULL;

	CHECK_OK(lk_cdh_config("https://kbs.example", NULL, &plain, &err));
	CHECK_STR(plain, "socket = \"unix:///run/confidential-containers/cdh.sock\"\n[kbc]\n"
			 "name = \"cc_kbc\"\nurl = \"https://kbs.example\"\n");
	CHECK_OK(lk_cdh_config("https://kbs.example", pem, &text, &err));
	CHECK_HAS(text, "kbs_cert = \"\"\"\n"
			"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
			"-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n\"\"\"\n");
	CHECK(!strstr(text, "quoted"));
}

TEST(nothing_escapes_from_the_certificates)
{
	static const char *const bad[] = {
		"-----BEGIN CERTIFICATE-----\n\"\"\"\nurl=\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n\\u0022\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n",
	};
	struct lk_error err = { 0 };
	char *text = NULL;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(lk_cdh_config("https://kbs.example", bad[i], &text, &err), LK_CONFIG);
	CHECK(!text);
}

static enum lk_code output(const char *text, const char *want)
{
	struct lk_error err = { 0 };
	LK_SECRET key = { 0 };

	if (lk_cdh_output(text, strlen(text), &key, &err))
		return err.code;
	CHECK_EQ(key.len, strlen(want));
	CHECK_MEM(key.data, want, key.len);
	return LK_C_NONE;
}

TEST(the_last_line_is_the_key)
{
	CHECK_EQ(output("c2VjcmV0\n", "secret"), LK_C_NONE);
	CHECK_EQ(output("c2VjcmV0", "secret"), LK_C_NONE);
	CHECK_EQ(output("2026-01-01T00:00:00Z  INFO cdh: starting\n\nc2VjcmV0\r\n \n\n", "secret"),
		 LK_C_NONE);
	CHECK_EQ(output("YQ==\n", "a"), LK_C_NONE);
	CHECK_EQ(output("", NULL), LK_C_CDH_FAILED);
	CHECK_EQ(output(" \n\t\r\n", NULL), LK_C_CDH_FAILED);
	CHECK_EQ(output("c2VjcmV0\nINFO the end\n", NULL), LK_C_REPLY_INVALID);
	CHECK_EQ(output("YQ\n", NULL), LK_C_REPLY_INVALID);
	CHECK_EQ(output("c2Vj cmV0\n", NULL), LK_C_REPLY_INVALID);
	CHECK_EQ(output("c2VjcmV0=\n", NULL), LK_C_REPLY_INVALID);
}

TEST(resources_are_read_strictly)
{
	struct lk_error err = { 0 };
	LK_SECRET key = { 0 };
	LK_SECRET none = { 0 };

	CHECK_OK(lk_cdh_resource("\n\6secret", 8, &key, &err));
	CHECK_EQ(key.len, 6);
	CHECK_OK(lk_cdh_resource("", 0, &none, &err));
	CHECK_EQ(none.len, 0);
	lk_secret_wipe(&none);
	CHECK_EQ(lk_cdh_resource("\n\7secret", 8, &none, &err), LK_TAMPERED);
	CHECK_EQ(lk_cdh_resource("\10\1", 2, &none, &err), LK_TAMPERED);
}

/* ---- the program ---- */

static char dir[64], program[96];

static void script(const char *body)
{
	FILE *f;

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/lk-test-XXXXXX");
		CHECK(mkdtemp(dir));
		snprintf(program, sizeof(program), "%s/hub", dir);
	}
	unlink(program);
	f = fopen(program, "w");
	CHECK(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	CHECK(!chmod(program, 0700));
}

static struct run r;

static enum lk_code ask(struct volume *v)
{
	enum lk_status st = prepare(&r, v, NULL);

	if (!st)
		st = fetch(&r, 0);
	if (!st)
		CHECK_STR(r.err.frames[0].text, "");
	kbs()->finish(r.session);
	r.session = NULL;
	CHECK(st == LK_OK || !r.key.bytes.data);
	return st == LK_TIMEOUT ? LK_N_CODES : st ? r.err.code : LK_C_NONE;
}

static enum lk_code ask_program(const char *body)
{
	struct volume v;

	script(body);
	volume_init(&v, "http://127.0.0.1:1", NULL);
	option_text(kbs(), v.options, "cdh_command", program);
	return ask(&v);
}

TEST(a_program_is_run_as_it_expects)
{
	CHECK_EQ(ask_program(
			 "[ $# = 5 ] && [ \"$1 $3 $4\" = '-c get-resource --resource-uri' ] &&\n"
			 "[ \"$5\" = kbs:///default/disk/root ] && [ \"$RUST_LOG\" = off ] &&\n"
			 "[ \"$(stat -c %a \"$2\")\" = 600 ] && case $2 in *.toml) ;; *) exit 9;; "
			 "esac &&\n"
			 "grep -q '^url = \"http://127.0.0.1:1\"$' \"$2\" &&\n"
			 "echo '2026-01-01 INFO starting' &&\n"
			 "echo c2VjcmV0IGtleQ=="),
		 LK_C_NONE);
	CHECK_EQ(r.key.bytes.len, 10);
	CHECK_MEM(r.key.bytes.data, "secret key", 10);
	CHECK_STR(r.note.endpoint, program);
	lk_secret_wipe(&r.key.bytes);
	CHECK(system("ls -d /run/latchkey-cdh-* /dev/shm/latchkey-cdh-* >/dev/null 2>&1") != 0);
}

TEST(programs_that_fail)
{
	char text[2048];

	CHECK_EQ(ask_program("echo c2VjcmV0; echo confidential >&2; exit 101"), LK_C_CDH_FAILED);
	CHECK(!strstr(lk_error_format(&r.err, text, sizeof(text)), "confidential"));
	CHECK_EQ(ask_program("echo 'panicked at confidential'"), LK_C_REPLY_INVALID);
	CHECK(!strstr(lk_error_format(&r.err, text, sizeof(text)), "confidential"));
	CHECK_EQ(ask_program("exit 0"), LK_C_CDH_FAILED);
	CHECK_EQ(ask_program("yes"), LK_C_CDH_FAILED);
	CHECK_EQ(ask_program("echo AAAA"), LK_C_REPLY_INVALID); /* only zeros */
	attempt_ms = 300;
	CHECK_EQ(ask_program("sleep 60 & sleep 60"), LK_N_CODES);
	attempt_ms = 30000;
	unlink(program);
	{
		struct volume v;

		volume_init(&v, "http://127.0.0.1:1", NULL);
		option_text(kbs(), v.options, "cdh_command", program);
		CHECK_EQ(ask(&v), LK_C_EXEC_FAILED);
	}
	rmdir(dir);
}

/* ---- the daemon ---- */

static enum lk_code ask_daemon(bool abstract, const void *answer, size_t n, enum peer_end end)
{
	struct unix_peer p;
	struct volume v;
	enum lk_code code;
	char address[128];

	peer_start(&p, abstract, answer, n, end);
	snprintf(address, sizeof(address), "unix://%s", p.path);
	volume_init(&v, "http://127.0.0.1:1", NULL);
	option_list(kbs(), v.options, "kbs_url", NULL, 0);
	option_text(kbs(), v.options, "cdh_type", "daemon");
	option_text(kbs(), v.options, "cdh_socket", address);
	code = ask(&v);
	peer_stop(&p);
	return code;
}

TEST(a_daemon_is_called)
{
	static const char good[] = "\0\0\0\14\0\0\0\1\2\0\n\0\22\10\n\6secret";
	static const char failed[] = "\0\0\0\4\0\0\0\1\2\0\n\2\10\15";
	static const char foreign[] = "\0\0\0\4\0\0\0\1\2\0\n\2\10\14";

	CHECK_EQ(ask_daemon(false, good, sizeof(good) - 1, PEER_WAITS), LK_C_NONE);
	CHECK_EQ(r.key.bytes.len, 6);
	CHECK_MEM(r.key.bytes.data, "secret", 6);
	CHECK_HAS(r.note.endpoint, "unix:///");
	CHECK_EQ(ask_daemon(true, good, sizeof(good) - 1, PEER_WAITS), LK_C_NONE);
	lk_secret_wipe(&r.key.bytes);
	CHECK_EQ(ask_daemon(false, failed, sizeof(failed) - 1, PEER_WAITS), LK_C_CDH_FAILED);
	CHECK_EQ(r.err.status, LK_AGAIN);
	CHECK_EQ(ask_daemon(false, foreign, sizeof(foreign) - 1, PEER_WAITS), LK_C_REPLY_INVALID);
	CHECK_EQ(ask_daemon(false, "", 0, PEER_CLOSES), LK_C_UNREACHABLE);
}

TEST(a_daemon_may_still_be_starting)
{
	struct volume v;

	volume_init(&v, "http://127.0.0.1:1", NULL);
	option_text(kbs(), v.options, "cdh_type", "daemon");
	option_text(kbs(), v.options, "cdh_socket", "unix:///nonexistent/cdh.sock");
	CHECK_EQ(ask(&v), LK_C_UNREACHABLE);
	CHECK_EQ(r.err.status, LK_AGAIN);
}

/* ---- options ---- */

TEST(what_the_options_need)
{
	struct lk_provider_needs needs;
	struct volume v;

	volume_init(&v, "http://kbs.example", NULL);
	needs = lk_provider_needs(kbs(), v.options);
	CHECK(needs.attester && !needs.elsewhere && !needs.programs && !needs.own_user);
	option_text(kbs(), v.options, "cdh_type", "daemon");
	needs = lk_provider_needs(kbs(), v.options);
	CHECK(needs.attester && needs.elsewhere && !needs.programs && needs.own_user);
	CHECK(!kbs()->same_session(v.options, v.options));
	CHECK(!kbs()->proves_server(v.options));
	option_text(kbs(), v.options, "cdh_type", "one-shot");
	option_text(kbs(), v.options, "cdh_command", "/usr/bin/confidential-data-hub");
	needs = lk_provider_needs(kbs(), v.options);
	CHECK(needs.attester && needs.elsewhere && needs.programs && needs.own_user);
}

static enum lk_code check(const struct volume *v)
{
	struct lk_error err = { 0 };

	return kbs()->check(v->options, &err) ? err.code : LK_C_NONE;
}

TEST(options_are_checked)
{
	struct volume v;

	volume_init(&v, "http://kbs.example", NULL);
	option_text(kbs(), v.options, "cdh_type", "one-shot");
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "cdh_command", "bin/hub");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "cdh_command", "hub");
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "tee_key", "rsa-2048");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "tee_key", "ec-p256");
	option_text(kbs(), v.options, "cdh_type", "daemon");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "cdh_command", NULL);
	CHECK_EQ(check(&v), LK_C_NONE);
	option_text(kbs(), v.options, "cdh_socket", "/run/cdh.sock");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "cdh_socket", "unix://@");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
	option_text(kbs(), v.options, "cdh_socket", "unix://@hub");
	CHECK_EQ(check(&v), LK_C_NONE);
	volume_init(&v, "http://kbs.example", "http://other.example");
	option_text(kbs(), v.options, "cdh_command", "hub");
	CHECK_EQ(check(&v), LK_C_CONFIG_VALUE);
}

TESTS(uris_are_written_whole, the_configuration_is_exact, nothing_escapes_from_the_certificates,
      the_last_line_is_the_key, resources_are_read_strictly, a_program_is_run_as_it_expects,
      programs_that_fail, a_daemon_is_called, a_daemon_may_still_be_starting, what_the_options_need,
      options_are_checked)
