/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the build's values into the operator's fde file. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/secret.h"
#include "image/siteconfig_internal.h"

#define LINES_MAX 1024

/* Lines that go right behind a section's heading, or with one of their own to the end. */
struct addition {
	const char *section;
	const char *const *keys; /* the ones in lines, ending in NULL */
	char lines[LINES_MAX];
	unsigned line; /* of the heading */
	size_t at;     /* offset behind it */
	bool found;
};

static const char *const root_keys[] = { "device", "dev", "luks_uuid", NULL };
static const char *const verity_keys[] = { "root_hash",
					   "salt",
					   "algorithm",
					   "data_block_size",
					   "hash_block_size",
					   "data_blocks",
					   "hash_offset",
					   "hash_device",
					   NULL };
static const char *const delta_keys[] = { "device", "dev", NULL };
static const char *const no_keys[] = { NULL };

static void compose_verity(struct addition *verity, const struct lk_site_values *values)
{
	const struct lk_verity_tree *tree = values->verity;
	char hash[2 * LK_VERITY_HASH + 1], salt[2 * LK_VERITY_HASH + 1];
	int n;

	lk_hex_encode(tree->root_hash, sizeof(tree->root_hash), hash);
	lk_hex_encode(tree->salt, sizeof(tree->salt), salt);
	n = snprintf(verity->lines, LINES_MAX,
		     "root_hash = \"%s\"\nsalt = \"%s\"\nalgorithm = \"sha256\"\n"
		     "data_block_size = %u\nhash_block_size = %u\ndata_blocks = %llu\n"
		     "hash_offset = %llu\n",
		     hash, salt, LK_VERITY_BLOCK, LK_VERITY_BLOCK,
		     (unsigned long long)tree->data_blocks,
		     values->hash_uuid ? 0 : (unsigned long long)tree->hash_offset);
	if (values->hash_uuid)
		snprintf(verity->lines + n, LINES_MAX - (size_t)n,
			 "hash_device = \"PARTUUID=%s\"\n", values->hash_uuid);
}

static void compose(struct addition additions[LK_SITE_ADDITIONS],
		    const struct lk_site_values *values)
{
	struct addition *root = &additions[0], *delta = &additions[2];
	int n;

	*root = (struct addition){ .section = "rootfs", .keys = root_keys };
	additions[1] = (struct addition){ .section = "rootfs.verity", .keys = verity_keys };
	*delta = (struct addition){ .section = "delta", .keys = no_keys };
	n = snprintf(root->lines, LINES_MAX, "device = \"PARTUUID=%s\"\n", values->part_uuid);
	if (values->luks_uuid)
		snprintf(root->lines + n, LINES_MAX - (size_t)n, "luks_uuid = \"%s\"\n",
			 values->luks_uuid);
	compose_verity(&additions[1], values);
	if (!values->delta_uuid)
		return;
	delta->keys = delta_keys;
	snprintf(delta->lines, LINES_MAX, "device = \"PARTUUID=%s\"\n", values->delta_uuid);
}

/* One logical line of the reader: "[section]" or "name = value". */
static bool is_section(const char *line, const char *name)
{
	size_t n = strlen(name);

	return line[0] == '[' && strncmp(line + 1, name, n) == 0 && line[1 + n] == ']';
}

static bool is_key(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == ' ';
}

static enum lk_status refuse_own(const char *file, unsigned number, const char *line,
				 const struct addition *a, struct lk_error *err)
{
	size_t i;

	for (i = 0; a->keys[i]; i++)
		if (is_key(line, a->keys[i]))
			return lk_raise_code(
				err, LK_C_CONFIG_VALUE,
				"%s:%u: latchkey-image writes '%s' of [%s] itself; remove it", file,
				number, a->keys[i], a->section);
	return LK_OK;
}

/* Where physical line `number` ends, its newline included. */
static size_t behind_line(const struct lk_site_file *file, unsigned number)
{
	const char *at = file->data, *end = file->data + file->len, *next;

	for (; number > 0 && at < end; number--) {
		next = memchr(at, '\n', (size_t)(end - at));
		at = next ? next + 1 : end;
	}
	return (size_t)(at - file->data);
}

