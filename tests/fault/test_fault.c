/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every path of a scenario on which memory runs out: the first allocation fails, then the second,
 * and so on until the scenario gets through. Each failure must be LK_INTERNAL, never another class
 * and never success with less; the address sanitizer watches for leaks.
 */
#include "tests/check.h"

#include "agent/luks_header.h"
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/luks.h"
#include "agent/report.h"
#include "agent/settings.h"
#include "attestation/snp_report.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/jose.h"
#include "core/json.h"
#include "providers/sealed.h"
#include "tests/fault/inject.h"
#include "tests/unit/sealed_vectors.h"

static struct lk_error err;

static void exhaust(enum lk_status (*scenario)(struct lk_error *err))
{
	unsigned long n;
	enum lk_status st;

	for (n = 1; n < 100000; n++) {
		bool fired;

		memset(&err, 0, sizeof(err));
		inject_arm(n);
		st = scenario(&err);
		fired = inject_disarm();
		if (!fired) {
			CHECK_OK(st);
			CHECK(n > 1); /* the scenario does allocate */
			return;
		}
		if (st != LK_INTERNAL) {
			char line[1024];

			check_fail(__FILE__, __LINE__, "allocation %lu failed: status %d, %s", n,
				   st, lk_error_format(&err, line, sizeof(line)));
		}
	}
	CHECK(!"the scenario never got through");
}

static enum lk_status secret_scenario(struct lk_error *e)
{
	LK_SECRET s = { 0 };
	enum lk_status st = lk_secret_from(&s, "sesame", 6, e);

	if (!st && (s.len != 6 || memcmp(s.data, "sesame", 6) != 0))
		return lk_raise(e, LK_TAMPERED, "a secret with other bytes");
	return st;
}

static enum lk_status json_scenario(struct lk_error *e)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"c\"}],\"d\":{\"e\":null},\"f\":\"\\u00e4\"}";
	LK_JSON *doc = NULL;
	LK_JSON_TEXT *out = NULL;
	enum lk_status st;
	size_t len;

	st = lk_json_parse(text, strlen(text), &doc, e);
	if (st)
		return st;
	return lk_json_dump(doc, LK_JSON_CANONICAL, &out, &len, e);
}

static enum lk_status jwe_scenario(struct lk_error *e)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *pair = NULL;
	struct lk_public_key public;
	LK_JSON_TEXT *text = NULL;
	LK_SECRET got = { 0 };
	enum lk_status st;
	size_t len;

	st = lk_keypair_generate(LK_KEY_P256, &pair, e);
	if (!st)
		st = lk_keypair_public(pair, &public, e);
	if (!st)
		st = lk_jwe_seal(&public, "sesame", 6, &text, &len, e);
	if (!st)
		st = lk_jwe_open(pair, text, len, &got, e);
	if (!st && (got.len != 6 || memcmp(got.data, "sesame", 6) != 0))
		return lk_raise(e, LK_TAMPERED, "a plaintext with other bytes");
	return st;
}

static enum lk_status sealed_scenario(struct lk_error *e)
{
	static const uint8_t dek[LK_SEALED_DEK_SIZE] = {
		0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
	};
	LK_SECRET key = { 0 }, got = { 0 };
	LK_SEALED s = { 0 };
	enum lk_status st;

	st = lk_sealed_parse(SEALED_ENVELOPE_PAYLOAD, strlen(SEALED_ENVELOPE_PAYLOAD), &s, e);
	if (!st)
		st = lk_secret_from(&key, dek, sizeof(dek), e);
	if (!st)
		st = lk_sealed_open(&s, &key, &got, e);
	if (!st && (got.len != strlen(SEALED_PLAINTEXT) ||
		    memcmp(got.data, SEALED_PLAINTEXT, got.len) != 0))
		return lk_raise(e, LK_TAMPERED, "a secret with other bytes");
	return st;
}

static enum lk_status report_scenario(struct lk_error *e)
{
	struct lk_report_volume volume = { .name = "root", .outcome = "open" };
	struct lk_report r = { .version = "0",
			       .phase = "initrd",
			       .clock = "trusted",
			       .outcome = "open",
			       .volumes = &volume,
			       .n_volumes = 1,
			       .n_stages = 1 };

