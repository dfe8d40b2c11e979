/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and talks to tests/fakes/aliyun_cloud.py (after tests/check.h). */
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct cloud {
	pid_t pid;
	FILE *say, *hear;
	int imds, instance, gateway, sts; /* ports */
	char dir[64];
};

/* Where the metadata service is: linked in place of keymanager/aliyun_imds_base.c. A test that
 * includes the client's header, where it is constant, defines CLOUD_WITHOUT_IMDS. */
#ifndef CLOUD_WITHOUT_IMDS
char lk_aliyun_imds_base[64];
#endif

__attribute__((noreturn)) static void cloud_child(int in, int out, const char *dir, char *option)
{
	char folder[80];
	char *argv[] = { (char[]){ "python3" },
			 (char[]){ "-B" },
			 (char[]){ LK_SOURCE_DIR "/tests/fakes/aliyun_cloud.py" },
			 folder,
			 option,
			 NULL };

	snprintf(folder, sizeof(folder), "dir=%s", dir);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

/* option: one word, "gateway=denied", or NULL. */
static void cloud_start(struct cloud *c, const char *option)
{
	char line[128], word[64];
	int in[2], out[2];

	*c = (struct cloud){ 0 };
	snprintf(word, sizeof(word), "%s", option ? option : "clock=0");
	snprintf(c->dir, sizeof(c->dir), "/tmp/lk-test-XXXXXX");
	CHECK(mkdtemp(c->dir));
	CHECK(!pipe(in) && !pipe(out));
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0) {
		close(in[1]);
		close(out[0]);
		cloud_child(in[0], out[1], c->dir, word);
	}
	close(in[0]);
	close(out[1]);
	c->say = fdopen(in[1], "w");
	c->hear = fdopen(out[0], "r");
	CHECK(c->say && c->hear && fgets(line, sizeof(line), c->hear));
	CHECK_EQ(sscanf(line, "READY %d %d %d %d", &c->imds, &c->instance, &c->gateway, &c->sts),
		 4);
#ifndef CLOUD_WITHOUT_IMDS
	snprintf(lk_aliyun_imds_base, sizeof(lk_aliyun_imds_base), "http://127.0.0.1:%d", c->imds);
#endif
}

static void cloud_stop(struct cloud *c)
{
	char command[128];

	fclose(c->say);
	fclose(c->hear);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", c->dir);
	CHECK_EQ(system(command), 0);
}

/* One line and its answer, in a buffer until the next call. */
static const char *cloud_say(struct cloud *c, const char *line)
{
	static char answer[512];

	fprintf(c->say, "%s\n", line);
	fflush(c->say);
	CHECK(fgets(answer, sizeof(answer), c->hear));
	answer[strcspn(answer, "\n")] = '\0';
	return answer;
}

/* A file that the cloud wrote; malloc'ed. */
__attribute__((unused)) static char *cloud_file(const struct cloud *c, const char *name)
{
	char path[128], *text = calloc(1, 8192);
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	in = fopen(path, "r");
	CHECK(in && text && fread(text, 1, 8191, in) > 0);
	fclose(in);
	return text;
}
