/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#12 files of client keys: the vector's intermediate values, damage, passwords. */
#include "core/pkcs12.h"

#include "core/crypto_des3.h"
#include "tests/unit/bytes.h"
#include "tests/unit/kms_vectors.h"

static uint8_t der[4096];
static size_t der_len;

static void vector(void)
{
	struct lk_error err = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	CHECK(lk_b64_decode(LK_B64_STD, KMS_PRIVATE_KEY_DATA, strlen(KMS_PRIVATE_KEY_DATA), der,
			    sizeof(der), &der_len));
	CHECK_EQ(der_len, 2479);
}

static void hashes_to(const uint8_t *p, size_t n, const char *want)
{
	uint8_t digest[LK_HASH_MAX];
	struct lk_error err = { 0 };
	char text[65];

	CHECK_OK(lk_hash(LK_SHA256, p, n, digest, &err));
	lk_hex_encode(digest, 32, text);
	CHECK_STR(text, want);
}

static enum lk_status open_with(const char *password, struct lk_error *err)
{
	LK_SECRET key = { 0 };

	*err = (struct lk_error){ 0 };
	return lk_pkcs12_open(der, der_len, password, strlen(password), &key, err);
}

TEST(triple_des_vectors)
{
	/* SP 800-67 B.1, then a single-DES vector, whose keys are equal */
	const struct bytes key = hex("0123456789abcdef23456789abcdef01456789abcdef0123");
	const struct bytes text = hex("a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900");
	const struct bytes one = hex("133457799bbcdff1133457799bbcdff1133457799bbcdff1");
	const struct bytes block = hex("85e813540f0ab405");
	const uint8_t zero[8] = { 0 };
	uint8_t out[24];
	size_t i;

	for (i = 0; i < 24; i += 8)
		lk_des3_cbc_decrypt(key.data, zero, text.data + i, 8, out + i);
	CHECK_MEM(out, "The qufck brown fox jump", 24);
	lk_des3_cbc_decrypt(one.data, zero, block.data, 8, out);
	CHECK_MEM(out, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
}

TEST(structure_of_the_vector)
{
	struct lk_error err = { 0 };
	struct lk_pkcs12 p;

	vector();
	CHECK_OK(lk_pkcs12_parse(der, der_len, &p, &err));
	CHECK_EQ(p.content.len, 2404);
	hashes_to(p.content.data, p.content.len,
		  "42565e96a4c141620ede256d9a0e60cb49d2b8a5a2cb29be3399b89858d90974");
	CHECK_MEM(p.mac_salt.data, hex("59911974c631ccdc").data, 8);
	CHECK_EQ(p.mac_iterations, 1);
	CHECK_MEM(p.mac.data, hex("beb52e48eb363b38784a7af74abfed6bb196b978").data, 20);
	CHECK_MEM(p.salt.data, hex("fa975cd87041b4fe").data, 8);
	CHECK_EQ(p.iterations, 2048);
	CHECK(!p.two_keys);
	CHECK_EQ(p.key.len, 1224);
	hashes_to(p.key.data, p.key.len,
		  "3e6198d92b8cf363a9358a7527530ff3dae677cae597f5d49c7b70cc6e497f02");
}

static void derives(const struct lk_span *salt, uint8_t id, int iterations, const char *want)
{
	const struct bytes b = hex(want);
	struct lk_error err = { 0 };
	uint8_t out[32];

	CHECK_OK(lk_pkcs12_derive(KMS_PASSWORD, 32, salt, id, iterations, out, b.len, &err));
	CHECK_MEM(out, b.data, b.len);
}

TEST(keys_of_the_vector)
{
	struct lk_error err = { 0 };
	struct lk_pkcs12 p;

	vector();
	CHECK_OK(lk_pkcs12_parse(der, der_len, &p, &err));
	derives(&p.mac_salt, 3, 1, "305c0e2e370dc59004b0e9bf19ff09800812493e");
	derives(&p.salt, 1, 2048, "484e1ecc6162d15ab7ecb807ce3c837e9d0ca41c9de9255f");
	derives(&p.salt, 2, 2048, "81c954352a8008e9");
}

TEST(the_vector_opens)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *pair = NULL;
	struct lk_public_key public;
	struct lk_error err = { 0 };
	LK_SECRET key = { 0 };

	vector();
	CHECK_OK(lk_pkcs12_open(der, der_len, KMS_PASSWORD, 32, &key, &err));
	CHECK_EQ(key.len, 1216);
	hashes_to(key.data, key.len,
		  "b07cdb96407bccd9b56acfc0c31e7b0dd1ac4cef2b0486641c8bcca75ec64f29");
	CHECK_OK(lk_keypair_from_pkcs8(key.data, key.len, &pair, &err));
	CHECK_OK(lk_keypair_public(pair, &public, &err));
	CHECK_EQ(public.n_len, 256);
	CHECK_MEM(public.n, hex("8a6d07eb8f0c53315c5a4dd8755f308b").data, 16);
}

