/* SPDX-License-Identifier: Apache-2.0 */
/* One volume's settings, device and key, for commands. */
#include "agent/volume_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "agent/recovery_key.h"
#include "agent/stages.h"

#define FIND_MS 2000

static struct lk_volume *find_volume(const struct lk_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_known; i++)
		if (strcmp(s->volumes[i].name, name) == 0)
			return &s->volumes[i];
	return NULL;
}

enum lk_status lk_volume_settings(const char *config_dir, const char *name,
				  struct lk_settings **ret, const struct lk_volume **ret_volume,
				  struct lk_error *err)
{
	LK_SETTINGS *s = NULL;
	const struct lk_volume *v;
	enum lk_status st;

	st = lk_settings_load(config_dir, &s, err);
	if (st)
		return st;
	v = find_volume(s, name);
	if (!v)
		return lk_raise(err, LK_CONFIG, "no volume '%s' is configured", name);
	if (!v->encrypted)
		return lk_raise(err, LK_CONFIG, "volume '%s' is not encrypted", name);
	*ret_volume = v;
	*ret = lk_take(s);
	return LK_OK;
}

enum lk_status lk_volume_fetch(const char *config_dir, const char *name, struct lk_volume_key *ret,
			       struct lk_error *err)
{
	struct lk_run run = { .rehearse = name };
	struct lk_fetch_result *got = NULL;
	struct lk_volume *v;
	enum lk_status st;

	st = lk_settings_load(config_dir, &run.settings, err);
	if (st)
		return st;
	v = find_volume(run.settings, name);
	if (v) { /* as if it were opened at boot */
		v->auto_open = true;
		run.phase = (enum lk_phase)v->phase;
	}
	st = lk_run_rehearse(&run, &got, err);
	if (!st) {
		ret->form = got->key.form;
		ret->bytes = lk_secret_take(&got->key.bytes);
	}
	lk_run_end(&run);
	return st;
}

/* Read a line without showing it. */
static enum lk_status read_hidden(int fd, struct lk_secret *ret, struct lk_error *err)
{
	struct termios before, quiet;
	enum lk_status st;
	ssize_t n;

	if (tcgetattr(fd, &before))
		return lk_raise(err, LK_CONFIG, "look at the terminal: %m");
	st = lk_secret_alloc(ret, LK_RECOVERY_KEY_MAX, err);
	if (st)
		return st;
	fputs("Recovery key: ", stderr);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &quiet))
		return lk_raise(err, LK_CONFIG, "silence the terminal: %m");
	n = read(fd, ret->data, ret->cap);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	fputc('\n', stderr);
	if (n <= 0)
		return lk_raise(err, LK_CONFIG, "read the recovery key: %s",
				n ? strerror(errno) : "end");
	ret->len = (size_t)n;
	return LK_OK;
}

enum lk_status lk_volume_read_key(int fd, struct lk_volume_key *ret, struct lk_error *err)
{
	LK_SECRET typed = { 0 };
	enum lk_status st;

	st = isatty(fd) ? read_hidden(fd, &typed, err)
			: lk_secret_read_fd(&typed, fd, LK_RECOVERY_KEY_MAX, err);
	if (st)
		return st;
	lk_recovery_key_normalise(&typed);
	if (typed.len == 0)
		return lk_raise(err, LK_CONFIG, "the recovery key is empty");
	ret->form = LK_KEY_PASSPHRASE;
	ret->bytes = lk_secret_take(&typed);
	return LK_OK;
}

enum lk_status lk_volume_find(const struct lk_volume *v, struct lk_blockdev *ret,
			      struct lk_error *err)
{
	enum lk_status st = lk_blockdev_find(v->device, lk_deadline_in(FIND_MS), ret, err);

	return st ? lk_context(err, "find volume '%s'", v->name) : LK_OK;
}
