/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of fde.conf and volumes.d: the root, and the volumes beside it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/blockdev.h"
#include "agent/settings_internal.h"

#define AT(field) .offset = offsetof(struct lk_volume, field)

/* Each in the order of its enum. */
static const char *const phases[] = { "initrd", "system", NULL };
static const char *const overlays[] = { "none", "ram", "disk", "disk-persist", NULL };
static const char *const overlay_types[] = { "overlayfs", "dm-snapshot", NULL };
static const char *const queues[] = { "auto", "on", "off", NULL };
static const char *const macs[] = { "optional", "required", NULL };
static const char *const file_systems[] = { "swap", "ext4", "xfs", "vfat", NULL };
static const char *const formats[] = { "never", "blank", "always", NULL };
static const char *const fallbacks[] = { "none", "recovery-key", NULL };
static const char *const entropies[] = { "unknown", "full", NULL };

#define DEVICE_HELP                                                                                \
	"The device: PARTUUID=, PARTLABEL=, UUID= (of the LUKS2 header) or a path below /dev. "    \
	"Two devices that fit are an error."

/* Rows that both tables have. */
#define LUKS_UUID                                                                                  \
	.name = "luks_uuid", .type = LK_T_STRING, AT(luks_uuid),                                   \
	.help = "The UUID that the LUKS2 header must have; without it, any.",                      \
	.example = "\"00000000-0000-4000-8000-000000000000\""
#define MAX_KEYSLOTS                                                                               \
	.name = "max_keyslots", .type = LK_T_INT, AT(max_keyslots), .fallback = "2", .min = 1,     \
	.max = 8,                                                                                  \
	.help = "A header with more keyslots than this is refused; the recovery key's is not "     \
		"counted when fallback names it."
#define HEADER_MAC                                                                                    \
	.name = "header_mac", .type = LK_T_CHOICE, AT(header_mac), .fallback = "optional",            \
	.choices = macs,                                                                              \
	.help = "Whether a header must carry our MAC, which binds it to this volume: optional opens " \
		"one without it, as on volumes made by other tools. One that is wrong is never "      \
		"opened."
#define ALLOW_DISCARDS                                                                             \
	.name = "allow_discards", .type = LK_T_BOOL, AT(allow_discards), .fallback = "false",      \
	.help = "Pass discards through dm-crypt: who sees the disk sees which blocks are free."
#define WORKQUEUES                                                                                 \
	.name = "workqueues", .type = LK_T_CHOICE, AT(workqueues), .fallback = "auto",             \
	.choices = queues,                                                                         \
	.help = "Whether blocks go through dm-crypt's work queues. auto: not where the kernel is " \
		"5.15 or newer, the processor has AES instructions, and the disk does not seek "   \
		"or the machine is a virtual one. Volumes with integrity follow the same rule."
#define FORMAT                                                                                     \
	.name = "format", .type = LK_T_CHOICE, AT(format), .fallback = "never",                    \
	.choices = formats,                                                                        \
	.help = "What may be formatted at boot. never: nothing. blank: a device that holds "       \
		"nothing, once; a host that wipes the device resets the volume to empty. always: " \
		"whatever is there, at each boot, under a random key."
#define MAKEFS                                                                                     \
	.name = "makefs", .type = LK_T_CHOICE, AT(makefs), .choices = file_systems,                \
	.help = "The file system to make when the volume is formatted.", .example = "\"ext4\""
#define INTEGRITY                                                                                   \
	.name = "integrity", .type = LK_T_BOOL, AT(integrity), .fallback = "false",                 \
	.help = "Whether dm-integrity lets no altered block be read. Replay of old blocks is not "  \
		"noticed. Needs allow_discards = false; a volume that lasts is written whole when " \
		"it is made."
#define GROW                                                                                       \
	.name = "grow", .type = LK_T_BOOL, AT(grow), .fallback = "false",                          \
	.help = "Let the partition, if it is the last of a GPT disk, take what room the disk has " \
		"behind it, and the file system what the partition has. Not with integrity."
#define KEY_ENTROPY                                                                                \
	.name = "key_entropy", .type = LK_T_CHOICE, AT(key_entropy), .fallback = "unknown",        \
	.choices = entropies,                                                                      \
	.help = "full: the fetched key is 32 random bytes or more, and a new keyslot need not "    \
		"stretch it."
#define FALLBACK                                                                                   \
	.name = "fallback", .type = LK_T_CHOICE, AT(fallback), .fallback = "none",                 \
	.choices = fallbacks,                                                                      \
	.help = "What may open the volume when its provider does not: recovery-key asks an "       \
		"operator for the key of the recovery keyslot, once the provider has failed or "   \
		"half of the deadline is spent. Whoever sits at the console may then answer."

