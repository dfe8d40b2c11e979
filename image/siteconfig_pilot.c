/* SPDX-License-Identifier: Apache-2.0 */
/* cryptpilot's folders: telling them from ours, and the build's values in a metadata.toml beside
 * files that stay as they are (docs/cryptpilot.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "image/siteconfig_internal.h"

#define METADATA "metadata.toml"

static bool is_there(const char *dir, const char *name)
{
	char path[1024];
	struct stat sb;

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) &&
	       stat(path, &sb) == 0;
}

static bool starts(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

/* The agent's rule: the store of the writable layer is there and names no device. */
static enum lk_status names_no_device(const struct lk_site_file *fde, bool *ret,
				      struct lk_error *err)
{
	bool delta = false, device = false, inside = false;
	LK_LINES lines = { 0 };
	const char *line;
	enum lk_status st;
	size_t i;

	st = lk_siteconfig_lines(fde, &lines, err);
	if (st)
		return st;
	for (i = 0, line = lines.text; i < lines.n; i++, line = strchr(line, '\n') + 1) {
		if (line[0] == '[') {
			inside = starts(line, "[delta]");
			delta = delta || inside || starts(line, "[delta.") ||
				starts(line, "[data]") || starts(line, "[data.");
		} else if (inside && (starts(line, "device ") || starts(line, "dev "))) {
			device = true;
		}
	}
	*ret = delta && !device;
	return LK_OK;
}

enum lk_status lk_siteconfig_is_pilot(const char *dir, const struct lk_site_file *fde, bool *ret,
				      struct lk_error *err)
{
	static const char *const theirs[] = { "global.toml", METADATA, "volumes" };
	static const char *const ours[] = { "latchkey.conf", "latchkey.toml", "fde.conf",
					    "volumes.d" };
	size_t i;

	*ret = false;
	if (!fde)
		return LK_OK;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (is_there(dir, ours[i]))
			return LK_OK;
	for (i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		*ret = *ret || is_there(dir, theirs[i]);
	return *ret ? LK_OK : names_no_device(fde, ret, err);
}

static void print_metadata(FILE *out, const struct lk_site_values *values)
{
	const struct lk_verity_tree *tree = values->verity;
	char hash[2 * LK_VERITY_HASH + 1], salt[2 * LK_VERITY_HASH + 1];

	lk_hex_encode(tree->root_hash, sizeof(tree->root_hash), hash);
	lk_hex_encode(tree->salt, sizeof(tree->salt), salt);
	fprintf(out, "type = 1\nroot_hash = \"%s\"\n\n[latchkey]\ndevice = \"PARTUUID=%s\"\n", hash,
		values->part_uuid);
	if (values->luks_uuid)
		fprintf(out, "luks_uuid = \"%s\"\n", values->luks_uuid);
	if (values->delta_uuid)
		fprintf(out, "delta_device = \"PARTUUID=%s\"\n", values->delta_uuid);
	fprintf(out,
		"\n[latchkey.verity]\nroot_hash = \"%s\"\nsalt = \"%s\"\nalgorithm = \"sha256\"\n"
		"data_block_size = %u\nhash_block_size = %u\ndata_blocks = %llu\n"
		"hash_offset = %llu\n",
		hash, salt, LK_VERITY_BLOCK, LK_VERITY_BLOCK, (unsigned long long)tree->data_blocks,
		values->hash_uuid ? 0 : (unsigned long long)tree->hash_offset);
	if (values->hash_uuid)
		fprintf(out, "hash_device = \"PARTUUID=%s\"\n", values->hash_uuid);
}

enum lk_status lk_siteconfig_fill_pilot(struct lk_siteconfig *site,
					const struct lk_site_values *values, struct lk_error *err)
{
	struct lk_site_file *file = &site->files[site->n_files];
	LK_FREE char *text = NULL;
	size_t len = 0;
	FILE *out;
	int failed;

	if (site->n_files == LK_SITE_FILES)
		return lk_raise(err, LK_CONFIG, "more than %d files", LK_SITE_FILES - 1);
	out = open_memstream(&text, &len);
	if (!out)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	print_metadata(out, values);
	failed = ferror(out);
	if (fclose(out) != 0 || failed)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	file->data = lk_take(text);
	file->len = len;
	snprintf(file->name, sizeof(file->name), METADATA);
	site->n_files++;
	return LK_OK;
}
