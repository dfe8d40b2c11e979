/* SPDX-License-Identifier: Apache-2.0 */
/* RSA: keys whose parts do not fit, sizes, and OAEP. */
#include "core/crypto.h"

#include "tests/unit/bytes.h"

/* a throw-away key, and a content key that another implementation sealed for it */
#define RSA_N                                                                                      \
	"yoRfAGcY5YbOpmpiidYI6EbmSG_wOWS4nzXbgEIsSwhbJ29cGXtLCPJ2KuWVv44tDEKSl8Ym8bxi"             \
	"SPYgm9C6XkfgV4rs6mMkiLD8QJuYv58rBbt5RrJgn9KixjjBn2lEAIPDtn02siHu9bOLeHAQzNMe"             \
	"KGXFhfgkIqR7o3DpUUhbGYMQf7cq7yPTfghhccKmyxenIH3paB8asrWbpuYvzOdJ0MZ3Tzmb_j0b"             \
	"wg1MSFLZGnNB_NwIOj6d14kuY8TDqcN5Z49MhIK-PJKMf3BuF04RUKm03j9yOw5RgvaSGK8zyl6l"             \
	"wi8U4IJGeScLxgODWyyT5WerqvkiJFxuE4MlSw"
#define RSA_E "AQAB"
#define RSA_D                                                                                      \
	"SDAxMRKO9Fo-VWG8qEdsO2fydEW6iqrViKMJEEoGQeTDoWX3nXmugIz1BEt8OqDye9lLKeDPRwIQ"             \
	"wtNBQml_1VWnqWzzEIWwoyz7bghIxZ12F4ABNesluDK8JQ5cLne2bryJSgaONacU5-5NO-wugOSM"             \
	"bngAlcWjE9ov3E3GTVtrzzzX0IuzkoGP1on4cOdax1hg1wyI9ejOt2RdFG4s2YnEaSnzxDA8apkx"             \
	"2fKX-0QE63iJ08KLNJkZSQhX900f4VZ86janHcNHC71oD9DhqcC4ze16-ZaWu3cl2nF_n8fNuAzN"             \
	"Rw4greIFhGWgAOmVZu69op4_KSTFYhx61DFAuQ"
#define RSA_P                                                                                      \
	"8PaIzFcThPa2pfNNkvYDIF4XTDp_FNpHXMr-yHgUw7X82rx6iqis9CjlTccRoXb4W5q_F9rJx0ep"             \
	"4jkeEeFwIf96XLCCpkgzOFr4rDtmUOs2hvFXgr58jjFiEPreGueIYrH5CBKFwbxhWpSVXgTkaIP4"             \
	"TwygNZZQ1pkDgx5Jq0U"
#define RSA_Q                                                                                      \
	"1yemUvWW1iyeumlXae4folF7qEg-oVRYrAIAqF7bZvxsJkLgfRpm6HqfU0yV7g9u2VYLtVAahxdJ"             \
	"1VCeGdmf3sDd7Mk-wjgIU_-OdaNE2I31H_sR-C-iRmOe-ljqaBPHQPXqfo4JWHHkl0Ro8-pUaggW"             \
	"k4kOzZcpgt0hsuuJT08"
#define SEALED_CEK                                                                                 \
	"fzdSWOrY9morWtJYXQ8LgRg16IGJFhBiocNy_1KSOd-rr26ZFR0QcGYeW2Oi2vREzZfRYIN-6zK5"             \
	"TIMh_wFC4WVSptU9UoxTD8_H38larLLtnZBBJUqfDmosJBhi1--bN5F-KPVub6I0uOocZCdxfzy1"             \
	"6RdqxqZCuniWSPkvaYZ73j4D_0o32q-NYeUPrl1eopb3EJ69H0Xh67xD6xppOxB-FS1ei4pukjp9"             \
	"cgOYTwAosHXffMsrxqm7nzhgzxHA03T4IU9Ao7uYu8Pu-0_60SbAFdJEtQKXbX0qzIudlV7oLeSF"             \
	"cRO8rrQEZ1zIfPWFbONACznQB9ELv5Ka1_d3aQ"

struct parts {
	struct bytes n, e, d, p, q;
};

static struct parts test_key(void)
{
	return (struct parts){ .n = b64url(RSA_N),
			       .e = b64url(RSA_E),
			       .d = b64url(RSA_D),
			       .p = b64url(RSA_P),
			       .q = b64url(RSA_Q) };
}

static enum lk_status make(const struct parts *k, struct lk_keypair **ret, struct lk_error *err)
{
	struct lk_rsa_parts parts = { .n = k->n.data,
				      .n_len = k->n.len,
				      .e = k->e.data,
				      .e_len = k->e.len,
				      .d = k->d.data,
				      .d_len = k->d.len,
				      .p = k->p.data,
				      .p_len = k->p.len,
				      .q = k->q.data,
				      .q_len = k->q.len };

	return lk_keypair_from_rsa(&parts, ret, err);
}

TEST(parts_that_do_not_fit_are_refused)
{
	struct parts good = test_key();
	struct bytes *const parts[] = { &good.n, &good.e, &good.d, &good.p, &good.q };
	struct lk_error err = { 0 };
	struct lk_keypair *k = NULL;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		parts[i]->data[parts[i]->len - 1] ^= 2;
		CHECK_EQ(make(&good, &k, &err), LK_TAMPERED);
		parts[i]->data[parts[i]->len - 1] ^= 2;
	}
	CHECK(!k);
}

