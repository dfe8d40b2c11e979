/* SPDX-License-Identifier: Apache-2.0 */
/* cryptpilot's files: global.toml, fde.toml, metadata.toml and volumes/NAME.toml, with its keys,
 * spellings and defaults, into the structs that our own files fill. docs/cryptpilot.md tells what
 * behaves differently. */
#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "providers/provider.h"

/* The names that cryptpilot gives to everything; its logical volumes lie in one volume group. */
#define ROOT_NAME    "rootfs"
#define ROOT_DEVICE  "/dev/mapper/" LK_CRYPTPILOT_GROUP "-rootfs"
#define HASH_DEVICE  "/dev/mapper/" LK_CRYPTPILOT_GROUP "-rootfs_hash"
#define DELTA_NAME   "delta"
#define DELTA_DEVICE "/dev/mapper/" LK_CRYPTPILOT_GROUP "-delta"
/* It knows no limit; this is the most that ours may say. */
#define KEYSLOTS 8

struct boot_keys {
	bool verbose;
};
static const struct lk_key boot_keys[] = {
	{ .name = "verbose",
	  .type = LK_T_BOOL,
	  .offset = offsetof(struct boot_keys, verbose),
	  .fallback = "false",
	  .help = "Log more." },
	{ 0 },
};

enum location { DISK, DISK_PERSIST, RAM };
static const char *const locations[] = { "disk", "disk-persist", "ram", NULL };
static const char *const backends[] = { "overlayfs", "dm-snapshot", NULL };

struct root_keys {
	int location; /* enum location */
	int backend;  /* enum lk_overlay_type */
};
static const struct lk_key root_keys[] = {
	{ .name = "delta_location",
	  .aliases = (const char *const[]){ "rw_overlay", NULL },
	  .type = LK_T_CHOICE,
	  .offset = offsetof(struct root_keys, location),
	  .fallback = "disk",
	  .choices = locations,
	  .help = "Where the writable layer lies." },
	{ .name = "delta_backend",
	  .type = LK_T_CHOICE,
	  .offset = offsetof(struct root_keys, backend),
	  .fallback = "dm-snapshot",
	  .choices = backends,
	  .help = "What the writable layer is." },
	{ 0 },
};

#define AT(field) .offset = offsetof(struct lk_volume, field)

static const struct lk_key delta_keys[] = {
	{ .name = "integrity",
	  .type = LK_T_BOOL,
	  AT(integrity),
	  .fallback = "false",
	  .help = "Whether altered blocks are noticed." },
	{ 0 },
};

/* In the order of enum lk_filesystem. */
static const char *const file_systems[] = { "swap", "ext4", "xfs", "vfat", NULL };

static const struct lk_key volume_keys[] = {
	{ .name = "volume",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  AT(name),
	  .help = "The mapping." },
	{ .name = "dev",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  AT(device),
	  .help = "The device." },
	{ .name = "auto_open",
	  .type = LK_T_BOOL,
	  AT(auto_open),
	  .fallback = "false",
	  .help = "Open it at boot." },
	{ .name = "makefs",
	  .type = LK_T_CHOICE,
	  AT(makefs),
	  .choices = file_systems,
	  .help = "The file system to make when the volume is made." },
	{ .name = "integrity",
	  .type = LK_T_BOOL,
	  AT(integrity),
	  .fallback = "false",
	  .help = "Whether altered blocks are noticed." },
	{ 0 },
};

struct metadata_keys {
	int64_t type;
	struct lk_bytes root_hash;
};
static const struct lk_key metadata_keys[] = {
	{ .name = "type",
	  .type = LK_T_INT,
	  .flags = LK_K_REQUIRED,
	  .offset = offsetof(struct metadata_keys, type),
	  .min = 1,
	  .max = 1,
	  .help = "The version of this file." },
	{ .name = "root_hash",
	  .type = LK_T_HEX,
	  .flags = LK_K_REQUIRED,
	  .offset = offsetof(struct metadata_keys, root_hash),
	  .min = 32,
	  .max = 32,
	  .help = "The root hash of the root's hash tree." },
	{ 0 },
};

/* What latchkey-image adds, since its disks have partitions and no volume group. */
struct place_keys {
	char *device, *luks_uuid, *delta_device;
};
static const struct lk_key place_keys[] = {
	{ .name = "device",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  .offset = offsetof(struct place_keys, device),
	  .help = "The root's device." },
	{ .name = "luks_uuid",
	  .type = LK_T_STRING,
	  .offset = offsetof(struct place_keys, luks_uuid),
	  .help = "The UUID that its LUKS2 header must have." },
	{ .name = "delta_device",
	  .type = LK_T_STRING,
	  .offset = offsetof(struct place_keys, delta_device),
	  .help = "The device of the writable layer." },
	{ 0 },
};
#define PLACE_SECTION  "latchkey"
#define VERITY_SECTION "latchkey.verity"

static enum lk_status set_text(char **field, const char *text, struct lk_error *err)
{
	free(*field);
	*field = strdup(text);
	return *field ? LK_OK : lk_raise(err, LK_INTERNAL, "out of memory");
}

