/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey attest: make evidence, and say what it binds. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/events.h"
#include "agent/settings.h"
#include "attestation/attester.h"
#include "attestation/eventlog.h"
#include "attestation/register.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"

#define USAGE "attest [--json] [--data FILE | --digest HEX] [--tee NAME] [--config DIR]"

struct arguments {
	const char *config_dir, *tee, *data, *hex;
	bool json;
};

/* What is proved, and with what. */
struct proof {
	uint8_t digest[LK_HASH_MAX];
	size_t n;
	char reg[24];
	const struct lk_attester *attester;
	struct json_t *evidence;
};

static bool parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "data", required_argument, NULL, 'd' },
		{ "digest", required_argument, NULL, 'x' },
		{ "tee", required_argument, NULL, 't' },
		{ "config", required_argument, NULL, 'c' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			a->json = true;
		else if (c == 'd')
			a->data = optarg;
		else if (c == 'x')
			a->hex = optarg;
		else if (c == 't')
			a->tee = optarg;
		else if (c == 'c')
			a->config_dir = optarg;
		else
			return false;
	}
	return optind == argc && !(a->data && a->hex);
}

static enum lk_status hash_file(const char *path, struct proof *p, struct lk_error *err)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	LK_FILE FILE *f = fopen(path, "re");
	uint8_t part[16384];
	enum lk_status st;
	size_t n;

	if (!f)
		return lk_raise(err, LK_CONFIG, "open %s: %m", path);
	st = lk_hasher_new(LK_SHA384, &h, err);
	while (!st && (n = fread(part, 1, sizeof(part), f)) > 0)
		st = lk_hasher_add(h, part, n, err);
	if (!st && ferror(f))
		st = lk_raise(err, LK_CONFIG, "read %s: %m", path);
	if (!st)
		st = lk_hasher_end(h, p->digest, err);
	p->n = lk_hash_size(LK_SHA384);
	return st;
}

static enum lk_status choose_digest(const struct arguments *a, struct proof *p,
				    struct lk_error *err)
{
	if (a->data)
		return hash_file(a->data, p, err);
	if (a->hex) {
		if (!lk_hex_decode(a->hex, strlen(a->hex), p->digest, sizeof(p->digest), &p->n) ||
		    p->n < 32)
			return lk_raise(err, LK_CONFIG, "--digest takes 32 to 64 bytes in hex");
		return LK_OK;
	}
	p->n = lk_hash_size(LK_SHA384);
	return lk_random(p->digest, p->n, err);
}

/* The configuration says what attests; --tee stands in for it where there is none. */
static enum lk_status choose_attester(const struct arguments *a, struct proof *p,
				      struct lk_error *err)
{
	LK_SETTINGS *s = NULL;
	enum lk_status st;

	if (a->tee)
		return lk_attester_pick(a->tee, &p->attester, err);
	st = lk_settings_load_system(a->config_dir, &s, err);
	if (st)
		return st;
	(void)snprintf(p->reg, sizeof(p->reg), "%s", s->reg);
	return lk_attester_pick(s->tee, &p->attester, err);
}

/* ---- what it binds ---- */

static void print_events(const uint8_t *log, size_t n)
{
	static struct lk_aael e;
	struct lk_eventlog_record r;
	struct lk_error ignored = { 0 };
	struct lk_eventlog l;
	bool end = false, is;

	if (lk_eventlog_open(&l, log, n, &ignored))
		return;
	while (lk_eventlog_next(&l, &r, &end, &ignored) == LK_OK && !end)
		if (r.n_digests > 0 &&
		    lk_aael_read(&r, r.digests[0].alg, &e, &is, &ignored) == LK_OK && is)
			printf("  event        %s %s %s\n", e.domain, e.operation, e.content);
}

/* An attester attaches no log that does not replay to what it proves. */
static void print_log(const struct proof *p)
{
	const char *text = lk_json_string_value(lk_json_get(p->evidence, "cc_eventlog"));
	const bool tpm = strcmp(p->attester->name, "tpm") == 0;
	const size_t len = text ? strlen(text) : 0;
	LK_FREE uint8_t *log = malloc(len + 1);
	struct lk_error ignored = { 0 };
	struct lk_replay r;
	size_t n, i;

	if (!log || !text || !lk_b64_decode(LK_B64_STD, text, len, log, len, &n)) {
		printf("event log      none that replays\n");
		return;
	}
	if (lk_eventlog_replay(log, n, tpm ? LK_EVENTLOG_TPM : LK_EVENTLOG_CC,
			       tpm ? LK_TCG_SHA256 : LK_TCG_SHA384, &r, &ignored))
		return;
	printf("event log      %zu bytes, of %s", n, tpm ? "PCR" : "RTMR");
	for (i = 0; i < LK_EVENTLOG_INDEXES; i++)
		if (r.extended & 1u << i)
			printf(" %zu", tpm ? i : i - 1);
	printf("\n");
	print_events(log, n);
}

static enum lk_status print(const struct arguments *a, const struct proof *p, struct lk_error *err)
{
	char hex[2 * LK_HASH_MAX + 1];
	LK_JSON_TEXT *text = NULL;
	enum lk_status st;
	size_t n;

	st = lk_json_dump(p->evidence, LK_JSON_COMPACT, &text, &n, err);
	if (st)
		return st;
	if (a->json) {
		printf("%s\n", text);
		return LK_OK;
	}
	lk_hex_encode(p->digest, p->n, hex);
	printf("tee            %s: %s\n", p->attester->name, p->attester->summary);
	printf("digest         %s%s%s\n", hex, a->data ? ", SHA-384 of " : "",
	       a->data ? a->data : "");
	if (*p->reg)
		printf("register       %s\n", p->reg);
	printf("evidence       %zu bytes; --json prints it\n", n);
	print_log(p);
	return LK_OK;
}

int lk_cmd_attest(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct lk_error err = { 0 };
	struct proof p = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, &a))
		return lk_cmd_usage(USAGE);
	st = choose_attester(&a, &p, &err);
	if (!st)
		st = choose_digest(&a, &p, &err);
	if (!st)
		st = p.attester->evidence(p.attester, p.digest, p.n, &p.evidence, &err);
	if (!st)
		st = print(&a, &p, &err);
	lk_json_free(p.evidence);
	return st ? lk_cmd_fail(&err) : 0;
}
