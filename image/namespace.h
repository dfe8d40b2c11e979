/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Being root without being root: an ordinary user's build goes on in one user and mount namespace,
 * where owners of the tree's files are real. Root needs none.
 */
#pragma once

#include <stdbool.h>

#include "core/error.h"

enum lk_identity {
	LK_ID_ROOT,	   /* already root */
	LK_ID_SUBORDINATE, /* all ids, by /etc/subuid and newuidmap(1) */
	LK_ID_SINGLE,	   /* root alone: every other owner shows as nobody */
};

/* Enter it; log: descriptor for what newuidmap prints. Call while single-threaded and before any
 * secret exists. LK_CONFIG when the system does not allow user namespaces. */
enum lk_status lk_namespace_enter(int log, enum lk_identity *ret, struct lk_error *err);
/* Pure: find "name:start:count" or "uid:start:count" in the text of /etc/subuid; a range of at
 * least 65536 - 1 ids. */
bool lk_namespace_find_range(const char *text, const char *name, unsigned uid,
			     unsigned long *ret_start, unsigned long *ret_count);
