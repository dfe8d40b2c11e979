/* SPDX-License-Identifier: Apache-2.0 */
/* What every provider checks of the key it was given. */
#pragma once

#include <stdbool.h>

#include "core/secret.h"

/* Nothing but zero bytes, or nothing at all: storage that lost its contents, never a key. Time
 * does not depend on the bytes. */
bool lk_key_is_blank(const struct lk_secret *key);
