/* SPDX-License-Identifier: Apache-2.0 */
/* Where a device is mounted, by the kernel's list (proc(5), /proc/PID/mountinfo). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* The first writable mount of the device's own root; false if there is none. Pure but for reading
 * the list. */
bool lk_mounts_find(FILE *mountinfo, dev_t device, char *path, size_t size);
