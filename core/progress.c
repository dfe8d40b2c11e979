/* SPDX-License-Identifier: Apache-2.0 */
/* The stage lines and the bar. */
#include "core/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "core/deadline.h"

#define WIDTH 30

void lk_progress_setup(struct lk_progress *p, bool wanted, unsigned n_stages)
{
	*p = (struct lk_progress){ .on = wanted && isatty(STDERR_FILENO), .n_stages = n_stages };
}

static void head(const struct lk_progress *p)
{
	fprintf(stderr, "\r\033[K  [%u/%u] %-22s", p->stage, p->n_stages, p->what);
}

static void finish(struct lk_progress *p, bool well)
{
	if (!p->on || p->stage == 0 || !p->what)
		return;
	head(p);
	if (well)
		fprintf(stderr, "%8.1f s\n", (double)(lk_clock_ms() - p->started_ms) / 1000.0);
	else
		fprintf(stderr, "  failed\n");
	p->what = NULL;
}

void lk_progress_stage(struct lk_progress *p, const char *what)
{
	finish(p, true);
	p->stage++;
	p->what = what;
	p->permille = -1;
	p->started_ms = lk_clock_ms();
	if (p->on)
		head(p);
}

void lk_progress_at(struct lk_progress *p, uint64_t done, uint64_t whole)
{
	char bar[WIDTH + 1];
	int permille, i;

	if (!p->on || whole == 0)
		return;
	permille = (int)((double)done * 1000.0 / (double)whole);
	if (permille == p->permille)
		return;
	p->permille = permille;
	for (i = 0; i < WIDTH; i++)
		bar[i] = i * 1000 < permille * WIDTH ? '#' : '.';
	bar[WIDTH] = '\0';
	head(p);
	fprintf(stderr, " %s %3d %%", bar, permille / 10);
}

void lk_progress_end(struct lk_progress *p, bool well)
{
	finish(p, well);
}
