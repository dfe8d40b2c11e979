/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose files a configuration may consist of: directories, files and the files they name are
 * opened without following links and looked at before they are read. Errors are LK_CONFIG with
 * config-file-mode (wrong owner, mode or kind) or config-missing, and name the path.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"

enum lk_trust {
	LK_TRUST_ROOT,	 /* the machine's own: root's, up to the root directory */
	LK_TRUST_CALLER, /* a directory that was named: root's or the caller's, from there down */
};

struct lk_config_dir { /* `= LK_CONFIG_DIR_NONE`; fd is -1 while there is none */
	int fd;
	enum lk_trust trust;
	char *path; /* without a trailing slash */
};
#define LK_CONFIG_DIR_NONE                                                                         \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* A directory that does not exist is LK_OK with fd -1. LK_TRUST_ROOT takes absolute paths only,
 * and all directories above are looked at as well. */
enum lk_status lk_config_dir_open(const char *path, enum lk_trust trust, struct lk_config_dir *ret,
				  struct lk_error *err);
enum lk_status lk_config_dir_sub(const struct lk_config_dir *dir, const char *name,
				 struct lk_config_dir *ret, struct lk_error *err);
void lk_config_dir_close(struct lk_config_dir *dir); /* fine twice */
#define LK_CONFIG_DIR LK_CLEANUP(lk_config_dir_close) struct lk_config_dir

/* The names in dir that end in one of the NULL-terminated ends, sorted; names that begin with a
 * dot are passed over. At most LK_CONFIG_DIR_MAX. Free with lk_strings_free. */
#define LK_CONFIG_DIR_MAX 64
enum lk_status lk_config_dir_list(const struct lk_config_dir *dir, const char *const *ends,
				  struct lk_strings *ret, struct lk_error *err);
void lk_strings_free(struct lk_strings *list);

/* Read a file of dir whole, at most 256 KiB. The text is malloc'ed and terminated; the caller
 * wipes it, since it may hold secrets. */
enum lk_status lk_config_file_read(const struct lk_config_dir *dir, const char *name,
				   char **ret_text, size_t *ret_len, mode_t *ret_mode,
				   struct lk_error *err);
/* The file in question holds secrets: is its mode 0600 or stricter? */
enum lk_status lk_secret_mode_check(mode_t mode, struct lk_error *err);

/* Look at a file that a key names. A credential must be 0600 or stricter and nothing on its path
 * a link; a CA file may be reached through links. */
enum lk_status lk_named_file_check(const char *path, enum lk_file_kind kind, enum lk_trust trust,
				   mode_t *ret_mode, struct lk_error *err);
/* Read a credential that a key names, at most max bytes and not empty, under the same rules; the
 * text is malloc'ed and terminated, and the caller wipes it. */
enum lk_status lk_credential_read(const char *path, enum lk_trust trust, size_t max, char **ret,
				  struct lk_error *err);
/* The absolute path of a program: as written, or found in LK_COMMAND_PATH. malloc'ed. */
#define LK_COMMAND_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
enum lk_status lk_command_find(const char *name, char **ret, struct lk_error *err);
