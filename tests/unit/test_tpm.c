/* SPDX-License-Identifier: Apache-2.0 */
/* The TPM attester against a real TPM in software (swtpm); quotes judged by tpm2-tools. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attestation/eventlog.h"
#include "attestation/register.h"
#include "attestation/tpm_device.h"
#include "attestation/tpm_evidence.h"
#include "core/json.h"
#include "tests/unit/bytes.h"

static struct lk_error err;

/* ---- a TPM ---- */

struct machine {
	char dir[32];
	int tpm;
	pid_t pid;
	struct lk_register reg;
	char log[64], firmware[64];
	struct lk_tpm_logs logs;
};

static int tpm_of_register;

static enum lk_status extend(unsigned number, const uint8_t *event, size_t n, struct lk_error *e)
{
	return lk_register_extend_banks(tpm_of_register, number, event, n, e);
}

/* As tpm:15, but in this TPM. */
static const struct lk_register_kind kind = {
	.name = "tpm",
	.log_alg = LK_TCG_SHA256,
	.extend = extend,
};

static void run_swtpm(const char *dir, int fd)
{
	char state[64], number[16];

	(void)snprintf(state, sizeof(state), "dir=%s", dir);
	(void)snprintf(number, sizeof(number), "%d", dup(fd));
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--fd", number, "--flags",
	       "not-need-init,startup-clear", (char *)NULL);
	_exit(127);
}

static void start(struct machine *m)
{
	int pair[2];

	CHECK_OK(lk_crypto_setup(&err));
	signal(SIGPIPE, SIG_IGN); /* of sockets; a device has none */
	*m = (struct machine){ .dir = "/tmp/test-tpm-XXXXXX" };
	CHECK(mkdtemp(m->dir));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	m->pid = fork();
	if (m->pid == 0)
		run_swtpm(m->dir, pair[1]);
	close(pair[1]);
	m->tpm = tpm_of_register = pair[0];
	CHECK(fcntl(m->tpm, F_SETFL, O_NONBLOCK) == 0);
	(void)snprintf(m->log, sizeof(m->log), "%s/eventlog", m->dir);
	(void)snprintf(m->firmware, sizeof(m->firmware), "%s/bios", m->dir);
	m->reg = (struct lk_register){ &kind, 15, m->log };
	m->logs = (struct lk_tpm_logs){ .firmware = m->firmware, .own = m->log };
}

static int command(const char *text)
{
	return system(text); /* NOLINT(cert-env33-c): the test's own words */
}

static void stop(struct machine *m)
{
	char text[64];
	int status;

	close(m->tpm);
	CHECK(waitpid(m->pid, &status, 0) == m->pid);
	(void)snprintf(text, sizeof(text), "rm -rf %s", m->dir);
	CHECK(command(text) == 0);
}

static void call(struct machine *m, const struct lk_tpm_buf *c, struct lk_tpm_buf *a)
{
	CHECK_OK(lk_tpm_call(m->tpm, "test", c, a, NULL, &err));
}

static void read_pcr(struct machine *m, uint16_t alg, unsigned pcr, char *out)
{
	struct lk_tpm_buf c, a;
	size_t size;

	lk_tpm_cmd_pcr_read(&c, alg, 1u << pcr);
	call(m, &c, &a);
	size = (size_t)a.bytes[28] << 8 | a.bytes[29];
	lk_hex_encode(a.bytes + 30, size, out);
}

/* ---- registers ---- */

TEST(every_bank_is_extended)
{
	struct machine m;
	struct lk_replay r;
	const uint16_t algs[] = { LK_TCG_SHA256, LK_TCG_SHA384 };
	uint8_t event[LK_AAEL_EVENT_MAX], digest[LK_HASH_MAX], value[LK_HASH_MAX] = { 0 };
	char hex_now[2 * LK_HASH_MAX + 1], hex_want[2 * LK_HASH_MAX + 1];
	size_t i, n;

	start(&m);
	CHECK_OK(lk_register_measure(&m.reg, "latchkey", "unlock", "root", &err));
	CHECK_OK(lk_aael_event("latchkey", "unlock", "root", event, &n, &err));
	for (i = 0; i < 2; i++) {
		memset(value, 0, sizeof(value));
		CHECK(lk_tcg_hash(algs[i], &r.hash));
		CHECK_OK(lk_hash(r.hash, event, n, digest, &err));
		CHECK_OK(lk_register_extend(r.hash, value, digest, &err));
		lk_hex_encode(value, lk_hash_size(r.hash), hex_want);
		read_pcr(&m, algs[i], 15, hex_now);
		CHECK_STR(hex_now, hex_want);
	}
	/* what we cannot hash is not left at zeros */
	read_pcr(&m, LK_TCG_SHA1, 15, hex_now);
	CHECK_EQ(strlen(hex_now), 40);
	CHECK(strspn(hex_now, "0") != 40);
	stop(&m);
}

