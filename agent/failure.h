/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the machine when the unlock fails: by configuration and by kind of failure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/* In the order of the configuration's choices (agent/settings.h). */
enum lk_failure_action {
	LK_FAIL_POWEROFF,
	LK_FAIL_REBOOT,
	LK_FAIL_WAIT,
	LK_FAIL_EMERGENCY, /* leave it to the initramfs; refused with attested providers */
};

/* Nobody refused: the key service, the network or a device was not there in time. */
bool lk_failure_is_unreachable(enum lk_status status);

/* Wait delay_ms and end the machine as asked. Returns only for LK_FAIL_WAIT and
 * LK_FAIL_EMERGENCY, which are the caller's business. Under systemd the request goes to process 1
 * (systemd(1), "Signals"): immediate power-off or reboot; else reboot(2). */
void lk_failure_act(enum lk_failure_action action, int64_t delay_ms);
