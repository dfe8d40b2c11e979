/* SPDX-License-Identifier: Apache-2.0 */
/* Locked memory: limits, guards, forks, dumps, and reading secrets from descriptors. */
#include "core/secret.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "tests/check.h"

/* Run in a child; returns its wait status. */
static int in_child(void (*run)(struct lk_secret *), struct lk_secret *s)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into an exit */
		run(s);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

/* Sanitizers replace mlock() by nothing: then even a page that is not there can be locked. */
static bool locks_are_real(void)
{
	return mlock((void *)4096, 1) != 0;
}

TEST(odd_sizes_are_refused)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_EQ(lk_secret_alloc(&s, 0, &err), LK_INTERNAL);
	CHECK_EQ(lk_secret_alloc(&s, LK_SECRET_MAX + 1u, &err), LK_INTERNAL);
	CHECK_EQ(lk_secret_alloc(&s, SIZE_MAX, &err), LK_INTERNAL);
	CHECK(!s.data);
	CHECK_OK(lk_secret_alloc(&s, 8, &err));
	CHECK_EQ(lk_secret_alloc(&s, 8, &err), LK_INTERNAL); /* would leak the first */
}

TEST(capacity_is_fixed)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_alloc(&s, 5, &err));
	CHECK_OK(lk_secret_append(&s, "abc", 3, &err));
	CHECK_EQ(lk_secret_append(&s, "def", 3, &err), LK_INTERNAL);
	CHECK_EQ(s.len, 3);
	CHECK_EQ(lk_secret_append(&s, "", SIZE_MAX, &err), LK_INTERNAL);
	CHECK_OK(lk_secret_append(&s, "de", 2, &err));
	CHECK_OK(lk_secret_append(&s, NULL, 0, &err));
	CHECK_MEM(s.data, "abcde", 5);
}

static void lock_without_allowance(struct lk_secret *unused)
{
	struct rlimit none = { 0, 0 };
	struct lk_error err = { 0 };
	struct lk_secret s = { 0 };
	char buf[512];

	(void)unused;
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || setuid(65534) != 0)
		_exit(2);
	if (lk_secret_alloc(&s, 100, &err) != LK_INTERNAL || s.data)
		_exit(3);
	if (!strstr(lk_error_format(&err, buf, sizeof(buf)), "lock memory"))
		_exit(4);
}

TEST(failing_lock_is_an_error)
{
	if (geteuid() == 0 && locks_are_real())
		CHECK_EQ(in_child(lock_without_allowance, NULL), 0);
}

static void run_over(struct lk_secret *s)
{
	*(volatile uint8_t *)(s->data + s->cap) = 1;
}

static void run_under(struct lk_secret *s)
{
	long page = sysconf(_SC_PAGESIZE);

	*(volatile uint8_t *)(s->data - page) = 1;
}

TEST(guards_fault)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_alloc(&s, 64, &err)); /* a multiple of 16 ends at the guard */
	CHECK(WIFSIGNALED(in_child(run_over, &s)));
	CHECK(WIFSIGNALED(in_child(run_under, &s)));
}

static void find_nothing(struct lk_secret *s)
{
	size_t i;

	for (i = 0; i < s->cap; i++) {
		if (s->data[i])
			_exit(1);
	}
	lk_secret_wipe(s);
	lk_secret_wipe(s);
}

TEST(children_see_zeros)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_from(&s, "passphrase", 10, &err));
	CHECK_EQ(in_child(find_nothing, &s), 0);
	CHECK_MEM(s.data, "passphrase", 10);
}

/* The kernel's flags of the mapping that holds an address: proc(5), smaps, VmFlags. */
static bool mapping_has(const void *p, const char *flag)
{
	unsigned long from, to, at = (unsigned long)p;
	LK_FILE FILE *f = fopen("/proc/self/smaps", "r");
	bool here = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = at >= from && at < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			return strstr(line, flag) != NULL;
	}
	return false;
}

TEST(pages_are_marked)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_alloc(&s, 5000, &err));
	CHECK(mapping_has(s.data, " dd"));
	CHECK(mapping_has(s.data, " wf"));
	CHECK(mapping_has(s.data + 4999, " dd"));
	if (locks_are_real())
		CHECK(mapping_has(s.data, " lo"));
}

