/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How dm-crypt works through a volume, by one stated rule. What makes blocks fast is mostly decided
 * when a volume is formatted (4096-byte sectors: one cipher call where 512 need eight); what is left
 * for opening is whether each block takes the detour through dm-crypt's work queues.
 *
 * The detour parts the cipher's work from whoever reads and writes, and sorts writes for disks that
 * seek. Where the processor has AES instructions, encrypting costs less than handing the block over
 * twice. Source: Documentation/admin-guide/device-mapper/dm-crypt.rst (no_read_workqueue,
 * no_write_workqueue, both since Linux 5.9).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

enum lk_workqueues { LK_WORKQUEUES_AUTO, LK_WORKQUEUES_ON, LK_WORKQUEUES_OFF };

/* What the rule looks at. */
struct lk_tuning_facts {
	unsigned kernel_major, kernel_minor;
	bool cpu_aes;	 /* the processor has AES instructions */
	bool guest;	 /* a virtual machine: its disks' rotation is made up by the host */
	bool rotational; /* the disk below says that it seeks */
};

struct lk_tuning {
	bool bypass;	 /* no_read_workqueue and no_write_workqueue */
	const char *why; /* one phrase */
};

/* Of this machine and one of its block devices, a whole disk or a partition. What cannot be read
 * counts against the bypass. */
struct lk_tuning_facts lk_tuning_facts_here(dev_t device);
/* Pure: the bypass wants a kernel of 5.15 or newer, AES instructions, and a disk that does not seek
 * or a virtual machine; ON and OFF are the operator's word. */
struct lk_tuning lk_tuning_choose(enum lk_workqueues wanted, const struct lk_tuning_facts *facts);

/* Pure: is `word` among the blank-separated words of the first line of /proc/cpuinfo text that
 * begins with "flags" or "Features"? */
bool lk_tuning_cpu_has(const char *cpuinfo, const char *word);
/* Pure: "6.1.0-28-cloud-amd64"; false if it does not begin with two numbers. */
bool lk_tuning_release(const char *release, unsigned *ret_major, unsigned *ret_minor);

#define LK_TUNING_TEXT 96
/* Pure: the options of a dm-crypt mapping as its table spells them, "none" without any. */
const char *lk_tuning_describe(uint32_t sector_size, bool discards, bool bypass,
			       char buf[LK_TUNING_TEXT]);
