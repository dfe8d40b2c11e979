/* SPDX-License-Identifier: Apache-2.0 */
/* The flag that the signals of the terminal set. */
#include "image/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void note(int signal)
{
	(void)signal;
	interrupted = 1;
}

void lk_interrupt_setup(void)
{
	const struct sigaction act = { .sa_handler = note, .sa_flags = SA_RESTART };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

enum lk_status lk_interrupt_check(struct lk_error *err)
{
	if (interrupted)
		return lk_raise(err, LK_AGAIN, "interrupted; nothing was written");
	return LK_OK;
}
