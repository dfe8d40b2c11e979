/* SPDX-License-Identifier: Apache-2.0 */
/* attestation/register.c: which register, what extends it, and what the log then says. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attestation/eventlog.h"
#include "attestation/register.h"
#include "tests/unit/bytes.h"

static struct lk_error err;

/* A register in memory. */
static uint8_t value[32];
static bool gone;

static enum lk_status extend(unsigned number, const uint8_t *event, size_t n, struct lk_error *e)
{
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;

	CHECK_EQ(number, 3);
	if (gone)
		return lk_raise_code(e, LK_C_REGISTER, "it is gone");
	st = lk_hash(LK_SHA256, event, n, digest, e);
	return st ? st : lk_register_extend(LK_SHA256, value, digest, e);
}

static const struct lk_register_kind fake = {
	.name = "fake",
	.log_alg = LK_TCG_SHA256,
	.log_base = 1,
	.extend = extend,
};

static char dir[] = "/tmp/test-register-XXXXXX", path[64];

static struct lk_register fresh(void)
{
	static int count;

	CHECK_OK(lk_crypto_setup(&err));
	CHECK(count || mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/%d/log", dir, count++);
	memset(value, 0, sizeof(value));
	gone = false;
	return (struct lk_register){ &fake, 3, path };
}

static size_t read_log(uint8_t *out, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(out, 1, size, f) : 0;

	if (f)
		fclose(f);
	return n;
}

TEST(the_log_replays_to_the_register)
{
	const struct lk_register r = fresh();
	const uint16_t algs[] = { LK_TCG_SHA256 };
	uint8_t log[4096], *all = NULL;
	struct lk_eventlog_parts parts = { .algs = algs, .n_algs = 1, .entries = log };
	struct lk_replay replay;
	struct stat sb;
	size_t n;

	CHECK_OK(lk_register_measure(&r, "latchkey", "header", "aa", &err));
	CHECK_OK(lk_register_measure(&r, "latchkey", "unlock", "root", &err));
	parts.n_entries = read_log(log, sizeof(log));
	CHECK_OK(lk_eventlog_join(&parts, &all, &n, &err));
	CHECK_OK(lk_eventlog_replay(all, n, LK_EVENTLOG_CC, LK_TCG_SHA256, &replay, &err));
	free(all);
	CHECK_EQ(replay.extended, 1 << 4);
	CHECK_MEM(replay.value[4], value, 32);
	CHECK(stat(path, &sb) == 0 && (sb.st_mode & 07777) == 0644);
}

TEST(what_cannot_be_measured_is_not_logged)
{
	const struct lk_register r = fresh();
	uint8_t log[64];

	gone = true;
	CHECK_EQ(lk_register_measure(&r, "latchkey", "header", "aa", &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_REGISTER);
	CHECK_EQ(read_log(log, sizeof(log)), 0);
}

TEST(what_cannot_be_logged_is_an_error)
{
	struct lk_register r = fresh();

	r.log = "/proc/no/log";
	CHECK_EQ(lk_register_measure(&r, "latchkey", "header", "aa", &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_REGISTER);
	r.log = path;
	CHECK(symlink("/dev/null", path) < 0); /* no folder yet */
	*strrchr(path, '/') = '\0';
	CHECK(mkdir(path, 0700) == 0);
	path[strlen(path)] = '/';
	CHECK(symlink("/dev/null", path) == 0);
	CHECK_EQ(lk_register_measure(&r, "latchkey", "header", "aa", &err), LK_TAMPERED);
}

TEST(without_a_register_nothing_happens)
{
	struct lk_register r = fresh();
	uint8_t log[64];

	r.kind = NULL;
	CHECK_OK(lk_register_measure(&r, "latchkey", "header", "aa", &err));
	CHECK_EQ(read_log(log, sizeof(log)), 0);
}

static bool takes(const char *text)
{
	struct lk_register r;

	return lk_register_parse(text, &r, &err) == LK_OK;
}

TEST(registers_that_may_be_named)
{
	struct lk_register r;
	char text[16];
	unsigned i;

	CHECK_OK(lk_register_parse("none", &r, &err));
	CHECK(!r.kind);
	CHECK_OK(lk_register_parse("tpm:15", &r, &err));
	CHECK_STR(r.kind->name, "tpm");
	CHECK_EQ(r.number, 15);
	CHECK_STR(r.log, "/run/latchkey/eventlog");
	for (i = 0; i < 70; i++) {
		snprintf(text, sizeof(text), "tpm:%u", i);
		CHECK_EQ(takes(text), i == 9 || (i >= 12 && i <= 15));
	}
	CHECK(!takes("tpm") && !takes("tpm:") && !takes("tpm:-1") && !takes("tpm:15 ") &&
	      !takes("tpm: 15") && !takes("tpm:0x0f") && !takes("pcr:15") && !takes("") &&
	      !takes("tpm:99999999999999999999") && !takes("None"));
	CHECK_EQ(err.code, LK_C_CONFIG_VALUE);
}

TEST(nothing_is_left_behind)
{
	char text[64];

	snprintf(text, sizeof(text), "rm -r %s", dir);
	CHECK(system(text) == 0); /* NOLINT(cert-env33-c): the test's own words */
}

TESTS(the_log_replays_to_the_register, what_cannot_be_measured_is_not_logged,
      what_cannot_be_logged_is_an_error, without_a_register_nothing_happens,
      registers_that_may_be_named, nothing_is_left_behind)
