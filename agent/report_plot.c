/* SPDX-License-Identifier: Apache-2.0 */
/* The report of an unlock as a drawing: one bar per stage and per volume over a line of time. */
#include "agent/report_plot.h"

#include <inttypes.h>
#include <string.h>

#include "core/json.h"

#define WIDTH	   960
#define MARGIN	   24
#define LABEL	   150 /* pixels for the names at the left */
#define LEFT	   (MARGIN + LABEL)
#define SPAN	   (WIDTH - MARGIN - LEFT) /* pixels of time */
#define ROW	   30
#define BAR	   18
#define HEAD	   64	    /* of the whole drawing */
#define PHASE_HEAD 58	    /* of one phase: its title and the numbers of its axis */
#define ROWS_MAX   64	    /* of each kind in one phase; what is beyond is counted only */
#define MS_MAX	   86400000 /* a day: what a report can say */
#define TEXT_MAX   140	    /* characters of any line */
#define TICKS	   6	    /* about so many on an axis */
#define CHARACTER  6.3	    /* pixels, about, of the small text */

static const char style[] =
	"<style>\n"
	"text{font-family:system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;fill:#1f2933}\n"
	".title{font-size:18px;font-weight:600}\n"
	".phase{font-size:13px;font-weight:600}\n"
	".name{font-size:12px}\n"
	".small{font-size:11px;fill:#52606d}\n"
	".inside{font-size:11px;fill:#fff}\n"
	".grid{stroke:#e4e7eb}\n"
	".axis{stroke:#9aa5b1}\n"
	".stage{fill:#3e7cb1}\n"
	".volume{fill:#2a9d8f}\n"
	".bad{fill:#c0392b}\n"
	"text.bad{font-weight:600}\n"
	"</style>\n";

/* One axis: milliseconds since the phase's start, to pixels. */
struct axis {
	int64_t end;  /* milliseconds at the right edge, at least 1 */
	int64_t step; /* between two ticks */
	int y;	      /* of the next row */
};

/* ---- values ---- */

static const char *text(const struct json_t *o, const char *name)
{
	const char *s = lk_json_string_value(lk_json_get(o, name));

	return s ? s : "";
}

/* Milliseconds, held within what can be drawn. */
static int64_t number(const struct json_t *o, const char *name)
{
	int64_t n;

	if (!lk_json_int_value(lk_json_get(o, name), &n) || n < 0)
		return 0;
	return n < MS_MAX ? n : MS_MAX;
}

static size_t rows(const struct json_t *list)
{
	const size_t n = lk_json_count(list);

	return n < ROWS_MAX ? n : ROWS_MAX;
}

/* The characters of UTF-8 text that are drawn. */
static size_t drawn(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n < TEXT_MAX ? n : TEXT_MAX;
}

/* Text as an element's content. jansson has seen to it that it is UTF-8; control characters, which
 * XML cannot hold, show as blanks. */
static void put(FILE *out, const char *s)
{
	size_t n = 0;

	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;

		if ((c & 0xc0) != 0x80 && ++n > TEXT_MAX) {
			fputs("\xe2\x80\xa6", out); /* an ellipsis */
			return;
		}
		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else
			fputc(c < ' ' || c == 0x7f ? ' ' : c, out);
	}
}

static void put_text(FILE *out, const char *class, double x, double y, const char *anchor,
		     const char *s)
{
	fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y,
		anchor);
	put(out, s);
	fputs("</text>\n", out);
}

/* ---- the line of time ---- */

/* 1, 2 or 5 times a power of ten, so that about TICKS of them fill the axis. */
static int64_t nice_step(int64_t end)
{
	static const int factors[] = { 1, 2, 5 };
	int64_t power;
	size_t i;

	for (power = 1;; power *= 10)
		for (i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
			if (power * factors[i] * TICKS >= end)
				return power * factors[i];
}

static double at(const struct axis *a, int64_t ms)
{
	return LEFT + (double)ms * SPAN / (double)a->end;
}

static void draw_axis(FILE *out, const struct axis *a, int height)
{
	char label[32];
	int64_t t;

	for (t = 0; t <= a->end; t += a->step) {
		if (a->step < 1000)
			snprintf(label, sizeof(label), "%" PRId64 " ms", t);
		else
			snprintf(label, sizeof(label), "%" PRId64 " s", t / 1000);
		fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n",
			t ? "grid" : "axis", at(a, t), a->y, at(a, t), a->y + height);
		put_text(out, "small", at(a, t), a->y - 6, t ? "middle" : "start", label);
	}
}

/* A name, a bar, and what there is to say of it on the side that has room. */
static void draw_row(FILE *out, struct axis *a, const char *class, const char *name, int64_t from,
		     int64_t to, const char *note)
{
	const double x = at(a, from);
	const double width = at(a, to) - x > 2 ? at(a, to) - x : 2;
	const double middle = a->y + ROW / 2.0 + 4;
	const double room = WIDTH - MARGIN - (x + width);

	put_text(out, "name", LEFT - 12, middle, "end", name);
	fprintf(out,
		"<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\"/>\n",
		class, x, a->y + (ROW - BAR) / 2, width, BAR);
	if (room > CHARACTER * (double)drawn(note))
		put_text(out, "small", x + width + 8, middle, "start", note);
	else if (x - LEFT > CHARACTER * (double)drawn(note))
		put_text(out, "small", x - 8, middle, "end", note);
	else
		put_text(out, "inside", x + 8, middle, "start", note);
	a->y += ROW;
}

