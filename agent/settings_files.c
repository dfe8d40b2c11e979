/* SPDX-License-Identifier: Apache-2.0 */
/* Every file that the configuration consists of and names: what the initramfs must hold. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/settings_internal.h"
#include "lk_build.h"
#include "providers/provider.h"

struct walk {
	const struct lk_settings_visitor *visitor;
	enum lk_trust trust;
	char **seen; /* "KIND PATH"; each file is told once */
	size_t n_seen;
};

static void walk_free(struct walk *w)
{
	while (w->n_seen)
		free(w->seen[--w->n_seen]);
	free(w->seen);
}

/* *ret: told before. */
static enum lk_status remember(struct walk *w, enum lk_file_kind kind, const char *path, bool *ret,
			       struct lk_error *err)
{
	LK_FREE char *mark = NULL;
	char **grown;
	size_t i;

	if (asprintf(&mark, "%s %s", lk_file_kind_name(kind), path) < 0) {
		mark = NULL;
		return lk_raise(err, LK_INTERNAL, "out of memory");
	}
	for (i = 0; i < w->n_seen; i++)
		if (strcmp(w->seen[i], mark) == 0)
			break;
	*ret = i < w->n_seen;
	if (*ret)
		return LK_OK;
	grown = realloc(w->seen, (w->n_seen + 1) * sizeof(*grown));
	if (!grown)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	w->seen = grown;
	grown[w->n_seen++] = lk_take(mark);
	return LK_OK;
}

static enum lk_status tell(struct walk *w, enum lk_file_kind kind, mode_t mode, const char *path,
			   struct lk_error *err)
{
	enum lk_status st;
	bool seen;

	st = remember(w, kind, path, &seen, err);
	if (st || seen)
		return st;
	return w->visitor->visit(w->visitor->arg, kind, mode, path, err);
}

static enum lk_status visit_command(struct walk *w, const char *name, struct lk_error *err)
{
	LK_FREE char *path = NULL;
	struct stat sb;
	enum lk_status st;

	st = lk_command_find(name, &path, err);
	if (st)
		return st;
	if (stat(path, &sb))
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s vanished", path);
	return tell(w, LK_FILE_COMMAND, sb.st_mode & 07777, path, err);
}

static enum lk_status visit_named(void *arg, enum lk_file_kind kind, const char *path,
				  struct lk_error *err)
{
	struct walk *w = arg;
	enum lk_status st;
	mode_t mode = 0;

	if (kind == LK_FILE_COMMAND)
		return visit_command(w, path, err);
	st = lk_named_file_check(path, kind, w->trust, &mode, err);
	return st ? st : tell(w, kind, mode, path, err);
}

static enum lk_status visit_volume(struct walk *w, const struct lk_volume *v, struct lk_error *err)
{
	const struct lk_file_visitor visitor = { visit_named, w };
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < v->n_sources && !st; i++)
		st = lk_keys_files(v->sources[i].provider->keys, v->sources[i].options, &visitor,
				   err);
	return st ? lk_context(err, "%s", v->file) : LK_OK;
}

enum lk_status lk_settings_files(const struct lk_settings *s, bool initrd_only,
				 const struct lk_settings_visitor *visitor, struct lk_error *err)
{
	const bool own = strcmp(s->dir, LK_SYSCONFDIR) == 0;
	const size_t n = initrd_only ? s->n_volumes : s->n_known;
	LK_CLEANUP(walk_free)
	struct walk w = { .visitor = visitor, .trust = own ? LK_TRUST_ROOT : LK_TRUST_CALLER };
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < s->n_files && !st; i++)
		st = tell(&w, LK_FILE_CONFIG, s->files[i].mode, s->files[i].path, err);
	for (i = 0; i < n && !st; i++)
		st = visit_volume(&w, &s->volumes[i], err);
	return st;
}
