/* SPDX-License-Identifier: Apache-2.0 */
/* Live device-mapper state over libdevmapper: does a mapping exist, what is it, away with it. */

#include "agent/dm.h"

#include <errno.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/secret.h"

#define RETRY_MS       100
#define CLOSE_AGAIN_MS 5000

LK_DEFINE_CLEANUP(struct dm_task *, dm_task_destroy)
#define DM_TASK LK_CLEANUP(dm_task_destroy_p) struct dm_task

__attribute__((format(printf, 5, 6))) static void
to_debug_log(int level, const char *file, int line, int dm_errno, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	(void)level;
	(void)file;
	(void)line;
	(void)dm_errno;
	if (!lk_log_debugging())
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lk_debug("device-mapper: %s", text);
}

void lk_dm_quiet(void)
{
	dm_log_with_errno_init(to_debug_log);
}

void lk_dm_live_wipe(struct lk_dm_live *live)
{
	lk_wipe(live, sizeof(*live));
}

static enum lk_status task_new(int type, const char *name, struct dm_task **ret,
			       struct lk_error *err)
{
	DM_TASK *task = NULL;

	lk_dm_quiet();
	task = dm_task_create(type);
	if (!task)
		return lk_raise(err, LK_ABSENT,
				"the kernel has no device-mapper: load dm_mod in the initramfs");
	if (!dm_task_set_name(task, name))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "'%s' is no name for a mapping", name);
	*ret = lk_take(task);
	return LK_OK;
}

static enum lk_status task_fault(const char *what, const char *name, int error,
				 struct lk_error *err)
{
	if (error == ENXIO)
		return lk_raise(err, LK_ABSENT, "there is no mapping '%s'", name);
	return lk_raise(err, LK_INTERNAL, "%s mapping '%s': %s", what, name,
			error ? strerror(error) : "no reason given");
}

enum lk_status lk_dm_exists(const char *name, bool *ret, struct lk_error *err)
{
	DM_TASK *task = NULL;
	struct dm_info info;
	enum lk_status st;

	st = task_new(DM_DEVICE_INFO, name, &task, err);
	if (st)
		return st;
	if (!dm_task_run(task) || !dm_task_get_info(task, &info))
		return task_fault("look for", name, dm_task_get_errno(task), err);
	*ret = info.exists != 0;
	return LK_OK;
}

/* Run a call that answers for an existing mapping; the answer lives as long as the task. */
static enum lk_status ask(int type, const char *name, struct dm_task **ret, struct dm_info *info,
			  struct lk_error *err)
{
	DM_TASK *task = NULL;
	enum lk_status st;

	st = task_new(type, name, &task, err);
	if (st)
		return st;
	if (!dm_task_secure_data(task) || !dm_task_no_open_count(task))
		return lk_raise(err, LK_INTERNAL, "prepare a device-mapper call for '%s'", name);
	if (!dm_task_run(task) || !dm_task_get_info(task, info))
		return task_fault("read", name, dm_task_get_errno(task), err);
	if (!info->exists)
		return lk_raise(err, LK_ABSENT, "there is no mapping '%s'", name);
	*ret = lk_take(task);
	return LK_OK;
}

enum lk_status lk_dm_uuid(const char *name, char ret[LK_DM_UUID], struct lk_error *err)
{
	DM_TASK *task = NULL;
	struct dm_info info;
	const char *uuid;
	enum lk_status st;

	st = ask(DM_DEVICE_INFO, name, &task, &info, err);
	if (st)
		return st;
	uuid = dm_task_get_uuid(task);
	snprintf(ret, LK_DM_UUID, "%s", uuid ? uuid : "");
	return LK_OK;
}

enum lk_status lk_dm_table_line(const char *name, unsigned line, struct lk_dm_live *ret,
				struct lk_error *err)
{
	DM_TASK *task = NULL;
	struct dm_info info;
	char *target = NULL, *params = NULL;
	void *next = NULL;
	enum lk_status st;

	st = ask(DM_DEVICE_TABLE, name, &task, &info, err);
	if (st)
		return st;
	memset(ret, 0, sizeof(*ret));
	ret->read_only = info.read_only != 0;
	ret->targets = (unsigned)info.target_count;
	ret->major = info.major;
	ret->minor = info.minor;
	for (unsigned i = 0; i <= line; i++) {
		target = params = NULL;
		if (i == 0 || next)
			next = dm_get_next_target(task, next, &ret->start, &ret->length, &target,
						  &params);
	}
	if (!target || !params)
		return lk_raise(err, LK_INTERNAL, "mapping '%s' has no line %u", name, line + 1);
	snprintf(ret->target, sizeof(ret->target), "%s", target);
	snprintf(ret->params, sizeof(ret->params), "%s", params);
	return LK_OK;
}

enum lk_status lk_dm_table(const char *name, struct lk_dm_live *ret, struct lk_error *err)
{
	return lk_dm_table_line(name, 0, ret, err);
}

enum lk_status lk_dm_status(const char *name, char *buf, size_t size, struct lk_error *err)
{
	DM_TASK *task = NULL;
	struct dm_info info;
	uint64_t start, length;
	char *target = NULL, *params = NULL;
	void *next;
	enum lk_status st;

