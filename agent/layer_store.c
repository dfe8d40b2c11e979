/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the store of a layer that lasts in order: the layers of two roots stay, the rest goes. */
#include "agent/layer_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/copy_tree.h"
#include "core/cleanup.h"

#define CURRENT ".current"
#define FORMER	".former"

struct kept {
	const char *own;
	char former[LK_LAYER_HASH]; /* "": not known */
};

bool lk_layer_is_hash(const char *text)
{
	const size_t n = strlen(text);

	return n > 0 && n < LK_LAYER_HASH && strspn(text, "0123456789abcdef") == n;
}

static void read_mark(int layers, const char *name, char hash[LK_LAYER_HASH])
{
	const ssize_t n = readlinkat(layers, name, hash, LK_LAYER_HASH - 1);

	hash[n > 0 ? n : 0] = '\0';
	if (!lk_layer_is_hash(hash))
		*hash = '\0';
}

/* By rename: the old mark or the new one is there. */
static enum lk_status set_mark(int layers, const char *name, const char *hash, struct lk_error *err)
{
	const char *unfinished = ".mark";

	if ((unlinkat(layers, unfinished, 0) == 0 || errno == ENOENT) &&
	    symlinkat(hash, layers, unfinished) == 0 &&
	    renameat(layers, unfinished, layers, name) == 0 && fsync(layers) == 0)
		return LK_OK;
	return lk_raise(err, LK_INTERNAL, "note the layer's root: %s", strerror(errno));
}

/* The former root is noted first: cut in between, the next boot of this root does it once more. */
static enum lk_status take_over(int layers, struct kept *k, struct lk_error *err)
{
	char current[LK_LAYER_HASH];
	enum lk_status st = LK_OK;

	read_mark(layers, CURRENT, current);
	if (strcmp(current, k->own) != 0) {
		if (*current)
			st = set_mark(layers, FORMER, current, err);
		if (!st)
			st = set_mark(layers, CURRENT, k->own, err);
	}
	read_mark(layers, FORMER, k->former);
	return st;
}

static bool is_unfinished(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot > name && (strcmp(dot, ".new") == 0 || strcmp(dot, ".old") == 0);
}

static bool is_other(const struct kept *k, const char *name)
{
	return lk_layer_is_hash(name) && strcmp(name, k->own) != 0;
}

static bool must_go(const struct kept *k, const char *name)
{
	return is_unfinished(name) ||
	       (*k->former && is_other(k, name) && strcmp(name, k->former) != 0);
}

/* The first entry that has to go, and how many others stay up to it; false at the end. */
static bool find_next(DIR *entries, const struct kept *k, char name[NAME_MAX + 1],
		      unsigned *ret_others)
{
	const struct dirent *e;

	*ret_others = 0;
	rewinddir(entries);
	while ((e = readdir(entries))) {
		if (must_go(k, e->d_name)) {
			snprintf(name, NAME_MAX + 1, "%s", e->d_name);
			return true;
		}
		*ret_others += is_other(k, e->d_name);
	}
	return false;
}

static enum lk_status remove_layer(int layers, char name[NAME_MAX + 1], struct lk_deadline until,
				   struct lk_error *err)
{
	char old[NAME_MAX + sizeof(".old")];
	enum lk_status st = LK_OK;

	if (is_unfinished(name))
		return lk_tree_remove(layers, name, until, err);
	snprintf(old, sizeof(old), "%s.old", name);
	st = lk_tree_remove(layers, old, until, err);
	if (!st && (renameat(layers, name, layers, old) != 0 || fsync(layers) != 0))
		return lk_raise(err, LK_INTERNAL, "remove the layer '%s': %s", name,
				strerror(errno));
	return st ? st : lk_tree_remove(layers, old, until, err);
}

enum lk_status lk_layers_tidy(const char *place, const char *own, struct lk_deadline until,
			      struct lk_layers_tidied *ret, struct lk_error *err)
{
	LK_FD int store = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int layers = openat(store, "layers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = layers < 0 ? NULL : fdopendir(layers);
	struct kept k = { .own = own };
	char name[NAME_MAX + 1];
	enum lk_status st;

	*ret = (struct lk_layers_tidied){ 0 };
	if (!entries) {
		lk_raise(err, LK_INTERNAL, "list the layers: %s", strerror(errno));
		if (layers >= 0)
			close(layers);
		return err->status;
	}
	st = take_over(layers, &k, err);
	while (!st && find_next(entries, &k, name, &ret->others)) {
		st = remove_layer(layers, name, until, err);
		ret->removed += !st;
	}
	closedir(entries);
	return st;
}