TEST(nothing_stays_mapped)
{
	struct lk_error err = { 0 };
	struct lk_secret s = { 0 };
	uint8_t *data;

	CHECK_OK(lk_secret_from(&s, "gone", 4, &err));
	data = s.data;
	lk_secret_wipe(&s);
	CHECK(!s.data && !s.len && !s.cap);
	CHECK(!mapping_has(data, "rd"));
	lk_secret_wipe(&s);
}

TEST(all_sizes_work)
{
	size_t sizes[] = { 1, 15, 16, 17, 4079, 4080, 4095, 4096, 4097, 8192, 65537, LK_SECRET_MAX };
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		LK_SECRET s = { 0 };

		CHECK_OK(lk_secret_alloc(&s, sizes[i], &err));
		CHECK_EQ((uintptr_t)s.data % 16, 0);
		CHECK_EQ(s.data[sizes[i] - 1], 0);
		memset(s.data, 0xa5, sizes[i]);
	}
}

TEST(moving_leaves_nothing)
{
	struct lk_error err = { 0 };
	LK_SECRET a = { 0 };
	LK_SECRET b = { 0 };

	CHECK_OK(lk_secret_from(&a, "x\0y\n", 4, &err));
	b = lk_secret_take(&a);
	CHECK(!a.data && !a.len && !a.cap);
	CHECK_EQ(b.len, 4);
	CHECK_MEM(b.data, "x\0y\n", 4);
}

TEST(comparison_looks_at_all)
{
	struct lk_error err = { 0 };
	LK_SECRET a = { 0 };
	LK_SECRET b = { 0 };
	LK_SECRET c = { 0 };
	LK_SECRET none = { 0 };

	CHECK_OK(lk_secret_from(&a, "same", 4, &err));
	CHECK_OK(lk_secret_from(&b, "same", 4, &err));
	CHECK_OK(lk_secret_from(&c, "samE", 4, &err));
	CHECK(lk_secret_equal(&a, &b));
	CHECK(!lk_secret_equal(&a, &c));
	c.len = 3;
	CHECK(!lk_secret_equal(&a, &c));
	CHECK(!lk_secret_equal(&a, &none));
	CHECK(lk_secret_equal(&none, &none));
	CHECK(lk_equal_ct("", "x", 0));
}

TEST(empty_secrets_exist)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_OK(lk_secret_from(&s, NULL, 0, &err));
	CHECK_EQ(s.len, 0);
	CHECK(s.data);
}

TEST(wiping_wipes)
{
	uint8_t buf[5] = { 1, 2, 3, 4, 5 };

	lk_wipe(buf + 1, 3);
	CHECK_MEM(buf, "\1\0\0\0\5", 5);
	lk_wipe(NULL, 0);
}

static int pipe_with(const void *p, size_t n)
{
	int fds[2];

	if (pipe(fds) != 0)
		return -1;
	if (write(fds[1], p, n) != (ssize_t)n)
		return -1;
	close(fds[1]);
	return fds[0];
}

TEST(reading_refuses_empty_and_long)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };
	LK_FD int none = pipe_with("", 0);
	LK_FD int longer = pipe_with("123456", 6);

	CHECK_EQ(lk_secret_read_fd(&s, none, 5, &err), LK_CONFIG);
	CHECK_EQ(lk_secret_read_fd(&s, longer, 5, &err), LK_CONFIG);
	CHECK_EQ(lk_secret_read_fd(&s, -1, 5, &err), LK_CONFIG);
	CHECK(!s.data);
}

TEST(reading_keeps_every_byte)
{
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };
	LK_FD int fd = pipe_with("a\0b\n", 4);

	CHECK_OK(lk_secret_read_fd(&s, fd, 4, &err));
	CHECK_EQ(s.len, 4);
	CHECK_MEM(s.data, "a\0b\n", 4);
}

TEST(zeros_are_all_zeros)
{
	uint8_t bytes[65] = { 0 };

	CHECK(lk_all_zero_ct(bytes, sizeof(bytes)) && lk_all_zero_ct(bytes, 0));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 0x80;
		CHECK(!lk_all_zero_ct(bytes, sizeof(bytes)) && lk_all_zero_ct(bytes, i));
		bytes[i] = 0;
	}
}

TESTS(odd_sizes_are_refused, capacity_is_fixed, failing_lock_is_an_error, guards_fault,
      children_see_zeros, pages_are_marked, nothing_stays_mapped, all_sizes_work,
      moving_leaves_nothing, comparison_looks_at_all, zeros_are_all_zeros, empty_secrets_exist,
      wiping_wipes, reading_refuses_empty_and_long, reading_keeps_every_byte)