/* Every key of ours that cryptpilot has not, at our default. */
static enum lk_status set_defaults(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err)
{
	const struct lk_section *section = lk_volume_section_of(v);
	LK_CONFIG_FILE *empty = NULL;
	enum lk_status st = lk_config_parse("defaults", "", 0, &empty, err);

	if (!st)
		st = lk_config_fill(empty, section->name, section->keys, false, v, err);
	if (!st)
		st = set_text(&v->file, lk_config_name(cfg), err);
	v->max_keyslots = KEYSLOTS;
	return st;
}

enum lk_status lk_cryptpilot_read_global(struct lk_config *cfg, struct lk_settings *s,
					 struct lk_error *err)
{
	const struct lk_key *ours = lk_keys_find(lk_agent_section.keys, "verbose");
	struct boot_keys boot = { 0 };
	enum lk_status st;

	st = lk_config_fill(cfg, "boot", boot_keys, false, &boot, err);
	if (!st)
		st = lk_agent_read(cfg, s, err);
	if (st)
		return st;
	if (lk_config_given(cfg, "boot", boot_keys) &&
	    lk_config_given(cfg, lk_agent_section.name, ours)) {
		lk_raise_code(err, LK_C_CONFIG_SYNTAX,
			      "'verbose' of [boot] is another spelling of that of [agent]");
		return lk_config_problem(cfg, "boot", "verbose", err);
	}
	s->verbose = s->verbose || boot.verbose;
	return LK_OK;
}

/* Is there [name] or anything below it? */
static bool has_table(const struct lk_config *cfg, const char *name)
{
	const size_t n = strlen(name);
	const char *section;
	size_t i;

	for (i = 0; (section = lk_config_section(cfg, i)); i++)
		if (strncmp(section, name, n) == 0 && (section[n] == '\0' || section[n] == '.'))
			return true;
	return false;
}

bool lk_cryptpilot_is_fde(const struct lk_config *cfg)
{
	const struct lk_key *device = lk_keys_find(lk_delta_section.keys, "device");

	return has_table(cfg, "data") ||
	       (has_table(cfg, DELTA_NAME) && !lk_config_given(cfg, DELTA_NAME, device));
}

static enum lk_status read_root(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err)
{
	static const int places[] = {
		[DISK] = LK_OVERLAY_DISK, [DISK_PERSIST] = LK_OVERLAY_DISK_PERSIST, [RAM] = LK_OVERLAY_RAM
	};
	struct root_keys keys = { 0 };
	enum lk_status st;

	st = set_defaults(cfg, v, err);
	if (!st)
		st = set_text(&v->name, ROOT_NAME, err);
	if (!st)
		st = set_text(&v->device, ROOT_DEVICE, err);
	if (!st)
		st = lk_config_fill(cfg, "rootfs", root_keys, true, &keys, err);
	if (st)
		return st;
	v->encrypted = has_table(cfg, "rootfs.encrypt");
	v->rw_overlay = places[keys.location];
	v->rw_overlay_type = keys.backend;
	return lk_encrypt_read(cfg, "rootfs.", v, err);
}

/* cryptpilot makes the store anew whenever it does not have to last, and once if it has to. */
static enum lk_status read_delta(struct lk_config *cfg, const char *section, struct lk_volume *root,
				 struct lk_volume *v, struct lk_error *err)
{
	char prefix[16];
	enum lk_status st;

	st = set_defaults(cfg, v, err);
	if (!st)
		st = set_text(&v->name, DELTA_NAME, err);
	if (!st)
		st = set_text(&v->device, DELTA_DEVICE, err);
	if (!st)
		st = lk_config_fill(cfg, section, delta_keys, true, v, err);
	if (st)
		return st;
	v->auto_open = lk_root_uses_delta(root);
	if (root->rw_overlay == LK_OVERLAY_DISK)
		v->format = LK_FORMAT_ALWAYS;
	else if (root->rw_overlay == LK_OVERLAY_DISK_PERSIST)
		v->format = LK_FORMAT_BLANK;
	root->accept_unauthenticated_delta = v->format == LK_FORMAT_BLANK && !v->integrity;
	snprintf(prefix, sizeof(prefix), "%s.", section);
	return lk_encrypt_read(cfg, prefix, v, err);
}

enum lk_status lk_cryptpilot_read_fde(struct lk_config *cfg, struct lk_volume *root,
				      struct lk_volume *delta, struct lk_error *err)
{
	const bool older = has_table(cfg, "data");
	enum lk_status st;

	root->is_root = root->auto_open = true;
	delta->is_delta = delta->encrypted = true;
	root->makefs = delta->makefs = -1;
	if (older && has_table(cfg, DELTA_NAME)) {
		lk_raise_code(err, LK_C_CONFIG_SYNTAX, "[data] is another spelling of [delta]");
		st = lk_config_problem(cfg, "data", NULL, err);
		if (st)
			return st;
	}
	if (!has_table(cfg, "rootfs")) {
		lk_raise_code(err, LK_C_CONFIG_MISSING, "[rootfs] is needed");
		st = lk_config_problem(cfg, NULL, NULL, err);
		if (st)
			return st;
	}
	st = read_root(cfg, root, err);
	if (st)
		return st;
	return read_delta(cfg, older ? "data" : DELTA_NAME, root, delta, err);
}

