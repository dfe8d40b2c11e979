/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers and device numbers in the texts of the kernel: digits only, no sign, no blank. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Digits at *text up to the character `end`, behind which *text stands afterwards. */
bool lk_digits_read(const char **text, char end, uint64_t *ret);
/* "MAJOR:MINOR" and nothing behind. */
bool lk_device_number_read(const char *text, dev_t *ret);
