/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine's configuration asks of the agent, read and checked as a whole: the files
 * latchkey.conf, fde.conf and volumes.d/NAME.conf (or .toml) of latchkey.conf(5), or cryptpilot's
 * global.toml, fde.toml, metadata.toml and volumes/NAME.toml (docs/cryptpilot.md), in one struct.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "agent/failure.h"
#include "agent/tuning.h"
#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"

struct lk_provider;

#define LK_CRYPTPILOT_DIR   "/etc/cryptpilot"
#define LK_CRYPTPILOT_GROUP "cryptpilot" /* of logical volumes */
#define LK_VOLUME_NAME_MAX  64		 /* characters of a volume's name */

enum lk_phase { LK_PHASE_INITRD, LK_PHASE_SYSTEM };
enum lk_overlay { LK_OVERLAY_NONE, LK_OVERLAY_RAM, LK_OVERLAY_DISK, LK_OVERLAY_DISK_PERSIST };
enum lk_overlay_type { LK_OVERLAYFS, LK_OVERLAY_SNAPSHOT };
enum lk_format { LK_FORMAT_NEVER, LK_FORMAT_BLANK, LK_FORMAT_ALWAYS };
enum lk_filesystem { LK_FS_SWAP, LK_FS_EXT4, LK_FS_XFS, LK_FS_VFAT };
enum lk_fallback { LK_FALLBACK_NONE, LK_FALLBACK_RECOVERY_KEY };
enum lk_key_entropy { LK_ENTROPY_UNKNOWN, LK_ENTROPY_FULL };
enum lk_header_mac { LK_HEADER_MAC_OPTIONAL, LK_HEADER_MAC_REQUIRED };
enum lk_verity_corruption {
	LK_VERITY_PANIC,
	LK_VERITY_ERROR, /* reads of a damaged block fail */
	LK_VERITY_RESTART,
};

struct lk_verity_params {
	struct lk_bytes root_hash;		  /* as long as the algorithm's digest */
	struct lk_bytes salt;			  /* may be empty */
	char *algorithm;			  /* "sha256" or "sha512" */
	int64_t data_block_size, hash_block_size; /* bytes, powers of two */
	int64_t data_blocks;			  /* in units of data_block_size */
	int64_t hash_offset;			  /* bytes within the device that holds the tree */
	char *hash_device;			  /* of the tree; NULL = it lies behind the data */
	bool superblock;   /* salt, sizes and places are read from hash_device's first block */
	int on_corruption; /* enum lk_verity_corruption, never absent */
};

/* One way to get a volume's key. */
struct lk_volume_source {
	const struct lk_provider *provider;
	void *options; /* provider->options_size bytes, filled from provider->keys */
};

struct lk_volume {
	char *name;	 /* fit for device-mapper: [A-Za-z0-9_.-], at most LK_VOLUME_NAME_MAX */
	char *device;	 /* as written; well-formed (agent/blockdev.h) */
	char *luks_uuid; /* lower case; NULL = not pinned */
	char *file;	 /* where it is configured, for messages */
	bool is_root;
	bool is_delta;	/* the store of the root's writable layer: [delta] */
	bool encrypted; /* false: no sources, verity alone */
	int phase;	/* enum lk_phase: root and delta always initrd */
	int64_t max_keyslots;
	int header_mac; /* enum lk_header_mac */
	bool allow_discards;
	int workqueues;			   /* enum lk_workqueues */
	bool allow_weaker;		   /* a later source may prove less than an earlier one */
	int rw_overlay;			   /* enum lk_overlay; root only */
	int rw_overlay_type;		   /* enum lk_overlay_type */
	bool accept_unauthenticated_delta; /* root only: a lasting layer without dm-integrity */
	bool has_verity;		   /* root only */
	struct lk_verity_params verity;
	struct lk_volume_source *sources; /* in the order to try them; n_sources > 0 if encrypted */
	size_t n_sources;
	int format;	 /* enum lk_format: what may be erased; root: never */
	int makefs;	 /* enum lk_filesystem, -1 = none */
	bool integrity;	 /* dm-integrity below dm-crypt */
	bool grow;	 /* take all of a disk that became larger */
	int key_entropy; /* enum lk_key_entropy */
	int fallback;	 /* enum lk_fallback */
	/* as written; nothing to do at boot */
	bool auto_open;
	struct lk_strings providers;
};

