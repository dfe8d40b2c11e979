/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes the keyslots and the token of a header that lies on a disk.
 *
 * The header is read once and checked; keyslots are made in a private copy; what is to be written is
 * a list of whole areas and whole header copies, all of them ours. The library never sees a byte of
 * the disk. Applied up to any byte of any write, the list leaves a header that holds together: areas
 * that no header names come first, then the copy that is not in force, then the other one.
 */
#pragma once

#include "agent/header_mac.h"
#include "agent/luks.h"
#include "agent/luks_keyslot.h"

/* Free text of a header that tools show; copied as it is. */
struct lk_luks_labels {
	uint8_t label[48], subsystem[48];
};

/* A whole copy as it lies on a disk: with the token and a fresh salt, to begin at offset (0, or
 * hdr_size). malloc'ed. */
enum lk_status lk_luks_header_store(const struct lk_luks_header *header,
				    const struct lk_luks_labels *labels, uint64_t offset,
				    uint8_t **ret, size_t *ret_len, struct lk_error *err);

#define LK_LUKS_WRITES_MAX 12
struct lk_luks_writes { /* `= { 0 }` is empty; in this order, each durable before the next */
	struct lk_luks_write {
		uint64_t offset;
		uint8_t *data;
		size_t len;
	} list[LK_LUKS_WRITES_MAX];
	size_t n;
};
void lk_luks_writes_free(struct lk_luks_writes *w);
#define LK_LUKS_WRITES LK_CLEANUP(lk_luks_writes_free) struct lk_luks_writes
/* Do them all. LK_INTERNAL with the reason when the disk refuses. */
enum lk_status lk_luks_writes_apply(const struct lk_luks_writes *w, const struct lk_blockdev *dev,
				    struct lk_error *err);

struct lk_luks_edit {
	struct lk_luks_prepared *prepared; /* as found; not sealed */
	struct lk_luks_header header;	   /* as it is to be; the token is the caller's to set */
	struct lk_luks_rules rules;
	struct lk_luks_labels labels;
	uint64_t device_size;
	uint32_t added, dropped; /* keyslots as bits */
	bool second_in_force;
};
#define LK_LUKS_EDIT LK_CLEANUP(lk_luks_edit_end) struct lk_luks_edit

/* Read and check; errors as lk_luks_prepare. rules must outlive the edit. */
enum lk_status lk_luks_edit_begin(const struct lk_blockdev *dev, const struct lk_luks_rules *rules,
				  struct lk_luks_edit *ret, struct lk_error *err);
/* A new keyslot that holds the volume key, opened by `secret`. LK_CONFIG when the rules or the header
 * have no room. */
enum lk_status lk_luks_edit_add(struct lk_luks_edit *e, const struct lk_secret *volume_key,
				const struct lk_secret *secret, enum lk_keyslot_kind kind,
				unsigned *ret_id, struct lk_error *err);
/* Drop keyslots (bits) and wipe their areas; the token forgets them. */
void lk_luks_edit_drop(struct lk_luks_edit *e, uint32_t keyslots);
/* Raise the generation by one and compute the MAC anew. */
enum lk_status lk_luks_edit_sign(struct lk_luks_edit *e, const struct lk_header_owner *owner,
				 const struct lk_secret *volume_key, struct lk_error *err);
/* What has to be written. LK_INTERNAL when our own rules would refuse the result. */
enum lk_status lk_luks_edit_plan(const struct lk_luks_edit *e, struct lk_luks_writes *ret,
				 struct lk_error *err);
void lk_luks_edit_end(struct lk_luks_edit *e);