/* What throws its contents away is made at each opening; for the rest there is `volume init`. */
static void settle_format(struct lk_volume *v)
{
	size_t i;

	for (i = 0; i < v->n_sources; i++)
		if (strcmp(v->sources[i].provider->name, "otp") == 0)
			v->format = LK_FORMAT_ALWAYS;
}

enum lk_status lk_cryptpilot_read_volume(struct lk_config *cfg, struct lk_volume *v,
					 struct lk_error *err)
{
	const char *name;
	enum lk_status st;

	v->encrypted = true;
	st = set_defaults(cfg, v, err);
	v->phase = LK_PHASE_SYSTEM; /* where one that fails, or has no header yet, stops no boot */
	if (!st)
		st = lk_config_fill(cfg, "", volume_keys, true, v, err);
	if (st)
		return st;
	name = lk_config_clean(cfg) ? lk_volume_wrong(v, err) : NULL;
	st = name ? lk_config_problem(cfg, "", name, err) : LK_OK;
	if (!st)
		st = lk_encrypt_read(cfg, "", v, err);
	settle_format(v);
	return st;
}

/* The place of both volumes, written by latchkey-image. Takes the texts. */
static enum lk_status read_place(struct lk_config *cfg, struct lk_volume *root,
				 struct lk_volume *delta, struct lk_error *err)
{
	struct place_keys keys = { 0 };
	enum lk_status st;

	if (!lk_config_has(cfg, PLACE_SECTION))
		return LK_OK;
	st = lk_config_fill(cfg, PLACE_SECTION, place_keys, true, &keys, err);
	if (!st && keys.device)
		st = set_text(&root->device, keys.device, err);
	if (!st && keys.luks_uuid)
		st = set_text(&root->luks_uuid, keys.luks_uuid, err);
	if (!st && keys.delta_device)
		st = set_text(&delta->device, keys.delta_device, err);
	lk_keys_free(place_keys, &keys);
	if (st || !lk_config_clean(cfg))
		return st;
	if (lk_volume_wrong(root, err) || lk_volume_wrong(delta, err))
		return lk_config_problem(cfg, PLACE_SECTION, NULL, err);
	return LK_OK;
}

/* An image with the volume group: the root hash is all that is known beforehand. */
static enum lk_status set_tree(struct metadata_keys *keys, struct lk_volume *root,
			       struct lk_error *err)
{
	LK_CONFIG_FILE *empty = NULL;
	enum lk_status st = lk_config_parse("defaults", "", 0, &empty, err);

	if (!st)
		st = lk_config_fill(empty, lk_verity_section.name, lk_verity_section.keys, false,
				    &root->verity, err);
	if (!st)
		st = set_text(&root->verity.hash_device, HASH_DEVICE, err);
	if (st)
		return st;
	root->verity.root_hash = keys->root_hash;
	keys->root_hash = (struct lk_bytes){ 0 };
	root->verity.superblock = true;
	root->has_verity = true;
	return LK_OK;
}

static enum lk_status read_tree(struct lk_config *cfg, struct metadata_keys *keys,
				struct lk_volume *root, struct lk_error *err)
{
	const struct lk_bytes *own = &root->verity.root_hash;
	enum lk_status st;

	if (!lk_config_has(cfg, PLACE_SECTION) && !lk_config_has(cfg, VERITY_SECTION))
		return set_tree(keys, root, err);
	st = lk_verity_read(cfg, VERITY_SECTION, root, err);
	if (st || !lk_config_clean(cfg))
		return st;
	if (!root->has_verity) {
		lk_raise_code(err, LK_C_CONFIG_MISSING,
			      "[" PLACE_SECTION "] needs [" VERITY_SECTION "] beside it");
		return lk_config_problem(cfg, PLACE_SECTION, NULL, err);
	}
	if (own->len == keys->root_hash.len &&
	    memcmp(own->data, keys->root_hash.data, own->len) == 0)
		return LK_OK;
	lk_raise_code(err, LK_C_CONFIG_VALUE,
		      "root_hash of [" VERITY_SECTION "] is not the one above");
	return lk_config_problem(cfg, VERITY_SECTION, "root_hash", err);
}

enum lk_status lk_cryptpilot_read_metadata(struct lk_config *cfg, struct lk_volume *root,
					   struct lk_volume *delta, struct lk_error *err)
{
	struct metadata_keys keys = { 0 };
	enum lk_status st;

	st = lk_config_fill(cfg, "", metadata_keys, true, &keys, err);
	if (!st)
		st = read_place(cfg, root, delta, err);
	if (!st)
		st = read_tree(cfg, &keys, root, err);
	lk_keys_free(metadata_keys, &keys);
	lk_root_settle(root);
	return st;
}
