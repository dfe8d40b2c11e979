/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of registers, and measuring into one. */
#include "attestation/register.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attestation/eventlog.h"
#include "core/cleanup.h"
#include "core/digits.h"

/* PCRs that are the firmware's (0 to 7), init-data's (8), the kernel's (10) or the boot stub's (11),
 * that any process may reset (16, 23) or none may extend (17 to 22) are no place for our events. */
static const struct lk_register_kind tpm = {
	.name = "tpm",
	.numbers = 1u << 9 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 15,
	.which = "9, or 12 to 15",
	.log_alg = LK_TCG_SHA256,
	.log_base = 0,
	.extend = lk_register_extend_tpm,
};

/* RTMR 0 to 2 are the firmware's and the boot loader's. */
static const struct lk_register_kind rtmr = {
	.name = "rtmr",
	.numbers = 1u << 3,
	.which = "3",
	.log_alg = LK_TCG_SHA384,
	.log_base = 1,
	.extend = lk_register_extend_rtmr,
};

const struct lk_register_kind *const lk_register_kinds[] = { &tpm, &rtmr, NULL };

enum lk_status lk_register_parse(const char *text, struct lk_register *ret, struct lk_error *err)
{
	size_t i;

	*ret = (struct lk_register){ .log = LK_REGISTER_LOG };
	if (strcmp(text, "none") == 0)
		return LK_OK;
	for (i = 0; lk_register_kinds[i]; i++) {
		const struct lk_register_kind *kind = lk_register_kinds[i];
		const size_t n = strlen(kind->name);
		const char *digits = text + n + 1;
		uint64_t number;

		if (strncmp(text, kind->name, n) != 0 || text[n] != ':')
			continue;
		if (!lk_digits_read(&digits, '\0', &number) || number > 31 ||
		    !(kind->numbers & 1u << number))
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "'register' of kind %s takes %s", kind->name,
					     kind->which);
		ret->kind = kind;
		ret->number = (unsigned)number;
		return LK_OK;
	}
	return lk_raise_code(err, LK_C_CONFIG_VALUE, "'register' takes none, tpm:N or rtmr:N");
}

static enum lk_status append(const char *path, const uint8_t *entry, size_t n, struct lk_error *err)
{
	char dir[256];
	const char *slash = strrchr(path, '/');
	LK_FD int fd = -1;

	if (slash && slash != path && (size_t)(slash - path) < sizeof(dir)) {
		memcpy(dir, path, (size_t)(slash - path));
		dir[slash - path] = '\0';
		if (mkdir(dir, 0755) && errno != EEXIST)
			return lk_raise_code(err, LK_C_REGISTER, "create %s: %m", dir);
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || write(fd, entry, n) != (ssize_t)n)
		return lk_raise_code(err, LK_C_REGISTER, "write the event log %s: %m", path);
	return LK_OK;
}

enum lk_status lk_register_measure(const struct lk_register *r, const char *domain,
				   const char *operation, const char *content, struct lk_error *err)
{
	uint8_t event[LK_AAEL_EVENT_MAX], entry[LK_AAEL_ENTRY_MAX];
	enum lk_status st;
	size_t n, n_entry;

	if (!r->kind)
		return LK_OK;
	st = lk_aael_event(domain, operation, content, event, &n, err);
	if (!st)
		st = lk_aael_entry(r->number + r->kind->log_base, r->kind->log_alg, event, n, entry,
				   &n_entry, err);
	if (!st)
		st = r->kind->extend(r->number, event, n, err);
	if (!st)
		st = append(r->log, entry, n_entry, err);
	if (st)
		return lk_context(err, "measure '%s' into %s:%u", operation, r->kind->name,
				  r->number);
	return LK_OK;
}
