/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's configuration folder and the final one made of it: the operator's text as it is, with
 * the values that only the build knows (partition, LUKS UUID, verity) written into it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "image/verity_format.h"

#define LK_SITE_NAME	  128
#define LK_SITE_FILES	  64
#define LK_SITE_ADDITIONS 3		/* sections that the build writes into */
#define LK_SITE_MAX	  (256u * 1024) /* bytes of one file */
#define LK_SITE_FOLDER	  "/etc/latchkey"
#define LK_SITE_PILOT	  "/etc/cryptpilot"

struct lk_site_file {
	char name[LK_SITE_NAME]; /* below the folder: "fde.conf", "volumes.d/data.conf" */
	char *data;		 /* NULL: a folder */
	size_t len;
};

struct lk_siteconfig {
	bool cryptpilot; /* cryptpilot's files, which go to LK_SITE_PILOT as they are */
	struct lk_site_file files[LK_SITE_FILES]; /* folders before what is in them */
	size_t n_files;
	struct lk_site_addition { /* what lk_siteconfig_fill has added to the fde file */
		unsigned behind;  /* this line of the operator's text; 0 = the last one */
		unsigned lines;
	} added[LK_SITE_ADDITIONS];
	bool encrypted; /* the values were those of an encrypted root */
};

/* What the build adds to the root volume, and to the store of its writable layer. */
struct lk_site_values {
	const char *part_uuid, *luks_uuid; /* luks_uuid NULL: it is not encrypted */
	const struct lk_verity_tree *verity;
	const char *hash_uuid;	/* the partition of the hash tree; NULL: behind the data */
	const char *delta_uuid; /* the partition of [delta]; NULL: none was made */
};

/* What the final configuration says. */
struct lk_site_facts {
	char mapper[LK_SITE_NAME]; /* the root's final mapping */
	bool snapshot;		   /* its writable layer is dm-snapshot */
};

/* Read DIR: {latchkey,fde}.{conf,toml}, volumes.d, and every file that a value in them names as
 * /etc/latchkey/NAME; or cryptpilot's global.toml, fde.toml and volumes, with /etc/cryptpilot/NAME.
 * Nothing else in DIR is taken: it may hold the operator's private keys. LK_CONFIG when there is no
 * fde file, or a named file is missing. */
enum lk_status lk_siteconfig_read(const char *dir, struct lk_siteconfig *ret, struct lk_error *err);
/* Where the files go in the initramfs: LK_SITE_FOLDER or LK_SITE_PILOT. */
const char *lk_siteconfig_folder(const struct lk_siteconfig *site);
/* Write the values into the fde file, or beside cryptpilot's into metadata.toml. LK_CONFIG when the
 * operator has set one of them. Pure. */
enum lk_status lk_siteconfig_fill(struct lk_siteconfig *site, const struct lk_site_values *values,
				  struct lk_error *err);
/* Write all files below folder, which exists and is empty; owner only. */
enum lk_status lk_siteconfig_write(const struct lk_siteconfig *site, const char *folder,
				   struct lk_error *err);
/* Let the agent's own reader judge the site as it was written to folder; it must describe a root
 * with verity, encrypted as the values were. Errors name the file in dir, where the operator has
 * it, and the line there. */
enum lk_status lk_siteconfig_check(const struct lk_siteconfig *site, const char *folder,
				   const char *dir, struct lk_site_facts *ret,
				   struct lk_error *err);
void lk_siteconfig_free(struct lk_siteconfig *site); /* wipes */
