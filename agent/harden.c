/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent gives up before it holds a key (prctl(2), setrlimit(2)). */
#include "agent/harden.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum lk_status lk_harden(struct lk_error *err)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit locked = { RLIM_INFINITY, RLIM_INFINITY };

	umask(077);
	if (clearenv())
		return lk_raise(err, LK_INTERNAL, "clear the environment");
	if (setrlimit(RLIMIT_CORE, &none))
		return lk_raise(err, LK_INTERNAL, "forbid core dumps: %m");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return lk_raise(err, LK_INTERNAL, "forbid dumps and tracing: %m");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return lk_raise(err, LK_INTERNAL, "give up new privileges: %m");
	/* Raising the limit needs privilege; without it the inherited limit stays, and a lock
	 * that then does not fit is an error where it happens. */
	if (setrlimit(RLIMIT_MEMLOCK, &locked)) {
		if (getrlimit(RLIMIT_MEMLOCK, &locked))
			return lk_raise(err, LK_INTERNAL, "read the limit of locked memory: %m");
		locked.rlim_cur = locked.rlim_max;
		if (setrlimit(RLIMIT_MEMLOCK, &locked))
			return lk_raise(err, LK_INTERNAL, "raise the limit of locked memory: %m");
	}
	return LK_OK;
}