static void took(char *buf, size_t size, int64_t ms, const char *more)
{
	snprintf(buf, size, "%" PRId64 " ms%s%s", ms, *more ? "  \xc2\xb7  " : "", more);
}

static void draw_stages(FILE *out, struct axis *a, const struct json_t *phase)
{
	const struct json_t *stages = lk_json_get(phase, "stages");
	const bool failed = strcmp(text(phase, "outcome"), "open") != 0;
	char note[512];
	int64_t before = 0;
	size_t i;

	for (i = 0; i < rows(stages); i++) {
		const struct json_t *s = lk_json_at(stages, i);
		const bool last = i + 1 == rows(stages);
		int64_t end = number(s, "ms");

		end = end > before ? end : before;
		took(note, sizeof(note), end - before, text(s, "detail"));
		draw_row(out, a, failed && last ? "bad" : "stage", text(s, "name"), before, end,
			 note);
		before = end;
	}
}

/* A volume that says when it was open has been opened since the one before it, or since the last
 * stage but one ended. */
static void draw_volumes(FILE *out, struct axis *a, const struct json_t *phase)
{
	const struct json_t *stages = lk_json_get(phase, "stages");
	const struct json_t *volumes = lk_json_get(phase, "volumes");
	const size_t n = rows(stages);
	int64_t before = n > 1 ? number(lk_json_at(stages, n - 2), "ms") : 0;
	char note[512];
	size_t i;

	for (i = 0; i < rows(volumes); i++) {
		const struct json_t *v = lk_json_at(volumes, i);
		const bool open = strcmp(text(v, "outcome"), "open") == 0;
		int64_t end = open && lk_json_has(v, "open_ms") ? number(v, "open_ms") : before;
		const char *from = text(v, "provider"), *where = text(v, "endpoint");

		end = end > before ? end : before;
		snprintf(note, sizeof(note), "%s%s%s%s%s", open ? "" : text(v, "outcome"),
			 !open && *from ? "  \xc2\xb7  " : "", from, *where ? "  \xc2\xb7  " : "",
			 where);
		draw_row(out, a, open ? "volume" : "bad", text(v, "name"), before, end, note);
		before = end;
	}
}

/* ---- the drawing ---- */

static int64_t phase_end(const struct json_t *phase)
{
	const struct json_t *stages = lk_json_get(phase, "stages");
	const struct json_t *volumes = lk_json_get(phase, "volumes");
	int64_t end = 1, ms;
	size_t i;

	for (i = 0; i < rows(stages); i++)
		if ((ms = number(lk_json_at(stages, i), "ms")) > end)
			end = ms;
	for (i = 0; i < rows(volumes); i++)
		if ((ms = number(lk_json_at(volumes, i), "open_ms")) > end)
			end = ms;
	return end;
}

static int phase_height(const struct json_t *phase)
{
	return (int)(rows(lk_json_get(phase, "stages")) + rows(lk_json_get(phase, "volumes"))) *
	       ROW;
}

static void draw_phase(FILE *out, const char *name, const struct json_t *phase, int y)
{
	struct axis a = { .end = phase_end(phase), .y = y + PHASE_HEAD };
	const int64_t start = number(phase, "start_ms");
	char title[160];

	a.step = nice_step(a.end);
	snprintf(title, sizeof(title),
		 "%s: %" PRId64 " ms, begun %" PRId64 ".%" PRId64 " s after the machine", name,
		 phase_end(phase), start / 1000, start % 1000 / 100);
	put_text(out, "phase", MARGIN, y + 24, "start", title);
	draw_axis(out, &a, phase_height(phase));
	draw_stages(out, &a, phase);
	draw_volumes(out, &a, phase);
}

static void draw_head(FILE *out, const struct json_t *report)
{
	const bool open = strcmp(text(report, "outcome"), "open") == 0;
	char line[512];

	snprintf(line, sizeof(line), "latchkey %.60s: %.60s", text(report, "version"),
		 text(report, "outcome"));
	put_text(out, open ? "title" : "title bad", MARGIN, 34, "start", line);
	snprintf(
		line, sizeof(line),
		"tee %.40s  \xc2\xb7  register %.40s  \xc2\xb7  clock %.40s  \xc2\xb7  attempts %" PRId64,
		text(report, "tee"), text(report, "register"), text(report, "clock"),
		number(report, "attempts"));
	put_text(out, "small", MARGIN, 54, "start", line);
}

static void draw_error(FILE *out, const struct json_t *error, int y)
{
	put_text(out, "small bad", MARGIN, y + MARGIN, "start", text(error, "text"));
	put_text(out, "small", MARGIN, y + MARGIN + 16, "start", text(error, "help"));
}

void lk_report_plot(FILE *out, const struct json_t *report)
{
	const struct json_t *system = lk_json_get(report, "system");
	const struct json_t *error = lk_json_get(report, "error");
	int y = HEAD, height = HEAD + PHASE_HEAD + phase_height(report) + MARGIN;

	height += system ? PHASE_HEAD + phase_height(system) : 0;
	height += error ? 2 * MARGIN : 0;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n%s<rect width=\"100%%\" height=\"100%%\" "
		"style=\"fill:#fff\"/>\n",
		WIDTH, height, WIDTH, height, style);
	draw_head(out, report);
	draw_phase(out, "initramfs", report, y);
	y += PHASE_HEAD + phase_height(report);
	if (system) {
		draw_phase(out, "system", system, y);
		y += PHASE_HEAD + phase_height(system);
	}
	if (error)
		draw_error(out, error, y);
	fputs("</svg>\n", out);
}
