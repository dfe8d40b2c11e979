/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole test framework. A test file has TEST(name) functions and ends with
 *
 *	TESTS(first, second, ...)
 *
 * Each test prints "ok" or "not ok" (TAP); a failed CHECK says where and with what, and ends
 * that test, not the program.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf check_escape;

__attribute__((format(printf, 3, 4), noreturn, unused)) static void
check_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	longjmp(check_escape, 1);
}

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			check_fail(__FILE__, __LINE__, "not true: %s", #cond);                     \
	} while (0)

#define CHECK_EQ(a, b)                                                                             \
	do {                                                                                       \
		long long a_ = (long long)(a), b_ = (long long)(b);                                \
		if (a_ != b_)                                                                      \
			check_fail(__FILE__, __LINE__, "%s is %lld, %s is %lld", #a, a_, #b, b_);  \
	} while (0)

#define CHECK_STR(a, b)                                                                            \
	do {                                                                                       \
		const char *a_ = (a), *b_ = (b);                                                   \
		if (!a_ || !b_ || strcmp(a_, b_) != 0)                                             \
			check_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #a,             \
				   a_ ? a_ : "(null)", b_ ? b_ : "(null)");                        \
	} while (0)

#define CHECK_HAS(text, part)                                                                      \
	do {                                                                                       \
		const char *t_ = (text), *p_ = (part);                                             \
		if (!strstr(t_, p_))                                                               \
			check_fail(__FILE__, __LINE__, "no \"%s\" in \"%s\"", p_, t_);             \
	} while (0)

#define CHECK_MEM(a, b, n)                                                                         \
	do {                                                                                       \
		if (memcmp((a), (b), (n)) != 0)                                                    \
			check_fail(__FILE__, __LINE__, "%s and %s differ", #a, #b);                \
	} while (0)

/* An lk_status that must be LK_OK; prints the error chain (needs core/error.h and a local err). */
#define CHECK_OK(call)                                                                             \
	do {                                                                                       \
		if ((call) != LK_OK) {                                                             \
			char buf_[2048];                                                           \
			check_fail(__FILE__, __LINE__, "%s: %s", #call,                            \
				   lk_error_format(&err, buf_, sizeof(buf_)));                     \
		}                                                                                  \
	} while (0)

#define TEST(name) static void name(void)
#define TESTS(...)                                                                                 \
	int main(void)                                                                             \
	{                                                                                          \
		void (*const run[])(void) = { __VA_ARGS__ };                                       \
		static const char names[] = #__VA_ARGS__;                                          \
		return check_main(run, sizeof(run) / sizeof(run[0]), names);                       \
	}

__attribute__((unused)) static int check_main(void (*const *run)(void), size_t n, const char *names)
{
	volatile unsigned failed = 0;
	volatile size_t i;
	const char *volatile name = names;

	setvbuf(stdout, NULL, _IOLBF, 0); /* nothing is lost, or said twice by a forked child */
	printf("1..%zu\n", n);
	for (i = 0; i < n; i++) {
		volatile int bad = 1;

		if (!setjmp(check_escape)) {
			run[i]();
			bad = 0;
		}
		failed += bad ? 1 : 0;
		printf("%s %zu - %.*s\n", bad ? "not ok" : "ok", i + 1,
		       (int)strcspn(name, ", \t\n"), name);
		name += strcspn(name, ", \t\n");
		name += strspn(name, ", \t\n");
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