	st = ask(DM_DEVICE_STATUS, name, &task, &info, err);
	if (st)
		return st;
	next = dm_get_next_target(task, NULL, &start, &length, &target, &params);
	(void)next;
	if (!params)
		return lk_raise(err, LK_INTERNAL, "mapping '%s' has no status", name);
	snprintf(buf, size, "%s", params);
	return LK_OK;
}

/* One attempt; *ret_error is 0 when the mapping is gone, else why it is not. */
static enum lk_status try_remove(const char *name, int *ret_error, struct lk_error *err)
{
	DM_TASK *task = NULL;
	uint32_t cookie = 0;
	enum lk_status st;
	int done;

	st = task_new(DM_DEVICE_REMOVE, name, &task, err);
	if (st)
		return st;
	if (dm_udev_get_sync_support() &&
	    !dm_task_set_cookie(task, &cookie, DM_UDEV_DISABLE_LIBRARY_FALLBACK))
		return lk_raise(err, LK_INTERNAL, "prepare to remove mapping '%s'", name);
	done = dm_task_run(task);
	*ret_error = done ? 0 : dm_task_get_errno(task);
	if (!done && *ret_error == 0)
		*ret_error = ENODEV;
	/* Also when the call failed: this gives the semaphore back and brings /dev up to date. */
	dm_udev_wait(cookie);
	return LK_OK;
}

static enum lk_status close_until(const char *name, struct lk_deadline deadline,
				  struct lk_error *err)
{
	enum lk_status st;
	bool exists;
	int error;

	for (;;) {
		st = lk_dm_exists(name, &exists, err);
		if (st == LK_ABSENT || (!st && !exists))
			return LK_OK;
		if (st)
			return st;
		st = try_remove(name, &error, err);
		if (st)
			return st;
		if (error == 0 || error == ENXIO)
			return LK_OK;
		if (error != EBUSY)
			return task_fault("remove", name, error, err);
		if (lk_deadline_passed(deadline))
			return lk_raise(err, LK_TIMEOUT, "mapping '%s' is still in use", name);
		lk_clock_sleep(RETRY_MS);
	}
}

enum lk_status lk_dm_close(const char *name, struct lk_deadline deadline, struct lk_error *err)
{
	struct lk_dm_watchdog *watchdog = NULL;
	enum lk_status st;

	st = lk_dm_watchdog_start(deadline, &watchdog, err);
	if (st)
		return st;
	st = close_until(name, deadline, err);
	/* An ended wait does not matter here: the kernel's answer came before it. */
	lk_dm_watchdog_stop(watchdog);
	return st ? lk_context(err, "close mapping '%s'", name) : LK_OK;
}

static enum lk_status prepare_create(struct dm_task *task, const char *name,
				     const struct lk_dm_line *lines, size_t n, unsigned flags,
				     struct lk_error *err)
{
	bool ok = (!(flags & LK_DM_READONLY) || dm_task_set_ro(task)) != 0;

	for (size_t i = 0; i < n; i++)
		ok = ok && dm_task_add_target(task, lines[i].start, lines[i].length,
					      lines[i].target, lines[i].params);
	return ok ? LK_OK : lk_raise(err, LK_INTERNAL, "prepare to make mapping '%s'", name);
}

static enum lk_status create(const char *name, const struct lk_dm_line *lines, size_t n,
			     unsigned flags, struct lk_error *err)
{
	const uint16_t private_flags = DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG |
				       DM_UDEV_DISABLE_DISK_RULES_FLAG |
				       DM_UDEV_DISABLE_OTHER_RULES_FLAG;
	DM_TASK *task = NULL;
	uint32_t cookie = 0;
	enum lk_status st;
	int done, error;

	st = task_new(DM_DEVICE_CREATE, name, &task, err);
	if (!st)
		st = prepare_create(task, name, lines, n, flags, err);
	if (st)
		return st;
	if (dm_udev_get_sync_support() &&
	    !dm_task_set_cookie(task, &cookie,
				DM_UDEV_DISABLE_LIBRARY_FALLBACK |
					(flags & LK_DM_PRIVATE ? private_flags : 0)))
		return lk_raise(err, LK_INTERNAL, "prepare to make mapping '%s'", name);
	done = dm_task_run(task);
	error = dm_task_get_errno(task);
	dm_udev_wait(cookie); /* also when the call failed: see try_remove */
	if (done)
		return LK_OK;
	if (error == EINVAL)
		return lk_raise(err, LK_ABSENT,
				"the kernel does not take mapping '%s': is dm_%s in the initramfs?",
				name, lines[n - 1].target);
	return task_fault("make", name, error, err);
}

enum lk_status lk_dm_create(const char *name, const struct lk_dm_line *lines, size_t n,
			    unsigned flags, struct lk_deadline deadline, struct lk_error *err)
{
	struct lk_dm_watchdog *watchdog = NULL;
	struct lk_error ignored = { 0 };
	enum lk_status st;
	bool exists;

	st = lk_dm_exists(name, &exists, err);
	if (!st && exists)
		st = lk_raise_code(err, LK_C_NAME_TAKEN, "there is a mapping '%s' already", name);
	if (!st)
		st = lk_dm_watchdog_start(deadline, &watchdog, err);
	if (st)
		return st;
	st = create(name, lines, n, flags, err);
	if (!lk_dm_watchdog_stop(watchdog))
		return st;
	lk_dm_close(name, lk_deadline_in(CLOSE_AGAIN_MS), &ignored);
	return lk_raise(err, LK_TIMEOUT, "udev did not settle '%s'", name);
}