static const struct lk_key root_keys[] = {
	{ .name = "device",
	  .aliases = (const char *const[]){ "dev", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED | LK_K_FILLED,
	  AT(device),
	  .help = DEVICE_HELP,
	  .example = "\"PARTUUID=00000000-0000-4000-8000-000000000000\"" },
	{ .name = "name",
	  .type = LK_T_STRING,
	  AT(name),
	  .fallback = "root",
	  .help = "The mapping that becomes the root device: /dev/mapper/NAME." },
	{ .name = "encrypted",
	  .type = LK_T_BOOL,
	  AT(encrypted),
	  .fallback = "true",
	  .help = "Whether the device holds LUKS2; if not, [rootfs.verity] alone protects it." },
	{ .name = "rw_overlay",
	  .aliases = (const char *const[]){ "delta_location", NULL },
	  .type = LK_T_CHOICE,
	  AT(rw_overlay),
	  .fallback = "none",
	  .choices = overlays,
	  .help = "Where the writable layer over the root lies: none; ram; disk, the volume of "
		  "[delta]; both start empty at each boot. disk-persist: on [delta], and lasts, "
		  "for this root hash; another one starts an empty layer beside it." },
	{ .name = "rw_overlay_type",
	  .aliases = (const char *const[]){ "delta_backend", NULL },
	  .type = LK_T_CHOICE,
	  AT(rw_overlay_type),
	  .fallback = "overlayfs",
	  .choices = overlay_types,
	  .help = "What the writable layer is: overlayfs, over any root; or dm-snapshot, for a "
		  "root of ext4 or xfs with [rootfs.verity] and a layer that starts empty." },
	{ .name = "accept_unauthenticated_delta",
	  .type = LK_T_BOOL,
	  AT(accept_unauthenticated_delta),
	  .fallback = "false",
	  .flags = LK_K_WEAKENS,
	  .help = "A writable layer that lasts may lie on a volume without dm-integrity; what the "
		  "host alters there goes unseen." },
	{ LUKS_UUID },
	{ MAX_KEYSLOTS },
	{ HEADER_MAC },
	{ ALLOW_DISCARDS },
	{ WORKQUEUES },
	{ FALLBACK },
	{ 0 },
};

static const struct lk_key delta_keys[] = {
	{ .name = "device",
	  .aliases = (const char *const[]){ "dev", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  AT(device),
	  .help = DEVICE_HELP,
	  .example = "\"PARTUUID=00000000-0000-4000-8000-000000000002\"" },
	{ .name = "name",
	  .type = LK_T_STRING,
	  AT(name),
	  .fallback = "delta",
	  .help = "The mapping: /dev/mapper/NAME." },
	{ INTEGRITY },
	{ FORMAT },
	{ GROW },
	{ LUKS_UUID },
	{ MAX_KEYSLOTS },
	{ HEADER_MAC },
	{ ALLOW_DISCARDS },
	{ WORKQUEUES },
	{ KEY_ENTROPY },
	{ FALLBACK },
	{ 0 },
};

static const struct lk_key volume_keys[] = {
	{ .name = "volume",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  AT(name),
	  .help = "The mapping: /dev/mapper/NAME.",
	  .example = "\"data0\"" },
	{ .name = "dev",
	  .aliases = (const char *const[]){ "device", NULL },
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED,
	  AT(device),
	  .help = DEVICE_HELP,
	  .example = "\"PARTUUID=00000000-0000-4000-8000-000000000001\"" },
	{ .name = "auto_open",
	  .type = LK_T_BOOL,
	  AT(auto_open),
	  .fallback = "false",
	  .help = "Open the volume at boot." },
	{ .name = "phase",
	  .type = LK_T_CHOICE,
	  AT(phase),
	  .fallback = "initrd",
	  .choices = phases,
	  .help = "Who opens it: the initramfs, together with the root, or in the system "
		  "latchkey-volumes.service. The key service's policy must allow the key to that "
		  "phase." },
	{ LUKS_UUID },
	{ MAX_KEYSLOTS },
	{ HEADER_MAC },
	{ ALLOW_DISCARDS },
	{ WORKQUEUES },
	{ FORMAT },
	{ MAKEFS },
	{ INTEGRITY },
	{ GROW },
	{ KEY_ENTROPY },
	{ FALLBACK },
	{ 0 },
};

const struct lk_section lk_rootfs_section = { "rootfs", root_keys, "The root." };
const struct lk_section lk_delta_section = { "delta", delta_keys,
					     "Where the root's writable layer lies on disk." };
const struct lk_section lk_volume_section = {
	"", volume_keys, "One volume beside the root; these keys stand before the first section."
};

const struct lk_section *lk_volume_section_of(const struct lk_volume *v)
{
	if (v->is_root)
		return &lk_rootfs_section;
	return v->is_delta ? &lk_delta_section : &lk_volume_section;
}

/* Fit for device-mapper, for units and for paths. */
static enum lk_status check_name(const char *name, struct lk_error *err)
{
	static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_.-";
	const size_t n = strlen(name);

	if (n == 0 || n > LK_VOLUME_NAME_MAX || strspn(name, legal) != n || *name == '.' ||
	    *name == '-' || strcmp(name, "control") == 0)
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "a volume's name has 1 to %d letters, digits, '_', '-' and "
				     "'.', and begins with none of the last two",
				     LK_VOLUME_NAME_MAX);
	return LK_OK;
}

static enum lk_status check_uuid(char *uuid, struct lk_error *err)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; shape[i]; i++) {
		if (shape[i] == 'x' ? !isxdigit((unsigned char)uuid[i]) : uuid[i] != '-')
			break;
		uuid[i] = (char)tolower((unsigned char)uuid[i]);
	}
	if (shape[i] || uuid[i])
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "'luks_uuid' is not a UUID");
	return LK_OK;
}

