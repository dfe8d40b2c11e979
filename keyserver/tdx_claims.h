/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of a TDX quote that was verified. Where confidential-containers' policies have a name for
 * something, it has the same here. */
#pragma once

#include "attestation/tdx_quote.h"
#include "core/error.h"
#include "keyserver/tdx_collateral.h"
#include "keyserver/trust.h"

struct json_t;

/* Offsets in the quote's body, beside those of tdx_quote.h. */
#define LK_TDX_BODY_MRSEAM	    16
#define LK_TDX_BODY_MRSIGNERSEAM    64
#define LK_TDX_BODY_SEAM_ATTRIBUTES 112
#define LK_TDX_BODY_ATTRIBUTES	    120
#define LK_TDX_BODY_XFAM	    128
#define LK_TDX_BODY_MRCONFIGID	    184
#define LK_TDX_BODY_MROWNER	    232
#define LK_TDX_BODY_MROWNERCONFIG   280

struct lk_tdx_facts { /* found out on the way */
	struct lk_chain chain;
	struct lk_tdx_platform platform;
	struct lk_tdx_standing standing;
};

/* Adds "tdx" to claims. */
enum lk_status lk_tdx_claims(const struct lk_tdx_quote *q, const struct lk_tdx_facts *facts,
			     struct json_t *claims, struct lk_error *err);
