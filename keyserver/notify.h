/* SPDX-License-Identifier: Apache-2.0 */
/* Telling a service manager how far we are: the protocol of sd_notify(3). */
#pragma once

/* state: "READY=1", "STOPPING=1". Nobody listening is fine. */
void lk_notify(const char *state);
