/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens what a key service would send, with a canary as the key, lets go of it, and then searches
 * every writable page of this process for the canary and for its base64 and hex forms.
 */
#include "tests/check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/jose.h"
#include "core/json.h"
#include "core/secret.h"

#define CANARY_SIZE 32

static struct lk_error err;

/* The canary never stands in this program's own memory as such: it is made by the child that
 * seals it, and searched for through its complement. */
static uint8_t complement[CANARY_SIZE];

static void make_complement(void)
{
	size_t i;

	CHECK_OK(lk_random(complement, sizeof(complement), &err));
	for (i = 0; i < sizeof(complement); i++)
		complement[i] |= 1; /* no NUL in either form */
}

static uint8_t canary_byte(size_t i)
{
	return complement[i] ^ 0xff;
}

static bool stands_at(const uint8_t *p)
{
	size_t i;

	for (i = 0; i < CANARY_SIZE / 2; i++)
		if (p[i] != canary_byte(i))
			return false;
	return true;
}

/* Search one mapping; the first half of the canary is enough. */
static unsigned search(const uint8_t *from, const uint8_t *to)
{
	unsigned found = 0;

	for (; from + CANARY_SIZE <= to; from++)
		found += stands_at(from);
	return found;
}

__attribute__((no_sanitize("address"))) static unsigned search_all(void)
{
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	const size_t chunk = 1 << 20;
	uint8_t *buf = mmap(NULL, chunk + CANARY_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned found = 0;
	char line[512];

	CHECK(mem >= 0 && maps && buf != MAP_FAILED);
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t at, end;
		char mode[5];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &at, &end, mode) != 3 ||
		    mode[1] != 'w' || (uintptr_t)buf - at < end - at)
			continue;
		/* The sanitizer's shadow is huge and holds no data. */
		for (; at < end && end - at < (uintptr_t)1 << 36; at += chunk) {
			size_t want =
				end - at < chunk + CANARY_SIZE ? end - at : chunk + CANARY_SIZE;
			ssize_t n = pread(mem, buf, want, (off_t)at);

			if (n > 0)
				found += search(buf, buf + n);
		}
	}
	close(mem);
	fclose(maps);
	munmap(buf, chunk + CANARY_SIZE);
	return found;
}

/* A child makes the canary and seals it, so that this process only ever sees the JWE. */
static size_t sealed_by_child(const struct lk_keypair *pair, char *out, size_t cap)
{
	int pipefd[2], status;
	ssize_t n;
	pid_t pid;

	CHECK(pipe(pipefd) == 0);
	pid = fork();
	if (pid == 0) {
		uint8_t canary[CANARY_SIZE];
		struct lk_public_key public;
		char *text = NULL;
		size_t len, i;

		for (i = 0; i < CANARY_SIZE; i++)
			canary[i] = canary_byte(i);
		if (lk_keypair_public(pair, &public, &err) ||
		    lk_jwe_seal(&public, canary, sizeof(canary), &text, &len, &err) ||
		    write(pipefd[1], text, len) != (ssize_t)len)
			_exit(1);
		_exit(0);
	}
	close(pipefd[1]);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	n = read(pipefd[0], out, cap);
	close(pipefd[0]);
	CHECK(n > 0);
	return (size_t)n;
}

TEST(set_up)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	make_complement();
}

TEST(the_search_finds_what_is_there)
{
	static uint8_t copy[CANARY_SIZE];
	size_t i;

	for (i = 0; i < CANARY_SIZE; i++)
		copy[i] = canary_byte(i);
	CHECK(search_all() > 0);
	lk_wipe(copy, sizeof(copy));
	CHECK_EQ(search_all(), 0);
}

TEST(an_opened_key_leaves_nothing_behind)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *pair = NULL;
	char text[4096];
	LK_SECRET key = { 0 };
	size_t len;

	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &pair, &err));
	len = sealed_by_child(pair, text, sizeof(text));
	CHECK_OK(lk_jwe_open(pair, text, len, &key, &err));
	CHECK_EQ(key.len, CANARY_SIZE);
	CHECK(stands_at(key.data));
	CHECK_EQ(search_all(), 1); /* in its one home */
	lk_secret_wipe(&key);
	CHECK_EQ(search_all(), 0);
}

TEST(a_move_is_not_a_copy)
{
	LK_SECRET a = { 0 };
	LK_SECRET b = { 0 };
	size_t i;

	CHECK_OK(lk_secret_alloc(&a, CANARY_SIZE, &err));
	for (i = 0; i < CANARY_SIZE; i++) {
		uint8_t byte = canary_byte(i);

		CHECK_OK(lk_secret_append(&a, &byte, 1, &err));
	}
	b = lk_secret_take(&a);
	CHECK_EQ(search_all(), 1);
	lk_secret_wipe(&b);
	CHECK_EQ(search_all(), 0);
}

TESTS(set_up, the_search_finds_what_is_there, an_opened_key_leaves_nothing_behind,
      a_move_is_not_a_copy)
