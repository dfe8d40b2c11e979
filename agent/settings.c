/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as a whole: reads each file into one struct. */
#include "agent/settings.h"

#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "core/crypto.h"
#include "core/secret.h"
#include "lk_build.h"
#include "providers/provider.h"

static void free_config(struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_known; i++)
		lk_volume_free(&s->volumes[i]);
	for (i = 0; i < s->n_files; i++)
		free(s->files[i].path);
	lk_sealing_free(s);
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

enum lk_status lk_settings_add_source(struct lk_settings *s, const char *name, const char *file,
				      const struct lk_volume_source *source, struct lk_error *err)
{
	struct lk_volume *v = new_volume(s, err);

	if (!v)
		return err->status;
	*v = (struct lk_volume){ .auto_open = true, .encrypted = true, .phase = LK_PHASE_INITRD };
	v->name = strdup(name);
	v->file = strdup(file);
	v->sources = calloc(1, sizeof(*v->sources));
	if (!v->name || !v->file || !v->sources)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	v->sources[v->n_sources++] = *source;
	return LK_OK;
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
	if (!v)
		return err->status;
	v->auto_open = lk_root_uses_delta(&s->volumes[s->n_known - 2]);
	return lk_delta_read(cfg, v, err);
}

static enum lk_status read_cryptpilot_fde(struct lk_config *cfg, struct lk_settings *s,
					  struct lk_error *err)
{
	if (!new_volume(s, err) || !new_volume(s, err))
		return err->status;
	return lk_cryptpilot_read_fde(cfg, &s->volumes[s->n_known - 2], &s->volumes[s->n_known - 1],
				      err);
}

/* It follows fde.toml, whose two volumes are the first. */
static enum lk_status read_metadata(struct lk_config *cfg, struct lk_settings *s,
				    struct lk_error *err)
{
	if (s->n_known < 2 || !s->volumes[0].is_root)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     LK_CRYPTPILOT_METADATA " needs an fde.toml beside it");
	return lk_cryptpilot_read_metadata(cfg, &s->volumes[0], &s->volumes[1], err);
}

static enum lk_status read_tables(struct lk_config *cfg, struct lk_settings *s,
				  enum lk_settings_kind kind, struct lk_error *err)
{
	struct lk_volume *v;

	if (kind == LK_SETTINGS_FDE_OF_EITHER)
		kind = lk_cryptpilot_is_fde(cfg) ? LK_SETTINGS_CRYPTPILOT_FDE : LK_SETTINGS_FDE;
	s->cryptpilot = s->cryptpilot || kind > LK_SETTINGS_VOLUME;
	switch (kind) {
	case LK_SETTINGS_AGENT:
		return lk_agent_read(cfg, s, err);
	case LK_SETTINGS_FDE:
		return read_fde(cfg, s, err);
	case LK_SETTINGS_CRYPTPILOT_GLOBAL:
		return lk_cryptpilot_read_global(cfg, s, err);
	case LK_SETTINGS_CRYPTPILOT_FDE:
		return read_cryptpilot_fde(cfg, s, err);
	case LK_SETTINGS_CRYPTPILOT_METADATA:
		return read_metadata(cfg, s, err);
	default:
		v = new_volume(s, err);
		if (!v)
			return err->status;
		return kind == LK_SETTINGS_VOLUME ? lk_volume_read(cfg, v, err)
						  : lk_cryptpilot_read_volume(cfg, v, err);
	}
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

static bool has_agent(const struct settings_list *list)
{
	return list->entries[0].kind == LK_SETTINGS_AGENT ||
	       list->entries[0].kind == LK_SETTINGS_CRYPTPILOT_GLOBAL;
}

static enum lk_status read_list(struct lk_settings *s, const struct settings_list *list,
				struct lk_problems *problems, struct lk_error *err)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	uint8_t digest[LK_HASH_MAX];
	enum lk_status st;
	size_t i;

	st = lk_hasher_new(LK_SHA256, &h, err);
	if (!st && !has_agent(list))
		st = read_defaults(s, err);
	for (i = 0; i < list->n && !st; i++)
		st = read_entry(s, &list->entries[i], h, problems, err);
	if (!st)
		st = lk_settings_metadata_check(s, problems, err);
	if (!st)
		st = lk_settings_settle(s, problems, err);
	if (!st)
		st = lk_hasher_end(h, digest, err);
	if (!st)
		memcpy(s->digest, digest, sizeof(s->digest));
	return st;
}

static bool is_own(const char *dir)
{
	return !dir || strcmp(dir, LK_SYSCONFDIR) == 0;
}

static enum lk_status load(const char *dir, bool unfinished, struct lk_problems *problems,
			   struct lk_settings **ret, struct lk_error *err)
{
	const bool own = is_own(dir);
	LK_CLEANUP(lk_settings_list_free) struct settings_list list = LK_SETTINGS_LIST_NONE;
	LK_SETTINGS *s = calloc(1, sizeof(*s));
	enum lk_status st;

	if (!s)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	s->own = own;
	s->unfinished = unfinished;
	if (own)
		st = lk_settings_find(LK_SYSCONFDIR, LK_CRYPTPILOT_DIR, LK_TRUST_ROOT, &list, err);
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

enum lk_status lk_settings_load_system(const char *dir, struct lk_settings **ret,
				       struct lk_error *err)
{
	return load(dir, true, NULL, ret, err);
}

enum lk_status lk_settings_check(const char *dir, struct lk_problems *problems,
				 struct lk_settings **ret, struct lk_error *err)
{
	return load(dir, !is_own(dir), problems, ret, err);
}
