/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the kernel's device-mapper what a mapping really is and removes mappings. The only user of
 * libdevmapper; its messages go to our debug log, never to stderr.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/dm_table.h"
#include "core/cleanup.h"
#include "core/deadline.h"
#include "core/error.h"

/* Take over libdevmapper's log. Done by every call here; needed again after libcryptsetup ran,
 * which gives the log back to stderr when its last context goes. */
void lk_dm_quiet(void);

struct lk_dm_live {
	bool read_only;
	unsigned major, minor; /* of the mapping */
	unsigned targets;      /* lines in the table */
	uint64_t start;	       /* of the first line, in 512-byte sectors */
	uint64_t length;
	char target[32];   /* "crypt", "verity" */
	char params[2048]; /* wiped by lk_dm_live_wipe: a raw key would show here */
};
void lk_dm_live_wipe(struct lk_dm_live *live);
#define LK_DM_LIVE LK_CLEANUP(lk_dm_live_wipe) struct lk_dm_live

/* *ret = is there a mapping of that name? LK_ABSENT when the kernel has no device-mapper. */
enum lk_status lk_dm_exists(const char *name, bool *ret, struct lk_error *err);
/* The UUID that its maker gave the mapping, "" without one. LK_ABSENT without such a mapping. */
#define LK_DM_UUID 130
enum lk_status lk_dm_uuid(const char *name, char ret[LK_DM_UUID], struct lk_error *err);
/* The first line of the live table. LK_ABSENT without such a mapping. */
enum lk_status lk_dm_table(const char *name, struct lk_dm_live *ret, struct lk_error *err);
/* The same for any line; LK_INTERNAL when the table has fewer. */
enum lk_status lk_dm_table_line(const char *name, unsigned line, struct lk_dm_live *ret,
				struct lk_error *err);
/* The first line of the status ("V", "C", ...), terminated and cut at size. */
enum lk_status lk_dm_status(const char *name, char *buf, size_t size, struct lk_error *err);

enum lk_dm_flags {
	LK_DM_READONLY = 1,
	LK_DM_PRIVATE = 2, /* an inner layer: other rules of udev leave it alone */
};
/* Make a mapping of these lines and wait for udev. LK_CONFIG: name-taken; LK_ABSENT: the kernel does
 * not take the table, most likely for want of a module; LK_TIMEOUT. On failure there is none. */
enum lk_status lk_dm_create(const char *name, const struct lk_dm_line *lines, size_t n,
			    unsigned flags, struct lk_deadline deadline, struct lk_error *err);

/* Remove a mapping; LK_OK when there is none. Busy ones are tried again until the deadline. */
enum lk_status lk_dm_close(const char *name, struct lk_deadline deadline, struct lk_error *err);

/*
 * Ends libdevmapper's wait for udev, which no signal interrupts: when the deadline passes, the
 * semaphores on which this process waits are removed, and the wait returns as if udev had
 * answered. Start one around every call that maps or removes; what stop says decides.
 */
struct lk_dm_watchdog;
enum lk_status lk_dm_watchdog_start(struct lk_deadline deadline, struct lk_dm_watchdog **ret,
				    struct lk_error *err);
/* True if it had to end a wait: treat the call as timed out. Frees; NULL is fine (false). */
bool lk_dm_watchdog_stop(struct lk_dm_watchdog *w);
