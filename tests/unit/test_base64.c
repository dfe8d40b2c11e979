/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 and hex: everything that is not exactly right is refused. */
#include "core/base64.h"

#include "tests/check.h"

static bool decodes(enum lk_b64 dialect, const char *text)
{
	uint8_t out[64];
	size_t n;

	return lk_b64_decode(dialect, text, strlen(text), out, sizeof(out), &n);
}

TEST(malformed_padded_text_is_refused)
{
	static const char *const bad[] = { "Zg",    "Zg=",  "Zm9",  "Zm9v=",	"Zm9v====",
					   "====",  "=",    "Z===", "Zg==Zg==", "Zg==\n",
					   " Zg==", "Z g=", "Zm9-", "Zm9_",	"Zm9.",
					   "Z=g=",  "Zh==", "Zm9=", "Zm9\n",	"Zm9\x80" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (decodes(LK_B64_STD, bad[i]))
			check_fail(__FILE__, __LINE__, "accepted '%s'", bad[i]);
	}
}

TEST(malformed_url_text_is_refused)
{
	static const char *const bad[] = { "Z",	   "Zm9vY",  "Zg==", "Zm8=", "Zg=",  "Zm9+",
					   "Zm9/", "Zm9v\n", "Zh",   "Zm9",  "Zm 9v" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (decodes(LK_B64_URL, bad[i]))
			check_fail(__FILE__, __LINE__, "accepted '%s'", bad[i]);
	}
}

/* RFC 4648, section 10 */
TEST(rfc_vectors)
{
	static const struct {
		const char *plain, *std, *url;
	} v[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/", "-_-_" },
	};
	char text[LK_B64_SIZE(16)];
	uint8_t out[16];
	size_t i, n;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		n = lk_b64_encode(LK_B64_STD, v[i].plain, strlen(v[i].plain), text);
		CHECK_STR(text, v[i].std);
		CHECK_EQ(n, strlen(text));
		CHECK(lk_b64_decode(LK_B64_STD, text, n, out, sizeof(out), &n));
		CHECK_EQ(n, strlen(v[i].plain));
		CHECK_MEM(out, v[i].plain, n);
		n = lk_b64_encode(LK_B64_URL, v[i].plain, strlen(v[i].plain), text);
		CHECK_STR(text, v[i].url);
		CHECK(lk_b64_decode(LK_B64_URL, text, n, out, sizeof(out), &n));
		CHECK_MEM(out, v[i].plain, n);
	}
}

TEST(every_letter_and_no_other)
{
	static const char std[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t out[3];
	size_t n;
	int c;

	for (c = 0; c < 256; c++) {
		char text[4] = { 'A', 'A', 'A', (char)c };
		const char *at = c ? strchr(std, c) : NULL;
		bool ok = lk_b64_decode(LK_B64_STD, text, 4, out, sizeof(out), &n);

		CHECK_EQ(ok, at != NULL || c == '=');
		if (at) {
			CHECK_EQ(n, 3);
			CHECK_EQ(out[2], at - std);
		}
	}
}

TEST(short_buffers_are_not_overrun)
{
	uint8_t out[4] = { 9, 9, 9, 9 };
	size_t n = 77;

	CHECK(!lk_b64_decode(LK_B64_STD, "Zm9v", 4, out, 2, &n));
	CHECK_EQ(out[0], 9);
	CHECK_EQ(n, 77);
	CHECK(lk_b64_decode(LK_B64_STD, "Zm9v", 4, out, 3, &n));
	CHECK_EQ(out[3], 9);
	CHECK(lk_b64_decode(LK_B64_URL, "", 0, NULL, 0, &n));
	CHECK_EQ(n, 0);
}

TEST(refused_text_leaves_no_bytes)
{
	uint8_t out[6] = { 9, 9, 9, 9, 9, 9 };
	size_t n;

	CHECK(!lk_b64_decode(LK_B64_URL, "Zm9vYm!y", 8, out, sizeof(out), &n));
	CHECK_MEM(out, "\0\0\0\0\0\0", 6);
}

TEST(all_lengths_come_back)
{
	uint8_t in[100], out[100];
	char text[LK_B64_SIZE(100)];
	size_t i, n, len;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 37 + 11);
	for (i = 0; i <= sizeof(in); i++) {
		len = lk_b64_encode(LK_B64_STD, in, i, text);
		CHECK(len < LK_B64_SIZE(i));
		CHECK(lk_b64_decode(LK_B64_STD, text, len, out, sizeof(out), &n));
		CHECK_EQ(n, i);
		CHECK_MEM(in, out, n);
	}
}

TEST(hex_is_strict)
{
	uint8_t out[4];
	size_t n;

	CHECK(!lk_hex_decode("abc", 3, out, sizeof(out), &n));
	CHECK(!lk_hex_decode("0g", 2, out, sizeof(out), &n));
	CHECK(!lk_hex_decode("g0", 2, out, sizeof(out), &n));
	CHECK(!lk_hex_decode("0x", 2, out, sizeof(out), &n));
	CHECK(!lk_hex_decode("1 ", 2, out, sizeof(out), &n));
	CHECK(!lk_hex_decode("0011223344", 10, out, sizeof(out), &n));
	CHECK(lk_hex_decode("", 0, NULL, 0, &n));
	CHECK_EQ(n, 0);
	CHECK(lk_hex_decode("00fFaB19", 8, out, sizeof(out), &n));
	CHECK_EQ(n, 4);
	CHECK_MEM(out, "\x00\xff\xab\x19", 4);
}

TEST(hex_is_lower_case)
{
	char text[9];

	lk_hex_encode("\x00\xff\xab\x19", 4, text);
	CHECK_STR(text, "00ffab19");
	lk_hex_encode("", 0, text);
	CHECK_STR(text, "");
}

TESTS(malformed_padded_text_is_refused, malformed_url_text_is_refused, rfc_vectors,
      every_letter_and_no_other, short_buffers_are_not_overrun, refused_text_leaves_no_bytes,
      all_lengths_come_back, hex_is_strict, hex_is_lower_case)