TEST(a_register_that_cannot_be_extended_is_an_error)
{
	struct machine m;
	struct stat sb;

	start(&m);
	m.reg.number = 17; /* not ours at this locality */
	CHECK(lk_register_measure(&m.reg, "latchkey", "unlock", "root", &err) != LK_OK);
	CHECK(stat(m.log, &sb) != 0);
	stop(&m);
}

/* ---- evidence ---- */

static const uint8_t digest48[48] = { 0xd1, 0xd2, [31] = 0x31, [32] = 0x32, [47] = 0x47 };

static size_t decode(const struct json_t *o, const char *name, uint8_t *out, size_t cap)
{
	const char *text;
	size_t n;

	CHECK_OK(lk_json_get_string(o, name, 2 * cap, &text, &err));
	CHECK(lk_b64_decode(LK_B64_STD, text, strlen(text), out, cap, &n));
	return n;
}

static void save(const struct machine *m, const char *name, const void *p, size_t n)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", m->dir, name);
	f = fopen(path, "we");
	CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

/* PCRs as tpm2-tools keeps them: its library's structures as they lie in memory. */
static void save_pcrs(const struct machine *m, struct json_t *pcrs)
{
	static uint8_t out[4 + 16 * 8 + 4 + 3 * (4 + 8 * 66)];
	uint8_t *p = out + 4 + 16 * 8 + 4;
	size_t i, n;

	CHECK_EQ(lk_json_count(pcrs), 24);
	memcpy(out, "\1\0\0\0\x0b\0\3\xff\xff\xff", 10); /* one selection: all of SHA-256 */
	out[4 + 16 * 8] = 3;				 /* lists of eight */
	for (i = 0; i < 24; i++) {
		const char *v = lk_json_string_value(lk_json_at(pcrs, i));

		if (i % 8 == 0) {
			p[0] = 8;
			p += 4;
		}
		p[0] = 32;
		CHECK(lk_hex_decode(v, strlen(v), p + 2, 32, &n) && n == 32);
		p += 66;
	}
	save(m, "pcrs", out, sizeof(out));
}

/* Would tpm2-tools take it for this nonce? */
static bool checkquote(const struct machine *m, const struct json_t *evidence,
		       const uint8_t nonce[32])
{
	struct json_t *q, *pcrs;
	uint8_t bytes[4096];
	char nonce_hex[65], text[400];

	CHECK_OK(lk_json_get_object(evidence, "tpm_quote", &q, &err));
	save(m, "message", bytes, decode(q, "message", bytes, sizeof(bytes)));
	save(m, "signature", bytes, decode(q, "signature", bytes, sizeof(bytes)));
	save(m, "ak.der", bytes, decode(evidence, "ak_public", bytes, sizeof(bytes)));
	CHECK_OK(lk_json_get_array(q, "pcrs", &pcrs, &err));
	save_pcrs(m, pcrs);
	lk_hex_encode(nonce, 32, nonce_hex);
	(void)snprintf(text, sizeof(text),
		       "cd %s && openssl pkey -pubin -inform DER -in ak.der -out ak.pem 2>log && "
		       "tpm2_checkquote -u ak.pem -m message -s signature -f pcrs -g sha256 "
		       "-q %s >log 2>&1",
		       m->dir, nonce_hex);
	return command(text) == 0;
}

TEST(a_quote_is_taken_by_another_implementation)
{
	struct machine m;
	LK_JSON *doc = NULL;
	uint8_t other[32] = { 0 };

	start(&m);
	CHECK_OK(lk_tpm_evidence(m.tpm, &m.logs, digest48, sizeof(digest48), &doc, &err));
	CHECK(checkquote(&m, doc, digest48));
	CHECK(!checkquote(&m, doc, other));
	/* nothing was measured: no log */
	CHECK(!lk_json_has(doc, "cc_eventlog"));
	stop(&m);
}

