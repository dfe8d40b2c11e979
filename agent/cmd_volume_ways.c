/* SPDX-License-Identifier: Apache-2.0 */
/* Where the commands take keys from and bring them to. */
#include "agent/cmd_volume_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/enroll.h"
#include "agent/volume_key.h"
#include "core/json.h"

#define DEFAULT_SOCKET "/run/latchkeyd/admin.sock"

void lk_volume_ways_end(struct lk_volume_ways *w)
{
	lk_settings_free(w->settings);
	*w = (struct lk_volume_ways){ 0 };
}

static enum lk_status check_publish(struct lk_volume_ways *w, struct lk_error *err)
{
	struct lk_publish *p = &w->publish;

	if (!p->enroll == !p->escrow_to)
		return lk_raise(err, LK_CONFIG,
				"give one of --enroll and --escrow-to: the new secret has to go "
				"somewhere");
	if (p->enroll && strcmp(p->enroll, "latchkeyd") != 0)
		return lk_raise(err, LK_CONFIG, "--enroll knows only latchkeyd");
	if (!p->enroll != !p->resource || (p->socket && !p->enroll))
		return lk_raise(err, LK_CONFIG, "--enroll, --resource and --socket go together");
	if (!p->escrow_to != !p->escrow_out)
		return lk_raise(err, LK_CONFIG, "--escrow-to and --escrow-out go together");
	if (!p->socket)
		p->socket = DEFAULT_SOCKET;
	if (p->enroll)
		return lk_enroll_probe(p->socket, p->resource, true, err);
	return lk_escrow_read_key(p->escrow_to, &w->escrow_key, err);
}

enum lk_status lk_volume_ways_open(struct lk_volume_ways *w, bool publishes, struct lk_error *err)
{
	enum lk_status st;

	st = lk_volume_settings(w->config_dir, w->name, &w->settings, &w->volume, err);
	return st || !publishes ? st : check_publish(w, err);
}

static enum lk_status fetch(void *arg, struct lk_volume_key *ret, struct lk_error *err)
{
	const struct lk_volume_ways *w = arg;

	return lk_volume_fetch(w->config_dir, w->name, ret, err);
}

static enum lk_status write_escrow(const char *path, const char *text, size_t n,
				   struct lk_error *err)
{
	LK_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return lk_raise(err, LK_CONFIG,
				"%s exists: of an earlier rotation? Name another file and give "
				"--restart",
				path);
	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "create %s: %s", path, strerror(errno));
	if (write(fd, text, n) != (ssize_t)n || fsync(fd) != 0)
		return lk_raise(err, LK_CONFIG, "write %s: %s", path, strerror(errno));
	return LK_OK;
}

static enum lk_status publish(void *arg, const struct lk_secret *secret, struct lk_error *err)
{
	const struct lk_volume_ways *w = arg;
	const struct lk_publish *p = &w->publish;
	LK_JSON_TEXT *jwe = NULL;
	enum lk_status st;
	size_t n = 0;

	if (p->enroll)
		return lk_enroll_store(p->socket, p->resource, secret, err);
	st = lk_escrow_seal(&w->escrow_key, secret, &jwe, &n, err);
	return st ? st : write_escrow(p->escrow_out, jwe, n, err);
}

static enum lk_status find(void *arg, struct lk_blockdev *ret, struct lk_error *err)
{
	const struct lk_volume_ways *w = arg;

	return lk_volume_find(w->volume, ret, err);
}

static enum lk_status store(void *arg, const struct lk_luks_writes *writes,
			    const struct lk_blockdev *dev, struct lk_error *err)
{
	(void)arg;
	return lk_luks_writes_apply(writes, dev, err);
}

static void tell(void *arg, const char *text)
{
	const struct lk_volume_ways *w = arg;

	printf("%s: %s\n", w->name, text);
	fflush(stdout);
}

struct lk_rotate_ways lk_volume_ways_of(struct lk_volume_ways *w)
{
	return (struct lk_rotate_ways){
		.arg = w,
		.fetch = fetch,
		.publish = publish,
		.find = find,
		.store = store,
		.tell = tell,
	};
}
