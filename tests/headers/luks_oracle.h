/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle of the header rules: what we accept, libcryptsetup opens from the copy that we write, and
 * sees in it exactly what we validated. Needs no device-mapper. */
#pragma once

#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/luks_header_internal.h"

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static int luks_oracle_file(const void *data, size_t size, uint64_t whole)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "memory file");
	must(ftruncate(fd, (off_t)whole) == 0, "memory file");
	return fd;
}

static void luks_oracle_ignore(int level, const char *message, void *data)
{
	(void)level;
	(void)message;
	(void)data;
}

static void luks_oracle_keyslot(struct crypt_device *cd, const struct lk_luks_header *h,
				const struct lk_luks_keyslot *k)
{
	struct crypt_pbkdf_type pbkdf;
	uint64_t offset, length;
	const char *cipher;
	size_t key_size = 0;

	must(crypt_keyslot_get_key_size(cd, (int)k->id) == (int)lk_luks_key_size(h->integrity),
	     "a keyslot's key size");
	must(crypt_keyslot_area(cd, (int)k->id, &offset, &length) == 0 &&
		     offset == k->area_offset && length == k->area_size,
	     "a keyslot's area");
	cipher = crypt_keyslot_get_encryption(cd, (int)k->id, &key_size);
	must(cipher && strcmp(cipher, LK_LUKS_CIPHER) == 0 && key_size == k->area_key_size,
	     "a keyslot's cipher");
	must(crypt_keyslot_get_pbkdf(cd, (int)k->id, &pbkdf) == 0, "a keyslot's KDF");
	if (k->kdf.kind == LK_LUKS_PBKDF2) {
		must(strcmp(pbkdf.type, "pbkdf2") == 0 && pbkdf.iterations == k->kdf.iterations &&
			     strcmp(pbkdf.hash, k->kdf.hash == LK_SHA512 ? "sha512" : "sha256") ==
				     0,
		     "PBKDF2");
		return;
	}
	must(strcmp(pbkdf.type, "argon2id") == 0 && pbkdf.iterations == k->kdf.time &&
		     pbkdf.max_memory_kb == k->kdf.memory_kib &&
		     pbkdf.parallel_threads == k->kdf.cpus,
	     "Argon2id");
}

static void luks_oracle_keyslots(struct crypt_device *cd, const struct lk_luks_header *h)
{
	for (int i = 0, next = 0; i < 32; i++) {
		bool ours = next < (int)h->n_keyslots && h->keyslots[next].id == (unsigned)i;
		crypt_keyslot_info info = crypt_keyslot_status(cd, i);

		must(ours == (info == CRYPT_SLOT_ACTIVE || info == CRYPT_SLOT_ACTIVE_LAST),
		     "keyslots");
		if (ours)
			luks_oracle_keyslot(cd, h, &h->keyslots[next++]);
	}
}

static void luks_oracle_segment(struct crypt_device *cd, const struct lk_luks_header *h)
{
	struct crypt_params_integrity integrity = { 0 };

	must(strcmp(crypt_get_cipher(cd), "aes") == 0, "cipher");
	must(strcmp(crypt_get_cipher_mode(cd), "xts-plain64") == 0, "cipher mode");
	must(crypt_get_volume_key_size(cd) == (int)lk_luks_key_size(h->integrity), "key size");
	must(crypt_get_data_offset(cd) == h->segment_offset / 512, "offset");
	must(crypt_get_sector_size(cd) == (int)h->sector_size, "sector size");
	must(crypt_get_iv_offset(cd) == 0, "tweak");
	must(strcmp(crypt_get_uuid(cd), h->uuid) == 0, "UUID");
	must(crypt_get_integrity_info(cd, &integrity) == 0, "integrity");
	must(h->integrity ? integrity.integrity && strcmp(integrity.integrity, "hmac(sha256)") == 0
			  : !integrity.integrity,
	     "integrity");
}

/* The library sees what we saw. */
static void luks_oracle_library(const struct lk_luks_header *h, const uint8_t *copy, size_t len)
{
	int fd = luks_oracle_file(copy, len, 2 * h->hdr_size + h->keyslots_size);
	struct crypt_device *cd = NULL;
	uint32_t flags = 1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	crypt_set_log_callback(NULL, luks_oracle_ignore, NULL);
	crypt_metadata_locking(NULL, 0);
	must(crypt_init(&cd, path) == 0, "crypt_init");
	must(crypt_load(cd, CRYPT_LUKS2, NULL) == 0, "the library refuses what we accepted");
	luks_oracle_segment(cd, h);
	luks_oracle_keyslots(cd, h);
	must(crypt_persistent_flags_get(cd, CRYPT_FLAGS_REQUIREMENTS, &flags) == 0 && flags == 0,
	     "requirements");
	must(crypt_persistent_flags_get(cd, CRYPT_FLAGS_ACTIVATION, &flags) == 0 && flags == 0,
	     "flags");
	crypt_free(cd);
	close(fd);
}

/* Writing what was read and reading it again changes nothing. */
__attribute__((unused)) static void luks_oracle_check(const struct lk_luks_header *h,
						      const struct lk_luks_rules *rules,
						      uint64_t device_size)
{
	struct lk_luks_header again = { 0 };
	struct lk_error err = { 0 };
	uint8_t *copy = NULL, *twin = NULL;
	size_t len = 0, twin_len = 0;

	must(lk_luks_header_write(h, &copy, &len, &err) == LK_OK, "write");
	must(lk_luks_header_parse(copy, len, NULL, 0, device_size, rules, &again, &err) == LK_OK,
	     "read again");
	must(lk_luks_header_write(&again, &twin, &twin_len, &err) == LK_OK, "write again");
	must(len == twin_len && memcmp(copy, twin, len) == 0, "the same bytes");
	luks_oracle_library(h, copy, len);
	free(copy);
	free(twin);
}
