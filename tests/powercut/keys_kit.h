/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of a key's life share: files, and whether a secret opens the volume on /dev/vda. Each
 * file that includes it has its own (CHECK does not leave the file). */
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/unlock.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "tests/check.h"

#define DEVICE	"/dev/vda"
#define NAME	"data0"
#define KEY_MAX 4096
#define KIT	__attribute__((unused)) static

static struct lk_error err;
static char name[] = NAME;
static struct lk_volume volume = { .name = name,
				   .max_keyslots = 2,
				   .fallback = LK_FALLBACK_RECOVERY_KEY };

KIT void put(const char *path, const void *data, size_t n)
{
	LK_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, data, n) == (ssize_t)n);
}

KIT struct lk_secret get(const char *path)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct lk_secret s = { 0 };

	CHECK(fd >= 0);
	CHECK_OK(lk_secret_read_fd(&s, fd, KEY_MAX, &err));
	return s;
}

KIT struct lk_blockdev device(const char *path)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	struct stat s;

	if (stat(path, &s) == 0 && S_ISREG(s.st_mode)) {
		snprintf(dev.path, sizeof(dev.path), "%.60s", path);
		dev.fd = open(path, O_RDONLY | O_CLOEXEC);
		dev.size = (uint64_t)s.st_size;
	} else {
		CHECK_OK(lk_blockdev_open(path, &dev, &err));
	}
	return dev;
}

KIT bool opens_by(const char *path, const struct lk_secret *secret, struct lk_luks_header *ret)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };
	struct lk_header_identity identity;
	LK_BLOCKDEV dev = device(path);
	enum lk_status st;

	CHECK_OK(lk_luks_prepare(&dev, &rules, &p, &err));
	CHECK_OK(lk_secret_from(&key.bytes, secret->data, secret->len, &err));
	st = lk_volume_unlock(&volume, p, &key, &identity, &err);
	lk_secret_wipe(&key.bytes);
	*ret = *lk_luks_prepared_header(p);
	return st == LK_OK;
}

KIT bool opens(const struct lk_secret *secret)
{
	struct lk_luks_header ignored;

	return opens_by(DEVICE, secret, &ignored);
}

KIT void prepare_program(void)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
}
