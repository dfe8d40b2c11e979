/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of agent/settings share: the tables, reading one text, and the directory. */
#pragma once

#include "agent/settings.h"
#include "core/config_files.h"

/* agent/settings_agent.c: base is struct lk_settings */
extern const struct lk_section lk_agent_section, lk_network_section;
enum lk_status lk_agent_read(struct lk_config *cfg, struct lk_settings *s, struct lk_error *err);

/* agent/settings_volume.c: base is struct lk_volume */
extern const struct lk_section lk_rootfs_section, lk_delta_section, lk_volume_section;
const struct lk_section *lk_volume_section_of(const struct lk_volume *v);
enum lk_status lk_root_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);
enum lk_status lk_delta_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);
enum lk_status lk_volume_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);
void lk_volume_free(struct lk_volume *v); /* fine on one that was never filled */

/* agent/settings_verity.c: base is struct lk_verity_params */
extern const struct lk_section lk_verity_section; /* [rootfs.verity] */
enum lk_status lk_verity_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);

/* agent/settings_encrypt.c: where the key comes from. prefix: "rootfs." or "". */
extern const struct lk_key lk_encrypt_keys[]; /* base is struct lk_volume */
enum lk_status lk_encrypt_read(struct lk_config *cfg, const char *prefix, struct lk_volume *v,
			       struct lk_error *err);
void lk_sources_free(struct lk_volume *v);

/* agent/settings_list.c: which files there are, in the order to read them. */
struct settings_entry {
	enum lk_settings_kind kind;
	const struct lk_config_dir *dir;
	char *name;  /* in dir */
	char *shown; /* relative to the configuration's directory */
};
struct settings_list { /* `= LK_SETTINGS_LIST_NONE` */
	struct lk_config_dir dir, volumes;
	struct settings_entry *entries;
	size_t n;
};
#define LK_SETTINGS_LIST_NONE                                                                      \
	{                                                                                          \
		.dir = LK_CONFIG_DIR_NONE, .volumes = LK_CONFIG_DIR_NONE                           \
	}
/* path: of the configuration; older: where cryptpilot has its own. LK_CONFIG when there is none,
 * when both are there, or one file in two grammars. */
enum lk_status lk_settings_find(const char *path, const char *older, enum lk_trust trust,
				struct settings_list *ret, struct lk_error *err);
void lk_settings_list_free(struct settings_list *list);

/* agent/settings.c: one file's text into s. Pure; the fuzzer's way in. */
enum lk_status lk_settings_parse(struct lk_settings *s, enum lk_settings_kind kind,
				 const char *file, const char *text, size_t len, mode_t mode,
				 struct lk_problems *problems, struct lk_error *err);
/* After the last file: what no file alone can show. Puts the volumes into their order. */
enum lk_status lk_settings_settle(struct lk_settings *s, struct lk_problems *problems,
				  struct lk_error *err);
