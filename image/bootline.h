/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel command line beside a disk: the hardened words that the agent requires
 * (core/cmdline.h), and what the operator adds. Pure.
 */
#pragma once

#include "core/error.h"

/* mapper: the final mapping's name; extra: words separated by blanks, or NULL. *ret is malloc'ed,
 * one line without a newline. LK_CONFIG with LK_C_CMDLINE when an extra word would undo what the
 * others do, or is quoted, or the line is longer than the kernel takes. */
enum lk_status lk_bootline_build(const char *mapper, const char *extra, char **ret,
				 struct lk_error *err);
