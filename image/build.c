/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a build, in order. */
#include "image/build.h"

#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/interrupt.h"
#include "image/build_internal.h"

static const struct stage {
	const char *what;
	enum lk_status (*run)(struct lk_build *b, struct lk_error *err);
} stages[] = {
	{ "checks", lk_build_prepare },
	{ "root tree", lk_build_tree },
	{ "file system", lk_build_filesystem },
	{ "verity tree", lk_build_verity },
	{ "configuration", lk_build_configuration },
	{ "initramfs", lk_build_boot_files },
	/* from here on there are secrets, and no other program runs */
	{ "encryption", lk_build_encrypt },
	{ "manifest", lk_build_manifest },
	{ "key", lk_build_keep_key },
	{ "files", lk_build_publish },
};

#define N_STAGES (sizeof(stages) / sizeof(stages[0]))

static enum lk_status run(struct lk_build *b, struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	lk_progress_setup(&b->progress, b->req->progress, N_STAGES);
	for (i = 0; i < N_STAGES && !st; i++) {
		lk_progress_stage(&b->progress, stages[i].what);
		st = stages[i].run(b, err);
		if (!st && i + 2 < N_STAGES) /* once the key is stored, go through with it */
			st = lk_interrupt_check(err);
	}
	lk_progress_end(&b->progress, !st);
	return st;
}

enum lk_status lk_build(const struct lk_build_request *request, struct lk_build_result *ret,
			struct lk_error *err)
{
	struct lk_build b = { .req = request, .ws = { .log = -1 } };
	enum lk_status st;

	st = run(&b, err);
	lk_workspace_log_tail(&b.ws, ret->log, sizeof(ret->log));
	ret->single_identity = b.identity == LK_ID_SINGLE;
	lk_hex_encode(b.verity.root_hash, sizeof(b.verity.root_hash), ret->root_hash);
	lk_secret_wipe(&b.volume_key);
	lk_secret_wipe(&b.passphrase);
	lk_siteconfig_free(&b.site);
	free(b.cmdline);
	lk_workspace_close(&b.ws);
	return st;
}
