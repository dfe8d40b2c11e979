/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of a TEE through the kernel's common interface, configfs-tsm (Linux 6.7 and later:
 * Documentation/ABI/testing/configfs-tsm-report). One request is one directory below the root: it is
 * unique, and gone when the call returns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attestation/kernel.h"
#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/error.h"

#define LK_TSM_ROOT "/sys/kernel/config/tsm/report"
/* What TDX and SEV-SNP sign: exactly this much. */
#define LK_TSM_DATA 64
/* No report, quote or certificate table is larger. */
#define LK_TSM_BLOB_MAX	    (1024u * 1024)
#define LK_TSM_PROVIDER_MAX 32

struct lk_tsm_request {
	const struct lk_kernel *kernel;
	const char *root;
	const char *provider; /* who must answer: "tdx_guest", "sev_guest" */
	const uint8_t *data;  /* LK_TSM_DATA bytes */
};

struct lk_tsm_report { /* `= { 0 }` is empty */
	uint8_t *out;
	size_t out_len; /* at least 1 */
	uint8_t *aux;	/* what comes beside it; NULL when there is nothing */
	size_t aux_len;
};

/* Have a report made, at the lowest privilege level that the guest may ask for. Who is busy, was
 * interrupted or answered somebody else's request is asked again, five times at most: then LK_AGAIN
 * with LK_C_TEE_BUSY, or LK_TIMEOUT. LK_ABSENT with LK_C_TEE_ABSENT when there is no provider, or
 * another; anything else that fails is LK_C_TEE_FAILED and is not tried again. */
enum lk_status lk_tsm_report(const struct lk_tsm_request *q, struct lk_deadline deadline,
			     struct lk_tsm_report *ret, struct lk_error *err);
void lk_tsm_report_clear(struct lk_tsm_report *r);
#define LK_TSM_REPORT LK_CLEANUP(lk_tsm_report_clear) struct lk_tsm_report

/* Who makes reports here. A directory that can be made is the only proof that somebody does, so one is
 * made and removed; LK_ABSENT when it cannot. */
enum lk_status lk_tsm_provider(const struct lk_kernel *kernel, const char *root,
			       char ret[LK_TSM_PROVIDER_MAX], struct lk_error *err);
/* Is this provider's TEE here: the interface says so, or without one there is its device? */
bool lk_tsm_present(const struct lk_kernel *kernel, const char *provider, const char *device);
