/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkey-image build`: from a root tree to an encrypted, verified disk and the files to boot
 * it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "image/fsimage.h"

struct lk_build_request { /* paths and names as the operator wrote them; NULL = not given */
	const char *tree, *kernel, *config, *out;
	const char *kver, *initrd;
	const char *socket, *resource;	    /* latchkeyd; or */
	const char *escrow_to, *escrow_out; /* the operator's public key */
	const char *cmdline_extra;
	uint64_t delta_size; /* bytes of a blank partition; 0: none */
	enum lk_fs fs;
	bool verity_only; /* verified, not encrypted: there is no key */
	bool force, progress;
};

/* What there is to tell afterwards; plain text. */
struct lk_build_result {
	char log[4096];	      /* on failure: the last lines of the programs that ran */
	bool single_identity; /* owners of the tree's files could not be told apart */
	char root_hash[65];
};

/* Do it all; either every file is there under its final name afterwards, or none is. */
enum lk_status lk_build(const struct lk_build_request *request, struct lk_build_result *ret,
			struct lk_error *err);
