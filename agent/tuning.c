/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses how dm-crypt works through a volume: facts of the machine, and the rule over them. */
#include "agent/tuning.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digits.h"

/* The oldest long-term kernel whose bypass allocates safely in interrupt context. */
#define KERNEL_MAJOR 5
#define KERNEL_MINOR 15
/* One processor's paragraph: all of them say the same. */
#define CPUINFO_MAX 8192

bool lk_tuning_release(const char *release, unsigned *ret_major, unsigned *ret_minor)
{
	uint64_t major, minor;
	char text[8] = "";
	const char *at = text;

	if (!lk_digits_read(&release, '.', &major) || major > UINT16_MAX)
		return false;
	memcpy(text, release, strnlen(release, sizeof(text) - 1));
	text[strspn(text, "0123456789")] = '\0';
	if (!lk_digits_read(&at, '\0', &minor) || minor > UINT16_MAX)
		return false;
	*ret_major = (unsigned)major;
	*ret_minor = (unsigned)minor;
	return true;
}

bool lk_tuning_cpu_has(const char *cpuinfo, const char *word)
{
	const size_t len = strlen(word);
	const char *line = strstr(cpuinfo, "\nflags");
	size_t n;

	if (!line)
		line = strstr(cpuinfo, "\nFeatures");
	if (!line)
		return false;
	for (line += strcspn(line, ":\0"); *line && *line != '\n'; line += n) {
		line += strspn(line, ": \t");
		n = strcspn(line, " \t\n");
		if (n == len && memcmp(line, word, n) == 0)
			return true;
	}
	return false;
}

/* The start of a file of /proc or /sys as text; empty if there is none. */
static void read_start(const char *path, char *buf, size_t size)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	size_t got = 0;

	while (fd >= 0 && got < size - 1 && (n = read(fd, buf + got, size - 1 - got)) > 0)
		got += (size_t)n;
	buf[got] = '\0';
}

/* A partition's queue is its disk's, one folder up. */
static bool is_rotational(dev_t device)
{
	static const char *const places[] = { "queue", "../queue" };
	char path[96], text[8];
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/rotational", major(device),
			 minor(device), places[i]);
		read_start(path, text, sizeof(text));
		if (*text)
			return *text != '0';
	}
	return true;
}

struct lk_tuning_facts lk_tuning_facts_here(dev_t device)
{
	struct lk_tuning_facts facts = { .rotational = is_rotational(device) };
	struct utsname kernel;
	char text[CPUINFO_MAX + 1] = "\n";

	if (uname(&kernel) != 0 ||
	    !lk_tuning_release(kernel.release, &facts.kernel_major, &facts.kernel_minor))
		facts.kernel_major = facts.kernel_minor = 0;
	read_start("/proc/cpuinfo", text + 1, CPUINFO_MAX);
	facts.cpu_aes = lk_tuning_cpu_has(text, "aes");
	facts.guest = lk_tuning_cpu_has(text, "hypervisor");
	return facts;
}

struct lk_tuning lk_tuning_choose(enum lk_workqueues wanted, const struct lk_tuning_facts *facts)
{
	if (wanted == LK_WORKQUEUES_ON)
		return (struct lk_tuning){ false, "as configured" };
	if (wanted == LK_WORKQUEUES_OFF)
		return (struct lk_tuning){ true, "as configured" };
	if (facts->kernel_major < KERNEL_MAJOR ||
	    (facts->kernel_major == KERNEL_MAJOR && facts->kernel_minor < KERNEL_MINOR))
		return (struct lk_tuning){ false, "work queues: the kernel is older than 5.15" };
	if (!facts->cpu_aes)
		return (struct lk_tuning){ false, "work queues: no AES instructions" };
	if (facts->guest)
		return (struct lk_tuning){ true, "no work queues: AES instructions, a guest" };
	if (facts->rotational)
		return (struct lk_tuning){ false, "work queues: they sort writes to a disk that "
						  "seeks" };
	return (struct lk_tuning){ true, "no work queues: AES instructions, no seeks" };
}

const char *lk_tuning_describe(uint32_t sector_size, bool discards, bool bypass,
			       char buf[LK_TUNING_TEXT])
{
	char sectors[32] = "";

	if (sector_size != 512)
		snprintf(sectors, sizeof(sectors), " sector_size:%u", (unsigned)sector_size);
	snprintf(buf, LK_TUNING_TEXT, "%s%s%s", sectors, discards ? " allow_discards" : "",
		 bypass ? " no_read_workqueue no_write_workqueue" : "");
	if (!*buf)
		return strcpy(buf, "none");
	memmove(buf, buf + 1, strlen(buf));
	return buf;
}
