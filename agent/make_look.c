/* SPDX-License-Identifier: Apache-2.0 */
/* What a device holds, and what that means for its volume. */

#include <stdio.h>
#include <string.h>

#include "agent/blank.h"
#include "agent/luks_header_internal.h"
#include "agent/luks_internal.h"
#include "agent/make.h"

/* A damaged LUKS header is no reason to take the device for anything else. */
static enum lk_status is_luks(const struct lk_blockdev *dev, const uint8_t *sector, bool *ret,
			      struct lk_error *err)
{
	LK_LUKS_COPIES copies = { 0 };
	enum lk_status st;
	bool good = false;

	*ret = memcmp(sector, LK_LUKS_MAGIC_1, LK_LUKS_MAGIC_LEN) == 0;
	if (*ret)
		return LK_OK;
	st = lk_luks_copies_read(dev->fd, dev->size, &copies, err);
	if (!st)
		st = lk_luks_copy_check(copies.secondary.data, copies.secondary.len,
					copies.secondary.len, &good, err);
	*ret = good;
	return st;
}

static enum lk_status look_further(const struct lk_blockdev *dev, const uint8_t *sector,
				   struct lk_look *look, struct lk_error *err)
{
	struct lk_blank_found found = { 0 };
	enum lk_status st;
	bool luks;

	st = is_luks(dev, sector, &luks, err);
	if (!st && luks) {
		look->content = LK_CONTENT_LUKS;
		snprintf(look->what, sizeof(look->what), "a LUKS volume");
		return LK_OK;
	}
	if (!st)
		st = lk_blank_look(dev->fd, dev->size, &found, err);
	if (st)
		return st;
	look->content = *found.what ? LK_CONTENT_FOREIGN : LK_CONTENT_BLANK;
	snprintf(look->what, sizeof(look->what), "%s", *found.what ? found.what : "nothing");
	return LK_OK;
}

enum lk_status lk_make_look(const struct lk_blockdev *dev, struct lk_look *ret,
			    struct lk_error *err)
{
	struct lk_look look = { 0 };
	uint8_t sector[LK_LABEL_SIZE];
	enum lk_status st;
	bool is_label;

	if (!lk_luks_read_at(dev->fd, sector, sizeof(sector), 0))
		return lk_raise_code(err, LK_C_DEVICE_FAILED, "%s cannot be read", dev->path);
	st = lk_label_read(sector, &is_label, &look.label, err);
	if (st == LK_TAMPERED) {
		look.content = LK_CONTENT_FOREIGN;
		snprintf(look.what, sizeof(look.what), "a damaged label");
		*ret = look;
		return LK_OK;
	}
	if (st)
		return st;
	if (is_label) {
		look.content = LK_CONTENT_LABEL;
		snprintf(look.what, sizeof(look.what), "%s volume '%s'",
			 look.label.kind == LK_LABEL_THROW_AWAY ? "the throw-away"
								: "the half-made",
			 look.label.name);
	} else {
		st = look_further(dev, sector, &look, err);
	}
	if (!st)
		*ret = look;
	return st;
}

/* Is that a label of this very volume, of the kind that it may bear? */
static bool own_label(const struct lk_volume *v, const struct lk_look *look)
{
	const enum lk_label_kind kind =
		lk_volume_throw_away(v) ? LK_LABEL_THROW_AWAY : LK_LABEL_BEING_MADE;

	return look->content == LK_CONTENT_LABEL && look->label.kind == kind &&
	       strcmp(look->label.name, v->name) == 0;
}

static enum lk_status not_blank(const struct lk_look *look, struct lk_error *err)
{
	return lk_raise_code(err, LK_C_NOT_BLANK, "the device is not blank: it holds %s",
			     look->what);
}

static enum lk_status decide_throw_away(const struct lk_volume *v, const struct lk_look *look,
					struct lk_error *err)
{
	if (look->content == LK_CONTENT_BLANK || own_label(v, look) ||
	    v->format == LK_FORMAT_ALWAYS)
		return LK_OK;
	return not_blank(look, err);
}

enum lk_status lk_make_decide(const struct lk_volume *v, enum lk_occasion occasion,
			      const struct lk_look *look, bool *ret, struct lk_error *err)
{
	const bool may = occasion != LK_OCCASION_BOOT || v->format == LK_FORMAT_BLANK;

	*ret = true;
	if (occasion == LK_OCCASION_ERASE)
		return LK_OK;
	if (lk_volume_throw_away(v))
		return decide_throw_away(v, look, err);
	if (occasion == LK_OCCASION_BOOT && look->content == LK_CONTENT_LUKS) {
		*ret = false;
		return LK_OK;
	}
	if (own_label(v, look))
		return may ? LK_OK
			   : lk_raise_code(err, LK_C_UNFINISHED,
					   "making the volume was cut short, and format = never");
	if (look->content != LK_CONTENT_BLANK)
		return not_blank(look, err);
	return may ? LK_OK
		   : lk_raise_code(err, LK_C_HEADER_INVALID,
				   "the device is blank, and format = never");
}
