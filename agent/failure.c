/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the machine when the unlock fails. */
#include "agent/failure.h"

#include <signal.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "core/deadline.h"

/* systemd counts from the C library's SIGRTMIN that it was built with, glibc's: 34. Ours may
 * differ (musl: 35), so the number is written out. +14: power off at once, +15: reboot at once. */
#define SYSTEMD_SIGRTMIN 34
#define SYSTEMD_POWEROFF (SYSTEMD_SIGRTMIN + 14)
#define SYSTEMD_REBOOT	 (SYSTEMD_SIGRTMIN + 15)
#define SYSTEMD_PATIENCE 30000

bool lk_failure_is_unreachable(enum lk_status status)
{
	return status == LK_AGAIN || status == LK_TIMEOUT || status == LK_ABSENT;
}

void lk_failure_act(enum lk_failure_action action, int64_t delay_ms)
{
	const bool off = action == LK_FAIL_POWEROFF;

	if (action != LK_FAIL_POWEROFF && action != LK_FAIL_REBOOT)
		return;
	lk_clock_sleep(delay_ms);
	sync();
	/* Process 1 tears the initramfs down and ends this process on the way. */
	if (access("/run/systemd/system", F_OK) == 0 &&
	    kill(1, off ? SYSTEMD_POWEROFF : SYSTEMD_REBOOT) == 0)
		lk_clock_sleep(SYSTEMD_PATIENCE);
	reboot(off ? RB_POWER_OFF : RB_AUTOBOOT);
}
