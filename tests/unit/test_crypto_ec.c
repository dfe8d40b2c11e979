/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on curves: points that are none, scalars out of range, leading zeros, foreign signatures. */
#include "core/crypto.h"

#include "tests/unit/bytes.h"

/* a key broker client's test key, and a peer whose shared secret starts with a zero byte */
#define D256   "f89c36e32259806af28d10cddb21538691db7ca501f07f996aafafda042ade22"
#define X256   "uJbUHgJdSbH9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I"
#define Y256   "NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A633_oo"
#define PEER_D "3b6af6060398841b8a49c4186204e71c363a69d883cc2d1d15a9d4b355b4975d"
#define PEER_X "CwyG5glSekYwCT1pe5AntstdI0a5KiLu_WCw6SdVP58"
#define PEER_Y "dNw3B8lFaX2NNYnopSsbx1o9WU3s5yrX8Kwp7AtbWkU"
#define Z      "003faf0eb982a86e0ee3b9f56464a4aab92c997cd050bbe756d3a4fa1a054b9a"

static struct lk_keypair *scalar(enum lk_key_kind kind, const char *text)
{
	struct bytes d = hex(text);
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;

	CHECK_OK(lk_keypair_from_scalar(kind, d.data, d.len, &k, &err));
	return k;
}

static struct lk_public_key point(enum lk_key_kind kind, const struct bytes *x,
				  const struct bytes *y)
{
	struct lk_public_key k = { .kind = kind, .xy_len = x->len };

	memcpy(k.x, x->data, x->len);
	memcpy(k.y, y->data, y->len);
	return k;
}

TEST(scalars_out_of_range_are_refused)
{
	/* zero, the order of P-256, all ones */
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes d = hex(bad[i]);

		CHECK_EQ(lk_keypair_from_scalar(LK_KEY_P256, d.data, d.len, &k, &err), LK_TAMPERED);
	}
	CHECK_EQ(lk_keypair_from_scalar(LK_KEY_P256, (const uint8_t *)"\1", 1, &k, &err),
		 LK_TAMPERED);
	CHECK_EQ(lk_keypair_from_scalar(LK_KEY_RSA2048, (const uint8_t *)"\1", 1, &k, &err),
		 LK_INTERNAL);
	CHECK(!k);
}

TEST(points_off_the_curve_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = scalar(LK_KEY_P256, D256);
	struct bytes x = b64url(PEER_X), y = b64url(PEER_Y);
	struct lk_public_key good = point(LK_KEY_P256, &x, &y), bad;
	struct lk_error err = { 0 };
	LK_SECRET z = { 0 };

	bad = good;
	bad.y[31] ^= 1;
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	bad = good;
	memset(bad.x, 0xff, 32); /* not below the prime */
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	bad = good;
	memset(bad.x, 0, 32);
	memset(bad.y, 0, 32);
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	bad = good;
	bad.xy_len = 31;
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	bad.xy_len = 66;
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	bad = good;
	bad.kind = LK_KEY_P384;
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	bad.kind = LK_KEY_RSA2048;
	CHECK_EQ(lk_ecdh(k, &bad, &z, &err), LK_TAMPERED);
	CHECK(!z.data);
}

TEST(shared_secrets_keep_leading_zeros)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = scalar(LK_KEY_P256, D256);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *peer = scalar(LK_KEY_P256, PEER_D);
	struct lk_public_key k_pub, peer_pub;
	struct lk_error err = { 0 };
	LK_SECRET z1 = { 0 };
	LK_SECRET z2 = { 0 };

	CHECK_OK(lk_keypair_public(k, &k_pub, &err));
	CHECK_OK(lk_keypair_public(peer, &peer_pub, &err));
	CHECK_OK(lk_ecdh(k, &peer_pub, &z1, &err));
	CHECK_HEX(z1.data, z1.len, Z);
	CHECK_OK(lk_ecdh(peer, &k_pub, &z2, &err));
	CHECK(lk_secret_equal(&z1, &z2));
}

TEST(public_keys_follow_from_scalars)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = scalar(LK_KEY_P256, D256);
	struct bytes x = b64url(X256), y = b64url(Y256), d = hex(D256);
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };

	CHECK_EQ(lk_keypair_kind(k), LK_KEY_P256);
	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_EQ(pub.xy_len, 32);
	CHECK_MEM(pub.x, x.data, 32);
	CHECK_MEM(pub.y, y.data, 32);
	CHECK_OK(lk_keypair_scalar(k, &out, &err));
	CHECK_EQ(out.len, 32);
	CHECK_MEM(out.data, d.data, 32);
}

