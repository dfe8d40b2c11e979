/* SPDX-License-Identifier: Apache-2.0 */
/* attestation/tpm_commands.c, tpm_answers.c: commands to the byte, answers believed in no part. */
#include <stdlib.h>

#include "attestation/eventlog.h"
#include "attestation/tpm_wire.h"
#include "tests/unit/bytes.h"

static struct lk_error err;
static struct lk_tpm_buf c, a;

#define TEST_DIGEST "f128283ad0a979e1264d407a54d70cdea80f3b278f2b2686b75e332ab91e05dd"

static void answer(const char *text)
{
	struct bytes b = hex(text);

	memcpy(a.bytes, b.data, b.len);
	a.n = b.len;
}

TEST(extending_one_bank_and_two)
{
	struct lk_tpm_digest d[2] = { { .alg = LK_TCG_SHA256, .size = 32 },
				      { .alg = LK_TCG_SHA384, .size = 48 } };
	uint32_t rc;

	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_hash(LK_SHA256, "latchkey-test", 13, d[0].bytes, &err));
	lk_tpm_cmd_pcr_extend(&c, 16, d, 1);
	CHECK_HEX(c.bytes, c.n,
		  "80020000004100000182000000100000000940000009000000000000000001000b" TEST_DIGEST);
	lk_tpm_cmd_pcr_extend(&c, 16, d, 2);
	CHECK_EQ(c.n, 115);
	CHECK_HEX(c.bytes, 6, "800200000073");
	CHECK_HEX(c.bytes + 27, 6, "00000002000b");
	answer("80020000001300000000000000000000010000");
	CHECK_OK(lk_tpm_read_code(&a, &rc, &err));
	CHECK_EQ(rc, 0);
	answer("80010000000a00000922");
	CHECK_OK(lk_tpm_read_code(&a, &rc, &err));
	CHECK_EQ(rc, LK_TPM_RC_RETRY);
}

TEST(the_other_commands)
{
	uint8_t nonce[LK_TPM_NONCE];

	memset(nonce, 0xab, sizeof(nonce));
	lk_tpm_cmd_banks(&c);
	CHECK_HEX(c.bytes, c.n, "8001000000160000017a000000050000000000000001");
	lk_tpm_cmd_pcr_read(&c, LK_TCG_SHA256, 1u << 16);
	CHECK_HEX(c.bytes, c.n, "8001000000140000017e00000001000b03000001");
	lk_tpm_cmd_quote(&c, 0x80ffffff, nonce);
	CHECK_HEX(c.bytes, c.n,
		  "8002000000490000015880ffffff000000094000000900000000000020"
		  "abababababababababababababababababababababababababababababababab"
		  "001000000001000b03ffffff");
	lk_tpm_cmd_create_ak(&c);
	CHECK_HEX(c.bytes, c.n,
		  "80020000004100000131400000010000000940000009000000000000040000000000180001000b"
		  "00050072000000100014000b0800000000000000000000000000");
}

TEST(banks)
{
	struct lk_tpm_bank banks[LK_TPM_BANKS_MAX];
	size_t n;

	answer("80010000002500000000"
	       "00"
	       "00000005"
	       "00000003"
	       "0004"
	       "03"
	       "000000"
	       "000b03ffffff"
	       "000c03000080");
	a.n = 37;
	CHECK_OK(lk_tpm_read_banks(&a, banks, &n, &err));
	CHECK_EQ(n, 3);
	CHECK_EQ(banks[0].alg, LK_TCG_SHA1);
	CHECK_EQ(banks[0].pcrs, 0);
	CHECK_EQ(banks[1].pcrs, 0xffffff);
	CHECK_EQ(banks[2].pcrs, 0x800000);
	a.bytes[17] = 4; /* one more than there is */
	CHECK_EQ(lk_tpm_read_banks(&a, banks, &n, &err), LK_TAMPERED);
	a.bytes[17] = 17;
	CHECK_EQ(lk_tpm_read_banks(&a, banks, &n, &err), LK_TAMPERED);
	a.bytes[17] = 3;
	a.bytes[14] = 6; /* another capability */
	CHECK_EQ(lk_tpm_read_banks(&a, banks, &n, &err), LK_TAMPERED);
}

#define ZEROS32 "0000000000000000000000000000000000000000000000000000000000000000"
#define PCR_ANSWER                                                                                 \
	"800100000060000000000000001d00000001000b03010100000000020020" ZEROS32 "0020" TEST_DIGEST

