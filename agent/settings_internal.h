/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of agent/settings share: the tables, reading one text, and the directory. */
#pragma once

#include "agent/settings.h"
#include "core/config_files.h"

/* agent/settings_agent.c: base is struct lk_settings */
extern const struct lk_section lk_agent_section, lk_network_section;
enum lk_status lk_agent_read(struct lk_config *cfg, struct lk_settings *s, struct lk_error *err);

/* agent/settings_sealed.c: base is struct lk_settings; of a credential its own struct */
extern const struct lk_section lk_sealed_section, lk_credential_section;
/* A service's table: the provider's rows but for those that name one volume's key. NULL when the build
 * lacks the provider. */
const struct lk_key *lk_service_keys(enum lk_service service);
const char *lk_service_section(enum lk_service service);
const char *lk_service_help(enum lk_service service);
enum lk_status lk_sealing_read(struct lk_config *cfg, struct lk_settings *s, struct lk_error *err);
void lk_sealing_free(struct lk_settings *s);
void lk_sealing_settle(struct lk_settings *s); /* tell the providers what is no file */
void lk_sealing_show(FILE *out, const struct lk_settings *s, bool notes);

/* agent/settings_volume.c: base is struct lk_volume */
extern const struct lk_section lk_rootfs_section, lk_delta_section, lk_volume_section;
const struct lk_section *lk_volume_section_of(const struct lk_volume *v);
enum lk_status lk_root_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);
/* auto_open is set: lk_root_uses_delta. */
enum lk_status lk_delta_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);
bool lk_root_uses_delta(const struct lk_volume *root); /* its writable layer lies on disk */
enum lk_status lk_volume_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err);
void lk_volume_free(struct lk_volume *v); /* fine on one that was never filled */
/* What the rows cannot see. The name of the key that is wrong, in our files' spelling, with *err
 * raised; NULL if none is. */
const char *lk_volume_wrong(struct lk_volume *v, struct lk_error *err);
/* For a root with everything in place: how a damaged block is met, unless that was written. */
void lk_root_settle(struct lk_volume *v);

/* agent/settings_layer.c: may the root have the writable layer that it asks for? */
enum lk_status lk_settings_layer_check(const struct lk_settings *s, struct lk_error *err);

/* agent/settings_verity.c: base is struct lk_verity_params */
extern const struct lk_section lk_verity_section; /* [rootfs.verity] */
/* section: where the rows stand. LK_OK and has_verity false when it is not in the file. */
enum lk_status lk_verity_read(struct lk_config *cfg, const char *section, struct lk_volume *v,
			      struct lk_error *err);

/* agent/settings_encrypt.c: where the key comes from. prefix: "rootfs." or "". */
extern const struct lk_key lk_encrypt_keys[]; /* base is struct lk_volume */
enum lk_status lk_encrypt_read(struct lk_config *cfg, const char *prefix, struct lk_volume *v,
			       struct lk_error *err);
void lk_sources_free(struct lk_volume *v);

/* agent/settings_cryptpilot.c: cryptpilot's files into the same structs. */
#define LK_CRYPTPILOT_METADATA "metadata.toml"
enum lk_status lk_cryptpilot_read_global(struct lk_config *cfg, struct lk_settings *s,
					 struct lk_error *err);
/* Both volumes zeroed. */
enum lk_status lk_cryptpilot_read_fde(struct lk_config *cfg, struct lk_volume *root,
				      struct lk_volume *delta, struct lk_error *err);
enum lk_status lk_cryptpilot_read_metadata(struct lk_config *cfg, struct lk_volume *root,
					   struct lk_volume *delta, struct lk_error *err);
enum lk_status lk_cryptpilot_read_volume(struct lk_config *cfg, struct lk_volume *v,
					 struct lk_error *err);
/* An fde.toml that may be anybody's: cryptpilot's names no device. */
bool lk_cryptpilot_is_fde(const struct lk_config *cfg);

/* agent/settings_list.c: which files there are, in the order to read them. */
struct settings_entry {
	enum lk_settings_kind kind;
	const struct lk_config_dir *dir;
	char *name;  /* in dir */
	char *shown; /* relative to the configuration's directory */
};
struct settings_list { /* `= LK_SETTINGS_LIST_NONE` */
	struct lk_config_dir dir, volumes;
	bool cryptpilot; /* cryptpilot's files, not ours */
	struct settings_entry *entries;
	size_t n;
};
#define LK_SETTINGS_LIST_NONE                                                                      \
	{                                                                                          \
		.dir = LK_CONFIG_DIR_NONE, .volumes = LK_CONFIG_DIR_NONE                           \
	}
/* path: of the configuration; older: where cryptpilot has its own, maybe the same. LK_CONFIG when
 * there is none, when both are there, or one file in two grammars. */
enum lk_status lk_settings_find(const char *path, const char *older, enum lk_trust trust,
				struct settings_list *ret, struct lk_error *err);
void lk_settings_list_free(struct settings_list *list);

/* agent/settings_format.c: what volumes may be made, and how; after the volumes are sorted. */
enum lk_status lk_settings_format_check(const struct lk_settings *s, const struct lk_volume *v,
					struct lk_error *err);
/* agent/settings_format.c: what the place of a writable layer says of its volume. */
void lk_delta_settle(const struct lk_volume *root, struct lk_volume *delta);

/* agent/settings.c: one file's text into s. Pure; the fuzzer's way in. */
enum lk_status lk_settings_parse(struct lk_settings *s, enum lk_settings_kind kind,
				 const char *file, const char *text, size_t len, mode_t mode,
				 struct lk_problems *problems, struct lk_error *err);
/* agent/settings_settle.c: after the last file, what no file alone can show. Puts the volumes into
 * their order. */
enum lk_status lk_settings_settle(struct lk_settings *s, struct lk_problems *problems,
				  struct lk_error *err);
/* Is a root of cryptpilot complete? It would be opened unverified without its metadata. */
enum lk_status lk_settings_metadata_check(const struct lk_settings *s, struct lk_problems *problems,
					  struct lk_error *err);
