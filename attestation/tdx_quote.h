/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of TDX quotes and TD reports (Intel TDX DCAP Quoting Library API, appendix 3; TDX Module
 * ABI, TDREPORT_STRUCT). Pure: nothing is verified but form, and what the guest itself asked for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_TDX_DATA   64 /* REPORTDATA */
#define LK_TDX_MR     48 /* a measurement, a register */
#define LK_TDX_RTMRS  4
#define LK_TDX_REPORT 1024 /* a TD report: only good on the machine that made it */
#define LK_TDX_DEBUG  1u   /* of the TD attributes */

/* A quote taken apart; pointers lead into the bytes given. */
struct lk_tdx_quote {
	unsigned version;    /* 4 or 5 */
	const uint8_t *body; /* TD 1.0: 584 bytes; TD 1.5: 648 */
	size_t body_len;
	uint64_t attributes;
	const uint8_t *mrtd;
	const uint8_t *rtmr;	    /* LK_TDX_RTMRS of them in a row */
	const uint8_t *report_data; /* LK_TDX_DATA bytes */
	size_t signed_len;	    /* header and body: the first bytes of the quote */
	const uint8_t *signature;   /* the signature data behind its length */
	size_t signature_len;
	size_t used; /* how much of the bytes is the quote; what follows is padding */
};

/* LK_TAMPERED with LK_C_EVIDENCE_INVALID for anything but a TDX quote of version 4 or 5. */
enum lk_status lk_tdx_quote_parse(const uint8_t *data, size_t n, struct lk_tdx_quote *ret,
				  struct lk_error *err);
/* Is it the quote that was asked for, of a guest that its host cannot look into? Else
 * LK_C_EVIDENCE_INVALID, LK_C_TEE_DEBUG. */
enum lk_status lk_tdx_quote_check(const struct lk_tdx_quote *q, const uint8_t data[LK_TDX_DATA],
				  struct lk_error *err);
/* The same of a TD report. */
enum lk_status lk_tdx_report_check(const uint8_t report[LK_TDX_REPORT],
				   const uint8_t data[LK_TDX_DATA], struct lk_error *err);
