/* SPDX-License-Identifier: Apache-2.0 */
/* The stages themselves, one function each, in the order of the table in agent/stages.c. Each
 * writes what it did into detail: one short phrase, never a secret. */
#pragma once

#include "agent/stages.h"

#define LK_STAGE_DETAIL 96
#define LK_MAP_NAME	72

/* agent/stage_volumes.c: read and check the configuration; cage the fetcher. */
enum lk_status lk_stage_configuration(struct lk_run *run, char *detail, struct lk_error *err);
/* agent/stage_volumes.c: wait for the devices, check the headers. */
enum lk_status lk_stage_volumes(struct lk_run *run, char *detail, struct lk_error *err);
/* agent/stage_keys.c: measure what is about to be trusted; say what proves it. */
enum lk_status lk_stage_proof(struct lk_run *run, char *detail, struct lk_error *err);
/* agent/stage_keys.c: the retry loop around the fetcher. */
enum lk_status lk_stage_keys(struct lk_run *run, char *detail, struct lk_error *err);
/* agent/stage_keys.c: does the run want a key for volume i? */
bool lk_stage_wants(const struct lk_run *run, size_t i);
/* agent/stage_recovery.c: may a recovery key take the place of the providers' answer for volume i? */
bool lk_recovery_is_open(const struct lk_run *run, size_t i);
/* Until when the providers are asked, so that there is time for a recovery key after them. */
struct lk_deadline lk_recovery_deadline(const struct lk_run *run);
/* Ask for the recovery keys of the volumes that may have one and for which the providers gave no key
 * that opens them. Without one, lk_stage_alone decides. */
enum lk_status lk_recovery_ask(struct lk_run *run, struct lk_error *err);
/* Take the recovery key that the run was given; what it is worth shows when the volume is opened. */
enum lk_status lk_recovery_take(struct lk_run *run, char *detail, struct lk_error *err);
/* agent/stage_open.c: dm-crypt, dm-verity, and the mappings' names. */
enum lk_status lk_stage_open(struct lk_run *run, char *detail, struct lk_error *err);

/* How long those volumes that the run can do without are waited for once everything else is there:
 * for their devices, and again for their keys. */
#define LK_STAGE_PATIENCE_MS 30000

/* agent/stage_alone.c: is it the run's failure if volume i fails? In the initramfs that is so for the
 * root and the store of its writable layer, in the system for none. */
bool lk_stage_needed(const struct lk_run *run, size_t i);
/* Until when keys that are still wanted are waited for, if until `until` there is time. */
struct lk_deadline lk_stage_patience(const struct lk_run *run, struct lk_deadline until);
/* Volume i failed with err. LK_OK: that is its own affair, noted and told, what was opened of it is
 * closed, and the others go on; else err's status. */
enum lk_status lk_stage_alone(struct lk_run *run, size_t i, struct lk_error *err);
/* Close the mappings that were made for volume i. */
void lk_stage_close(struct lk_run *run, size_t i);
/* agent/stage_alone.c: volume i is open since an earlier run. */
enum lk_status lk_stage_keep(struct lk_run *run, size_t i, bool *ret, struct lk_error *err);
/* agent/stage_layer.c: the root's writable layer, where it is a mapping; the report's word on it in
 * any case. Nothing to do for other volumes and layers. */
enum lk_status lk_stage_layer(struct lk_run *run, size_t root, struct lk_error *err);
/* agent/stage_make.c: is volume i, whose device was found, to be made? Fills state->look and make. */
enum lk_status lk_stage_look(struct lk_run *run, size_t i, struct lk_error *err);
/* agent/stage_make.c: volume i has no header: err says so better if it was never made, or not to its
 * end. Returns err's status. */
enum lk_status lk_stage_explain(const struct lk_run *run, size_t i, struct lk_error *err);
/* agent/stage_make.c: make volume i, whose key is there; its header is state->prepared afterwards. */
enum lk_status lk_stage_make(struct lk_run *run, size_t i, struct lk_error *err);
/* agent/stage_volumes.c: tell the report of the header of volume i. */
enum lk_status lk_stage_note_header(struct lk_run *run, size_t i, struct lk_error *err);

/* Name of the dm-crypt mapping of a volume: its own, or NAME-crypt when verity lies on top. */
const char *lk_inner_name(const struct lk_volume *v, char buf[LK_MAP_NAME]);
/* Name of the dm-verity mapping: the volume's, or NAME-verity when a snapshot lies on top. */
const char *lk_verity_name(const struct lk_volume *v, char buf[LK_MAP_NAME]);