TEST(short_digests_are_padded)
{
	struct machine m;
	LK_JSON *doc = NULL;
	uint8_t padded[32] = { 9 };

	start(&m);
	CHECK_OK(lk_tpm_evidence(m.tpm, &m.logs, padded, 1, &doc, &err));
	CHECK(checkquote(&m, doc, padded));
	stop(&m);
}

static size_t public_key(const struct json_t *doc, uint8_t out[1024])
{
	return decode(doc, "ak_public", out, 1024);
}

TEST(the_key_is_the_same_each_time_and_not_left_behind)
{
	struct machine m;
	uint8_t first[1024], again[1024];
	size_t i, n;

	start(&m);
	for (i = 0; i < 5; i++) { /* a TPM has room for three */
		LK_JSON *doc = NULL;

		CHECK_OK(lk_tpm_evidence(m.tpm, &m.logs, digest48, 48, &doc, &err));
		n = public_key(doc, i ? again : first);
		CHECK(i == 0 || memcmp(first, again, n) == 0);
	}
	stop(&m);
}

/* EvictControl: make a key of ours persistent. */
static void persist(struct machine *m, bool ecc)
{
	struct bytes ec = hex("80020000004100000131400000010000000940000009000000000000040000000000"
			      "180023000b00050072000000100018000b0003001000000000000000000000");
	struct bytes evict = hex("800200000023000001204000000180000000000000094000000900000000"
				 "0081010002");
	struct lk_tpm_buf c, a;

	if (ecc) {
		memcpy(c.bytes, ec.data, ec.len);
		c.n = ec.len;
	} else {
		lk_tpm_cmd_create_ak(&c);
	}
	call(m, &c, &a);
	memcpy(evict.data + 14, a.bytes + 10, 4);
	memcpy(c.bytes, evict.data, evict.len);
	c.n = evict.len;
	call(m, &c, &a);
}

TEST(a_persistent_key_is_preferred)
{
	struct machine m;
	LK_JSON *doc = NULL;
	LK_JSON *none = NULL;

	start(&m);
	persist(&m, false);
	CHECK_OK(lk_tpm_evidence(m.tpm, &m.logs, digest48, 48, &doc, &err));
	CHECK(checkquote(&m, doc, digest48));
	stop(&m);
	start(&m);
	persist(&m, true);
	CHECK_EQ(lk_tpm_evidence(m.tpm, &m.logs, digest48, 48, &none, &err), LK_CONFIG);
	CHECK_HAS(err.frames[1].text, "0x81010002");
	stop(&m);
}

/* ---- logs ---- */

static size_t eventlog(struct machine *m, uint8_t *out, size_t cap)
{
	LK_JSON *doc = NULL;

	CHECK_OK(lk_tpm_evidence(m->tpm, &m->logs, digest48, 48, &doc, &err));
	return lk_json_has(doc, "cc_eventlog") ? decode(doc, "cc_eventlog", out, cap) : 0;
}

static uint32_t replayed(struct machine *m)
{
	uint8_t log[8192];
	struct lk_replay r;
	const size_t n = eventlog(m, log, sizeof(log));

	if (n == 0)
		return 0;
	CHECK_OK(lk_eventlog_replay(log, n, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &err));
	return r.extended;
}

TEST(our_log_goes_along_while_it_replays)
{
	struct machine m;
	uint8_t event[LK_AAEL_EVENT_MAX];
	size_t n;

	start(&m);
	CHECK_OK(lk_register_measure(&m.reg, "latchkey", "configuration", "aa", &err));
	CHECK_OK(lk_register_measure(&m.reg, "latchkey", "header", "bb", &err));
	CHECK_EQ(replayed(&m), 1 << 15);
	/* extended by another: the log is not the register's any more */
	CHECK_OK(lk_aael_event("other", "a", "b", event, &n, &err));
	CHECK_OK(lk_register_extend_banks(m.tpm, 15, event, n, &err));
	CHECK_EQ(replayed(&m), 0);
	stop(&m);
}

TEST(a_log_that_was_altered_does_not_go_along)
{
	struct machine m;

	start(&m);
	CHECK_OK(lk_register_measure(&m.reg, "latchkey", "configuration", "aa", &err));
	CHECK(truncate(m.log, 20) == 0);
	CHECK_EQ(replayed(&m), 0);
	CHECK(unlink(m.log) == 0);
	CHECK_EQ(replayed(&m), 0);
	stop(&m);
}

