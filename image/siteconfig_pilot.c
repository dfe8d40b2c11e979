/* SPDX-License-Identifier: Apache-2.0 */
/* cryptpilot's folders: telling them from ours, and the build's values in a metadata.toml beside
 * files that stay as they are (docs/cryptpilot.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base64.h"
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

enum lk_status lk_siteconfig_fill_pilot(struct lk_siteconfig *site,
					const struct lk_site_values *values, struct lk_error *err)
{
	const struct lk_verity_tree *tree = values->verity;
	char hash[2 * LK_VERITY_HASH + 1], salt[2 * LK_VERITY_HASH + 1];
	struct lk_site_file *file = &site->files[site->n_files];
	int n;

	if (site->n_files == LK_SITE_FILES)
		return lk_raise(err, LK_CONFIG, "more than %d files", LK_SITE_FILES - 1);
	lk_hex_encode(tree->root_hash, sizeof(tree->root_hash), hash);
	lk_hex_encode(tree->salt, sizeof(tree->salt), salt);
	n = asprintf(&file->data,
		     "type = 1\nroot_hash = \"%s\"\n\n"
		     "[latchkey]\ndevice = \"PARTUUID=%s\"\nluks_uuid = \"%s\"\n\n"
		     "[latchkey.verity]\nroot_hash = \"%s\"\nsalt = \"%s\"\n"
		     "algorithm = \"sha256\"\ndata_block_size = %u\nhash_block_size = %u\n"
		     "data_blocks = %llu\nhash_offset = %llu\n",
		     hash, values->part_uuid, values->luks_uuid, hash, salt, LK_VERITY_BLOCK,
		     LK_VERITY_BLOCK, (unsigned long long)tree->data_blocks,
		     (unsigned long long)tree->hash_offset);
	if (n < 0) {
		file->data = NULL;
		return lk_raise(err, LK_INTERNAL, "out of memory");
	}
	file->len = (size_t)n;
	snprintf(file->name, sizeof(file->name), METADATA);
	site->n_files++;
	return LK_OK;
}
