/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends libdevmapper's wait for udev at the deadline.
 *
 * libdevmapper waits on a System V semaphore that a udev rule decrements through `dmsetup
 * udevcomplete`; the wait goes on after signals. Removing the semaphore ends it as if the answer
 * had come. The semaphores are recognised by libdevmapper's key prefix and by the process that
 * last touched them: ours. The thread makes plain system calls and never enters libdevmapper,
 * which is not thread-safe.
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

#include "agent/dm.h"

#define COOKIE_MAGIC 0x0D4D /* upper half of the keys that libdevmapper makes */
#define AGAIN_MS     50	    /* a call may make a second semaphore after the first was removed */

struct lk_dm_watchdog {
	pthread_t thread;
	struct lk_deadline deadline;
	int stop_fd;
	bool fired;
};

union semaphore_argument { /* semctl(2): the caller defines it */
	int value;
	struct semid_ds *status;
	struct seminfo *info;
};

static bool is_our_cookie(int id, const struct semid_ds *status)
{
	return (uint32_t)status->sem_perm.__key >> 16 == COOKIE_MAGIC &&
	       semctl(id, 0, GETPID) == (int)getpid();
}

static bool end_waits(void)
{
	struct seminfo info;
	union semaphore_argument arg = { .info = &info };
	int last = semctl(0, 0, SEM_INFO, arg);
	bool ended = false;

	for (int i = 0; i <= last; i++) {
		struct semid_ds status;
		int id;

		arg.status = &status;
		id = semctl(i, 0, SEM_STAT, arg);
		if (id >= 0 && is_our_cookie(id, &status) && semctl(id, 0, IPC_RMID) == 0)
			ended = true;
	}
	return ended;
}

static void *watch(void *data)
{
	struct lk_dm_watchdog *w = data;
	struct pollfd stop = { .fd = w->stop_fd, .events = POLLIN };

	for (;;) {
		bool passed = lk_deadline_passed(w->deadline);

		if (passed && end_waits())
			w->fired = true;
		if (poll(&stop, 1, passed ? AGAIN_MS : lk_deadline_left(w->deadline)) > 0)
			return NULL;
	}
}

/* Signals stay with the thread that expects them. */
static int start_thread(struct lk_dm_watchdog *w)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

enum lk_status lk_dm_watchdog_start(struct lk_deadline deadline, struct lk_dm_watchdog **ret,
				    struct lk_error *err)
{
	LK_FREE struct lk_dm_watchdog *w = calloc(1, sizeof(*w));
	LK_FD int stop_fd = eventfd(0, EFD_CLOEXEC);
	int r;

	if (!w || stop_fd < 0)
		return lk_raise(err, LK_INTERNAL, "start the udev watchdog: out of resources");
	w->deadline = deadline;
	w->stop_fd = stop_fd;
	r = start_thread(w);
	if (r)
		return lk_raise(err, LK_INTERNAL, "start the udev watchdog: %s", strerror(r));
	lk_take_fd(stop_fd);
	*ret = lk_take(w);
	return LK_OK;
}

bool lk_dm_watchdog_stop(struct lk_dm_watchdog *w)
{
	bool fired;

	if (!w)
		return false;
	while (eventfd_write(w->stop_fd, 1) != 0 && errno == EINTR)
		;
	pthread_join(w->thread, NULL);
	fired = w->fired;
	close(w->stop_fd);
	free(w);
	return fired;
}