TEST(wrong_passwords)
{
	struct lk_error err;
	char text[LK_PKCS12_PASSWORD + 2];

	vector();
	CHECK_EQ(open_with("0123456789abcdef0123456789abcdee", &err), LK_TAMPERED);
	CHECK_HAS(err.frames[0].text, "password");
	CHECK_EQ(open_with("0123456789abcdef0123456789abcde", &err), LK_TAMPERED);
	CHECK_EQ(open_with(KMS_PASSWORD "0", &err), LK_TAMPERED);
	CHECK_EQ(open_with("", &err), LK_TAMPERED);
	memset(text, 'a', sizeof(text));
	text[LK_PKCS12_PASSWORD + 1] = '\0';
	CHECK_EQ(open_with(text, &err), LK_TAMPERED);
	text[LK_PKCS12_PASSWORD] = '\0';
	CHECK_EQ(open_with(text, &err), LK_TAMPERED);
}

/* The certificate is not looked at, and yet nothing of it may change. */
TEST(damage)
{
	struct lk_error err = { 0 };
	struct lk_pkcs12 p;
	size_t i;

	vector();
	for (i = 0; i < der_len; i++) {
		uint8_t *copy = malloc(i ? i : 1);

		CHECK(copy);
		memcpy(copy, der, i);
		CHECK_EQ(lk_pkcs12_parse(copy, i, &p, &err), LK_TAMPERED);
		free(copy);
	}
	der[200] ^= 1;
	CHECK_OK(lk_pkcs12_parse(der, der_len, &p, &err));
	CHECK_EQ(open_with(KMS_PASSWORD, &err), LK_TAMPERED);
	der[200] ^= 1;
	der[der_len] = 0;
	CHECK_EQ(lk_pkcs12_parse(der, der_len + 1, &p, &err), LK_TAMPERED);
	CHECK_EQ(lk_pkcs12_parse(der, 0, &p, &err), LK_TAMPERED);
	CHECK_EQ(open_with(KMS_PASSWORD, &err), LK_OK);
}

/* A file of another program's make under a password. */
static void openssl(const char *password, const char *options, enum lk_status want)
{
	static const char make[] =
		"d=$(mktemp -d) && cd $d && openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c"
		" -subj /CN=x -days 9 2>/dev/null && openssl pkcs12 -export -legacy -inkey k -in c "
		"-macalg sha1 -passout pass:%s %s; cat /dev/null; cd /; rm -rf $d";
	char command[1024];
	struct lk_error err;
	FILE *in;

	snprintf(command, sizeof(command), make, password, options);
	in = popen(command, "r");
	CHECK(in);
	der_len = fread(der, 1, sizeof(der), in);
	CHECK_EQ(pclose(in), 0);
	CHECK(der_len > 1000);
	CHECK_EQ(open_with(password, &err), want);
	CHECK_EQ(open_with("another", &err), LK_TAMPERED);
}

#define SHAPE "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40 -iter 2048 "

TEST(files_of_openssl)
{
	vector();
	openssl("a", SHAPE "-nomaciter", LK_OK);
	openssl("0123456789abcdef0123456789abcde", SHAPE "-nomaciter", LK_OK);
	openssl(KMS_PASSWORD, SHAPE "-nomaciter", LK_OK);
	openssl(KMS_PASSWORD "0", SHAPE, LK_OK);
	openssl(KMS_PASSWORD "0123456789abcdef0123456789abcde", SHAPE, LK_OK);
	openssl(KMS_PASSWORD, "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-3DES", LK_OK);
	openssl(KMS_PASSWORD, "-keypbe AES-256-CBC", LK_TAMPERED);
	openssl(KMS_PASSWORD, SHAPE "-maciter -iter 300000", LK_TAMPERED);
}

TEST(keys_that_are_not_rsa)
{
	static const uint8_t ec[] = { 0x30, 0x13, 2,	1, 0, 0x30, 9, 6,    7, 0x2a, 0x86,
				      0x48, 0xce, 0x3d, 2, 1, 4,    3, 0x30, 1, 0 };
	struct lk_keypair *pair = NULL;
	struct lk_error err = { 0 };

	CHECK_EQ(lk_keypair_from_pkcs8(ec, sizeof(ec), &pair, &err), LK_TAMPERED);
	CHECK_EQ(lk_keypair_from_pkcs8(ec, 0, &pair, &err), LK_TAMPERED);
	CHECK(!pair);
}

TESTS(triple_des_vectors, structure_of_the_vector, keys_of_the_vector, the_vector_opens,
      wrong_passwords, damage, files_of_openssl, keys_that_are_not_rsa)
