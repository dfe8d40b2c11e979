/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as a whole: reads each file, checks what no file alone can show, and puts the
 * volumes into the order in which they are opened. */
#include "agent/settings.h"

#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "core/crypto.h"
#include "core/secret.h"
#include "lk_build.h"
#include "providers/provider.h"

#define CRYPTPILOT_DIR "/etc/cryptpilot"

static void free_config(struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_known; i++)
		lk_volume_free(&s->volumes[i]);
	for (i = 0; i < s->n_files; i++)
		free(s->files[i].path);
	lk_keys_free(lk_agent_section.keys, s);
	lk_keys_free(lk_network_section.keys, s);
	free(s->volumes);
	free(s->files);
	free(s->dir);
}

void lk_settings_free(struct lk_settings *s)
{
	if (!s)
		return;
	free_config(s);
	free(s);
}

/* A zeroed volume at the end; owned by s at once, so that it is freed whatever becomes of it. */
static struct lk_volume *new_volume(struct lk_settings *s, struct lk_error *err)
{
	struct lk_volume *grown = realloc(s->volumes, (s->n_known + 1) * sizeof(*grown));

	if (!grown) {
		lk_raise(err, LK_INTERNAL, "out of memory");
		return NULL;
	}
	s->volumes = grown;
	grown[s->n_known] = (struct lk_volume){ 0 };
	return &grown[s->n_known++];
}

static enum lk_status add_file(struct lk_settings *s, const char *path, mode_t mode,
			       struct lk_error *err)
{
	struct lk_settings_file *grown = realloc(s->files, (s->n_files + 1) * sizeof(*grown));

	if (!grown)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	s->files = grown;
	grown[s->n_files] = (struct lk_settings_file){ .path = strdup(path), .mode = mode };
	if (!grown[s->n_files].path)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	s->n_files++;
	return LK_OK;
}

/* The root, and the store of its writable layer if the file has one. */
static enum lk_status read_fde(struct lk_config *cfg, struct lk_settings *s, struct lk_error *err)
{
	struct lk_volume *v = new_volume(s, err);
	enum lk_status st;

	if (!v)
		return err->status;
	st = lk_root_read(cfg, v, err);
	if (st || !lk_config_has(cfg, lk_delta_section.name))
		return st;
	v = new_volume(s, err);
	return v ? lk_delta_read(cfg, v, err) : err->status;
}

static enum lk_status read_tables(struct lk_config *cfg, struct lk_settings *s,
				  enum lk_settings_kind kind, struct lk_error *err)
{
	struct lk_volume *v;

	if (kind == LK_SETTINGS_AGENT)
		return lk_agent_read(cfg, s, err);
	if (kind == LK_SETTINGS_FDE)
		return read_fde(cfg, s, err);
	v = new_volume(s, err);
	return v ? lk_volume_read(cfg, v, err) : err->status;
}

/* After the tables: strangers, and the mode if there are secrets. */
static enum lk_status finish_file(struct lk_config *cfg, struct lk_settings_file *file,
				  struct lk_error *err)
{
	enum lk_status st = lk_config_finish(cfg, NULL, err);

	file->has_secrets = lk_config_has_secrets(cfg);
	if (st || !file->has_secrets || lk_secret_mode_check(file->mode, err) == LK_OK)
		return st;
	return lk_config_problem(cfg, NULL, NULL, err);
}

enum lk_status lk_settings_parse(struct lk_settings *s, enum lk_settings_kind kind,
				 const char *file, const char *text, size_t len, mode_t mode,
				 struct lk_problems *problems, struct lk_error *err)
{
	LK_CONFIG_FILE *cfg = NULL;
	enum lk_status st;

	st = add_file(s, file, mode, err);
	if (st)
		return st;
	st = lk_config_parse(file, text, len, &cfg, err);
	if (!st) {
		lk_config_collect(cfg, problems);
		if (s->unfinished)
			lk_config_unfinished(cfg);
		st = read_tables(cfg, s, kind, err);
	}
	if (!st)
		st = finish_file(cfg, &s->files[s->n_files - 1], err);
	return st;
}

/* A problem that belongs to a volume's file. */
static enum lk_status problem(const struct lk_volume *v, struct lk_problems *problems,
			      struct lk_error *err)
{
	enum lk_status st = lk_context(err, "%s", v->file);

	return lk_problems_add(problems, err) ? LK_OK : st;
}

/* Do two volumes want the same mapping? A root with verity has a second one below it. */
static bool names_clash(const struct lk_volume *a, const struct lk_volume *b)
{
	char inner[LK_VOLUME_NAME_MAX + sizeof("-crypt")];

	if (strcmp(a->name, b->name) == 0)
		return true;
	snprintf(inner, sizeof(inner), "%s-crypt", a->name);
	return a->has_verity && strcmp(inner, b->name) == 0;
}

static enum lk_status check_names(const struct lk_settings *s, struct lk_problems *problems,
				  struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i, j;

	for (i = 0; i < s->n_known && !st; i++) {
		for (j = i + 1; j < s->n_known && !st; j++) {
			if (!names_clash(&s->volumes[i], &s->volumes[j]) &&
			    !names_clash(&s->volumes[j], &s->volumes[i]))
				continue;
			lk_raise_code(err, LK_C_CONFIG_VALUE,
				      "the mapping '%s' is also wanted by %s", s->volumes[j].name,
				      s->volumes[i].file);
			st = problem(&s->volumes[j], problems, err);
		}
	}
	return st;
}

/* No shell and no improvising where keys are released by attestation. */
static enum lk_status check_emergency(const struct lk_settings *s, struct lk_problems *problems,
				      struct lk_error *err)
{
	const bool unreachable = s->on_unreachable == LK_FAIL_EMERGENCY;
	size_t i;

