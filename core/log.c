/* SPDX-License-Identifier: Apache-2.0 */
/* The only writer to stderr: one write per line, so that lines of several threads stay whole. */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static struct {
	const char *program;
	bool priorities;
	bool debug;
} setup = { .program = "latchkey" };

void lk_log_setup(const char *program, bool journal, bool debug)
{
	setup.program = program;
	setup.priorities = journal && !isatty(STDERR_FILENO);
	setup.debug = debug;
}

bool lk_log_debugging(void)
{
	return setup.debug;
}

/* A line may quote what a peer sent: nothing in it may start a second line or steer a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

static void write_all(const char *p, size_t n)
{
	ssize_t done;

	while (n) {
		done = write(STDERR_FILENO, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* there is nowhere left to complain */
		p += done;
		n -= (size_t)done;
	}
}

void lk_log(enum lk_level level, const char *fmt, ...)
{
	static const char *const priority[] = { "<3>", "<4>", "<6>", "<7>" };
	char line[LINE_MAX_BYTES];
	size_t at, end;
	va_list ap;

	if (level == LK_LOG_DEBUG && !setup.debug)
		return;
	(void)snprintf(line, sizeof(line) - 1, "%s%.64s: ", setup.priorities ? priority[level] : "",
		       setup.program);
	at = strlen(line);
	va_start(ap, fmt);
	(void)vsnprintf(line + at, sizeof(line) - 1 - at, fmt, ap);
	va_end(ap);
	make_printable(line);
	end = strlen(line);
	line[end] = '\n';
	write_all(line, end + 1);
}
