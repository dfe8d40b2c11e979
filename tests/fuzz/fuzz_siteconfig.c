/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the build's values into any fde file: the result reads, and without the lines that were
 * added it is the operator's text. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "image/siteconfig_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct lk_verity_tree tree = { .data_blocks = 1, .hash_offset = 4096 };
static const struct lk_site_values values = { "11-22", "33-44", &tree, NULL, NULL };

static const char *const added[] = { "device = \"PARTUUID=11-22\"\n",
				     "luks_uuid = \"33-44\"\n",
				     "root_hash = ",
				     "salt = ",
				     "algorithm = \"sha256\"\n",
				     "data_block_size = 4096\n",
				     "hash_block_size = 4096\n",
				     "data_blocks = 1\n",
				     "hash_offset = 4096\n" };
#define N_ADDED (sizeof(added) / sizeof(added[0]))

/* Each added line is there; a reader finds the text good. */
static void check(const struct lk_site_file *file, size_t before)
{
	struct lk_error err = { 0 };
	LK_LINES lines = { 0 };
	size_t i;

	if (file->len <= before)
		abort();
	for (i = 0; i < N_ADDED; i++)
		if (!memmem(file->data, file->len, added[i], strlen(added[i])))
			abort();
	if (lk_siteconfig_lines(file, &lines, &err) && before < 200u * 1024)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_CLEANUP(lk_siteconfig_free) struct lk_siteconfig site = { .n_files = 1 };
	struct lk_site_file *file = &site.files[0];
	struct lk_error err = { 0 };

	if (size < 1)
		return 0;
	strcpy(file->name, data[0] & 1 ? "fde.toml" : "fde.conf");
	file->len = size - 1;
	file->data = malloc(file->len + 1);
	if (!file->data)
		return 0;
	memcpy(file->data, data + 1, file->len);
	file->data[file->len] = '\0';
	if (lk_siteconfig_fill(&site, &values, &err) == LK_OK)
		check(file, size - 1);
	else if (memcmp(file->data, data + 1, size - 1) != 0)
		abort();
	return 0;
}
