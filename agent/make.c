/* SPDX-License-Identifier: Apache-2.0 */
/* Makes volumes: the order of writes. */

#include "agent/make.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/luks_internal.h"
#include "agent/makefs.h"
#include "agent/unlock.h"
#include "core/guid.h"
#include "core/interrupt.h"
#include "core/log.h"

#define MIB		 (1024u * 1024)
#define SECTOR		 512
#define FULL_ENTROPY_MIN 32
#define MAP_MS		 60000 /* for udev to answer */
#define CLOSE_MS	 10000
/* Beyond the header: room for data, and with integrity for journal and tags. */
#define ROOM	       MIB
#define ROOM_INTEGRITY (8 * MIB)
/* What libblkid, udev and mkfs programs read before they write. */
#define EDGE MIB

struct making {
	const struct lk_make *m;
	bool throw_away;
	int fd; /* the device, for writing */
	uint64_t begin;
	char uuid[LK_GUID_TEXT];
};

static void making_end(struct making *w)
{
	if (w->fd >= 0)
		close(w->fd);
}

static enum lk_status device_fault(const char *what, const char *path, struct lk_error *err)
{
	return lk_raise_code(err, LK_C_DEVICE_FAILED, "%s %s: %s", what, path, strerror(errno));
}

/* ---- before the first write ---- */

/* Nobody else may use the device: neither a file system nor another mapping. */
static enum lk_status take_device(const struct lk_blockdev *dev, int *ret_fd, struct lk_error *err)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dev->fd);
	fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		return lk_raise_code(err, LK_C_DEVICE_BUSY, "%s is in use", dev->path);
	if (fd < 0)
		return device_fault("open for writing", dev->path, err);
	close(fd); /* an exclusive descriptor would keep device-mapper out as well */
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return device_fault("open for writing", dev->path, err);
	*ret_fd = fd;
	return LK_OK;
}

static enum lk_status check_size(const struct making *w, struct lk_error *err)
{
	const struct lk_blockdev *dev = w->m->dev;
	const uint64_t least = w->begin + (w->m->volume->integrity ? ROOM_INTEGRITY : ROOM);

	if (dev->size < least)
		return lk_raise_code(err, LK_C_DEVICE_SIZE,
				     "%s has %" PRIu64 " bytes, the volume needs at least %" PRIu64,
				     dev->path, dev->size, least);
	return LK_OK;
}

static enum lk_status choose_uuid(struct making *w, struct lk_error *err)
{
	const struct lk_make *m = w->m;
	struct lk_guid guid;
	enum lk_status st;

	if (m->volume->luks_uuid && !w->throw_away) {
		snprintf(w->uuid, sizeof(w->uuid), "%s", m->volume->luks_uuid);
		return LK_OK;
	}
	st = lk_guid_random(&guid, err);
	if (!st)
		lk_guid_format(&guid, w->uuid);
	return st;
}

/* ---- writes to the device itself ---- */

/* A new label may be written over this one only if it is the volume's own. */
static enum lk_status check_label(const struct making *w, const struct lk_secret *secret,
				  struct lk_error *err)
{
	const struct lk_look *look = w->m->look;

	if (w->throw_away || w->m->occasion == LK_OCCASION_ERASE ||
	    look->content != LK_CONTENT_LABEL)
		return LK_OK;
	return lk_label_check(&look->label, secret, err);
}

static enum lk_status write_label(const struct making *w, const struct lk_secret *secret,
				  struct lk_error *err)
{
	struct lk_label label = { .kind = w->throw_away ? LK_LABEL_THROW_AWAY
							: LK_LABEL_BEING_MADE };
	uint8_t sector[LK_LABEL_SIZE];
	enum lk_status st;

	snprintf(label.name, sizeof(label.name), "%s", w->m->volume->name);
	if (!w->throw_away)
		snprintf(label.uuid, sizeof(label.uuid), "%s", w->uuid);
	st = lk_label_write(&label, secret, sector, err);
	if (st)
		return st;
	if (!lk_luks_write_at(w->fd, sector, sizeof(sector), 0) || fsync(w->fd) != 0)
		return device_fault("write the label to", w->m->dev->path, err);
	return LK_OK;
}