TEST(generated_keys_agree)
{
	static const enum lk_key_kind kinds[] = { LK_KEY_P256, LK_KEY_P384, LK_KEY_P521 };
	static const size_t sizes[] = { 32, 48, 66 };
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *a = NULL;
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *b = NULL;
		LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *again = NULL;
		struct lk_public_key a_pub, b_pub, again_pub;
		LK_SECRET z1 = { 0 };
		LK_SECRET z2 = { 0 };
		LK_SECRET d = { 0 };

		CHECK_OK(lk_keypair_generate(kinds[i], &a, &err));
		CHECK_OK(lk_keypair_generate(kinds[i], &b, &err));
		CHECK_OK(lk_keypair_public(a, &a_pub, &err));
		CHECK_OK(lk_keypair_public(b, &b_pub, &err));
		CHECK_EQ(a_pub.xy_len, sizes[i]);
		CHECK_OK(lk_ecdh(a, &b_pub, &z1, &err));
		CHECK_OK(lk_ecdh(b, &a_pub, &z2, &err));
		CHECK_EQ(z1.len, sizes[i]);
		CHECK(lk_secret_equal(&z1, &z2));
		CHECK_OK(lk_keypair_scalar(a, &d, &err));
		CHECK_OK(lk_keypair_from_scalar(kinds[i], d.data, d.len, &again, &err));
		CHECK_OK(lk_keypair_public(again, &again_pub, &err));
		CHECK_MEM(again_pub.x, a_pub.x, a_pub.xy_len);
		CHECK_MEM(again_pub.y, a_pub.y, a_pub.xy_len);
	}
}

TEST(altered_signatures_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = scalar(LK_KEY_P256, D256);
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *other = scalar(LK_KEY_P256, PEER_D);
	struct lk_public_key pub, other_pub;
	uint8_t sig[132], zero[64] = { 0 };
	struct lk_error err = { 0 };
	size_t n = 0, i;

	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_OK(lk_keypair_public(other, &other_pub, &err));
	CHECK_OK(lk_ecdsa_sign(k, "data", 4, sig, &n, &err));
	CHECK_EQ(n, 64);
	CHECK_OK(lk_ecdsa_verify(&pub, "data", 4, sig, n, &err));
	for (i = 0; i < n; i++) {
		sig[i] ^= 0x10;
		CHECK_EQ(lk_ecdsa_verify(&pub, "data", 4, sig, n, &err), LK_TAMPERED);
		sig[i] ^= 0x10;
	}
	CHECK_EQ(lk_ecdsa_verify(&pub, "datA", 4, sig, n, &err), LK_TAMPERED);
	CHECK_EQ(lk_ecdsa_verify(&other_pub, "data", 4, sig, n, &err), LK_TAMPERED);
	CHECK_EQ(lk_ecdsa_verify(&pub, "data", 4, sig, 63, &err), LK_TAMPERED);
	CHECK_EQ(lk_ecdsa_verify(&pub, "data", 4, zero, 64, &err), LK_TAMPERED);
	pub.y[0] ^= 1;
	CHECK_EQ(lk_ecdsa_verify(&pub, "data", 4, sig, n, &err), LK_TAMPERED);
}

/* made with OpenSSL */
TEST(foreign_signatures_verify)
{
	static const struct {
		enum lk_key_kind kind;
		const char *x, *y, *sig;
	} v[] = {
		{ LK_KEY_P384,
		  "748f62094f883f06147fcd86e55f16b3511ff1963e96c898946631a3284051799705fbf1b7a2db9d"
		  "c2d1d8c3ffa165c3",
		  "0c094631b0cd254c0ff3c9fd1df92b08b5cbf4a8af471af72e32d63f1410f79c9cd19b9b765d8a32"
		  "eb90c4725823f970",
		  "8e5905770f890d4c13afd32fd2100294cf1b89242ecb92c1152f9e121a9d20fdd40ac9e8cd615e7c"
		  "ab44041ef3a5f6c3eeff6921659c3d648768ccc3a402301acbaf2288061c51d8277b73c0134111df"
		  "5d976c04881e57dafca1c0630522216f" },
		{ LK_KEY_P521,
		  "0018e57b4d2159b9f7989113ad4e37093b9a76efd99995502a07ae447d15e7b7003a9b15adcdb891"
		  "a14f14695cc985df548b9445a8831c25e9adb354696e757b7fe2",
		  "005da84a55172a8b0fe9eca6ee094f876eecce710b0c6b6900685aa84ee688b55c63f7922dd67572"
		  "066169054bb36a8d3176d65ffbe3c50b13aa9dc570e4663dd8c5",
		  "008a07c343ae5ecc82028c93ae8da73c6f32e6cabc6fd94b9450b384313a822164743e6ed02d7097"
		  "ac9e8d35b9e370aadbc886fa516580e0138d78d679b6b1e5cec401538732880c6de4da8b81c078fe"
		  "745930d3ddcbc3126b73d364a7c9b9e3291575459a5af042c9670f5c87455a03833f14eef5f857a8"
		  "fdded7488ec6f2e37f90a011" },
	};
	struct lk_error err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct bytes x = hex(v[i].x), y = hex(v[i].y), sig = hex(v[i].sig);
		struct lk_public_key k = point(v[i].kind, &x, &y);

		CHECK_OK(lk_ecdsa_verify(&k, "latchkey", 8, sig.data, sig.len, &err));
		CHECK_EQ(lk_ecdsa_verify(&k, "latchkez", 8, sig.data, sig.len, &err), LK_TAMPERED);
	}
}

TEST(nothing_to_free_is_fine)
{
	lk_keypair_free(NULL);
}

TESTS(scalars_out_of_range_are_refused, points_off_the_curve_are_refused,
      shared_secrets_keep_leading_zeros, public_keys_follow_from_scalars, generated_keys_agree,
      altered_signatures_are_refused, foreign_signatures_verify, nothing_to_free_is_fine)