TEST(pcrs)
{
	uint8_t values[LK_TPM_PCRS][32];
	uint32_t given;

	memset(values, 0xee, sizeof(values));
	answer(PCR_ANSWER);
	CHECK_EQ(a.n, 0x60);
	CHECK_OK(lk_tpm_read_pcrs(&a, LK_TCG_SHA256, 0x0103, values, &given, &err));
	CHECK_EQ(given, 0x0101);
	CHECK_EQ(values[0][0], 0);
	CHECK_EQ(values[1][0], 0xee);
	CHECK_HEX(values[8], 32, TEST_DIGEST);
	CHECK_EQ(lk_tpm_read_pcrs(&a, LK_TCG_SHA384, 0x0101, values, &given, &err), LK_TAMPERED);
	CHECK_EQ(lk_tpm_read_pcrs(&a, LK_TCG_SHA256, 0x0001, values, &given, &err), LK_TAMPERED);
	a.bytes[27] = 3; /* how many */
	CHECK_EQ(lk_tpm_read_pcrs(&a, LK_TCG_SHA256, 0x0101, values, &given, &err), LK_TAMPERED);
	answer(PCR_ANSWER);
	a.bytes[29] = 31; /* a value's size */
	CHECK_EQ(lk_tpm_read_pcrs(&a, LK_TCG_SHA256, 0x0101, values, &given, &err), LK_TAMPERED);
	answer(PCR_ANSWER);
	a.bytes[21] = 0; /* none given: it would be asked for ever */
	a.bytes[22] = 0;
	a.bytes[27] = 0;
	CHECK_EQ(lk_tpm_read_pcrs(&a, LK_TCG_SHA256, 0x0101, values, &given, &err), LK_TAMPERED);
}

/* ---- keys ---- */

#define PUBLIC_HEAD "0001000b00050072000000100014000b080000000000"

static void key_answer(const char *public_head, size_t modulus, bool created)
{
	struct bytes head = hex(public_head);
	uint8_t *p = a.bytes;
	size_t n = head.len + 2 + modulus;

	memset(&a, 0, sizeof(a));
	a.n = 10 + (created ? 8 : 0) + 2 + n + 2;
	p[0] = 0x80;
	p[1] = created ? 2 : 1;
	p[4] = (uint8_t)(a.n >> 8);
	p[5] = (uint8_t)a.n;
	p += 10;
	if (created) {
		memcpy(p, "\x80\0\0\1\0\0", 6);
		p[6] = (uint8_t)((n + 4) >> 8);
		p[7] = (uint8_t)(n + 4);
		p += 8;
	}
	*p++ = (uint8_t)(n >> 8);
	*p++ = (uint8_t)n;
	memcpy(p, head.data, head.len);
	p += head.len;
	*p++ = (uint8_t)(modulus >> 8);
	*p++ = (uint8_t)modulus;
	memset(p, 0xc5, modulus);
}

static enum lk_status read_key(const char *public_head, size_t modulus)
{
	struct lk_tpm_key key;

	key_answer(public_head, modulus, false);
	return lk_tpm_read_key(&a, false, NULL, &key, &err);
}

TEST(attestation_keys)
{
	struct lk_tpm_key key;
	uint32_t handle = 0;

	key_answer(PUBLIC_HEAD, 256, true);
	CHECK_OK(lk_tpm_read_key(&a, true, &handle, &key, &err));
	CHECK_EQ(handle, 0x80000001);
	CHECK_EQ(key.n_len, 256);
	CHECK_EQ(key.n[255], 0xc5);
	CHECK_EQ(key.e, 65537);
	CHECK_OK(read_key(PUBLIC_HEAD, 256));
	CHECK_OK(read_key("0001000b00050072000000100014000b0c0000010001", 384));
}

TEST(other_keys_are_refused)
{
	/* ECC; not restricted; not fixed to its TPM; with a cipher; RSAPSS; SHA-384 */
	CHECK_EQ(read_key("0023000b00050072000000100014000b080000000000", 256), LK_CONFIG);
	CHECK_EQ(read_key("0001000b00040072000000100014000b080000000000", 256), LK_CONFIG);
	CHECK_EQ(read_key("0001000b00050070000000100014000b080000000000", 256), LK_CONFIG);
	CHECK_EQ(read_key("0001000b00050072000000060014000b080000000000", 256), LK_CONFIG);
	CHECK_EQ(read_key("0001000b00050072000000100016000b080000000000", 256), LK_CONFIG);
	CHECK_EQ(read_key("0001000b00050072000000100014000c080000000000", 256), LK_CONFIG);
	CHECK_EQ(read_key(PUBLIC_HEAD, 255), LK_TAMPERED); /* not what it says */
	CHECK_EQ(read_key("0001000b00050072000000100014000b040000000000", 128), LK_TAMPERED);
	CHECK_EQ(read_key("0001000b00050072000000100014000b140000000000", 640), LK_TAMPERED);
}

