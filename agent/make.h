/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes volumes, so that a cut at any write loses nothing. What a device is, its first sector says:
 *
 *	blank     -> being made    one write: the label, with a MAC (agent/label.h)
 *	being made -> ready        one write: the first sector of the LUKS2 header, when everything
 *	                           else, down to the file system, is on the disk
 *
 * A volume that is being made is made anew; one that is ready is never made again. A throw-away
 * volume bears its label instead, its header exists in memory only, and it is made at each opening.
 */
#pragma once

#include "agent/label.h"
#include "agent/luks_make.h"
#include "agent/settings.h"
#include "core/deadline.h"
#include "core/error.h"
#include "core/progress.h"

enum lk_content {
	LK_CONTENT_BLANK,
	LK_CONTENT_LABEL,   /* of ours: throw-away, or being made */
	LK_CONTENT_LUKS,    /* a LUKS header, whole or damaged */
	LK_CONTENT_FOREIGN, /* anything else */
};

struct lk_look {
	enum lk_content content;
	struct lk_label label; /* LK_CONTENT_LABEL */
	char what[96];	       /* for messages: what is there */
};
/* Look what a device holds. LK_INTERNAL when it cannot be read. */
enum lk_status lk_make_look(const struct lk_blockdev *dev, struct lk_look *ret,
			    struct lk_error *err);

enum lk_occasion {
	LK_OCCASION_BOOT,  /* the configuration says what may be erased */
	LK_OCCASION_INIT,  /* `volume init`: blank, or cut short before */
	LK_OCCASION_ERASE, /* `volume init --erase`: whatever is there */
};
/* *ret = is the volume made (anew)? false: it is opened as it is. An error says what is in the way:
 * LK_CONFIG (not-blank, unfinished). Pure. */
enum lk_status lk_make_decide(const struct lk_volume *v, enum lk_occasion occasion,
			      const struct lk_look *look, bool *ret, struct lk_error *err);

struct lk_make {
	const struct lk_volume *volume;
	const struct lk_blockdev *dev;
	const struct lk_look *look;
	enum lk_occasion occasion;
	struct lk_deadline deadline;
	struct lk_progress *progress; /* NULL: nobody looks on */
};
/*
 * Make the volume. *ret opens it: read back from the disk, or, of a throw-away volume, the header
 * that exists nowhere else. Nothing stays mapped.
 * LK_CONFIG: device-busy, device-size, makefs-failed, name-taken. LK_TAMPERED: label-invalid (the
 * label of another half-made volume). LK_INTERNAL: device-failed. LK_TIMEOUT.
 */
enum lk_status lk_make_volume(const struct lk_make *m, const struct lk_volume_key *key,
			      struct lk_luks_prepared **ret, struct lk_error *err);
