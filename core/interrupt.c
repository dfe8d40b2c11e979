/* SPDX-License-Identifier: Apache-2.0 */
/* The flag that the signals of the terminal set. */
#include "core/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

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
		return lk_raise(err, LK_AGAIN, "interrupted");
	return LK_OK;
}

/* The signals are let in only while the kernel waits: none can fall between looking and waiting. */
enum lk_status lk_interrupt_wait(int fd, short events, struct lk_deadline deadline,
				 struct lk_error *err)
{
	struct pollfd ready = { .fd = fd, .events = events };
	enum lk_status st = LK_OK;
	sigset_t ours, before;
	struct timespec patience;
	int n = 0, saved, left;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	do {
		left = lk_deadline_left(deadline);
		patience = (struct timespec){ left / 1000, left % 1000 * 1000000L };
		st = lk_interrupt_check(err);
		if (!st)
			n = ppoll(&ready, 1, &patience, &before);
		saved = errno;
	} while (!st && n < 0 && saved == EINTR);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (!st && n < 0)
		return lk_raise(err, LK_INTERNAL, "wait: %s", strerror(saved));
	if (!st && n == 0)
		return lk_raise(err, LK_TIMEOUT, "no answer in time");
	return st;
}