	enum lk_status st = lk_events_add(&r.events, "unlock", "root", e);

	return st ? st : lk_report_write(&r, "/tmp/latchkey-fault/report.json", e);
}

/* A real header by the distribution's own tool, read, checked and written into private memory. */
static enum lk_status header_scenario(struct lk_error *e)
{
	const struct lk_luks_rules rules = lk_luks_rules_here();
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = { .fd = open("/tmp/latchkey-fault/luks.img", O_RDONLY | O_CLOEXEC),
			    .size = 20u << 20 };

	CHECK(dev.fd >= 0);
	return lk_luks_prepare(&dev, &rules, &p, e);
}

static const char settings_dir[] = "/tmp/latchkey-fault/etc";

static enum lk_status settings_scenario(struct lk_error *e)
{
	LK_SETTINGS *s = NULL;

	return lk_settings_load(settings_dir, &s, e);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f);
	CHECK(fputs(text, f) >= 0 && fclose(f) == 0);
}

static void make_settings(void)
{
	CHECK(system("umask 022 && rm -rf /tmp/latchkey-fault && mkdir -p /tmp/latchkey-fault/etc") ==
	      0);
	write_text("/tmp/latchkey-fault/etc/latchkey.conf",
		   "[agent]\ndeadline = \"1m\"\n[network]\ndns = [\"10.0.2.3\"]\n"
		   "[sealed]\nkeys = [\"/etc/latchkey/operator\"]\n"
		   "[services.kbs]\nkbs_url = \"http://127.0.0.1\"\nallow_plaintext_http = true\n"
		   "[credentials.a]\npath = \"/a\"\nresource_uri = \"kbs:///a/b/c\"\n");
	write_text("/tmp/latchkey-fault/etc/fde.conf",
		   "[rootfs]\ndevice = \"PARTUUID=11111111-2222-3333-4444-555555555555\"\n"
		   "rw_overlay = \"ram\"\n"
		   "[rootfs.encrypt.exec]\ncommand = \"/bin/echo\"\nargs = [\"-n\", \"x\"]\n");
	CHECK(chmod("/tmp/latchkey-fault/etc/fde.conf", 0600) == 0);
}

/* A report of a processor, with a certificate. */
static enum lk_status snp_scenario(struct lk_error *e)
{
	static const uint8_t vcek[16] =
		"\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd";
	uint8_t bytes[LK_SNP_REPORT] = { 3 }, table[64] = { 0 };
	LK_JSON *doc = NULL;
	LK_JSON *chain = NULL;
	enum lk_status st;

	bytes[0x188] = 0x19;
	memcpy(table, vcek, sizeof(vcek));
	table[16] = 60;
	table[20] = 4;
	st = lk_snp_report_json(bytes, &doc, e);
	if (!st)
		st = lk_snp_certs_json(table, sizeof(table), &chain, e);
	if (!st && (lk_json_count(doc) != 29 || lk_json_count(chain) != 1))
		return lk_raise(e, LK_TAMPERED, "evidence with less in it");
	return st;
}

TEST(snp_evidence)
{
	exhaust(snp_scenario);
}

TEST(secrets)
{
	exhaust(secret_scenario);
}

TEST(json)
{
	exhaust(json_scenario);
}

TEST(jwe)
{
	exhaust(jwe_scenario);
}

TEST(sealed)
{
	exhaust(sealed_scenario);
}

TEST(report)
{
	make_settings();
	exhaust(report_scenario);
}

TEST(settings)
{
	make_settings();
	exhaust(settings_scenario);
	CHECK(system("rm -rf /tmp/latchkey-fault") == 0);
}

TEST(luks_header)
{
	CHECK(system("rm -rf /tmp/latchkey-fault && mkdir -p /tmp/latchkey-fault && "
		     "cd /tmp/latchkey-fault && truncate -s 20M luks.img && "
		     "printf sesame | cryptsetup luksFormat -q --disable-locks --type luks2 "
		     "--pbkdf pbkdf2 --pbkdf-force-iterations 1000 luks.img -") == 0);
	exhaust(header_scenario);
}

TEST(set_up)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
}

TESTS(set_up, secrets, json, jwe, sealed, luks_header, report, settings, snp_evidence)
