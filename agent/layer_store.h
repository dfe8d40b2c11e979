/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers on a store that lasts: which are there, and which go. Two stay, that of this root and that
 * of the root before it, so that a return to the former root finds its layer.
 *
 * Beside them lie the links .current and .former, which name these roots. A layer that goes loses its
 * name first (HASH.old), so that half of one is never taken for a whole one; what a cut has left, also
 * of layers that were being made (HASH.new), is removed at the next boot.
 */
#pragma once

#include <stdbool.h>

#include "core/deadline.h"
#include "core/error.h"

#define LK_LAYER_HASH 129 /* of SHA-512 in hex, with the NUL */

bool lk_layer_is_hash(const char *text);

struct lk_layers_tidied {
	unsigned removed; /* layers of former roots, and what was unfinished */
	unsigned others;  /* layers of other roots that stay */
};
/* Tidy PLACE/layers, where the layer of this root is. No layer is removed before the store knows which
 * root came before this one. LK_TIMEOUT: the rest goes at the next boot. */
enum lk_status lk_layers_tidy(const char *place, const char *own, struct lk_deadline until,
			      struct lk_layers_tidied *ret, struct lk_error *err);