static enum lk_status locate(const struct lk_site_file *file, struct addition *additions, size_t n,
			     struct lk_error *err)
{
	const struct addition *current = NULL;
	LK_LINES lines = { 0 };
	const char *line;
	enum lk_status st;
	size_t i, j;

	st = lk_siteconfig_lines(file, &lines, err);
	if (st)
		return st;
	for (i = 0, line = lines.text; i < lines.n; i++, line = strchr(line, '\n') + 1) {
		if (line[0] != '[') {
			st = current ? refuse_own(file->name, lines.physical[i], line, current, err)
				     : LK_OK;
			if (st)
				return st;
			continue;
		}
		current = NULL;
		for (j = 0; j < n; j++)
			if (is_section(line, additions[j].section)) {
				additions[j].found = true;
				additions[j].line = lines.physical[i];
				additions[j].at = behind_line(file, lines.physical[i]);
				current = &additions[j];
			}
	}
	return LK_OK;
}

/* The file's text from *done to `upto`, then more. */
static void emit(FILE *out, const struct lk_site_file *file, size_t *done, size_t upto,
		 const char *more)
{
	fwrite(file->data + *done, 1, upto - *done, out);
	if (upto > *done && file->data[upto - 1] != '\n')
		fputc('\n', out);
	fputs(more, out);
	*done = upto;
}

/* The addition that stands next behind `done`; NULL when all that were found are through. */
static const struct addition *next_of(const struct addition additions[LK_SITE_ADDITIONS],
				      size_t done)
{
	const struct addition *next = NULL;

	for (size_t i = 0; i < LK_SITE_ADDITIONS; i++)
		if (additions[i].found && additions[i].at > done &&
		    (!next || additions[i].at < next->at))
			next = &additions[i];
	return next;
}

/* Those whose section is not there go to the end, with a heading; an empty one goes nowhere. */
static void rewrite(FILE *out, const struct lk_site_file *file,
		    const struct addition additions[LK_SITE_ADDITIONS])
{
	const struct addition *next;
	size_t done = 0;

	while ((next = next_of(additions, done)))
		emit(out, file, &done, next->at, next->lines);
	emit(out, file, &done, file->len, "");
	for (size_t i = 0; i < LK_SITE_ADDITIONS; i++)
		if (!additions[i].found && *additions[i].lines)
			fprintf(out, "\n[%s]\n%s", additions[i].section, additions[i].lines);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static struct lk_site_file *fde_of(struct lk_siteconfig *site)
{
	size_t i;

	for (i = 0; i < site->n_files; i++)
		if (strcmp(site->files[i].name, "fde.conf") == 0 ||
		    strcmp(site->files[i].name, "fde.toml") == 0)
			return &site->files[i];
	return NULL;
}

enum lk_status lk_siteconfig_fill(struct lk_siteconfig *site, const struct lk_site_values *values,
				  struct lk_error *err)
{
	struct addition additions[LK_SITE_ADDITIONS];
	struct lk_site_file *file = fde_of(site);
	LK_FREE char *text = NULL;
	enum lk_status st;
	size_t len = 0, i;
	FILE *out;
	int failed;

	site->encrypted = values->luks_uuid != NULL;
	if (site->cryptpilot)
		return lk_siteconfig_fill_pilot(site, values, err);
	if (!file)
		return lk_raise(err, LK_INTERNAL, "fill a configuration without an fde file");
	compose(additions, values);
	st = locate(file, additions, LK_SITE_ADDITIONS, err);
	if (st)
		return st;
	if (values->delta_uuid && !additions[2].found)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "%s: a partition for the writable layer needs [delta], which "
				     "says where its key comes from",
				     file->name);
	out = open_memstream(&text, &len);
	if (!out)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	rewrite(out, file, additions);
	failed = ferror(out);
	if (fclose(out) != 0 || failed)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (i = 0; i < LK_SITE_ADDITIONS; i++) {
		site->added[i].behind = additions[i].line;
		site->added[i].lines = (unsigned)count_lines(additions[i].lines);
	}
	lk_wipe(file->data, file->len);
	free(file->data);
	file->data = lk_take(text);
	file->len = len;
	return LK_OK;
}