struct lk_settings_file {
	char *path;
	mode_t mode;
	bool has_secrets;
};

/* What is there to open sealed secrets with: [sealed], [services.NAME], [credentials.NAME]. */
enum lk_service { LK_SERVICE_KBS, LK_SERVICE_KMS, LK_SERVICES };
struct lk_settings_credential {
	char *name;	  /* of its table */
	char *path, *uri; /* which file it stands for, which resource has it */
};
struct lk_sealing {
	struct lk_strings key_files, key_uris;	       /* of signers */
	struct lk_volume_source services[LK_SERVICES]; /* without provider: not configured */
	struct lk_settings_credential *credentials;
	size_t n_credentials;
	struct lk_strings paths; /* those of the credentials, borrowed */
};

struct lk_settings {
	char *dir;	 /* the directory that was read, without a trailing slash */
	bool own;	 /* dir is the machine's own: LK_SYSCONFDIR or cryptpilot's */
	bool cryptpilot; /* the files are cryptpilot's */
	bool unfinished; /* lk_settings_check let missing what latchkey-image fills in */
	/* [agent] */
	int64_t deadline_ms; /* may be LK_FOREVER */
	int on_unreachable;  /* enum lk_failure_action */
	int on_denied;	     /* enum lk_failure_action, never LK_FAIL_WAIT */
	int64_t failure_delay_ms;
	char *tee;    /* for lk_attester_pick; "auto" unless written */
	char *reg;    /* `register`: where events are measured; "none" */
	bool verbose; /* as if latchkey.debug stood on the command line */
	/* [network] */
	struct lk_strings dns; /* addresses, may be empty */
	struct lk_sealing sealing;

	/* The first n_volumes are to be opened at boot, in the phase that was taken (the initramfs
	 * after loading): the root if there is one, then the others by the names of their files.
	 * Those up to n_known belong to the other phase, or have auto_open = false. */
	struct lk_volume *volumes;
	size_t n_volumes, n_known;
	struct lk_settings_file *files; /* in the order of reading */
	size_t n_files;
	/* For measuring: SHA-256 over, for each file in the order of reading, its path relative to
	 * dir, a NUL, its length (64 bits, big-endian) and its bytes. */
	uint8_t digest[32];
};

/* Read and check everything below dir. NULL or LK_SYSCONFDIR: the machine's own configuration,
 * there or, when none of its files exists, in LK_CRYPTPILOT_DIR; its files and all directories above
 * must be root's and writable by root alone. Any other directory: files and directories from dir
 * downward must be root's or the caller's, writable by the owner alone. Files with inline secrets
 * must be 0600. All errors are LK_CONFIG or LK_INTERNAL and name file and line. Files that a key only
 * names (certificates) are not looked at. */
enum lk_status lk_settings_load(const char *dir, struct lk_settings **ret, struct lk_error *err);
/* The same for the running system: what latchkey-image fills in, for the initramfs alone, may be
 * missing: the root's device and the hash tree. */
enum lk_status lk_settings_load_system(const char *dir, struct lk_settings **ret,
				       struct lk_error *err);
/* The same for `config check`: hands every problem to the collector (may be NULL) and carries on with
 * the next; *ret is whole only if there was none. In a directory other than the machine's own, what
 * latchkey-image fills in may be missing: the root's device and the hash tree. */
enum lk_status lk_settings_check(const char *dir, struct lk_problems *problems,
				 struct lk_settings **ret, struct lk_error *err);
/* Put the volumes that are opened at boot in `phase` first and count them in n_volumes. */
void lk_settings_take_phase(struct lk_settings *s, enum lk_phase phase);
/* Put one volume first and count it alone, whenever it is opened otherwise. LK_CONFIG: no such. */
enum lk_status lk_settings_take_volume(struct lk_settings *s, const char *name,
				       struct lk_error *err);