/* Zeros from begin to end; tells the operator how far it is. */
static enum lk_status wipe(const struct making *w, int fd, const char *path, uint64_t begin,
			   uint64_t end, struct lk_error *err)
{
	LK_FREE uint8_t *zeros = calloc(1, MIB);
	enum lk_status st;
	uint64_t at;
	size_t n;

	if (!zeros)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (at = begin; at < end; at += n) {
		n = end - at < MIB ? (size_t)(end - at) : MIB;
		if (!lk_luks_write_at(fd, zeros, n, at))
			return device_fault("write to", path, err);
		/* So that the bar and the deadline mean the disk, not memory. */
		if (at / (64 * MIB) != (at + n) / (64 * MIB) && fdatasync(fd) != 0)
			return device_fault("write to", path, err);
		if (w->m->progress)
			lk_progress_at(w->m->progress, at + n - begin, end - begin);
		st = lk_interrupt_check(err);
		if (st)
			return st;
		if (lk_deadline_passed(w->m->deadline))
			return lk_raise(err, LK_TIMEOUT,
					"wiped %" PRIu64 " of %" PRIu64 " MiB when the deadline "
					"passed; raise it, or use latchkey volume init",
					(at + n) / MIB, end / MIB);
	}
	return fsync(fd) == 0 ? LK_OK : device_fault("write to", path, err);
}

/* What was there must not be found beside the volume. */
static enum lk_status clear_device(const struct making *w, struct lk_error *err)
{
	const struct lk_blockdev *dev = w->m->dev;
	const uint64_t last = dev->size - EDGE > w->begin ? dev->size - EDGE : w->begin;
	enum lk_status st;

	if (w->m->look->content == LK_CONTENT_BLANK)
		return LK_OK;
	if (w->throw_away && w->m->look->content == LK_CONTENT_LABEL)
		return LK_OK;
	st = wipe(w, w->fd, dev->path, SECTOR, w->begin, err);
	return st ? st : wipe(w, w->fd, dev->path, last, dev->size, err);
}

/* ---- writes through the mapping ---- */

/* With integrity a sector that was never written cannot be read: a lasting volume is written
 * whole, a throw-away one where programs look before they write. */
static enum lk_status wipe_mapping(const struct making *w, const char *node, struct lk_error *err)
{
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	LK_FD int fd = -1;
	enum lk_status st;
	uint64_t edge;

	st = lk_blockdev_open(node, &dev, err);
	if (st)
		return st;
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return device_fault("open", node, err);
	if (!w->throw_away)
		return wipe(w, fd, node, 0, dev.size, err);
	edge = dev.size < 2 * EDGE ? dev.size / 2 : EDGE;
	st = wipe(w, fd, node, 0, edge, err);
	return st ? st : wipe(w, fd, node, dev.size - edge, dev.size, err);
}

static enum lk_status fill_mapping(const struct making *w, const char *node, struct lk_error *err)
{
	const struct lk_volume *v = w->m->volume;
	const struct lk_makefs fs = {
		.fs = (enum lk_filesystem)v->makefs,
		.node = node,
		.label = v->name,
		.write_all = v->integrity && w->throw_away,
	};
	enum lk_status st = LK_OK;

	if (v->integrity) {
		if (w->m->progress)
			lk_progress_stage(w->m->progress, "wipe");
		st = wipe_mapping(w, node, err);
	}
	if (st || v->makefs < 0)
		return st;
	if (w->m->progress)
		lk_progress_stage(w->m->progress, "make the file system");
	return lk_makefs(&fs, w->m->deadline, err);
}

/* The mapping is ours alone and gone again afterwards. */
static enum lk_status fill(const struct making *w, const struct lk_luks_made *made,
			   const struct lk_volume_key *key, struct lk_error *err)
{
	const struct lk_volume *v = w->m->volume;
	const unsigned flags = LK_LUKS_PRIVATE | (v->integrity ? LK_LUKS_NO_JOURNAL : 0);
	struct lk_error closing = { 0 };
	char node[sizeof("/dev/mapper/") + LK_VOLUME_NAME_MAX];
	enum lk_status st, closed;

	if (!v->integrity && v->makefs < 0)
		return LK_OK;
	st = lk_luks_open(made->prepared, w->m->dev, v->name, key, flags,
			  lk_deadline_within(w->m->deadline, MAP_MS), err);
	if (st)
		return st;
	snprintf(node, sizeof(node), "/dev/mapper/%s", v->name);
	st = fill_mapping(w, node, err);
	closed = lk_luks_close(v->name, NULL, lk_deadline_in(CLOSE_MS), &closing);
	if (!st && closed)
		*err = closing;
	return st ? st : closed;
}

