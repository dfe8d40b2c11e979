/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, HMAC and HKDF against published vectors; random bytes that no fork repeats. */
#include "core/crypto.h"

#include <psa/crypto.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/bytes.h"

/* FIPS 180-4 examples; and SHA-384 of a canonical document as a key broker sees it */
TEST(hash_vectors)
{
	static const struct {
		enum lk_hash alg;
		const char *in, *out;
	} v[] = {
		{ LK_SHA256, "",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ LK_SHA256, "abc",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ LK_SHA384, "abc",
		  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		  "8086072ba1e7cc2358baeca134c825a7" },
		{ LK_SHA512, "abc",
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
		{ LK_SHA384, "{\"a\":\"test\",\"b\":1,\"c\":{\"d\":\"e\"}}",
		  "e71ce8e70d814ba6639c3612ebee0ff1f76f650f8dbb5e47157e0f3f525cd22c"
		  "4597480a186427c813ca941da78870c3" },
	};
	struct lk_error err = { 0 };
	uint8_t out[LK_HASH_MAX];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		CHECK_OK(lk_hash(v[i].alg, v[i].in, strlen(v[i].in), out, &err));
		CHECK_HEX(out, lk_hash_size(v[i].alg), v[i].out);
	}
}

TEST(hashing_in_pieces_is_the_same)
{
	LK_CLEANUP(lk_hasher_free_p) struct lk_hasher *h = NULL;
	uint8_t whole[LK_HASH_MAX], pieces[LK_HASH_MAX], data[1000];
	struct lk_error err = { 0 };
	size_t i;

	memset(data, 0x5a, sizeof(data));
	CHECK_OK(lk_hash(LK_SHA512, data, sizeof(data), whole, &err));
	CHECK_OK(lk_hasher_new(LK_SHA512, &h, &err));
	for (i = 0; i < sizeof(data); i += 125)
		CHECK_OK(lk_hasher_add(h, data + i, 125, &err));
	CHECK_OK(lk_hasher_add(h, NULL, 0, &err));
	CHECK_OK(lk_hasher_end(h, pieces, &err));
	CHECK_MEM(whole, pieces, 64);
	lk_hasher_free(NULL);
}

/* RFC 4231, test cases 2 and 6 */
TEST(hmac_vectors)
{
	static const char text6[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	struct lk_error err = { 0 };
	uint8_t out[32], key6[131];

	CHECK_OK(lk_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out, &err));
	CHECK_HEX(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key6, 0xaa, sizeof(key6));
	CHECK_OK(lk_hmac_sha256(key6, sizeof(key6), text6, sizeof(text6) - 1, out, &err));
	CHECK_HEX(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, test case 3: no salt, no info */
TEST(hkdf_vector)
{
	LK_SECRET key = secret_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	struct lk_error err = { 0 };
	uint8_t out[42], other[42];

	CHECK_OK(lk_hkdf_sha256(&key, "", out, sizeof(out), &err));
	CHECK_HEX(out, 42,
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		  "9d201395faa4b61a96c8");
	CHECK_OK(lk_hkdf_sha256(&key, "latchkey", other, sizeof(other), &err));
	CHECK(memcmp(out, other, sizeof(out)) != 0);
	CHECK_EQ(lk_hkdf_sha256(&key, "", NULL, (size_t)255 * 32 + 1, &err), LK_INTERNAL);
}

TEST(random_bytes_differ)
{
	static uint8_t a[4096], b[4096];
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };

	CHECK_OK(lk_random(a, sizeof(a), &err));
	CHECK_OK(lk_random(b, sizeof(b), &err));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	CHECK(memcmp(a, a + 2048, 2048) != 0);
	CHECK_OK(lk_random(NULL, 0, &err));
	CHECK_OK(lk_random_secret(&s, 32, &err));
	CHECK_EQ(s.len, 32);
	CHECK(memcmp(s.data, a, 32) != 0);
}

/* What a child draws from PSA, as TLS 1.3 would. A fork copies the generator's state; mbedTLS from
 * 3.6.6 on notices, an older one would have all children make the same ephemeral keys. */
static void draw_in_child(uint8_t out[32])
{
	int fds[2], status;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		uint8_t mine[32];

		if (psa_generate_random(mine, sizeof(mine)) != PSA_SUCCESS)
			_exit(1);
		_exit(write(fds[1], mine, sizeof(mine)) == (ssize_t)sizeof(mine) ? 0 : 1);
	}
	close(fds[1]);
	CHECK_EQ(read(fds[0], out, 32), 32);
	close(fds[0]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(children_do_not_repeat_each_other)
{
	uint8_t one[32], two[32], own[32];
	struct lk_error err = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_crypto_setup(&err));
	draw_in_child(one);
	draw_in_child(two);
	CHECK_EQ(psa_generate_random(own, sizeof(own)), PSA_SUCCESS);
	CHECK(memcmp(one, two, 32) != 0);
	CHECK(memcmp(one, own, 32) != 0);
}

TESTS(hash_vectors, hashing_in_pieces_is_the_same, hmac_vectors, hkdf_vector, random_bytes_differ,
      children_do_not_repeat_each_other)
