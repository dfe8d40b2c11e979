/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier of Intel TDX quotes, of versions 4 and 5, signed below Intel's root. */
#pragma once

#include "keyserver/verifier.h"

extern const struct lk_verifier lk_verifier_tdx;
