/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens LUKS2 volumes from a private header: the copies on the disk are read once, checked
 * (agent/luks_header.h), written anew into a sealed memory file and handed to libcryptsetup beside
 * the data device. Nothing is ever written to the disk. One of the two users of libcryptsetup.
 *
 * libcryptsetup's device-mapper side is not thread-safe: one volume at a time per process.
 */
#pragma once

#include "agent/blockdev.h"
#include "agent/luks_header.h"
#include "core/deadline.h"
#include "core/error.h"
#include "providers/provider.h"

struct lk_luks_prepared;

/* The default rules for this machine's memory. */
struct lk_luks_rules lk_luks_rules_here(void);

/* Read, check and copy. dev is borrowed for the call; keyslot areas are copied by the sizes that
 * were checked. Errors as lk_luks_header_parse. */
enum lk_status lk_luks_prepare(const struct lk_blockdev *dev, const struct lk_luks_rules *rules,
			       struct lk_luks_prepared **ret, struct lk_error *err);
/* What was accepted, with `degraded`; borrowed. */
const struct lk_luks_header *lk_luks_prepared_header(const struct lk_luks_prepared *p);
void lk_luks_prepared_free(struct lk_luks_prepared *p);
LK_DEFINE_CLEANUP(struct lk_luks_prepared *, lk_luks_prepared_free)

enum lk_luks_flags {
	LK_LUKS_READONLY = 1 << 0,
	LK_LUKS_DISCARDS = 1 << 1,
	LK_LUKS_PRIVATE = 1 << 2, /* an inner layer: udev makes no links to it */
	LK_LUKS_BYPASS = 1 << 3,  /* no work queues between reader, cipher and disk */
	/* With integrity: a crash may leave sectors that cannot be read. */
	LK_LUKS_NO_JOURNAL = 1 << 4,
};

/* Map prepared + dev as /dev/mapper/NAME and compare the kernel's table with what was checked;
 * with integrity there is a second mapping below it, NAME_dif, whose table is compared as well.
 * LK_TAMPERED: key-wrong, table-mismatch (the mapping is closed again). LK_CONFIG: name-taken.
 * LK_TIMEOUT: udev did not answer before the deadline (closed again). */
enum lk_status lk_luks_open(const struct lk_luks_prepared *p, const struct lk_blockdev *dev,
			    const char *name, const struct lk_volume_key *key, unsigned flags,
			    struct lk_deadline deadline, struct lk_error *err);
/* LK_CONFIG (name-taken) when there is a mapping of that name. */
enum lk_status lk_luks_check_free(const char *name, struct lk_error *err);
/* Does the key open the prepared header? Maps nothing, needs no device-mapper. */
enum lk_status lk_luks_check_key(const struct lk_luks_prepared *p, const struct lk_volume_key *key,
				 struct lk_error *err);
#define LK_LUKS_NO_SLOT (-1)
/* The volume key that the key opens, into locked memory, and the keyslot's id (LK_LUKS_NO_SLOT:
 * it was the volume key itself). Maps nothing. LK_TAMPERED: key-wrong. */
enum lk_status lk_luks_volume_key(const struct lk_luks_prepared *p, const struct lk_volume_key *key,
				  struct lk_secret *ret, int *ret_slot, struct lk_error *err);
/* agent/luks_mapping.c: is there a mapping of that name, and is it the one of the LUKS volume with
 * this UUID? */
enum lk_status lk_luks_is_open(const char *name, const char *uuid, bool *ret, struct lk_error *err);
/* agent/luks_mapping.c: remove both mappings of a volume; as lk_dm_close: also fine when nothing is
 * open. uuid: of its header, NULL for whatever LUKS volume has the name. LK_CONFIG: name-taken when the
 * mapping is another's, which stays. */
enum lk_status lk_luks_close(const char *name, const char *uuid, struct lk_deadline deadline,
			     struct lk_error *err);
/* agent/luks_mapping.c: is this a mapping's UUID for a volume of that type (LUKS2, SUBDEV), UUID (NULL:
 * any) and name? Pure. */
bool lk_luks_mapping_is(const char *dm_uuid, const char *type, const char *uuid, const char *name);
/* agent/luks_mapping.c: what libcryptsetup calls the integrity mapping below a volume's. */
#define LK_LUKS_BELOW_NAME 128
const char *lk_luks_below_name(const char *name, char buf[LK_LUKS_BELOW_NAME]);
