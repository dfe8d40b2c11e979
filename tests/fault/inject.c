/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the n-th allocation of a scenario fail: the linker sends the calls of our objects and of
 * the static libraries here (-Wl,--wrap). */
#include "tests/fault/inject.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static unsigned long countdown; /* 0: disarmed */
static bool fired;

void inject_arm(unsigned long nth)
{
	countdown = nth;
	fired = false;
}

bool inject_disarm(void)
{
	countdown = 0;
	return fired;
}

static bool due(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	fired = true;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off);
int __real_mlock(const void *p, size_t n);
FILE *__real_open_memstream(char **text, size_t *n);
int __real_vasprintf(char **ret, const char *fmt, va_list ap);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off);
int __wrap_mlock(const void *p, size_t n);
FILE *__wrap_open_memstream(char **text, size_t *n);
int __wrap_vasprintf(char **ret, const char *fmt, va_list ap);
int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t n)
{
	return due() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return due() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return due() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return due() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return due() ? NULL : __real_strndup(s, n);
}

void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	return due() ? MAP_FAILED : __real_mmap(at, n, prot, flags, fd, off);
}

int __wrap_mlock(const void *p, size_t n)
{
	return due() ? -1 : __real_mlock(p, n);
}

FILE *__wrap_open_memstream(char **text, size_t *n)
{
	return due() ? NULL : __real_open_memstream(text, n);
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list ap)
{
	return due() ? -1 : __real_vasprintf(ret, fmt, ap);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (due())
		return -1;
	va_start(ap, fmt);
	n = __real_vasprintf(ret, fmt, ap);
	va_end(ap);
	return n;
}
