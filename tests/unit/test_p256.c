/* SPDX-License-Identifier: Apache-2.0 */
/* latchkeyd's P-256 against mbedTLS': each takes what the other made. */
#include "keyserver/p256.h"

#include "core/crypto.h"
#include "tests/check.h"

static struct lk_error err;

static struct lk_keypair *generate(void)
{
	struct lk_keypair *k = NULL;

	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &k, &err));
	return k;
}

static struct lk_public_key public_of(const struct lk_keypair *k)
{
	struct lk_public_key pub;

	CHECK_OK(lk_keypair_public(k, &pub, &err));
	return pub;
}

/* The same private number under whichever of the two is in use. */
static struct lk_keypair *again(const struct lk_keypair *k)
{
	struct lk_keypair *same = NULL;
	LK_SECRET d = { 0 };

	CHECK_OK(lk_keypair_scalar(k, &d, &err));
	CHECK_OK(lk_keypair_from_scalar(LK_KEY_P256, d.data, d.len, &same, &err));
	return same;
}

TEST(public_keys_are_the_same)
{
	for (int i = 0; i < 20; i++) {
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *ours = NULL;
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *theirs = NULL;
		struct lk_public_key a, b;

		lk_p256_setup();
		ours = generate();
		lk_crypto_use_p256(NULL);
		theirs = again(ours);
		a = public_of(ours);
		b = public_of(theirs);
		CHECK(memcmp(a.x, b.x, 32) == 0 && memcmp(a.y, b.y, 32) == 0);
	}
}

TEST(shared_secrets_are_the_same)
{
	for (int i = 0; i < 20; i++) {
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *a = generate();
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *b = generate();
		const struct lk_public_key a_pub = public_of(a), b_pub = public_of(b);
		LK_SECRET ours = { 0 };
		LK_SECRET theirs = { 0 };

		lk_p256_setup();
		CHECK_OK(lk_ecdh(a, &b_pub, &ours, &err));
		lk_crypto_use_p256(NULL);
		CHECK_OK(lk_ecdh(b, &a_pub, &theirs, &err));
		CHECK(lk_secret_equal(&ours, &theirs));
	}
}

TEST(signatures_are_good_for_the_other)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = generate();
	const struct lk_public_key pub = public_of(k);
	uint8_t sig[132], before[64] = { 0 };
	size_t n;

	for (int i = 0; i < 40; i++) {
		if (i % 2)
			lk_p256_setup();
		else
			lk_crypto_use_p256(NULL);
		CHECK_OK(lk_ecdsa_sign(k, "latchkey", 8, sig, &n, &err));
		CHECK_EQ(n, 64);
		CHECK(memcmp(sig, before, 32) != 0); /* a fresh number for each */
		memcpy(before, sig, 64);
		if (i % 2)
			lk_crypto_use_p256(NULL);
		else
			lk_p256_setup();
		CHECK_OK(lk_ecdsa_verify(&pub, "latchkey", 8, sig, n, &err));
		CHECK_EQ(lk_ecdsa_verify(&pub, "latchkez", 8, sig, n, &err), LK_TAMPERED);
	}
	lk_crypto_use_p256(NULL);
}

TESTS(public_keys_are_the_same, shared_secrets_are_the_same, signatures_are_good_for_the_other)