TEST(small_and_odd_public_keys_are_refused)
{
	struct lk_public_key pub = { .kind = LK_KEY_RSA2048, .n_len = 128, .e_len = 3 };
	uint8_t out[512] = { 0 };
	struct lk_error err = { 0 };
	size_t n;

	memcpy(pub.e, "\1\0\1", 3);
	memset(pub.n, 0xff, 128); /* 1024 bits */
	CHECK_EQ(lk_rsa_oaep_seal(&pub, out, 32, out, &n, &err), LK_TAMPERED);
	memset(pub.n, 0xff, 256);
	pub.n_len = 256;
	pub.n[255] = 0xfe; /* even */
	CHECK_EQ(lk_rsa_oaep_seal(&pub, out, 32, out, &n, &err), LK_TAMPERED);
	pub.n[255] = 0xff;
	pub.e[2] = 0; /* even */
	CHECK_EQ(lk_rsa_oaep_seal(&pub, out, 32, out, &n, &err), LK_TAMPERED);
	pub.e_len = 0;
	CHECK_EQ(lk_rsa_oaep_seal(&pub, out, 32, out, &n, &err), LK_TAMPERED);
	pub.kind = LK_KEY_P256;
	CHECK_EQ(lk_rsa_oaep_seal(&pub, out, 32, out, &n, &err), LK_INTERNAL);
}

TEST(altered_ciphertexts_are_refused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	struct parts parts = test_key();
	struct bytes in = b64url(SEALED_CEK);
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	size_t i;

	CHECK_OK(make(&parts, &k, &err));
	for (i = 0; i < in.len; i += 51) {
		in.data[i] ^= 1;
		CHECK_EQ(lk_rsa_oaep_open(k, in.data, in.len, &out, &err), LK_TAMPERED);
		in.data[i] ^= 1;
	}
	CHECK_EQ(lk_rsa_oaep_open(k, in.data, in.len - 1, &out, &err), LK_TAMPERED);
	CHECK_EQ(lk_rsa_oaep_open(k, in.data, 0, &out, &err), LK_TAMPERED);
	memset(in.data, 0xff, in.len); /* not below the modulus */
	CHECK_EQ(lk_rsa_oaep_open(k, in.data, in.len, &out, &err), LK_TAMPERED);
	CHECK(!out.data);
}

TEST(foreign_ciphertext_opens)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	struct parts parts = test_key();
	struct bytes in = b64url(SEALED_CEK);
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };

	CHECK_OK(make(&parts, &k, &err));
	CHECK_OK(lk_rsa_oaep_open(k, in.data, in.len, &out, &err));
	CHECK_HEX(out.data, out.len,
		  "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");
}

TEST(generated_keys_seal_and_open)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	uint8_t sealed[512], text[190] = "text";
	struct lk_public_key pub;
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	size_t n;

	CHECK_OK(lk_keypair_generate(LK_KEY_RSA2048, &k, &err));
	CHECK_EQ(lk_keypair_kind(k), LK_KEY_RSA2048);
	CHECK_OK(lk_keypair_public(k, &pub, &err));
	CHECK_EQ(pub.n_len, 256);
	CHECK_HEX(pub.e, pub.e_len, "010001");
	CHECK_OK(lk_rsa_oaep_seal(&pub, text, sizeof(text), sealed, &n, &err));
	CHECK_EQ(n, 256);
	CHECK_OK(lk_rsa_oaep_open(k, sealed, n, &out, &err));
	CHECK_EQ(out.len, sizeof(text));
	CHECK_MEM(out.data, text, sizeof(text));
	CHECK_EQ(lk_rsa_oaep_seal(&pub, sealed, 191, sealed, &n, &err), LK_INTERNAL);
	CHECK_EQ(lk_keypair_scalar(k, &out, &err), LK_INTERNAL);
}

TEST(kinds_are_not_confused)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *ec = NULL;
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *rsa = NULL;
	struct parts parts = test_key();
	struct lk_public_key pub;
	uint8_t buf[512] = { 0 };
	struct lk_error err = { 0 };
	LK_SECRET out = { 0 };
	size_t n;

	CHECK_OK(lk_keypair_generate(LK_KEY_P256, &ec, &err));
	CHECK_OK(make(&parts, &rsa, &err));
	CHECK_OK(lk_keypair_public(rsa, &pub, &err));
	CHECK_EQ(lk_rsa_oaep_open(ec, buf, 256, &out, &err), LK_INTERNAL);
	CHECK_EQ(lk_ecdh(rsa, &pub, &out, &err), LK_INTERNAL);
	CHECK_EQ(lk_ecdsa_sign(rsa, "x", 1, buf, &n, &err), LK_INTERNAL);
	CHECK_EQ(lk_ecdsa_verify(&pub, "x", 1, buf, 64, &err), LK_INTERNAL);
}

TESTS(parts_that_do_not_fit_are_refused, small_and_odd_public_keys_are_refused,
      altered_ciphertexts_are_refused, foreign_ciphertext_opens, generated_keys_seal_and_open,
      kinds_are_not_confused)
