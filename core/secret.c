/* SPDX-License-Identifier: Apache-2.0 */
/* Locked memory: each secret has pages of its own between two guard pages, with its end against
 * the upper one, so that running over it faults at once. */
#include "core/secret.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"

#define ALIGNMENT 16u

void lk_wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

bool lk_all_zero_ct(const void *p, size_t n)
{
	const volatile uint8_t *x = p;
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= x[i];
	return any == 0;
}

bool lk_equal_ct(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;
	size_t i;

	for (i = 0; i < n; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* The guarded mapping behind a secret of this capacity. */
static size_t map_size(size_t cap)
{
	return round_up(cap, page_size()) + 2 * page_size();
}

/* Lock the pages and keep them out of core dumps and out of children. */
static const char *protect(void *pages, size_t n)
{
	if (mprotect(pages, n, PROT_READ | PROT_WRITE) != 0)
		return "make memory for a secret usable";
	if (mlock(pages, n) != 0)
		return "lock memory for a secret (is the limit on locked memory too low?)";
	if (madvise(pages, n, MADV_DONTDUMP) != 0)
		return "keep a secret out of core dumps";
	if (madvise(pages, n, MADV_WIPEONFORK) != 0)
		return "keep a secret out of child processes";
	return NULL;
}

enum lk_status lk_secret_alloc(struct lk_secret *s, size_t cap, struct lk_error *err)
{
	size_t page = page_size(), n = round_up(cap, page);
	const char *what;
	uint8_t *map;
	int saved;

	if (s->data)
		return lk_raise(err, LK_INTERNAL, "reserve a secret where one still lives");
	if (cap == 0 || cap > LK_SECRET_MAX)
		return lk_raise(err, LK_INTERNAL, "reserve a secret of %zu bytes", cap);
	map = mmap(NULL, map_size(cap), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return lk_raise(err, LK_INTERNAL, "reserve memory for a secret: %s",
				strerror(errno));
	what = protect(map + page, n);
	if (what) {
		saved = errno;
		(void)munmap(map, map_size(cap));
		return lk_raise(err, LK_INTERNAL, "%s: %s", what, strerror(saved));
	}
	s->data = map + page + n - round_up(cap, ALIGNMENT);
	s->len = 0;
	s->cap = cap;
	return LK_OK;
}

enum lk_status lk_secret_append(struct lk_secret *s, const void *p, size_t n, struct lk_error *err)
{
	if (n > s->cap - s->len)
		return lk_raise(err, LK_INTERNAL, "add %zu bytes to a secret with room for %zu", n,
				s->cap - s->len);
	if (n)
		memcpy(s->data + s->len, p, n);
	s->len += n;
	return LK_OK;
}

enum lk_status lk_secret_from(struct lk_secret *s, const void *p, size_t n, struct lk_error *err)
{
	enum lk_status st;

	st = lk_secret_alloc(s, n ? n : 1, err);
	if (st)
		return st;
	return lk_secret_append(s, p, n, err);
}

bool lk_secret_equal(const struct lk_secret *a, const struct lk_secret *b)
{
	return a->len == b->len && lk_equal_ct(a->data, b->data, a->len);
}

struct lk_secret lk_secret_take(struct lk_secret *s)
{
	struct lk_secret taken = *s;

	*s = (struct lk_secret){ 0 };
	return taken;
}

void lk_secret_wipe(struct lk_secret *s)
{
	size_t page = page_size(), n;
	uint8_t *pages;

	if (s->data) {
		n = round_up(s->cap, page);
		/* the pages end where the capacity, rounded up, ends */
		pages = s->data + round_up(s->cap, ALIGNMENT) - n;
		lk_wipe(pages, n);
		(void)munmap(pages - page, map_size(s->cap));
	}
	*s = (struct lk_secret){ 0 };
}

/* Is there another byte to read? It may be part of a secret that is too long. */
static bool more_to_read(int fd)
{
	uint8_t byte;
	ssize_t n;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	lk_wipe(&byte, 1);
	return n != 0;
}

enum lk_status lk_secret_read_fd(struct lk_secret *s, int fd, size_t max, struct lk_error *err)
{
	LK_SECRET read_in = { 0 };
	enum lk_status st;
	ssize_t n;

	st = lk_secret_alloc(&read_in, max, err);
	if (st)
		return st;
	while (read_in.len < read_in.cap) {
		n = read(fd, read_in.data + read_in.len, read_in.cap - read_in.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return lk_raise(err, LK_CONFIG, "read a secret: %s", strerror(errno));
		if (n == 0)
			break;
		read_in.len += (size_t)n;
	}
	if (read_in.len == 0)
		return lk_raise(err, LK_CONFIG, "the secret to read is empty");
	if (read_in.len == max && more_to_read(fd))
		return lk_raise(err, LK_CONFIG, "the secret to read is longer than %zu bytes", max);
	*s = lk_secret_take(&read_in);
	return LK_OK;
}
