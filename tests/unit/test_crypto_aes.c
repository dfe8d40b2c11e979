/* SPDX-License-Identifier: Apache-2.0 */
/* Key wrap, GCM and XTS: wrong sizes and flipped bits first, then published vectors. */
#include "core/crypto.h"

#include "tests/unit/bytes.h"

#define KEK  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY  "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"
#define WRAP "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"

TEST(altered_wraps_are_refused)
{
	LK_SECRET kek = secret_hex(KEK);
	struct bytes in = hex(WRAP);
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	size_t bit;

	for (bit = 0; bit < in.len * 8; bit++) {
		in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK_EQ(lk_aes_kw_open(&kek, in.data, in.len, &out, &err), LK_TAMPERED);
		in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CHECK_EQ(lk_aes_kw_open(&kek, in.data, 0, &out, &err), LK_TAMPERED);
	CHECK_EQ(lk_aes_kw_open(&kek, in.data, 16, &out, &err), LK_TAMPERED);
	CHECK_EQ(lk_aes_kw_open(&kek, in.data, 39, &out, &err), LK_TAMPERED);
	CHECK_EQ(lk_aes_kw_open(&kek, in.data, 32, &out, &err), LK_TAMPERED);
	kek.data[0] ^= 1;
	CHECK_EQ(lk_aes_kw_open(&kek, in.data, in.len, &out, &err), LK_TAMPERED);
	CHECK(!out.data);
	kek.len = 31;
	CHECK_EQ(lk_aes_kw_open(&kek, in.data, in.len, &out, &err), LK_INTERNAL);
}

/* RFC 3394, 4.6 and 4.1 */
TEST(wrap_vectors)
{
	LK_SECRET kek = secret_hex(KEK);
	LK_SECRET key = secret_hex(KEY);
	struct bytes in = hex(WRAP);
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	uint8_t wrapped[40];
	size_t n;

	CHECK_OK(lk_aes_kw_seal(&kek, &key, wrapped, sizeof(wrapped), &n, &err));
	CHECK_HEX(wrapped, n, WRAP);
	CHECK_OK(lk_aes_kw_open(&kek, in.data, in.len, &out, &err));
	CHECK(lk_secret_equal(&out, &key));
	CHECK_EQ(lk_aes_kw_seal(&kek, &key, wrapped, 39, &n, &err), LK_INTERNAL);
	kek.len = 16;
	key.len = 16;
	CHECK_OK(lk_aes_kw_seal(&kek, &key, wrapped, sizeof(wrapped), &n, &err));
	CHECK_HEX(wrapped, n, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
}

TEST(altered_gcm_is_refused)
{
	LK_SECRET key = secret_hex(KEK);
	uint8_t iv[12] = { 1 }, aad[5] = "aad!", text[20] = "some plaintext here", tag[16];
	uint8_t cipher[20];
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	struct {
		uint8_t *p;
		size_t n;
	} parts[] = { { iv, 12 }, { aad, 5 }, { cipher, 20 }, { tag, 16 }, { key.data, 32 } };
	size_t i, bit;

	CHECK_OK(lk_aes_gcm_seal(&key, iv, aad, 5, text, 20, cipher, tag, &err));
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (bit = 0; bit < parts[i].n * 8; bit++) {
			parts[i].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			CHECK_EQ(lk_aes_gcm_open(&key, iv, aad, 5, cipher, 20, tag, &out, &err),
				 LK_TAMPERED);
			parts[i].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	CHECK_EQ(lk_aes_gcm_open(&key, iv, aad, 4, cipher, 20, tag, &out, &err), LK_TAMPERED);
	CHECK_EQ(lk_aes_gcm_open(&key, iv, aad, 5, cipher, 19, tag, &out, &err), LK_TAMPERED);
	CHECK(!out.data);
	key.len = 24;
	CHECK_EQ(lk_aes_gcm_open(&key, iv, aad, 5, cipher, 20, tag, &out, &err), LK_INTERNAL);
}

/* GCM's own test case 13 (all zero), and the content layer of a sealed secret */
TEST(gcm_vectors)
{
	LK_SECRET zero =
		secret_hex("0000000000000000000000000000000000000000000000000000000000000000");
	LK_SECRET dek = secret_hex(KEK);
	struct bytes iv = b64url("AAECAwQFBgcICQoL");
	struct bytes sealed = b64url("NGe3d6CB4m3sLeLuoNuzKUKwIAcy3aAxfdpjoA");
	struct lk_error err = { 0 };
	uint8_t none[12] = { 0 }, tag[16];
	LK_SECRET out = { 0 };

	CHECK_OK(lk_aes_gcm_seal(&zero, none, NULL, 0, NULL, 0, NULL, tag, &err));
	CHECK_HEX(tag, 16, "530f8afbc74536b9a963b4f1c4cb738b");
	CHECK_OK(lk_aes_gcm_open(&zero, none, NULL, 0, NULL, 0, tag, &out, &err));
	CHECK_EQ(out.len, 0);
	lk_secret_wipe(&out);
	CHECK_OK(lk_aes_gcm_open(&dek, iv.data, NULL, 0, sealed.data, sealed.len - 16,
				 sealed.data + sealed.len - 16, &out, &err));
	CHECK_EQ(out.len, 12);
	CHECK_MEM(out.data, "sealed value", 12);
}

TEST(xts_refuses_odd_sectors)
{
	LK_CLEANUP(lk_xts_free_p) struct lk_xts *x = NULL;
	LK_SECRET key = secret_hex(KEK KEY);
	struct lk_error err = { 0 };
	static uint8_t buf[8192];

	key.len = 48;
	CHECK_EQ(lk_xts_new(&key, &x, &err), LK_INTERNAL);
	key.len = 64;
	CHECK_OK(lk_xts_new(&key, &x, &err));
	CHECK_EQ(lk_xts_encrypt(x, 0, 512, buf, buf, 511, &err), LK_INTERNAL);
	CHECK_EQ(lk_xts_encrypt(x, 0, 4096, buf, buf, 512, &err), LK_INTERNAL);
	CHECK_EQ(lk_xts_encrypt(x, 0, 0, buf, buf, 512, &err), LK_INTERNAL);
	CHECK_EQ(lk_xts_encrypt(x, 0, 256, buf, buf, 512, &err), LK_INTERNAL);
	CHECK_EQ(lk_xts_encrypt(x, 0, 1536, buf, buf, 1536, &err), LK_INTERNAL);
	CHECK_EQ(lk_xts_encrypt(x, 0, 8192, buf, buf, 8192, &err), LK_INTERNAL);
	CHECK_OK(lk_xts_encrypt(x, 0, 512, buf, buf, 0, &err));
}

/* IEEE 1619, vector 4 (its start), and whole sectors as OpenSSL makes them */
TEST(xts_vectors)
{
	static const struct {
		size_t key_len;
		uint32_t sector_size;
		const char *start, *sha256;
	} v[] = {
		{ 64, 512, "24dfe2687680df0349d115601bd66c59",
		  "6727f4c8acd03015c17d6cd2e01ac9fd4edb242c55af76778418b9c32e10bfcd" },
		{ 64, 4096, "24dfe2687680df0349d115601bd66c59",
		  "d18c28cdb1199fb524bbbb52c06cad56578f89b8302b60eeb7f62516288713fa" },
		{ 32, 512, "9a16dac16611b032f32a1252ace16cfc",
		  "8c0f95189bf867c030b59342052e55f056347707eecb24bab2984eee6ea016a7" },
		{ 32, 4096, "9a16dac16611b032f32a1252ace16cfc",
		  "6fb77fad47d4b6f39cf4ba2983f88fc69ce4f56d49b41096ee709916b2ee5ef5" },
	};
	struct lk_error err = { 0 };
	static uint8_t in[8192], out[8192];
	uint8_t digest[LK_HASH_MAX];
	size_t i, j;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		LK_CLEANUP(lk_xts_free_p) struct lk_xts *x = NULL;
		LK_SECRET key = { 0 };

		CHECK_OK(lk_secret_alloc(&key, 64, &err));
		for (j = 0; j < 64; j++)
			key.data[j] = (uint8_t)j;
		key.len = v[i].key_len;
		for (j = 0; j < sizeof(in); j++)
			in[j] = (uint8_t)(j * 7 + 3);
		CHECK_OK(lk_xts_new(&key, &x, &err));
		CHECK_OK(lk_xts_encrypt(x, 0x1234567890, v[i].sector_size, in, out, sizeof(in),
					&err));
		CHECK_HEX(out, 16, v[i].start);
		CHECK_OK(lk_hash(LK_SHA256, out, sizeof(out), digest, &err));
		CHECK_HEX(digest, 32, v[i].sha256);
		CHECK_OK(lk_xts_encrypt(x, 0x1234567890, v[i].sector_size, in, in, sizeof(in),
					&err)); /* in place */
		CHECK_MEM(in, out, sizeof(in));
	}
}

TEST(xts_published_vector)
{
	LK_SECRET key =
		secret_hex("2718281828459045235360287471352631415926535897932384626433832795");
	LK_CLEANUP(lk_xts_free_p) struct lk_xts *x = NULL;
	struct lk_error err = { 0 };
	uint8_t buf[512];
	size_t i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)i;
	CHECK_OK(lk_xts_new(&key, &x, &err));
	CHECK_OK(lk_xts_encrypt(x, 0, 512, buf, buf, sizeof(buf), &err));
	CHECK_HEX(buf, 32, "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c");
	lk_xts_free(NULL);
}

TESTS(altered_wraps_are_refused, wrap_vectors, altered_gcm_is_refused, gcm_vectors,
      xts_refuses_odd_sectors, xts_vectors, xts_published_vector)
