/* SPDX-License-Identifier: Apache-2.0 */
/* Reports that anybody may have written: the drawing holds known elements alone, all closed, and
 * no more than so many of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report_plot.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_OF_DRAWING (1u << 20)

static void check(const char *svg)
{
	static const char *const known[] = { "svg ",  "/svg>", "style>", "/style>",
					     "rect ", "line ", "text ",	 "/text>" };
	size_t i;
	long open = 0;

	for (; *svg; svg++) {
		if ((unsigned char)*svg < ' ' && *svg != '\n')
			abort();
		if (*svg != '<')
			continue;
		for (i = 0; i < 8 && strncmp(svg + 1, known[i], strlen(known[i])) != 0; i++)
			;
		if (i == 8)
			abort();
		open += i == 6 ? 1 : i == 7 ? -1 : 0;
		if (open < 0 || open > 1)
			abort();
	}
	if (open)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	LK_JSON *doc = NULL;
	char *svg = NULL;
	size_t len = 0;
	FILE *out;

	if (size > 65536 || lk_json_parse((const char *)data, size, &doc, &err))
		return 0;
	out = open_memstream(&svg, &len);
	if (!out)
		return 0;
	lk_report_plot(out, doc);
	if (fclose(out) == 0) {
		if (len > SIZE_MAX_OF_DRAWING)
			abort();
		check(svg);
	}
	free(svg);
	return 0;
}
