/* SPDX-License-Identifier: Apache-2.0 */
/* Every file that the configuration consists of and names: what the initramfs must hold. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/makefs.h"
#include "agent/settings_internal.h"
#include "lk_build.h"
#include "providers/provider.h"

struct walk {
	const struct lk_settings_visitor *visitor;
	const struct lk_strings *deferred; /* what is no file: it is fetched */
	const char *dir; /* that stands for LK_SYSCONFDIR; NULL: the machine's own */
	bool initrd;	 /* what the initramfs is to hold */
	char **seen;	 /* "KIND PATH"; each file is told once */
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

/* Another machine's configuration may name what only that machine has. */
static enum lk_status tell_missing(struct walk *w, enum lk_file_kind kind, const char *path,
				   struct lk_error *err)
{
	if (!w->dir || err->code != LK_C_CONFIG_MISSING)
		return err->status;
	*err = (struct lk_error){ 0 };
	return tell(w, kind, 0, path, err);
}

static enum lk_status visit_command(struct walk *w, const char *name, struct lk_error *err)
{
	LK_FREE char *path = NULL;
	struct stat sb;

	if (lk_command_find(name, &path, err))
		return tell_missing(w, LK_FILE_COMMAND, name, err);
	if (stat(path, &sb))
		return lk_raise_code(err, LK_C_CONFIG_MISSING, "%s vanished", path);
	return tell(w, LK_FILE_COMMAND, sb.st_mode & 07777, path, err);
}

/* Where the file lies now: below dir, if it is to lie in LK_SYSCONFDIR. malloc'ed. */
static char *place_of(const struct walk *w, const char *path)
{
	const size_t n = strlen(LK_SYSCONFDIR "/");
	char *place;

	if (!w->dir || strncmp(path, LK_SYSCONFDIR "/", n) != 0)
		return strdup(path);
	return asprintf(&place, "%s/%s", w->dir, path + n) < 0 ? NULL : place;
}

static enum lk_status visit_named(void *arg, enum lk_file_kind kind, const char *path,
				  struct lk_error *err)
{
	struct walk *w = arg;
	LK_FREE char *place = NULL;
	mode_t mode = 0;
	size_t i;

	if (kind == LK_FILE_COMMAND)
		return visit_command(w, path, err);
	for (i = 0; i < w->deferred->n; i++)
		if (strcmp(w->deferred->items[i], path) == 0)
			return LK_OK;
	if (w->initrd && kind == LK_FILE_CREDENTIAL && strncmp(path, "/run/", 5) == 0)
		return lk_raise_code(
			err, LK_C_CONFIG_VALUE,
			"%s: in the initramfs /run begins empty; put it below " LK_SYSCONFDIR
			"/credentials",
			path);
	place = place_of(w, path);
	if (!place)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	if (lk_named_file_check(place, kind, w->dir ? LK_TRUST_CALLER : LK_TRUST_ROOT, &mode, err))
		return tell_missing(w, kind, place, err);
	return tell(w, kind, mode, place, err);
}

static enum lk_status visit_source(const struct lk_volume_source *s,
				   const struct lk_file_visitor *visitor, struct lk_error *err)
{
	const struct lk_key *keys;
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; !st && (keys = lk_provider_keys(s->provider, i, NULL)); i++)
		st = lk_keys_files(keys, s->options, visitor, err);
	if (!st && s->provider->files)
		st = s->provider->files(s->options, visitor, err);
	return st;
}

/* The program that makes the file system, if the volume may be made at boot. */
static enum lk_status visit_makefs(struct walk *w, const struct lk_volume *v, struct lk_error *err)
{
	const char *program;

	if (v->makefs < 0 || (v->format == LK_FORMAT_NEVER && !lk_volume_throw_away(v)))
		return LK_OK;
	program = lk_makefs_program((enum lk_filesystem)v->makefs);
	return program ? visit_command(w, program, err) : LK_OK;
}

static enum lk_status visit_volume(struct walk *w, const struct lk_volume *v, struct lk_error *err)
{
	const struct lk_file_visitor visitor = { visit_named, w };
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < v->n_sources && !st; i++)
		st = visit_source(&v->sources[i], &visitor, err);
	if (!st)
		st = visit_makefs(w, v, err);
	return st ? lk_context(err, "%s", v->file) : LK_OK;
}

/* Signers' keys, and what the services name. */
static enum lk_status visit_sealing(struct walk *w, const struct lk_settings *s,
				    struct lk_error *err)
{
	const struct lk_file_visitor visitor = { visit_named, w };
	enum lk_status st;
	size_t i;

	st = lk_keys_files(lk_sealed_section.keys, s, &visitor, err);
	for (i = 0; i < LK_SERVICES && !st; i++)
		if (s->sealing.services[i].provider)
			st = visit_source(&s->sealing.services[i], &visitor, err);
	return st;
}

enum lk_status lk_settings_files(const struct lk_settings *s, bool initrd_only,
				 const struct lk_settings_visitor *visitor, struct lk_error *err)
{
	const size_t n = initrd_only ? s->n_volumes : s->n_known;
	LK_CLEANUP(walk_free)
	struct walk w = { .visitor = visitor,
			  .deferred = &s->sealing.paths,
			  .dir = s->own ? NULL : s->dir,
			  .initrd = initrd_only };
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < s->n_files && !st; i++)
		st = tell(&w, LK_FILE_CONFIG, s->files[i].mode, s->files[i].path, err);
	if (!st)
		st = visit_sealing(&w, s, err);
	for (i = 0; i < n && !st; i++)
		st = visit_volume(&w, &s->volumes[i], err);
	return st;
}
