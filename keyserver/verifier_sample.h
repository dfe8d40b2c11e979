/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier of sample evidence, which anybody can make: for tests of everything else. */
#pragma once

#include "keyserver/verifier.h"

extern const struct lk_verifier lk_verifier_sample;
