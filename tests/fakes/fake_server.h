/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, asking and ending tests/fakes/hostile_kbs.py from a unit test (after tests/check.h). */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

struct fake_server {
	pid_t pid;
	FILE *say, *hear;
	int port;
	char dir[64];
	char url[64];
};

static void fake_child(int in, int out, char *options)
{
	char *argv[16] = { (char[]){ "python3" }, (char[]){ "-B" },
			   (char[]){ LK_SOURCE_DIR "/tests/fakes/hostile_kbs.py" } };
	int n = 3;

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	for (char *word = strtok(options, " "); word && n < 15; word = strtok(NULL, " "))
		argv[n++] = word;
	execvp(argv[0], argv);
	_exit(127);
}

/* options: "auth=hang tls=good"; the folder for certificates is made here. */
static void fake_start(struct fake_server *f, const char *options)
{
	char words[256], line[64];
	int in[2], out[2];
	bool tls = strstr(options, "tls=") && !strstr(options, "tls=none") &&
		   !strstr(options, "tls=stall");

	*f = (struct fake_server){ 0 };
	snprintf(f->dir, sizeof(f->dir), "/tmp/lk-test-XXXXXX");
	CHECK(mkdtemp(f->dir));
	snprintf(words, sizeof(words), "dir=%s %s", f->dir, options);
	CHECK(!pipe(in) && !pipe(out));
	fflush(NULL);
	f->pid = fork();
	if (f->pid == 0) {
		close(in[1]);
		close(out[0]);
		fake_child(in[0], out[1], words);
	}
	close(in[0]);
	close(out[1]);
	f->say = fdopen(in[1], "w");
	f->hear = fdopen(out[0], "r");
	CHECK(f->say && f->hear);
	CHECK(fgets(line, sizeof(line), f->hear));
	CHECK_EQ(sscanf(line, "READY %d", &f->port), 1);
	snprintf(f->url, sizeof(f->url), "%s://%s:%d", tls ? "https" : "http",
		 tls ? "localhost" : "127.0.0.1", f->port);
}

static void fake_stop(struct fake_server *f)
{
	static const char *const files[] = { "ca.pem", "other.pem", "pin", "otherpin",
					     "server.pem" };
	char path[128];

	fclose(f->say);
	fclose(f->hear);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
		unlink(path);
	}
	rmdir(f->dir);
}

__attribute__((unused)) static long fake_count(struct fake_server *f, const char *what)
{
	char line[64];

	fprintf(f->say, "count %s\n", what);
	fflush(f->say);
	CHECK(fgets(line, sizeof(line), f->hear));
	return atol(line);
}

__attribute__((unused)) static void fake_set(struct fake_server *f, const char *mode)
{
	char line[64];

	fprintf(f->say, "set %s\n", mode);
	fflush(f->say);
	CHECK(fgets(line, sizeof(line), f->hear));
}

/* A file that the server wrote, in a buffer of its own until the next call. */
__attribute__((unused)) static char *fake_file(struct fake_server *f, const char *name)
{
	static char text[4][4096];
	static unsigned turn;
	char path[128], *buf = text[turn++ % 4];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	in = fopen(path, "r");
	CHECK(in);
	buf[fread(buf, 1, 4095, in)] = '\0';
	fclose(in);
	return buf;
}
