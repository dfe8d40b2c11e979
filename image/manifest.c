/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest beside a disk: what was made and how to recognise it; no secret. */
#include <string.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "image/build_internal.h"
#include "image/files.h"
#include "image/luks_format.h"
#include "lk_build.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool set_disk(struct json_t *doc, const struct lk_build *b)
{
	char text[LK_GUID_TEXT];
	struct json_t *disk = lk_json_object();

	lk_guid_format(&b->disk.guid, text);
	return lk_json_set_string(disk, "file", base_name(b->outputs.final[LK_OUT_DISK])) &&
	       lk_json_set_int(disk, "size", (int64_t)b->disk.size) &&
	       lk_json_set_string(disk, "guid", text) && lk_json_set(doc, "disk", disk);
}

static struct json_t *partition_json(const struct lk_gpt_partition *p, size_t number)
{
	struct json_t *part = lk_json_object();
	char type[LK_GUID_TEXT], id[LK_GUID_TEXT];

	lk_guid_format(&p->type, type);
	lk_guid_format(&p->id, id);
	if (lk_json_set_int(part, "number", (int64_t)number) &&
	    lk_json_set_string(part, "name", p->name) && lk_json_set_string(part, "type", type) &&
	    lk_json_set_string(part, "uuid", id) &&
	    lk_json_set_int(part, "first_sector", (int64_t)p->first) &&
	    lk_json_set_int(part, "last_sector", (int64_t)p->last))
		return part;
	lk_json_free(part);
	return NULL;
}

static bool set_partitions(struct json_t *doc, const struct lk_build *b)
{
	struct lk_gpt_partition parts[LK_DISK_PLACES];
	const size_t n = lk_disk_table(&b->disk, parts);
	struct json_t *list = lk_json_array();
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok = lk_json_append(list, partition_json(&parts[i], i + 1)) && ok;
	return lk_json_set(doc, "partitions", list) && ok;
}

static bool set_luks(struct json_t *doc, const struct lk_build *b)
{
	struct json_t *luks = lk_json_object();
	char identity[2 * sizeof(b->header_mac) + 1];

	lk_hex_encode(b->header_mac, sizeof(b->header_mac), identity);
	return lk_json_set_string(luks, "uuid", b->luks_uuid) &&
	       lk_json_set_string(luks, "cipher", "aes-xts-plain64") &&
	       lk_json_set_int(luks, "key_bits", LK_LUKS_KEY * 8) &&
	       lk_json_set_int(luks, "sector_size", LK_LUKS_SECTOR) &&
	       lk_json_set_int(luks, "data_offset", LK_LUKS_DATA_OFFSET) &&
	       lk_json_set_int(luks, "data_size", (int64_t)b->disk.payload) &&
	       lk_json_set_string(luks, "mapping", b->facts.mapper) &&
	       lk_json_set_string(luks, "identity", identity) && lk_json_set(doc, "luks", luks);
}

static bool set_verity(struct json_t *doc, const struct lk_build *b)
{
	char hash[2 * LK_VERITY_HASH + 1], salt[2 * LK_VERITY_HASH + 1];
	struct json_t *verity = lk_json_object();

	lk_hex_encode(b->verity.root_hash, LK_VERITY_HASH, hash);
	lk_hex_encode(b->verity.salt, LK_VERITY_HASH, salt);
	return lk_json_set_string(verity, "root_hash", hash) &&
	       lk_json_set_string(verity, "salt", salt) &&
	       lk_json_set_string(verity, "algorithm", "sha256") &&
	       lk_json_set_int(verity, "data_block_size", LK_VERITY_BLOCK) &&
	       lk_json_set_int(verity, "hash_block_size", LK_VERITY_BLOCK) &&
	       lk_json_set_int(verity, "data_blocks", (int64_t)b->verity.data_blocks) &&
	       (b->disk.content.encrypted ||
		lk_json_set_string(verity, "hash_partition", b->tree_uuid)) &&
	       lk_json_set_int(verity, "hash_offset",
			       b->disk.content.encrypted ? (int64_t)b->verity.hash_offset : 0) &&
	       lk_json_set(doc, "verity", verity);
}

static bool set_filesystem(struct json_t *doc, const struct lk_build *b)
{
	struct json_t *fs = lk_json_object();

	return lk_json_set_string(fs, "type", lk_fs_names[b->req->fs]) &&
	       lk_json_set_string(fs, "uuid", b->fs_uuid) &&
	       lk_json_set_int(fs, "size", (int64_t)b->fs_size) &&
	       lk_json_set(doc, "filesystem", fs);
}

static bool set_key(struct json_t *doc, const struct lk_build *b)
{
	struct json_t *key = lk_json_object();
	bool ok = key != NULL;

	if (b->req->resource)
		ok = ok && lk_json_set_string(key, "stored_as", b->req->resource);
	if (b->req->escrow_to)
		ok = ok && lk_json_set_string(key, "escrowed_in",
					      base_name(b->outputs.final[LK_OUT_ESCROW]));
	return lk_json_set(doc, "key", key) && ok;
}

static enum lk_status set_boot_file(struct json_t *doc, const struct lk_build *b, const char *name,
				    enum lk_output which, struct lk_error *err)
{
	struct json_t *file = lk_json_object();
	char path[LK_PATH_MAX], digest[65];
	enum lk_status st;
	bool ok;

	ok = lk_json_set_string(file, "file", base_name(b->outputs.final[which]));
	if (which == LK_OUT_KERNEL)
		ok = ok && lk_json_set_string(file, "release", b->release);
	if (!lk_json_set(doc, name, lk_json_ref(file)) || !ok)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_workspace_path(&b->ws, lk_output_work_names[which], path, err);
	if (!st)
		st = lk_file_sha256(path, digest, err);
	if (!st && !lk_json_set_string(file, "sha256", digest))
		st = lk_raise(err, LK_INTERNAL, "out of memory");
	lk_json_free(file);
	return st;
}

enum lk_status lk_manifest_text(const struct lk_build *b, char **ret, size_t *ret_len,
				struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	enum lk_status st;

	if (!lk_json_set_int(doc, "version", 1) ||
	    !lk_json_set_string(doc, "made_by", "latchkey-image " LK_VERSION) ||
	    !set_disk(doc, b) || !set_partitions(doc, b) ||
	    (b->disk.content.encrypted && !set_luks(doc, b)) || !set_filesystem(doc, b) ||
	    !set_verity(doc, b) || !set_key(doc, b) ||
	    !lk_json_set_string(doc, "cmdline", b->cmdline))
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = set_boot_file(doc, b, "kernel", LK_OUT_KERNEL, err);
	if (!st)
		st = set_boot_file(doc, b, "initrd", LK_OUT_INITRD, err);
	return st ? st : lk_json_dump(doc, LK_JSON_PRETTY, ret, ret_len, err);
}