/* Add a volume of the initramfs that exists for its key alone; file: for messages. Takes over
 * source->options unless it fails. */
enum lk_status lk_settings_add_source(struct lk_settings *s, const char *name, const char *file,
				      const struct lk_volume_source *source, struct lk_error *err);
void lk_settings_free(struct lk_settings *s); /* wipes; NULL is fine */
LK_DEFINE_CLEANUP(struct lk_settings *, lk_settings_free)
#define LK_SETTINGS LK_CLEANUP(lk_settings_free_p) struct lk_settings

/* Is the root's writable layer a mapping, dm-snapshot, and not a mount? */
bool lk_volume_has_snapshot(const struct lk_volume *v);

/* Does any key of the volume come with proof of what booted? */
bool lk_volume_attested(const struct lk_volume *v);
/* Does any key of the volume come over the network? */
/* Is evidence of our own making among what its key takes? */
bool lk_volume_needs_attester(const struct lk_volume *v);
bool lk_volume_needs_network(const struct lk_volume *v);
struct lk_provider_needs lk_source_needs(const struct lk_volume_source *s);
/* May a volume be made with the key of this source? Not when whoever answers for the server could give
 * it. Pure. */
bool lk_source_may_format(const struct lk_volume_source *s);
/* May opening what is sealed ask somebody: at all, and with proof of what booted? */
bool lk_sealing_used(const struct lk_settings *s);
bool lk_sealing_attested(const struct lk_settings *s);
/* Is the volume made anew at each opening, under a random key: nothing in it lasts? */
bool lk_volume_throw_away(const struct lk_volume *v);

/* What is legal, but should be known: one call for each, the text one sentence. */
void lk_settings_warn(const struct lk_settings *s, void (*warn)(void *arg, const char *text),
		      void *arg);

/* Effective values as text that reads back; secrets show as "(hidden)". notes: say in comments what
 * is a default. */
void lk_settings_show(FILE *out, const struct lk_settings *s, bool notes);
void lk_settings_show_agent(FILE *out, const struct lk_settings *s, bool notes);
void lk_settings_show_volume(FILE *out, const struct lk_volume *v, bool notes);

enum lk_settings_kind {
	LK_SETTINGS_AGENT,
	LK_SETTINGS_FDE,
	LK_SETTINGS_VOLUME,
	/* cryptpilot's files, docs/cryptpilot.md; there are no samples of them */
	LK_SETTINGS_CRYPTPILOT_GLOBAL,
	LK_SETTINGS_CRYPTPILOT_FDE,
	LK_SETTINGS_CRYPTPILOT_METADATA,
	LK_SETTINGS_CRYPTPILOT_VOLUME,
	LK_SETTINGS_FDE_OF_EITHER, /* fde.toml alone in a directory: the text tells whose it is */
	LK_SETTINGS_KINDS,
};
/* A commented sample of one kind of file of ours, which reads without an error. */
void lk_settings_sample(FILE *out, enum lk_settings_kind kind);
/* The part of latchkey.conf(5) that the tables know, in roff. */
void lk_settings_manual(FILE *out);

/* Every file that the configuration consists of and names; with initrd_only, what opening the
 * volumes in the initramfs needs. Programs are looked up: each path is absolute. Files are looked
 * at under the same rules as the configuration itself; mode is the file's.
 *
 * A directory other than the machine's own stands for LK_SYSCONFDIR: a named file that is to lie
 * there is looked for in it, and a file that is not there at all has mode 0. */
struct lk_settings_visitor {
	enum lk_status (*visit)(void *arg, enum lk_file_kind kind, mode_t mode, const char *path,
				struct lk_error *err);
	void *arg;
};
enum lk_status lk_settings_files(const struct lk_settings *s, bool initrd_only,
				 const struct lk_settings_visitor *visitor, struct lk_error *err);
