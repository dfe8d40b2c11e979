/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unlock, from configuration to mapped root: the ordered stages, what they share, and the
 * only retry loop. Always in this order: read the configuration, find the volumes and check
 * their headers, measure and prove, fetch the keys, open.
 *
 * In the initramfs a failure of the root, or of the store of its writable layer, is that of the
 * unlock. Every other failure of a volume is that volume's alone, and the root is mapped.
 *
 * Afterwards every volume is mapped as /dev/mapper/NAME, whether it was there before, was made in
 * this run, or is a throw-away one (among them the store of a writable layer that starts empty).
 */
#pragma once

#include "agent/fetcher.h"
#include "agent/luks.h"
#include "agent/make.h"
#include "agent/report.h"
#include "agent/settings.h"
#include "core/deadline.h"
#include "core/error.h"

/* How far one volume has come; owned by the run. */
struct lk_volume_state {
	struct lk_blockdev dev;
	struct lk_blockdev hash;	   /* of a verity tree that has a device of its own */
	struct lk_luks_prepared *prepared; /* NULL until a volume that is made is made */
	struct lk_look look;		   /* only where a volume may be made */
	bool make;			   /* it is made (anew), not opened as it is */
	bool crypt_open, verity_open, layer_open;
	bool kept;   /* open since an earlier run, which did not end with this one */
	bool failed; /* stays closed, and the others go on */
};

struct lk_run {			     /* `= { 0 }`, then set config_dir */
	const char *config_dir;	     /* NULL: the machine's own */
	const char *rehearse;	     /* a volume's name: fetch its key only, look at no disk */
	enum lk_phase phase;	     /* whose volumes are opened */
	const struct json_t *before; /* system: the report of an earlier run, or NULL */
	const char *only; /* a volume's name: all stages for it alone, opened at boot or not */
	struct lk_volume_key *given;  /* the key of the one volume, taken; nobody is asked for it */
	enum lk_occasion occasion;    /* other than boot: volumes are made and not opened */
	struct lk_progress *progress; /* of making volumes; NULL: nobody looks on */
	struct lk_deadline deadline;
	struct lk_settings *settings;
	const struct lk_attester *attester;
	struct lk_fetcher *fetcher;
	struct lk_volume_state *volumes;
	struct lk_fetch_result *results;
	struct lk_report report;
};

/* Run every stage. On failure all mappings made here are closed, all keys wiped, and the error
 * is also in run->report. The run must be ended either way. */
enum lk_status lk_run_stages(struct lk_run *run, struct lk_error *err);
/* Fetch the key of the one volume that run->rehearse names into its result; no disk is touched.
 * LK_CONFIG when there is no such volume. The run must be ended either way. */
enum lk_status lk_run_rehearse(struct lk_run *run, struct lk_fetch_result **ret,
			       struct lk_error *err);
/* How many of its volumes are open. */
size_t lk_run_n_open(const struct lk_run *run);
/* Wipe and release everything; mappings stay. Fine on an empty run. */
void lk_run_end(struct lk_run *run);
