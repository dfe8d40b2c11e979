/* SPDX-License-Identifier: Apache-2.0 */
/* The only user of inih: turns logical lines into sections and entries. inih's memory is wiped
 * when it is freed, since lines may hold credentials. */
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_internal.h"
#include "core/secret.h"

/* What the prefix's inih must have been built with; the header is the one it was built from. */
_Static_assert(!INI_ALLOW_MULTILINE && !INI_ALLOW_INLINE_COMMENTS && !INI_ALLOW_BOM &&
		       !INI_ALLOW_NO_VALUE,
	       "inih would read what only our line reader may");
_Static_assert(INI_CALL_HANDLER_ON_NEW_SECTION &&INI_HANDLER_LINENO &&INI_STOP_ON_FIRST_ERROR,
	       "inih would not tell empty sections, or lines");
_Static_assert(!INI_USE_STACK && INI_ALLOW_REALLOC && INI_CUSTOM_ALLOCATOR,
	       "inih's buffer must be on the heap and wiped");
_Static_assert(INI_MAX_LINE == LK_CONFIG_LINE_MAX + 3, "inih would cut lines");

/* In front of each block, since inih does not tell sizes when it frees. */
union block {
	size_t size;
	max_align_t align;
};

void *ini_malloc(size_t size);
void ini_free(void *ptr);
void *ini_realloc(void *ptr, size_t size);

void *ini_malloc(size_t size)
{
	union block *b = size <= 2 * INI_MAX_LINE ? malloc(sizeof(*b) + size) : NULL;

	if (!b)
		return NULL;
	b->size = size;
	return b + 1;
}

void ini_free(void *ptr)
{
	union block *b = ptr;

	if (!b)
		return;
	b--;
	lk_wipe(b, sizeof(*b) + b->size);
	free(b);
}

void *ini_realloc(void *ptr, size_t size)
{
	const union block *old = ptr;
	void *grown = ini_malloc(size);

	if (!grown || !old)
		return grown;
	memcpy(grown, ptr, old[-1].size < size ? old[-1].size : size);
	ini_free(ptr);
	return grown;
}

struct reading {
	struct lk_config *cfg;
	const struct lk_lines *lines;
	const char *next; /* of lines->text */
	size_t n_calls;
	enum lk_status st;
	struct lk_error *err;
};

/* fgets() on the logical lines. */
static char *next_line(char *buf, int size, void *stream)
{
	struct reading *r = stream;
	size_t n = strcspn(r->next, "\n");

	if (!*r->next || size < 2)
		return NULL;
	n += r->next[n] == '\n';
	if (n > (size_t)size - 1)
		n = (size_t)size - 1;
	memcpy(buf, r->next, n);
	buf[n] = 0;
	r->next += n;
	return buf;
}

static enum lk_status add_section(struct reading *r, const char *name, unsigned line)
{
	struct lk_config *cfg = r->cfg;
	size_t i;

	for (i = 0; i < cfg->n_sections; i++)
		if (strcmp(cfg->sections[i].name, name) == 0)
			return lk_raise_code(r->err, LK_C_CONFIG_SYNTAX,
					     "section [%s] stands in line %u already", name,
					     cfg->sections[i].line);
	cfg->sections[i] = (struct config_section){ .name = strdup(name), .line = line };
	if (!cfg->sections[i].name)
		return lk_raise(r->err, LK_INTERNAL, "out of memory");
	cfg->n_sections++;
	return LK_OK;
}

static enum lk_status add_entry(struct reading *r, const char *name, const char *value,
				unsigned line)
{
	struct lk_config *cfg = r->cfg;
	struct config_entry *e = &cfg->entries[cfg->n_entries];
	size_t i;

	for (i = 0; i < cfg->n_entries; i++)
		if (cfg->entries[i].section == cfg->n_sections - 1 &&
		    strcmp(cfg->entries[i].name, name) == 0)
			return lk_raise_code(r->err, LK_C_CONFIG_SYNTAX,
					     "key '%s' stands in line %u already", name,
					     cfg->entries[i].line);
	*e = (struct config_entry){ .section = cfg->n_sections - 1, .line = line };
	cfg->n_entries++;
	e->name = strdup(name);
	e->value = strdup(value);
	if (!e->name || !e->value)
		return lk_raise(r->err, LK_INTERNAL, "out of memory");
	return LK_OK;
}

/* inih's handler: 0 stops. name is NULL where a section begins. */
static int handle(void *user, const char *section, const char *name, const char *value, int lineno)
{
	struct reading *r = user;
	unsigned line;

	if (lineno < 1 || (size_t)lineno > r->lines->n || ++r->n_calls != (size_t)lineno) {
		r->st = lk_raise(r->err, LK_INTERNAL, "inih miscounts lines");
		return 0;
	}
	line = r->lines->physical[lineno - 1];
	if (!name || r->cfg->n_sections == 0)
		r->st = add_section(r, section, line);
	if (name && !r->st)
		r->st = add_entry(r, name, value, line);
	if (r->st)
		lk_context(r->err, "%s:%u", r->cfg->file, line);
	return r->st == LK_OK;
}

enum lk_status lk_ini_read(struct lk_config *cfg, const struct lk_lines *lines,
			   struct lk_error *err)
{
	struct reading r = { .cfg = cfg, .lines = lines, .next = lines->text, .err = err };
	int failed;

	cfg->sections = calloc(lines->n + 1, sizeof(*cfg->sections));
	cfg->entries = calloc(lines->n + 1, sizeof(*cfg->entries));
	if (!cfg->sections || !cfg->entries)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	failed = ini_parse_stream(next_line, &r, handle, &r);
	if (r.st)
		return r.st;
	if (failed || r.n_calls != lines->n)
		return lk_raise(err, LK_INTERNAL, "inih stopped at logical line %d of %zu", failed,
				lines->n);
	return LK_OK;
}
