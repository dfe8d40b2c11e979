/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens what a key service would send, with a canary as the key, lets go of it, and then searches
 * every writable page of this process for it.
 */
#include "tests/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/jose.h"
#include "core/json.h"
#include "core/secret.h"
#include "tests/fakes/memory_search.h"

#define CANARY_SIZE 32

static struct lk_error err;

/* The canary never stands in this program's own memory as such: a child makes and seals it. The
 * first half of it is searched for. */
static struct needle canary = { .len = CANARY_SIZE / 2 };

static uint8_t canary_byte(size_t i)
{
	return canary.complement[i] ^ 0xff;
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
		uint8_t bytes[CANARY_SIZE];
		struct lk_public_key public;
		char *text = NULL;
		size_t len, i;

		for (i = 0; i < CANARY_SIZE; i++)
			bytes[i] = canary_byte(i);
		if (lk_keypair_public(pair, &public, &err) ||
		    lk_jwe_seal(&public, bytes, sizeof(bytes), &text, &len, &err) ||
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
	CHECK_OK(lk_random(canary.complement, CANARY_SIZE, &err));
}

TEST(the_search_finds_what_is_there)
{
	static uint8_t copy[CANARY_SIZE];
	size_t i;

	for (i = 0; i < CANARY_SIZE; i++)
		copy[i] = canary_byte(i);
	CHECK(search_memory(&canary) > 0);
	lk_wipe(copy, sizeof(copy));
	CHECK_EQ(search_memory(&canary), 0);
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
	CHECK(stands_at(&canary, key.data));
	CHECK_EQ(search_memory(&canary), 1); /* in its one home */
	lk_secret_wipe(&key);
	CHECK_EQ(search_memory(&canary), 0);
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
	CHECK_EQ(search_memory(&canary), 1);
	lk_secret_wipe(&b);
	CHECK_EQ(search_memory(&canary), 0);
}

TESTS(set_up, the_search_finds_what_is_there, an_opened_key_leaves_nothing_behind,
      a_move_is_not_a_copy)
