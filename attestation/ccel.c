/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a TDX guest's event log, and attaches it only where it replays. */
#include "attestation/ccel.h"

#include <errno.h>
#include <string.h>

#include "attestation/bytes.h"
#include "attestation/eventlog.h"
#include "attestation/register.h"
#include "attestation/tdx_quote.h"
#include "core/cleanup.h"
#include "core/log.h"

#define TABLE	     "/sys/firmware/acpi/tables/CCEL"
#define LOG	     "/sys/firmware/acpi/tables/data/CCEL"
#define TABLE_MAX    4096
#define TABLE_LENGTH 4 /* offset of the length in an ACPI header */
#define TABLE_TYPE   36
#define TABLE_SIZE   56
#define TYPE_TDX     2

enum lk_status lk_ccel_table_check(const uint8_t *table, size_t n, struct lk_error *err)
{
	uint8_t sum = 0;
	size_t i;

	if (n < TABLE_SIZE || memcmp(table, "CCEL", 4) != 0 || lk_le32(table + TABLE_LENGTH) != n)
		return lk_raise_code(err, LK_C_EVIDENCE_INVALID, "not a CCEL table");
	for (i = 0; i < n; i++)
		sum = (uint8_t)(sum + table[i]);
	if (sum || table[TABLE_TYPE] != TYPE_TDX)
		return lk_raise_code(err, LK_C_EVIDENCE_INVALID,
				     "a CCEL table of type %u with checksum %#x", table[TABLE_TYPE],
				     sum);
	return LK_OK;
}

/* Registers 1 to 4 of such a log are RTMR 0 to 3. */
static enum lk_status check_replay(const uint8_t *log, size_t n, const uint8_t *rtmr,
				   struct lk_error *err)
{
	struct lk_replay replay;
	enum lk_status st = lk_eventlog_replay(log, n, LK_EVENTLOG_CC, LK_TCG_SHA384, &replay, err);
	unsigned i;

	for (i = 0; i < LK_TDX_RTMRS && !st; i++)
		if (memcmp(replay.value[i + 1], rtmr + (size_t)i * LK_TDX_MR, LK_TDX_MR) != 0)
			st = lk_raise_code(err, LK_C_EVIDENCE_INVALID,
					   "the log does not replay to RTMR %u", i);
	return st;
}

/* What the firmware left; nothing, when there is no such table. */
static enum lk_status read_firmware(const struct lk_kernel *kernel, uint8_t **ret, size_t *ret_n,
				    struct lk_error *err)
{
	LK_FREE uint8_t *table = NULL;
	ssize_t n = kernel->get(TABLE, TABLE_MAX, &table);
	enum lk_status st;

	if (n == -ENOENT)
		return LK_OK;
	st = n < 0 ? lk_raise(err, LK_ABSENT, TABLE " cannot be read")
		   : lk_ccel_table_check(table, (size_t)n, err);
	if (st)
		return st;
	n = kernel->get(LOG, LK_EVENTLOG_MAX, ret);
	if (n < 0)
		return lk_raise(err, LK_ABSENT, LOG " cannot be read");
	*ret_n = (size_t)n;
	return LK_OK;
}

/* Put it together; it must replay. */
static enum lk_status join(const struct lk_eventlog_parts *parts, const uint8_t *rtmr,
			   uint8_t **ret, size_t *ret_n, struct lk_error *err)
{
	LK_FREE uint8_t *log = NULL;
	enum lk_status st = lk_eventlog_join(parts, &log, ret_n, err);

	if (!st)
		st = check_replay(log, *ret_n, rtmr, err);
	if (!st)
		*ret = lk_take(log);
	return st;
}

/* With our events where they are in these registers; they may be in a TPM's. */
static enum lk_status assemble(const struct lk_kernel *kernel, const uint8_t *rtmr, uint8_t **ret,
			       size_t *ret_n, struct lk_error *err)
{
	static const uint16_t algs[] = { LK_TCG_SHA384, LK_TCG_SM3 };
	struct lk_eventlog_parts parts = { .algs = algs, .n_algs = 2 };
	LK_FREE uint8_t *firmware = NULL;
	LK_FREE uint8_t *entries = NULL;
	enum lk_status st = read_firmware(kernel, &firmware, &parts.n_firmware, err);
	ssize_t n;

	if (st)
		return st;
	parts.firmware = firmware;
	n = kernel->get(LK_REGISTER_LOG, LK_EVENTLOG_MAX, &entries);
	if (n > 0) {
		parts.entries = entries;
		parts.n_entries = (size_t)n;
		st = join(&parts, rtmr, ret, ret_n, err);
		if (st != LK_TAMPERED)
			return st;
		parts.n_entries = 0;
	}
	return join(&parts, rtmr, ret, ret_n, err);
}

enum lk_status lk_ccel_log(const struct lk_kernel *kernel, const uint8_t *rtmr, uint8_t **ret,
			   size_t *ret_n, struct lk_error *err)
{
	const enum lk_status st = assemble(kernel, rtmr, ret, ret_n, err);
	char text[512];

	if (st != LK_ABSENT && st != LK_TAMPERED)
		return st;
	lk_debug("evidence goes without an event log: %s",
		 lk_error_format(err, text, sizeof(text)));
	*ret = NULL;
	return LK_OK;
}
