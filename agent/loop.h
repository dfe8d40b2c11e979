/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block device in memory: a loop device over an anonymous file that only the kernel still holds
 * when the device is made. Nothing is in any file system, nothing is executed.
 */
#pragma once

#include <stdint.h>

#include "agent/blockdev.h"
#include "core/error.h"

/* Attach `size` bytes (a multiple of 4096) that take memory only where they are written. The device
 * goes when ret and whatever was mapped on it are closed. LK_ABSENT when the kernel has no loop
 * devices. */
enum lk_status lk_loop_memory(uint64_t size, struct lk_blockdev *ret, struct lk_error *err);
