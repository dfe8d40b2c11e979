/* SPDX-License-Identifier: Apache-2.0 */
/* Searching this process' own writable memory for bytes that must be gone (after
 * tests/check.h). The needle is kept as its complement, so that it is not found in itself. */
#pragma once

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEARCH_CHUNK ((size_t)1 << 20)

struct needle {
	uint8_t complement[64];
	size_t len;
};

static bool stands_at(const struct needle *x, const uint8_t *p)
{
	size_t i;

	for (i = 0; i < x->len; i++)
		if ((p[i] ^ x->complement[i]) != 0xff)
			return false;
	return true;
}

static unsigned search_block(const struct needle *x, const uint8_t *p, size_t n)
{
	const uint8_t *end = n < x->len ? p : p + n - x->len + 1;
	unsigned found = 0;

	while (p < end && (p = memchr(p, x->complement[0] ^ 0xff, (size_t)(end - p)))) {
		found += stands_at(x, p);
		p++;
	}
	return found;
}

/* How often the needle stands in writable memory; the sanitizer's huge shadow is passed over. */
static unsigned search_memory(const struct needle *x)
{
	/* a mapping of its own, which is passed over */
	uint8_t *buf = mmap(NULL, SEARCH_CHUNK + 64, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned found = 0;
	char line[512];

	CHECK(maps && mem >= 0 && buf != MAP_FAILED);
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t at, end;
		char mode[5];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &at, &end, mode) != 3 ||
		    mode[1] != 'w' || (uintptr_t)buf - at < end - at)
			continue;
		for (; at < end && end - at < (uintptr_t)1 << 36; at += SEARCH_CHUNK) {
			const size_t most = SEARCH_CHUNK + x->len;
			ssize_t n = pread(mem, buf, end - at < most ? end - at : most, (off_t)at);

			found += n > 0 ? search_block(x, buf, (size_t)n) : 0;
		}
	}
	munmap(buf, SEARCH_CHUNK + 64);
	fclose(maps);
	close(mem);
	return found;
}