/* ---- all of it ---- */

static enum lk_status prepare(struct making *w, const struct lk_volume_key *key,
			      struct lk_error *err)
{
	enum lk_status st;

	if (key->form != LK_KEY_PASSPHRASE)
		return lk_raise_code(err, LK_C_KEY_WRONG,
				     "a volume is made with a passphrase, not with a volume key");
	if (!w->throw_away && w->m->volume->key_entropy == LK_ENTROPY_FULL &&
	    key->bytes.len < FULL_ENTROPY_MIN)
		return lk_raise_code(err, LK_C_KEY_WRONG,
				     "key_entropy = full, but the key has %zu bytes, not %d",
				     key->bytes.len, FULL_ENTROPY_MIN);
	st = check_label(w, &key->bytes, err);
	if (!st)
		st = check_size(w, err);
	if (!st)
		st = choose_uuid(w, err);
	if (!st)
		st = take_device(w->m->dev, &w->fd, err);
	if (!st)
		st = lk_luks_check_free(w->m->volume->name, err);
	return st;
}

static enum lk_status make_header(const struct making *w, const struct lk_secret *secret,
				  struct lk_luks_made *ret, struct lk_error *err)
{
	const struct lk_volume *v = w->m->volume;
	const struct lk_header_owner owner = lk_volume_owner(v);
	const struct lk_luks_recipe recipe = {
		.owner = w->throw_away ? NULL : &owner,
		.uuid = w->uuid,
		.data_begin = w->begin,
		.sector_size = w->m->dev->size % 4096 ? SECTOR : 4096,
		.integrity = v->integrity,
		.stretch = w->throw_away || v->key_entropy == LK_ENTROPY_FULL ? LK_LUKS_NO_STRETCH
									      : LK_LUKS_STRETCH,
	};

	return lk_luks_make(w->m->dev, &recipe, secret, lk_deadline_within(w->m->deadline, MAP_MS),
			    ret, err);
}

static enum lk_status make(struct making *w, const struct lk_volume_key *key,
			   struct lk_luks_made *made, struct lk_error *err)
{
	struct lk_progress *progress = w->m->progress;
	enum lk_status st;

	st = prepare(w, key, err);
	if (progress && !st)
		lk_progress_stage(progress, "label and header");
	if (!st)
		st = write_label(w, &key->bytes, err);
	if (!st)
		st = clear_device(w, err);
	if (!st)
		st = make_header(w, &key->bytes, made, err);
	if (!st)
		st = fill(w, made, key, err);
	if (!st) /* the last moment at which it can stay unmade */
		st = lk_interrupt_check(err);
	if (!st && !w->throw_away)
		st = lk_luks_made_write(made, w->fd, err);
	return st;
}

/* From the disk, as every later boot will read it. */
static enum lk_status read_back(const struct making *w, struct lk_luks_prepared **ret,
				struct lk_error *err)
{
	struct lk_luks_rules rules = lk_luks_rules_here();

	rules.integrity = w->m->volume->integrity;
	rules.luks_uuid = w->uuid;
	return lk_luks_prepare(w->m->dev, &rules, ret, err);
}

enum lk_status lk_make_volume(const struct lk_make *m, const struct lk_volume_key *key,
			      struct lk_luks_prepared **ret, struct lk_error *err)
{
	LK_CLEANUP(making_end) struct making w = { .m = m, .fd = -1 };
	LK_LUKS_MADE made = LK_LUKS_MADE_NONE;
	enum lk_status st;

	w.throw_away = lk_volume_throw_away(m->volume);
	w.begin = w.throw_away ? LK_LUKS_THROW_AWAY_BEGIN : LK_LUKS_DATA_BEGIN;
	st = make(&w, key, &made, err);
	if (m->progress)
		lk_progress_end(m->progress, st == LK_OK);
	if (st)
		return lk_context(err, "make volume '%s' on %s", m->volume->name, m->dev->path);
	if (!w.throw_away)
		return read_back(&w, ret, err);
	*ret = lk_take(made.prepared);
	return LK_OK;
}