	if (!unreachable && s->on_denied != LK_FAIL_EMERGENCY)
		return LK_OK;
	for (i = 0; i < s->n_known; i++) {
		if (!lk_volume_attested(&s->volumes[i]))
			continue;
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "the key of '%s' is released by attestation, which refuses %s = "
			      "\"emergency\"",
			      s->volumes[i].name, unreachable ? "on_unreachable" : "on_denied");
		return problem(&s->volumes[i], problems, err);
	}
	return LK_OK;
}

static int rank_of(const struct lk_volume *v)
{
	if (v->is_root || v->is_delta)
		return v->is_root ? 0 : 1;
	return v->auto_open ? 2 : 3;
}

/* The root first, its writable layer, then those to open, then the others; otherwise as they are. */
static void sort_volumes(struct lk_settings *s)
{
	size_t i, place = 0;
	int rank;

	for (rank = 0; rank < 4; rank++) {
		for (i = place; i < s->n_known; i++) {
			const struct lk_volume v = s->volumes[i];

			if (rank_of(&v) != rank)
				continue;
			memmove(&s->volumes[place + 1], &s->volumes[place],
				(i - place) * sizeof(v));
			s->volumes[place++] = v;
		}
		if (rank == 2)
			s->n_volumes = place;
	}
}

enum lk_status lk_settings_settle(struct lk_settings *s, struct lk_problems *problems,
				  struct lk_error *err)
{
	enum lk_status st;

	sort_volumes(s);
	if (problems && problems->n)
		return LK_OK; /* fields may be missing */
	st = check_names(s, problems, err);
	return st ? st : check_emergency(s, problems, err);
}

static enum lk_status add_to_digest(struct lk_hasher *h, const char *name, const char *text,
				    size_t len, struct lk_error *err)
{
	uint8_t size[8];
	enum lk_status st;
	size_t i;

	for (i = 0; i < sizeof(size); i++)
		size[i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	st = lk_hasher_add(h, name, strlen(name) + 1, err);
	if (!st)
		st = lk_hasher_add(h, size, sizeof(size), err);
	return st ? st : lk_hasher_add(h, text, len, err);
}

static enum lk_status read_entry(struct lk_settings *s, const struct settings_entry *e,
				 struct lk_hasher *h, struct lk_problems *problems,
				 struct lk_error *err)
{
	LK_FREE char *path = NULL;
	char *text = NULL;
	enum lk_status st;
	size_t len = 0;
	mode_t mode = 0;

	if (asprintf(&path, "%s/%s", e->dir->path, e->name) < 0) {
		path = NULL;
		return lk_raise(err, LK_INTERNAL, "out of memory");
	}
	st = lk_config_file_read(e->dir, e->name, &text, &len, &mode, err);
	if (!st)
		st = add_to_digest(h, e->shown, text, len, err);
	if (!st)
		st = lk_settings_parse(s, e->kind, path, text, len, mode, problems, err);
	if (text) {
		lk_wipe(text, len);
		free(text);
	}
	return st && lk_problems_add(problems, err) ? LK_OK : st;
}

/* Without latchkey.conf its keys have their defaults, but it is not among the files. */
static enum lk_status read_defaults(struct lk_settings *s, struct lk_error *err)
{
	LK_CONFIG_FILE *cfg = NULL;
	enum lk_status st = lk_config_parse("latchkey.conf", "", 0, &cfg, err);

	return st ? st : lk_agent_read(cfg, s, err);
}

static enum lk_status read_list(struct lk_settings *s, const struct settings_list *list,
				struct lk_problems *problems, struct lk_error *err)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;
	size_t i;

	st = lk_hasher_new(LK_SHA256, &h, err);
	if (!st && (!list->n || list->entries[0].kind != LK_SETTINGS_AGENT))
		st = read_defaults(s, err);
	for (i = 0; i < list->n && !st; i++)
		st = read_entry(s, &list->entries[i], h, problems, err);
	if (!st)
		st = lk_settings_settle(s, problems, err);
	if (!st)
		st = lk_hasher_end(h, digest, err);
	if (!st)
		memcpy(s->digest, digest, sizeof(s->digest));
	return st;
}

static enum lk_status load(const char *dir, bool check, struct lk_problems *problems,
			   struct lk_settings **ret, struct lk_error *err)
{
	const bool own = !dir || strcmp(dir, LK_SYSCONFDIR) == 0;
	LK_CLEANUP(lk_settings_list_free) struct settings_list list = LK_SETTINGS_LIST_NONE;
	LK_SETTINGS *s = calloc(1, sizeof(*s));
	enum lk_status st;

	if (!s)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	s->unfinished = check && !own;
	if (own)
		st = lk_settings_find(LK_SYSCONFDIR, CRYPTPILOT_DIR, LK_TRUST_ROOT, &list, err);
	else
		st = lk_settings_find(dir, dir, LK_TRUST_CALLER, &list, err);
	if (!st) {
		s->dir = strdup(list.dir.path);
		st = s->dir ? read_list(s, &list, problems, err)
			    : lk_raise(err, LK_INTERNAL, "out of memory");
	}
	if (st)
		return lk_context(err, "read the configuration");
	*ret = lk_take(s);
	return LK_OK;
}

enum lk_status lk_settings_load(const char *dir, struct lk_settings **ret, struct lk_error *err)
{
	return load(dir, false, NULL, ret, err);
}

enum lk_status lk_settings_check(const char *dir, struct lk_problems *problems,
				 struct lk_settings **ret, struct lk_error *err)
{
	return load(dir, true, problems, ret, err);
}
