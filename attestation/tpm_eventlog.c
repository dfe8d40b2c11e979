/* SPDX-License-Identifier: Apache-2.0 */
/* Which event log goes with PCRs: the firmware's and ours, ours alone, or none, whatever replays. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attestation/eventlog.h"
#include "attestation/register.h"
#include "attestation/tpm_evidence.h"
#include "core/cleanup.h"
#include "core/log.h"

/* Where servers look for our events, whether we have any or not. */
#define USUAL_PCR (1u << 15)
/* The firmware's own; in those above, programs that it started have their part. */
#define FIRMWARE_PCRS 0xffu

const struct lk_tpm_logs lk_tpm_logs = {
	.firmware = "/sys/kernel/security/tpm0/binary_bios_measurements",
	.own = LK_REGISTER_LOG,
};

struct bytes {
	uint8_t *p;
	size_t n;
};

/* Files of the kernel do not know their size. One that is not there is empty. */
static enum lk_status read_log(const char *path, struct bytes *ret, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0 && errno == ENOENT)
		return LK_OK;
	if (fd < 0)
		return lk_raise(err, LK_INTERNAL, "open %s: %m", path);
	for (;;) {
		uint8_t *more = realloc(ret->p, ret->n + 65536);

		if (!more)
			return lk_raise(err, LK_INTERNAL, "out of memory for %s", path);
		ret->p = more;
		got = read(fd, ret->p + ret->n, 65536);
		if (got < 0)
			return lk_raise(err, LK_INTERNAL, "read %s: %m", path);
		if (got == 0)
			return LK_OK;
		ret->n += (size_t)got;
		if (ret->n > LK_EVENTLOG_MAX)
			return lk_raise(err, LK_INTERNAL, "%s is too long", path);
	}
}

/* Join and replay: do those of the firmware's registers that the log extends, and ours in any case,
 * have the value that it leads to? */
static bool try_join(const struct lk_eventlog_parts *parts, const uint8_t pcrs[LK_TPM_PCRS][32],
		     uint32_t ours, struct bytes *ret)
{
	struct lk_error why = { 0 };
	struct lk_replay r;
	char line[256];
	unsigned i;

	if (lk_eventlog_join(parts, &ret->p, &ret->n, &why) ||
	    lk_eventlog_replay(ret->p, ret->n, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &why)) {
		lk_debug("%s", lk_error_format(&why, line, sizeof(line)));
		return false;
	}
	for (i = 0; i < LK_TPM_PCRS; i++)
		if (((r.extended & FIRMWARE_PCRS) | ours) & 1u << i &&
		    memcmp(r.value[i], pcrs[i], 32) != 0) {
			lk_debug("the event log does not replay to PCR %u", i);
			return false;
		}
	return true;
}

static uint32_t registers_of(const struct lk_eventlog_parts *entries)
{
	LK_FREE uint8_t *all = NULL;
	struct lk_error ignored = { 0 };
	struct lk_replay r = { .extended = 0 };
	size_t n;

	if (lk_eventlog_join(entries, &all, &n, &ignored) ||
	    lk_eventlog_replay(all, n, LK_EVENTLOG_TPM, LK_TCG_SHA256, &r, &ignored))
		return LK_TPM_ALL_PCRS;
	return r.extended ? r.extended : USUAL_PCR;
}

enum lk_status lk_tpm_eventlog(const struct lk_tpm_logs *logs, const uint8_t pcrs[LK_TPM_PCRS][32],
			       uint8_t **ret, size_t *ret_n, struct lk_error *err)
{
	static const uint16_t algs[] = { LK_TCG_SHA256 };
	struct bytes firmware = { 0 }, own = { 0 }, all = { 0 };
	struct lk_eventlog_parts parts = { .algs = algs, .n_algs = 1 };
	enum lk_status st;
	bool good = false;
	uint32_t ours;

	st = read_log(logs->firmware, &firmware, err);
	if (!st)
		st = read_log(logs->own, &own, err);
	parts.entries = own.p;
	parts.n_entries = own.n;
	ours = registers_of(&parts);
	parts.firmware = firmware.p;
	parts.n_firmware = firmware.n;
	if (!st && firmware.n > 0)
		good = try_join(&parts, pcrs, ours, &all);
	parts.n_firmware = 0;
	if (!st && !good && own.n > 0) {
		free(lk_take(all.p));
		good = try_join(&parts, pcrs, ours, &all);
		if (!good)
			lk_log(LK_LOG_WARNING, "something else extended our register, or altered "
					       "our event log: none goes with the evidence");
	}
	if (good) {
		*ret = lk_take(all.p);
		*ret_n = all.n;
	}
	free(all.p);
	free(firmware.p);
	free(own.p);
	return st;
}
