/* SPDX-License-Identifier: Apache-2.0 */
/* agent/ask_password.c against an agent that follows the protocol, and some that do not. */
#include "agent/ask_password.h"

#include <dirent.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"
#include "tests/check.h"

static struct lk_error err;
static char base[] = "/tmp/test_ask.XXXXXX";
static char dir[64];

/* The question's text, once it is there whole; false when none comes. */
static bool wait_question(char *text, size_t size)
{
	for (unsigned i = 0; i < 500; i++) {
		DIR *d = opendir(dir);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			char path[512];
			FILE *f;
			size_t n;

			if (strncmp(e->d_name, "ask.", 4) != 0)
				continue;
			snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
			f = fopen(path, "re");
			n = fread(text, 1, size - 1, f);
			text[n] = '\0';
			fclose(f);
			closedir(d);
			return true;
		}
		if (d)
			closedir(d);
		poll(NULL, 0, 10);
	}
	return false;
}

static void send_to(const char *question, const void *answer, size_t n)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *at = strstr(question, "\nSocket=") + 8;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, at, strcspn(at, "\n"));
	(void)!sendto(fd, answer, n, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

/* An agent: answers each question with these, one after the other. */
static pid_t agent(const char *const *answers)
{
	pid_t pid = fork();

	if (pid == 0) {
		char question[1024];

		if (!wait_question(question, sizeof(question)))
			_exit(1);
		if (!strstr(question, "[Ask]\n") || !strstr(question, "\nMessage=Say it:\n") ||
		    !strstr(question, "\nId=latchkey:root\n") || !strstr(question, "\nEcho=0\n") ||
		    !strstr(question, "\nPID=") || !strstr(question, "\nNotAfter="))
			_exit(2);
		for (; *answers; answers++)
			send_to(question, *answers, strlen(*answers) + (**answers == '+'));
		_exit(0);
	}
	return pid;
}

static enum lk_status ask(const char *const *answers, int64_t ms, struct lk_secret *ret)
{
	pid_t pid = answers ? agent(answers) : 0;
	enum lk_status st =
		lk_ask_password(dir, "latchkey:root", "Say it:", lk_deadline_in(ms), ret, &err);
	int status = 0;

	if (pid)
		CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK(rmdir(dir) == 0); /* nothing is left in it */
	return st;
}

TEST(setup)
{
	CHECK_OK(lk_crypto_setup(&err));
	CHECK(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/ask-password", base);
}

TEST(an_answer_arrives)
{
	static const char *const answers[] = { "+correct horse", NULL };
	LK_SECRET got = { 0 };

	CHECK_OK(ask(answers, 20000, &got));
	CHECK_EQ(got.len, strlen("correct horse"));
	CHECK_MEM(got.data, "correct horse", got.len);
	CHECK_EQ(got.cap, LK_ASK_PASSWORD_MAX); /* room for another spelling */
}

TEST(what_is_no_answer_is_passed_over)
{
	static const char *const answers[] = { "", "hello", "+", "x+y", "+yes", NULL };
	LK_SECRET got = { 0 };

	CHECK_OK(ask(answers, 20000, &got));
	CHECK_EQ(got.len, 3);
}

TEST(an_overlong_answer_is_passed_over)
{
	char longest[4096];
	const char *answers[] = { longest, "+yes", NULL };
	LK_SECRET got = { 0 };

	memset(longest, 'a', sizeof(longest));
	longest[0] = '+';
	longest[sizeof(longest) - 1] = '\0';
	CHECK_OK(ask(answers, 20000, &got));
	CHECK_EQ(got.len, 3);
}

TEST(a_question_may_be_dismissed)
{
	static const char *const answers[] = { "-", NULL };
	LK_SECRET got = { 0 };

	CHECK_EQ(ask(answers, 20000, &got), LK_DENIED);
	CHECK_EQ(got.len, 0);
}

TEST(nobody_answers)
{
	LK_SECRET got = { 0 };

	CHECK_EQ(ask(NULL, 50, &got), LK_TIMEOUT);
}

TEST(cleanup)
{
	CHECK_EQ(rmdir(base), 0);
}

TESTS(setup, an_answer_arrives, what_is_no_answer_is_passed_over, an_overlong_answer_is_passed_over,
      a_question_may_be_dismissed, nobody_answers, cleanup)