/* A firmware's log of one event in PCR 4, as with one bank. */
static void firmware_log(struct machine *m, bool lies)
{
	struct bytes log = hex("0000000003000000000000000000000000000000000000000000000021000000"
			       "53706563204944204576656e743033000000000000020002010000000b00200000"
			       "0400000004000000010000000b00");
	struct lk_tpm_digest d = { .alg = LK_TCG_SHA256, .size = 32 };
	struct lk_tpm_buf c, a;

	CHECK_OK(lk_hash(LK_SHA256, "\0\0\0", 4, d.bytes, &err));
	lk_tpm_cmd_pcr_extend(&c, 4, &d, 1);
	call(m, &c, &a);
	memcpy(log.data + log.len, d.bytes, 32);
	memcpy(log.data + log.len + 32, lies ? "\4\0\0\0\1\1\1\1" : "\4\0\0\0\0\0\0\0", 8);
	if (lies)
		log.data[log.len] ^= 1;
	save(m, "bios", log.data, log.len + 40);
}

TEST(the_firmwares_log_goes_along_if_it_replays)
{
	struct machine m;

	start(&m);
	firmware_log(&m, false);
	CHECK_EQ(replayed(&m), 1 << 4);
	CHECK_OK(lk_register_measure(&m.reg, "latchkey", "configuration", "aa", &err));
	CHECK_EQ(replayed(&m), 1 << 4 | 1 << 15);
	stop(&m);
	start(&m);
	firmware_log(&m, true);
	CHECK_EQ(replayed(&m), 0);
	CHECK_OK(lk_register_measure(&m.reg, "latchkey", "configuration", "aa", &err));
	CHECK_EQ(replayed(&m), 1 << 15); /* ours alone */
	stop(&m);
}

TEST(a_tpm_that_dies_is_an_error)
{
	struct machine m;
	LK_JSON *doc = NULL;

	start(&m);
	CHECK(kill(m.pid, SIGKILL) == 0);
	CHECK_EQ(lk_tpm_evidence(m.tpm, &m.logs, digest48, 48, &doc, &err), LK_INTERNAL);
	stop(&m);
}

/* A TPM that answers with what is given, once for each command. */
static enum lk_status told(const char *const *answers, uint32_t *ret_rc)
{
	struct lk_tpm_buf c, a;
	enum lk_status st;
	int pair[2];
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		for (; *answers; answers++) {
			struct bytes b = hex(*answers);

			if (read(pair[1], c.bytes, sizeof(c.bytes)) <= 0)
				break;
			/* in two pieces */
			if (write(pair[1], b.data, 4) != 4 ||
			    write(pair[1], b.data + 4, b.len - 4) < 0)
				break;
		}
		_exit(0);
	}
	close(pair[1]);
	lk_tpm_cmd_banks(&c);
	st = lk_tpm_call(pair[0], "ask", &c, &a, ret_rc, &err);
	close(pair[0]);
	CHECK(waitpid(pid, NULL, 0) == pid);
	return st;
}

TEST(a_tpm_that_is_not_ready_is_asked_again)
{
	static const char *const ready[] = { "80010000000a00000922", "80010000000a0000090a",
					     "80010000000a00000000", NULL };
	static const char *const refuses[] = { "80010000000a00000922", "80010000000a00000907",
					       NULL };
	static const char *const lies[] = { "80010000000900000922", NULL };
	uint32_t rc = 1;

	CHECK_OK(told(ready, &rc));
	CHECK_EQ(rc, 0);
	CHECK_OK(told(refuses, &rc));
	CHECK_EQ(rc, LK_TPM_RC_LOCALITY);
	CHECK_EQ(told(refuses, NULL), LK_INTERNAL);
	CHECK_HAS(err.frames[0].text, "0x907");
	CHECK(told(lies, NULL) != LK_OK);
	CHECK_EQ(told(ready + 3, NULL), LK_INTERNAL);
}

TESTS(every_bank_is_extended, a_register_that_cannot_be_extended_is_an_error,
      a_quote_is_taken_by_another_implementation, short_digests_are_padded,
      the_key_is_the_same_each_time_and_not_left_behind, a_persistent_key_is_preferred,
      our_log_goes_along_while_it_replays, a_log_that_was_altered_does_not_go_along,
      the_firmwares_log_goes_along_if_it_replays, a_tpm_that_dies_is_an_error,
      a_tpm_that_is_not_ready_is_asked_again)
