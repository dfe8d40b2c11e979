/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What signs a TDX quote, as the quote carries it (Intel TDX DCAP Quoting Library API, appendix 3):
 * the quote's signature and key, the report of the enclave that made them (QE), the signature over
 * that by the platform's certified key (PCK), and the certificates. And what Intel writes into the
 * certificate of a PCK (SGX PCK Certificate and CRL Profile). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_QE_REPORT	  384
#define LK_QE_ATTRIBUTES  48 /* 16 bytes; offsets in the report */
#define LK_QE_MRSIGNER	  128
#define LK_QE_PROD_ID	  256
#define LK_QE_SVN	  258
#define LK_QE_MISCSELECT  16
#define LK_QE_REPORT_DATA 320
#define LK_TDX_COMPONENTS 16

struct lk_tdx_signature {	  /* borrows from the quote */
	const uint8_t *signature; /* r || s */
	const uint8_t *key;	  /* x || y, of P-256 */
	const uint8_t *qe_report;
	const uint8_t *qe_signature;
	const uint8_t *auth; /* what the QE bound its key to beside the key */
	size_t auth_len;
	const char *chain; /* PEM, leaf first; not terminated */
	size_t chain_len;
};
/* LK_DENIED says what is malformed. */
enum lk_status lk_tdx_signature_read(const uint8_t *data, size_t n, struct lk_tdx_signature *ret,
				     struct lk_error *err);

struct lk_pck { /* what the platform is, by its certificate */
	uint8_t fmspc[6];
	uint8_t pceid[2];
	uint8_t components[LK_TDX_COMPONENTS]; /* of SGX's TCB */
	uint16_t pcesvn;
};
#define LK_PCK_OID "1.2.840.113741.1.13.1"
#define LK_PCK_MAX 2048
/* der: the value of the extension LK_PCK_OID. */
enum lk_status lk_pck_read(const uint8_t *der, size_t n, struct lk_pck *ret, struct lk_error *err);
