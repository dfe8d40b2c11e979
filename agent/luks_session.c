/* SPDX-License-Identifier: Apache-2.0 */
/* A context of libcryptsetup over a private header, and what the library says meanwhile. */

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>

#include "agent/dm.h"
#include "agent/luks_internal.h"
#include "core/log.h"

void lk_luks_session_close(struct lk_luks_session *s)
{
	if (s->cd)
		crypt_free(s->cd);
	s->cd = NULL;
	/* The library gave libdevmapper's log back to stderr. */
	lk_dm_quiet();
}

static void to_debug_log(int level, const char *message, void *data)
{
	struct lk_luks_session *s = data;
	int n = (int)strcspn(message, "\n");

	lk_debug("cryptsetup: %.*s", n, message);
	if (s && level == CRYPT_LOG_ERROR)
		snprintf(s->complaint, sizeof(s->complaint), "%.*s", n, message);
}

enum lk_status lk_luks_library_fault(const struct lk_luks_session *s, const char *what, int r,
				     struct lk_error *err)
{
	const char *why = s->complaint[0] ? s->complaint : "libcryptsetup gives no reason";

	if (r == -EIO || r == -ENOSPC)
		return lk_raise_code(err, LK_C_DEVICE_FAILED, "%s: %s (%s)", what, why,
				     strerror(-r));
	return lk_raise(err, LK_INTERNAL, "%s: %s (%s)", what, why, strerror(-r));
}

enum lk_status lk_luks_session_start(struct lk_luks_session *s, int header_fd, int data_fd,
				     struct lk_error *err)
{
	char header[32], data[32];
	int r;

	snprintf(header, sizeof(header), "/proc/self/fd/%d", header_fd);
	snprintf(data, sizeof(data), "/proc/self/fd/%d", data_fd);
	crypt_set_log_callback(NULL, to_debug_log, NULL);
	crypt_set_debug_level(lk_log_debugging() ? CRYPT_DEBUG_ALL : CRYPT_DEBUG_NONE);
	/* The header is in private memory; lock files would only be left behind in /run. */
	crypt_metadata_locking(NULL, 0);
	r = data_fd < 0 ? crypt_init(&s->cd, header) : crypt_init_data_device(&s->cd, header, data);
	if (r < 0)
		return lk_luks_library_fault(s, "take the private header", r, err);
	crypt_set_log_callback(s->cd, to_debug_log, s);
	return LK_OK;
}

enum lk_status lk_luks_session_load(struct lk_luks_session *s, int header_fd, int data_fd,
				    struct lk_error *err)
{
	enum lk_status st = lk_luks_session_start(s, header_fd, data_fd, err);
	int r;

	if (st)
		return st;
	r = crypt_load(s->cd, CRYPT_LUKS2, NULL);
	return r < 0 ? lk_luks_library_fault(s, "load the private header", r, err) : LK_OK;
}
