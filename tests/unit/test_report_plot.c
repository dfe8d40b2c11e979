/* SPDX-License-Identifier: Apache-2.0 */
/* The drawing of a report: what is on it, and that hostile reports stay text. */
#include "agent/report_plot.h"

#include "core/json.h"
#include "tests/check.h"

#define STAGES                                                                                     \
	"\"stages\":[{\"name\":\"configuration\",\"ms\":12,\"detail\":\"1 volume\"},"              \
	"{\"name\":\"keys\",\"ms\":900,\"detail\":\"1 key from kbs\"},"                            \
	"{\"name\":\"root mapped\",\"ms\":1200,\"detail\":\"verity ok\"}]"
#define VOLUMES                                                                                    \
	"\"volumes\":[{\"name\":\"root\",\"outcome\":\"open\",\"provider\":\"kbs\","               \
	"\"endpoint\":\"kbs.example\",\"open_ms\":1100}]"

static char *draw(const char *json)
{
	struct lk_error err = { 0 };
	LK_JSON *doc = NULL;
	char *svg = NULL;
	size_t len;
	FILE *out;

	lk_json_setup();
	CHECK_OK(lk_json_parse(json, strlen(json), &doc, &err));
	out = open_memstream(&svg, &len);
	CHECK(out);
	lk_report_plot(out, doc);
	CHECK(fclose(out) == 0);
	return svg;
}

static int count(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/* Nothing but the elements that the drawing is made of, each text closed. */
static void check_elements(const char *svg)
{
	static const char *const known[] = { "svg ",  "/svg>", "style>", "/style>",
					     "rect ", "line ", "text ",	 "/text>" };
	size_t i;

	for (const char *at = svg; (at = strchr(at, '<')); at++) {
		for (i = 0; i < 8 && strncmp(at + 1, known[i], strlen(known[i])) != 0; i++)
			;
		if (i == 8)
			check_fail(__FILE__, __LINE__, "an element: %.20s", at);
	}
	CHECK_EQ(count(svg, "<text "), count(svg, "</text>"));
}

TEST(each_stage_and_volume_has_its_bar)
{
	char *svg = draw("{\"version\":\"1.0\",\"outcome\":\"open\",\"tee\":\"sample\","
			 "\"start_ms\":3100,\"attempts\":1," STAGES "," VOLUMES "}");

	check_elements(svg);
	CHECK_EQ(count(svg, "class=\"stage\""), 3);
	CHECK_EQ(count(svg, "class=\"volume\""), 1);
	CHECK_EQ(count(svg, "class=\"bad\""), 0);
	CHECK_HAS(svg, ">configuration</text>");
	CHECK_HAS(svg, "888 ms");
	CHECK_HAS(svg, "kbs.example</text>");
	CHECK_HAS(svg, "initramfs: 1200 ms, begun 3.1 s after the machine");
	CHECK_HAS(svg, ">200 ms</text>");
	CHECK(!strstr(svg, "system:"));
	free(svg);
}

TEST(both_phases_are_drawn)
{
	char *svg = draw("{\"outcome\":\"open\"," STAGES "," VOLUMES
			 ",\"system\":{\"outcome\":\"open\",\"start_ms\":9000," STAGES "," VOLUMES
			 "}}");

	check_elements(svg);
	CHECK_EQ(count(svg, "class=\"stage\""), 6);
	CHECK_EQ(count(svg, "class=\"volume\""), 2);
	CHECK_HAS(svg, "system: 1200 ms, begun 9.0 s");
	free(svg);
}

TEST(a_failure_is_shown)
{
	char *svg = draw("{\"outcome\":\"failed\"," STAGES
			 ",\"volumes\":[{\"name\":\"root\",\"outcome\":\"TAMPERED\"}],\"error\":"
			 "{\"text\":\"the key opens no keyslot\",\"help\":\"enrol it\"}}");

	check_elements(svg);
	CHECK_EQ(count(svg, "<rect class=\"bad\""), 2);
	CHECK_EQ(count(svg, "class=\"stage\""), 2);
	CHECK_HAS(svg, "the key opens no keyslot</text>");
	CHECK_HAS(svg, "enrol it</text>");
	free(svg);
}

TEST(hostile_texts_stay_text)
{
	char *svg =
		draw("{\"version\":\"<script>\",\"outcome\":\"\\\"'&]]>\",\"tee\":\"\\u001b[1m\","
		     "\"stages\":[{\"name\":\"<!--\",\"ms\":5,\"detail\":\"a\\u0007b\"}],"
		     "\"volumes\":[{\"name\":\"</text><a/>\",\"endpoint\":\"<&\"}]}");

	check_elements(svg);
	CHECK_HAS(svg, "&lt;script&gt;");
	CHECK_HAS(svg, "&quot;'&amp;]]&gt;");
	CHECK_HAS(svg, "a b");
	CHECK(!strchr(svg, '\a') && !strchr(svg, '\033'));
	free(svg);
}

TEST(long_texts_are_cut_between_characters)
{
	char json[4096] = "{\"stages\":[{\"name\":\"", *svg;

	for (int i = 0; i < 300; i++)
		strcat(json, "\xc3\xa9");
	strcat(json, "\"}]}");
	svg = draw(json);
	CHECK_HAS(svg, "\xc3\xa9\xe2\x80\xa6</text>");
	CHECK_EQ(count(svg, "\xc3\xa9"), 140);
	free(svg);
}

TEST(odd_numbers_are_held)
{
	char *svg =
		draw("{\"start_ms\":-5,\"stages\":[{\"ms\":9223372036854775807},{\"ms\":-1},"
		     "{\"ms\":\"x\"},{},7],\"volumes\":[{\"outcome\":\"open\",\"open_ms\":1e3}],"
		     "\"system\":[],\"attempts\":null}");

	check_elements(svg);
	CHECK_HAS(svg, "initramfs: 86400000 ms, begun 0.0 s");
	CHECK(!strstr(svg, "nan") && !strstr(svg, "inf"));
	CHECK(!strstr(svg, "=\"-"));
	free(svg);
	svg = draw("[]");
	check_elements(svg);
	free(svg);
}

TEST(many_rows_are_bounded)
{
	static char json[200000];
	char *svg;

	strcpy(json, "{\"volumes\":[{}");
	for (int i = 0; i < 5000; i++)
		strcat(json, ",{\"name\":\"v\"}");
	strcat(json, "]}");
	svg = draw(json);
	check_elements(svg);
	CHECK_EQ(count(svg, "<rect class=\"bad\""), 64);
	free(svg);
}

TESTS(each_stage_and_volume_has_its_bar, both_phases_are_drawn, a_failure_is_shown,
      hostile_texts_stay_text, long_texts_are_cut_between_characters, odd_numbers_are_held,
      many_rows_are_bounded)
