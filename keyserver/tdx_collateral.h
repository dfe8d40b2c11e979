/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Intel says about platforms and quoting enclaves: TCB info of version 3 and QE identity of
 * version 2, as its provisioning certification service hands them out and the operator keeps them:
 *
 *	{"tcbInfo": {...}, "signature": HEX}	{"enclaveIdentity": {...}, "signature": HEX}
 *
 * signed over the bytes of the first member by a certificate of Intel's, which is kept beside them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "keyserver/tdx_signature.h"

struct lk_trust;

/* From the best to the worst; unknown where there is no document about it, NotSupported where there is
 * one that knows no level so low. */
enum lk_tcb_status {
	LK_TCB_UP_TO_DATE,
	LK_TCB_SW_HARDENING,
	LK_TCB_CONFIGURATION,
	LK_TCB_CONFIGURATION_AND_SW_HARDENING,
	LK_TCB_OUT_OF_DATE,
	LK_TCB_OUT_OF_DATE_CONFIGURATION,
	LK_TCB_UNKNOWN,
	LK_TCB_NOT_SUPPORTED,
	LK_TCB_REVOKED,
	LK_N_TCB_STATUS
};
const char *lk_tcb_status_name(enum lk_tcb_status s); /* Intel's: "UpToDate" */

struct lk_tdx_platform { /* what a quote says */
	struct lk_pck pck;
	uint8_t tee_tcb_svn[LK_TDX_COMPONENTS];
	const uint8_t *mrsignerseam;	/* 48 bytes */
	const uint8_t *seam_attributes; /* 8 bytes */
	const uint8_t *qe_report;
};

struct lk_tdx_standing {
	enum lk_tcb_status status; /* the worst of platform, TDX module and quoting enclave */
	bool stale;		   /* a document's next update is past */
};

/* The standing by the latest of the operator's documents that are about this platform, signed and
 * valid at now. */
enum lk_status lk_tdx_standing(const struct lk_trust *trust, int64_t now,
			       const struct lk_tdx_platform *p, struct lk_tdx_standing *ret,
			       struct lk_error *err);
/* Would this document count? LK_CONFIG says why not; for the log. */
enum lk_status lk_tdx_collateral_check(const struct lk_trust *trust, int64_t now, const char *text,
				       size_t n, struct lk_error *err);
