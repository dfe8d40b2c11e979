/* SPDX-License-Identifier: Apache-2.0 */
/* What the stages of a build share. */
#pragma once

#include "agent/enroll.h"
#include "agent/header_mac.h"
#include "core/guid.h"
#include "core/progress.h"
#include "core/secret.h"
#include "image/build.h"
#include "image/disk.h"
#include "image/kernel.h"
#include "image/namespace.h"
#include "image/outputs.h"
#include "image/siteconfig.h"
#include "image/tree.h"
#include "image/verity_format.h"
#include "image/workspace.h"

struct lk_build {
	const struct lk_build_request *req;
	struct lk_workspace ws;
	struct lk_outputs outputs;
	struct lk_progress progress;
	enum lk_identity identity;
	struct lk_public_key escrow_key;

	struct lk_tree tree;
	char release[LK_RELEASE_SIZE]; /* of the kernel */
	char root[LK_PATH_MAX];	       /* the plain file system with its verity tree */
	char fs_uuid[LK_GUID_TEXT];
	uint64_t fs_size;
	struct lk_verity_tree verity;
	struct lk_disk disk;
	char part_uuid[LK_GUID_TEXT], tree_uuid[LK_GUID_TEXT], delta_uuid[LK_GUID_TEXT];
	char luks_uuid[LK_GUID_TEXT];
	uint8_t header_mac[LK_HEADER_MAC_SIZE]; /* the volume's identity */
	struct lk_siteconfig site;
	const char *site_folder; /* of the configuration in the initramfs */
	struct lk_site_facts facts;
	struct lk_secret volume_key, passphrase;
	char *cmdline;
};

/* Each stage fills in what the next ones need; build.c has their order. */
enum lk_status lk_build_prepare(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_tree(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_filesystem(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_verity(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_configuration(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_boot_files(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_encrypt(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_manifest(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_keep_key(struct lk_build *b, struct lk_error *err);
enum lk_status lk_build_publish(struct lk_build *b, struct lk_error *err);

/* image/manifest.c */
enum lk_status lk_manifest_text(const struct lk_build *b, char **ret, size_t *ret_len,
				struct lk_error *err);