TEST(a_public_key_in_der)
{
	struct lk_tpm_key key = { .n_len = 256, .e = 65537 };
	uint8_t der[LK_TPM_SPKI_MAX];

	memset(key.n, 0xc5, 256);
	CHECK_EQ(lk_tpm_key_spki(&key, der), 294);
	CHECK_HEX(der, 33, "30820122300d06092a864886f70d01010105000382010f003082010a0282010100");
	CHECK_EQ(der[33], 0xc5);
	CHECK_HEX(der + 289, 5, "0203010001");
	key.e = 3;
	CHECK_EQ(lk_tpm_key_spki(&key, der), 292);
	CHECK_HEX(der + 289, 3, "020103");
	key.e = 0x80000001;
	CHECK_EQ(lk_tpm_key_spki(&key, der), 296);
	CHECK_HEX(der + 289, 7, "02050080000001");
}

/* ---- quotes ---- */

static const uint8_t nonce[LK_TPM_NONCE] = { 1, 2, 3 };

/* A whole answer with a nameless signer. */
static void quote_answer(void)
{
	struct bytes head = hex("ff544347801800000020");
	struct bytes tail = hex("000000000000000000000000000000000000000000000000"
				"0000000001000b03ffffff0020" TEST_DIGEST "0014000b0100");
	const size_t message = head.len + 32 + tail.len - 6;
	uint8_t *p = a.bytes;

	memset(&a, 0, sizeof(a));
	a.n = 10 + 4 + 2 + message + 6 + 256 + 5;
	memcpy(p, "\x80\2", 2);
	p[4] = (uint8_t)(a.n >> 8);
	p[5] = (uint8_t)a.n;
	p[12] = (uint8_t)((2 + message + 6 + 256) >> 8);
	p[13] = (uint8_t)(2 + message + 6 + 256);
	p[15] = (uint8_t)message;
	p += 16;
	memcpy(p, head.data, head.len);
	memcpy(p + head.len, nonce, 32);
	memcpy(p + head.len + 32, tail.data, tail.len);
}

static enum lk_status quote_with(size_t at, uint8_t byte)
{
	struct lk_tpm_quote q;

	quote_answer();
	a.bytes[at] = byte;
	return lk_tpm_read_quote(&a, nonce, &q, &err);
}

TEST(quotes)
{
	struct lk_tpm_quote q;

	quote_answer();
	CHECK_OK(lk_tpm_read_quote(&a, nonce, &q, &err));
	CHECK(q.message == a.bytes + 16);
	CHECK_EQ(q.n_message, 111);
	CHECK_EQ(q.n_signature, 262);
	CHECK_HEX(q.signature, 6, "0014000b0100");
	CHECK_HEX(q.pcr_digest, 32, TEST_DIGEST);
}

TEST(quotes_of_something_else_are_refused)
{
	CHECK_OK(quote_with(16, 0xff));
	CHECK_EQ(quote_with(16, 0xfe), LK_TAMPERED);		   /* magic */
	CHECK_EQ(quote_with(21, 0x17), LK_TAMPERED);		   /* a certificate */
	CHECK_EQ(quote_with(25, 31), LK_TAMPERED);		   /* nonce cut */
	CHECK_EQ(quote_with(26, 9), LK_TAMPERED);		   /* another nonce */
	CHECK_EQ(quote_with(26 + 32 + 25 + 3, 2), LK_TAMPERED);	   /* two banks */
	CHECK_EQ(quote_with(26 + 32 + 25 + 5, 12), LK_TAMPERED);   /* another bank */
	CHECK_EQ(quote_with(26 + 32 + 25 + 7, 0xfe), LK_TAMPERED); /* not all PCRs */
	CHECK_EQ(quote_with(15, 110), LK_TAMPERED);		   /* message cut */
	CHECK_EQ(quote_with(127 + 1, 0x18), LK_TAMPERED);	   /* ECDSA */
	CHECK_EQ(quote_with(127 + 4, 2), LK_TAMPERED);		   /* signature longer than all */
	CHECK_EQ(quote_with(127 + 4, 0), LK_TAMPERED);		   /* and bytes behind it */
	CHECK_EQ(quote_with(5, 0), LK_TAMPERED);		   /* the answer's size */
}

TEST(every_cut_is_refused)
{
	struct lk_tpm_quote q;
	struct lk_tpm_buf *cut = malloc(sizeof(*cut));
	size_t n;

	quote_answer();
	*cut = a;
	for (n = 0; n < a.n - 5; n++) {
		cut->n = n;
		cut->bytes[4] = (uint8_t)(n >> 8);
		cut->bytes[5] = (uint8_t)n;
		CHECK_EQ(lk_tpm_read_quote(cut, nonce, &q, &err), LK_TAMPERED);
	}
	free(cut);
}

TESTS(extending_one_bank_and_two, the_other_commands, banks, pcrs, attestation_keys,
      other_keys_are_refused, a_public_key_in_der, quotes, quotes_of_something_else_are_refused,
      every_cut_is_refused)
