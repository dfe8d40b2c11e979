/* SPDX-License-Identifier: Apache-2.0 */
/* The root key's file and what is sealed under it. */
#include "keyserver/rootkey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/crypto.h"

#define IV_LEN	  12
#define TAG_LEN	  16
#define LABEL_MAX 512

static enum lk_status write_key(int dir_fd, int fd, const struct lk_secret *key,
				struct lk_error *err)
{
	ssize_t n = write(fd, key->data, key->len);

	if (n != (ssize_t)key->len)
		return lk_raise(err, LK_INTERNAL, "write the root key: %s",
				n < 0 ? strerror(errno) : "cut short");
	if (fsync(fd) != 0 || fsync(dir_fd) != 0)
		return lk_raise(err, LK_INTERNAL, "put the root key on disk: %s", strerror(errno));
	return LK_OK;
}

enum lk_status lk_rootkey_create(int dir_fd, const char *name, struct lk_secret *ret,
				 struct lk_error *err)
{
	LK_SECRET key = { 0 };
	LK_FD int fd = -1;
	enum lk_status st;

	st = lk_random_secret(&key, LK_ROOTKEY_SIZE, err);
	if (st)
		return lk_context(err, "make the root key");
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "create %s: %s", name, strerror(errno));
	st = write_key(dir_fd, fd, &key, err);
	if (st)
		return st;
	*ret = lk_secret_take(&key);
	return LK_OK;
}

enum lk_status lk_rootkey_load(int fd, struct lk_secret *ret, struct lk_error *err)
{
	LK_SECRET key = { 0 };
	enum lk_status st;

	st = lk_secret_read_fd(&key, fd, LK_ROOTKEY_SIZE, err);
	if (st)
		return lk_context(err, "read the root key");
	if (key.len != LK_ROOTKEY_SIZE)
		return lk_raise_code(err, LK_C_ROOT_KEY_WRONG, "the root key is %zu bytes, not %d",
				     key.len, LK_ROOTKEY_SIZE);
	*ret = lk_secret_take(&key);
	return LK_OK;
}

/* "latchkeyd 1" NUL purpose NUL name NUL version: no two labels give the same bytes. */
static enum lk_status label_bytes(const struct lk_seal_label *l, char out[LABEL_MAX], size_t *ret,
				  struct lk_error *err)
{
	int n = snprintf(out, LABEL_MAX, "latchkeyd 1%c%s%c%s%c%lld", '\0', l->purpose, '\0',
			 l->name, '\0', (long long)l->version);

	if (n < 0 || n >= LABEL_MAX)
		return lk_raise(err, LK_INTERNAL, "a label that is too long to seal");
	*ret = (size_t)n;
	return LK_OK;
}

enum lk_status lk_seal(const struct lk_secret *root, const struct lk_seal_label *label,
		       const void *data, size_t n, uint8_t *out, struct lk_error *err)
{
	char aad[LABEL_MAX];
	size_t aad_len;
	enum lk_status st;

	st = label_bytes(label, aad, &aad_len, err);
	if (st)
		return st;
	st = lk_random(out, IV_LEN, err);
	if (st)
		return lk_context(err, "seal a %s", label->purpose);
	st = lk_aes_gcm_seal(root, out, aad, aad_len, data, n, out + IV_LEN, out + IV_LEN + n, err);
	if (st)
		return lk_context(err, "seal a %s", label->purpose);
	return LK_OK;
}

enum lk_status lk_unseal(const struct lk_secret *root, const struct lk_seal_label *label,
			 const uint8_t *in, size_t n, struct lk_secret *ret, struct lk_error *err)
{
	char aad[LABEL_MAX];
	size_t aad_len;
	enum lk_status st;

	if (n < LK_SEAL_OVERHEAD)
		return lk_raise_code(err, LK_C_STORE_DAMAGED, "a sealed %s that is too short",
				     label->purpose);
	st = label_bytes(label, aad, &aad_len, err);
	if (st)
		return st;
	st = lk_aes_gcm_open(root, in, aad, aad_len, in + IV_LEN, n - LK_SEAL_OVERHEAD,
			     in + n - TAG_LEN, ret, err);
	if (st == LK_TAMPERED)
		return lk_raise_code(err, LK_C_STORE_DAMAGED, "the sealed %s '%s' does not open",
				     label->purpose, label->name);
	if (st)
		return lk_context(err, "open a sealed %s", label->purpose);
	return LK_OK;
}
