/* SPDX-License-Identifier: Apache-2.0 */
/* The event log that comes with a TDX quote: what the firmware measured (ACPI table CCEL: ACPI 6.5,
 * 5.2.34), and what this agent measured after it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "attestation/kernel.h"
#include "core/error.h"

/* Is it the table of a TDX guest's log? Else LK_TAMPERED with LK_C_EVIDENCE_INVALID. Pure. */
enum lk_status lk_ccel_table_check(const uint8_t *table, size_t n, struct lk_error *err);

/* The log, if its replay gives the four registers rtmr (48 bytes each, in a row); *ret is malloc'ed,
 * and NULL if there is no log, or one that does not fit: it is left away then, for who verifies a
 * quote refuses it together with a log that says something else. */
enum lk_status lk_ccel_log(const struct lk_kernel *kernel, const uint8_t *rtmr, uint8_t **ret,
			   size_t *ret_n, struct lk_error *err);
