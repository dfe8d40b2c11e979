/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel command line: what an attested boot must find on it, so that the rest of the
 * initramfs takes nothing from the host (kernel-command-line(7), dracut.cmdline(7)).
 */
#pragma once

#include <stdbool.h>

#include "core/error.h"

/* The words that latchkey-image writes and the agent requires, ending in NULL; root=/dev/mapper/
 * is not among them since it names the volume. */
extern const char *const lk_cmdline_required[];

/* Check the text of /proc/cmdline for the volume whose final mapping is `name`: every required
 * word present, none of them said again with another value, root= exactly the mapping. group: the
 * volume group that the root lies in: rd.lvm.vg= must name it and no other, in place of rd.lvm=0.
 * NULL: none. LK_CONFIG with LK_C_CMDLINE naming the word. Pure. */
enum lk_status lk_cmdline_check(const char *text, const char *name, const char *group,
				struct lk_error *err);
/* Is a word on the line, exactly? Pure. */
bool lk_cmdline_has(const char *text, const char *word);
