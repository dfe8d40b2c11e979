/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of SEV-SNP attestation reports (AMD 56860, ATTESTATION_REPORT) and of the certificate
 * table that a host may send with one (AMD 56421, 4.1.8). Pure: no signature is verified here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct json_t;

#define LK_SNP_REPORT	   1184
#define LK_SNP_DATA	   64
#define LK_SNP_CERTS_MAX   (64u * 1024)
#define LK_SNP_CERTS_COUNT 32 /* most entries of a table */

/* Is it the report that was asked for, of a kind that is known (version 2 to 5, a processor whose TCB
 * layout is known), of a guest that its host cannot look into? Else LK_TAMPERED with
 * LK_C_EVIDENCE_INVALID or LK_C_TEE_DEBUG. */
enum lk_status lk_snp_report_check(const uint8_t *report, size_t n, const uint8_t data[LK_SNP_DATA],
				   struct lk_error *err);
/* The report member by member, as a KBS takes it. LK_C_EVIDENCE_INVALID for a processor whose TCB
 * layout is not known. */
enum lk_status lk_snp_report_json(const uint8_t report[LK_SNP_REPORT], struct json_t **ret,
				  struct lk_error *err);

/* The table as an array of {"cert_type", "data"}, of the kinds that are known; NULL when it holds
 * neither a VCEK nor a VLEK, as when there is none (n = 0, or nothing but zeros). What does not fit is
 * LK_C_EVIDENCE_INVALID. */
enum lk_status lk_snp_certs_json(const uint8_t *table, size_t n, struct json_t **ret,
				 struct lk_error *err);
