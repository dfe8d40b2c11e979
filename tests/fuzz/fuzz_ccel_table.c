/* SPDX-License-Identifier: Apache-2.0 */
/* The ACPI table of an event log, on hostile bytes. */
#include <stdlib.h>
#include <string.h>

#include "attestation/ccel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	const enum lk_status st = lk_ccel_table_check(data, size, &err);

	if (st && (st != LK_TAMPERED || err.code != LK_C_EVIDENCE_INVALID))
		abort();
	if (!st && (size < 56 || memcmp(data, "CCEL", 4) != 0 || data[36] != 2))
		abort();
	return 0;
}
