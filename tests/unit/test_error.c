/* SPDX-License-Identifier: Apache-2.0 */
/* The context chain: classes, codes, text, and errors that came from another process. */
#include "core/error.h"

#include <ctype.h>

#include "tests/check.h"

TEST(success_is_never_raised)
{
	struct lk_error err = { 0 };

	CHECK_EQ(lk_raise(&err, LK_OK, "nothing"), LK_INTERNAL);
	CHECK_EQ(err.status, LK_INTERNAL);
	err = (struct lk_error){ 0 };
	CHECK_EQ(lk_context(&err, "on top of nothing"), LK_INTERNAL);
	CHECK_EQ(err.status, LK_INTERNAL);
	CHECK_EQ(lk_raise(&err, (enum lk_status)99, "out of range"), LK_INTERNAL);
	CHECK_EQ(lk_raise_code(&err, LK_N_CODES, "no such code"), LK_INTERNAL);
	CHECK_EQ(err.code, LK_C_NONE);
}

TEST(foreign_errors_are_bounded)
{
	struct lk_error err;
	char buf[4096];

	memset(&err, 'A', sizeof(err)); /* no terminator, no valid number anywhere */
	lk_error_format(&err, buf, sizeof(buf));
	CHECK_HAS(buf, "[INTERNAL internal]");
	CHECK_EQ(strlen(buf), LK_ERROR_FRAMES * LK_ERROR_TEXT + 2 * (LK_ERROR_FRAMES - 1) +
				      strlen(" [INTERNAL internal]"));
	CHECK_STR(lk_error_code_name(&err), "internal");
	CHECK_EQ(lk_exit_code(err.status), LK_INTERNAL);
	lk_context(&err, "read from the child");
	CHECK_EQ(err.n_frames, LK_ERROR_FRAMES);
}

TEST(text_is_printable)
{
	struct lk_error err = { 0 };
	char buf[256];

	lk_raise(&err, LK_TAMPERED, "said \"\x1b[2J\n\r\t\x7f\xc3\xa4\"");
	CHECK_STR(lk_error_format(&err, buf, sizeof(buf)),
		  "said \"?[2J??????\" [TAMPERED tampered]");
}

TEST(chain_reads_from_the_outside)
{
	struct lk_error err = { 0 };
	char buf[256];

	CHECK_EQ(lk_raise_code(&err, LK_C_HEADER_CIPHER, "cipher '%s'", "null"), LK_TAMPERED);
	CHECK_EQ(lk_context(&err, "check the header of %s", "vda"), LK_TAMPERED);
	CHECK_EQ(lk_context(&err, "open volume 'root'"), LK_TAMPERED);
	CHECK_STR(lk_error_format(&err, buf, sizeof(buf)),
		  "open volume 'root': check the header of vda: cipher 'null' "
		  "[TAMPERED header-cipher]");
	CHECK_STR(err.frames[0].func, "chain_reads_from_the_outside");
	CHECK(err.frames[0].line > 0);
}

TEST(raise_starts_afresh)
{
	struct lk_error err = { 0 };
	char buf[256];

	lk_raise_code(&err, LK_C_SERVER_BUSY, "first");
	err.retry_after_ms = 7;
	lk_raise(&err, LK_DENIED, "second");
	CHECK_EQ(err.retry_after_ms, 0);
	CHECK_STR(lk_error_format(&err, buf, sizeof(buf)), "second [DENIED denied]");
}

TEST(full_chain_keeps_the_newest)
{
	struct lk_error err = { 0 };
	char buf[4096];
	int i;

	lk_raise(&err, LK_AGAIN, "innermost");
	for (i = 0; i < 20; i++)
		lk_context(&err, "frame %d", i);
	CHECK_EQ(err.n_frames, LK_ERROR_FRAMES);
	lk_error_format(&err, buf, sizeof(buf));
	CHECK_EQ(strncmp(buf, "frame 19: frame 5:", 18), 0);
	CHECK_HAS(buf, ": innermost [AGAIN again]");
}

TEST(short_buffers_keep_the_class)
{
	char buf[64], tiny[1] = { 'x' };
	struct lk_error err = { 0 };
	size_t n;

	lk_raise_code(&err, LK_C_KBS_DENIED, "%s",
		      "a long story about something that cannot fit into so small a buffer");
	for (n = 1; n <= sizeof(buf); n++) {
		memset(buf, 'x', sizeof(buf));
		lk_error_format(&err, buf, n);
		CHECK(strlen(buf) < n);
	}
	CHECK_HAS(lk_error_format(&err, buf, 40), "[DENIED kbs-denied]");
	lk_error_format(&err, tiny, 0);
	CHECK_EQ(tiny[0], 'x');
	lk_error_format(&err, tiny, 1);
	CHECK_EQ(tiny[0], '\0');
}

TEST(long_text_is_cut)
{
	char long_text[3 * LK_ERROR_TEXT];
	struct lk_error err = { 0 };

	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	lk_raise(&err, LK_CONFIG, "%s", long_text);
	CHECK_EQ(strlen(err.frames[0].text), LK_ERROR_TEXT - 1);
}

TEST(codes_are_well_formed)
{
	int i, j;

	CHECK(!lk_code_name(LK_C_NONE));
	CHECK(!lk_code_help(LK_C_NONE));
	CHECK(!lk_code_name(LK_N_CODES));
	for (i = LK_C_NONE + 1; i < LK_N_CODES; i++) {
		const char *name = lk_code_name((enum lk_code)i);
		const char *help = lk_code_help((enum lk_code)i);

		CHECK(lk_code_status((enum lk_code)i) != LK_OK);
		CHECK(name && *name && strlen(name) < 24);
		CHECK_EQ(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		CHECK(help && isupper((unsigned char)help[0]));
		CHECK(strchr(".?", help[strlen(help) - 1]) != NULL);
		for (j = LK_C_NONE + 1; j < i; j++)
			CHECK(strcmp(name, lk_code_name((enum lk_code)j)) != 0);
	}
}

TEST(exit_codes_follow_the_classes)
{
	CHECK_EQ(lk_exit_code(LK_OK), 0);
	CHECK_EQ(lk_exit_code(LK_CONFIG), 1);
	CHECK_EQ(lk_exit_code(LK_ABSENT), 2);
	CHECK_EQ(lk_exit_code(LK_AGAIN), 3);
	CHECK_EQ(lk_exit_code(LK_DENIED), 4);
	CHECK_EQ(lk_exit_code(LK_TAMPERED), 5);
	CHECK_EQ(lk_exit_code(LK_TIMEOUT), 6);
	CHECK_EQ(lk_exit_code(LK_INTERNAL), 7);
	CHECK_EQ(lk_exit_code((enum lk_status) - 1), 7);
	CHECK_STR(lk_status_name(LK_TIMEOUT), "TIMEOUT");
	CHECK_STR(lk_status_name((enum lk_status)42), "INTERNAL");
}

TESTS(success_is_never_raised, foreign_errors_are_bounded, text_is_printable,
      chain_reads_from_the_outside, raise_starts_afresh, full_chain_keeps_the_newest,
      short_buffers_keep_the_class, long_text_is_cut, codes_are_well_formed,
      exit_codes_follow_the_classes)
