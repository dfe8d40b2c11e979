/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey seal: make a sealed secret, envelope or vault. Takes the command line of secret_cli, from
 * which its second spellings are. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/seal.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/log.h"

#define KEY_MAX 8192
#define USAGE	"seal envelope|vault OPTION...; latchkey(8) has the options of either"

/* In the order of the options that set them. */
enum text {
	FILE_,
	KEY_ID,
	INSTANCE,
	CLIENT_KEY,
	PASSWORD,
	CA,
	ENDPOINT,
	WRAP,
	NAME,
	PROVIDER,
	SETTINGS,
	ANNOTATIONS,
	SIGN_KEY,
	KID,
	N_TEXTS
};

struct arguments {
	const char *text[N_TEXTS];
	bool vault;
};

static const struct option options[] = {
	{ "file", required_argument, NULL, FILE_ },
	{ "file-path", required_argument, NULL, FILE_ },
	{ "key-id", required_argument, NULL, KEY_ID },
	{ "kms-instance-id", required_argument, NULL, INSTANCE },
	{ "client-key-file", required_argument, NULL, CLIENT_KEY },
	{ "client-key-file-path", required_argument, NULL, CLIENT_KEY },
	{ "client-key-password-file", required_argument, NULL, PASSWORD },
	{ "password-file-path", required_argument, NULL, PASSWORD },
	{ "kms-cert-file", required_argument, NULL, CA },
	{ "cert-path", required_argument, NULL, CA },
	{ "endpoint", required_argument, NULL, ENDPOINT },
	{ "wrap-type", required_argument, NULL, WRAP },
	{ "name", required_argument, NULL, NAME },
	{ "resource-uri", required_argument, NULL, NAME },
	{ "provider", required_argument, NULL, PROVIDER },
	{ "provider-settings", required_argument, NULL, SETTINGS },
	{ "annotations", required_argument, NULL, ANNOTATIONS },
	{ "sign-key", required_argument, NULL, SIGN_KEY },
	{ "kid", required_argument, NULL, KID },
	{ 0 },
};

/* "envelope", "envelope ali" or "vault", wherever they stand. */
static bool parse_words(int argc, char **argv, struct arguments *a)
{
	if (optind >= argc)
		return false;
	a->vault = strcmp(argv[optind], "vault") == 0;
	if (!a->vault && strcmp(argv[optind], "envelope") != 0)
		return false;
	optind++;
	if (optind < argc && !a->vault && strcmp(argv[optind], "ali") == 0)
		optind++;
	return optind == argc;
}

static bool complete(const struct arguments *a)
{
	static const unsigned of_envelope = 1u << FILE_ | 1u << KEY_ID | 1u << INSTANCE |
					    1u << CLIENT_KEY | 1u << PASSWORD | 1u << CA;
	static const unsigned of_vault = 1u << NAME | 1u << PROVIDER;
	static const unsigned may_envelope = 1u << ENDPOINT | 1u << WRAP;
	static const unsigned may_vault = 1u << SETTINGS | 1u << ANNOTATIONS;
	const unsigned must = a->vault ? of_vault : of_envelope;
	const unsigned may =
		must | (a->vault ? may_vault : may_envelope) | 1u << SIGN_KEY | 1u << KID;
	unsigned i, given = 0;

	for (i = 0; i < N_TEXTS; i++)
		given |= a->text[i] ? 1u << i : 0;
	return (given & must) == must && !(given & ~may) && (a->text[SIGN_KEY] || !a->text[KID]);
}

static bool parse(int argc, char **argv, struct arguments *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c < 0 || c >= N_TEXTS || a->text[c])
			return false;
		a->text[c] = optarg;
	}
	return parse_words(argc, argv, a) && complete(a) &&
	       (!a->text[WRAP] || strcmp(a->text[WRAP], "A256GCM") == 0 ||
		strcmp(a->text[WRAP], "A256CTR") == 0);
}

static enum lk_status read_plain(const char *path, size_t max, struct lk_secret *ret,
				 struct lk_error *err)
{
	LK_FD int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					      : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum lk_status st;

	if (fd < 0)
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s: %s", path, strerror(errno));
	st = lk_secret_read_fd(ret, fd, max, err);
	return st ? lk_context(err, "%s", path) : LK_OK;
}

static enum lk_status make_payload(const struct arguments *a, char **ret, size_t *ret_n,
				   struct lk_error *err)
{
	const struct lk_seal_kms kms = { a->text[INSTANCE], a->text[CLIENT_KEY], a->text[PASSWORD],
					 a->text[CA], a->text[ENDPOINT] };
	LK_SECRET plain = { 0 };
	enum lk_status st;

	if (a->vault)
		return lk_seal_vault(a->text[NAME], a->text[PROVIDER], a->text[SETTINGS],
				     a->text[ANNOTATIONS], ret, ret_n, err);
	st = read_plain(a->text[FILE_], LK_SEAL_PLAIN_MAX, &plain, err);
	return st ? st
		  : lk_seal_envelope(&kms, a->text[KEY_ID],
				     a->text[WRAP] && strcmp(a->text[WRAP], "A256CTR") == 0, &plain,
				     ret, ret_n, err);
}

static enum lk_status seal(const struct arguments *a, struct lk_error *err)
{
	LK_JSON_TEXT *payload = NULL;
	LK_FREE char *text = NULL;
	LK_SECRET key = { 0 };
	enum lk_status st;
	size_t n;

	if (a->text[SIGN_KEY]) {
		st = read_plain(a->text[SIGN_KEY], KEY_MAX, &key, err);
		if (!st)
			st = lk_secret_append(&key, "", 1, err);
		if (st)
			return st;
	}
	st = make_payload(a, &payload, &n, err);
	if (!st && a->text[SIGN_KEY])
		st = lk_seal_sign(payload, n, (const char *)key.data, a->text[KID], &text, err);
	if (st)
		return st;
	if (!a->text[SIGN_KEY])
		lk_log(LK_LOG_WARNING, "nobody signed it: it is opened only from a file below "
				       "/etc/latchkey");
	printf("%s\n", text ? text : payload);
	if (fflush(stdout) || ferror(stdout))
		return lk_raise(err, LK_CONFIG, "write the sealed secret: %m");
	return LK_OK;
}

int lk_cmd_seal(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;

	if (!parse(argc, argv, &a))
		return lk_cmd_usage(USAGE);
	st = lk_harden(&err);
	if (!st)
		st = seal(&a, &err);
	if (st)
		lk_context(&err, "seal");
	return st ? lk_cmd_fail(&err) : 0;
}