const char *lk_volume_wrong(struct lk_volume *v, struct lk_error *err)
{
	struct lk_blockdev_spec spec;
	const bool in_fde = v->is_root || v->is_delta;

	if (v->grow && v->integrity) {
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "a volume with integrity = true cannot grow: its checksums are laid "
			      "out for its size");
		return "grow";
	}
	if (check_name(v->name, err))
		return in_fde ? "name" : "volume";
	if (v->device && lk_blockdev_spec_parse(v->device, &spec, err))
		return in_fde ? "device" : "dev";
	if (v->luks_uuid && check_uuid(v->luks_uuid, err))
		return "luks_uuid";
	return NULL;
}

static enum lk_status read_volume(struct lk_config *cfg, const struct lk_section *section,
				  struct lk_volume *v, struct lk_error *err)
{
	const char *name;
	enum lk_status st;

	v->file = strdup(lk_config_name(cfg));
	if (!v->file)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	st = lk_config_fill(cfg, section->name, section->keys, true, v, err);
	if (st || !lk_config_clean(cfg))
		return st;
	name = lk_volume_wrong(v, err);
	return name ? lk_config_problem(cfg, section->name, name, err) : LK_OK;
}

void lk_root_settle(struct lk_volume *v)
{
	if (v->verity.on_corruption < 0)
		v->verity.on_corruption = lk_volume_attested(v) ? LK_VERITY_PANIC : LK_VERITY_ERROR;
}

enum lk_status lk_root_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err)
{
	enum lk_status st;

	v->is_root = true;
	v->auto_open = true;
	v->makefs = -1;
	st = read_volume(cfg, &lk_rootfs_section, v, err);
	if (!st)
		st = lk_verity_read(cfg, lk_verity_section.name, v, err);
	if (!st)
		st = lk_encrypt_read(cfg, "rootfs.", v, err);
	if (st)
		return st;
	lk_root_settle(v);
	if (v->encrypted || v->has_verity || !lk_config_clean(cfg))
		return LK_OK;
	lk_raise_code(err, LK_C_CONFIG_MISSING,
		      "encrypted = false without [rootfs.verity] would protect nothing");
	return lk_config_problem(cfg, "rootfs", "encrypted", err);
}

bool lk_root_uses_delta(const struct lk_volume *root)
{
	return root->rw_overlay == LK_OVERLAY_DISK || root->rw_overlay == LK_OVERLAY_DISK_PERSIST;
}

enum lk_status lk_delta_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err)
{
	enum lk_status st;

	v->is_delta = true;
	v->encrypted = true;
	v->makefs = -1;
	st = read_volume(cfg, &lk_delta_section, v, err);
	return st ? st : lk_encrypt_read(cfg, "delta.", v, err);
}

enum lk_status lk_volume_read(struct lk_config *cfg, struct lk_volume *v, struct lk_error *err)
{
	enum lk_status st;

	v->encrypted = true;
	st = read_volume(cfg, &lk_volume_section, v, err);
	return st ? st : lk_encrypt_read(cfg, "", v, err);
}

void lk_volume_free(struct lk_volume *v)
{
	lk_sources_free(v);
	lk_keys_free(lk_volume_section_of(v)->keys, v);
	lk_keys_free(lk_verity_section.keys, &v->verity);
	lk_keys_free(lk_encrypt_keys, v);
	free(v->file);
	*v = (struct lk_volume){ 0 };
}
