/* SPDX-License-Identifier: Apache-2.0 */
/* latchkey key fetch: rehearse an unlock up to the key, open nothing. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/harden.h"
#include "agent/stages.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/crypto.h"
#include "core/log.h"

#define USAGE "key fetch --volume NAME (--check | --out FILE | --fd N) [--config DIR]"

struct arguments {
	const char *config_dir, *volume, *out;
	int fd;
	bool check;
};

static bool parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "volume", required_argument, NULL, 'v' }, { "out", required_argument, NULL, 'o' },
		{ "fd", required_argument, NULL, 'f' },	    { "check", no_argument, NULL, 'k' },
		{ "config", required_argument, NULL, 'c' }, { 0 },
	};
	char *end = NULL;
	int c;

	a->fd = -1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'v')
			a->volume = optarg;
		else if (c == 'o')
			a->out = optarg;
		else if (c == 'k')
			a->check = true;
		else if (c == 'c')
			a->config_dir = optarg;
		else if (c == 'f')
			a->fd = (int)strtol(optarg, &end, 10);
		else
			return false;
		if (c == 'f' && (*end || end == optarg || a->fd < 0))
			return false;
	}
	return optind + 1 == argc && strcmp(argv[optind], "fetch") == 0 && a->volume &&
	       a->check + (a->out != NULL) + (a->fd >= 0) == 1;
}

enum lk_status lk_cmd_print_check(const struct lk_volume_key *key, const char *endpoint,
				  struct lk_error *err)
{
	uint8_t salt[8], mac[32];
	char salt_hex[2 * sizeof(salt) + 1], mac_hex[2 * 8 + 1];
	enum lk_status st;

	st = lk_random(salt, sizeof(salt), err);
	if (!st)
		st = lk_hmac_sha256(salt, sizeof(salt), key->bytes.data, key->bytes.len, mac, err);
	if (st)
		return st;
	lk_hex_encode(salt, sizeof(salt), salt_hex);
	lk_hex_encode(mac, 8, mac_hex);
	printf("%zu bytes, fingerprint %s:%s%s%s\n", key->bytes.len, salt_hex, mac_hex,
	       *endpoint ? ", from " : "", endpoint);
	return LK_OK;
}

static enum lk_status write_all(int fd, const struct lk_secret *s, struct lk_error *err)
{
	size_t done = 0;
	ssize_t n;

	while (done < s->len) {
		n = write(fd, s->data + done, s->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lk_raise(err, LK_CONFIG, "write the key: %m");
		done += (size_t)n;
	}
	return LK_OK;
}

static enum lk_status deliver(const struct arguments *a, const struct lk_volume_key *key,
			      const char *endpoint, struct lk_error *err)
{
	LK_FD int fd = -1;

	if (a->check)
		return lk_cmd_print_check(key, endpoint, err);
	if (a->out) {
		fd = open(a->out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return lk_raise(err, LK_CONFIG, "create %s: %m", a->out);
		return write_all(fd, &key->bytes, err);
	}
	if (isatty(a->fd))
		return lk_raise(err, LK_CONFIG, "descriptor %d is a terminal", a->fd);
	return write_all(a->fd, &key->bytes, err);
}

int lk_cmd_key(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct lk_error err = { 0 };
	struct lk_run run = { 0 };
	struct lk_fetch_result *got = NULL;
	enum lk_status st;

	if (!parse(argc, argv, &a))
		return lk_cmd_usage(USAGE);
	run.config_dir = a.config_dir;
	run.rehearse = a.volume;
	st = lk_harden(&err);
	if (!st)
		st = lk_run_rehearse(&run, &got, &err);
	if (!st)
		st = deliver(&a, &got->key, got->note.endpoint, &err);
	lk_run_end(&run);
	return st ? lk_cmd_fail(&err) : 0;
}
