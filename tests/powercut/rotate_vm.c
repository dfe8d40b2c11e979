/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rotation of a key, to be cut: started by tests/powercut/run, in a virtual machine and beside it.
 * The keys are test keys and stand in the arguments.
 *
 *	rotate_vm make FILE KEY		a LUKS2 volume that the key opens
 *	rotate_vm rotate NODE KEY	rotate it; prints the new key when it is published
 *	rotate_vm look FILE KEY		would a boot accept the header, and does the key open it?
 *	rotate_vm finish FILE KEY	rotate (again) with a provider that has this key
 *	rotate_vm open NODE KEY		open the volume and close it
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/luks_make.h"
#include "agent/rotate.h"
#include "agent/unlock.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/guid.h"
#include "core/json.h"
#include "tests/check.h"

static struct lk_error err;
static const char *path, *key_text;
static struct lk_secret provided; /* what the provider gives out */
static char name[] = "data0";
static struct lk_volume volume = {
	.name = name, .encrypted = true, .max_keyslots = 2, .header_mac = LK_HEADER_MAC_REQUIRED
};

static struct lk_deadline soon(void)
{
	return lk_deadline_in(60000);
}

static struct lk_blockdev open_disk(void)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	struct stat s;

	if (strncmp(path, "/dev/", 5) == 0) {
		CHECK_OK(lk_blockdev_open(path, &dev, &err));
		return dev;
	}
	dev.fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(dev.fd >= 0 && fstat(dev.fd, &s) == 0);
	dev.size = (uint64_t)s.st_size;
	snprintf(dev.path, sizeof(dev.path), "the file");
	return dev;
}

/* --- a provider that gives out what was published, and the disk --- */

static enum lk_status fetch(void *arg, struct lk_volume_key *ret, struct lk_error *e)
{
	(void)arg;
	ret->form = LK_KEY_PASSPHRASE;
	return lk_secret_from(&ret->bytes, provided.data, provided.len, e);
}

static enum lk_status publish(void *arg, const struct lk_secret *secret, struct lk_error *e)
{
	char hex[129];

	(void)arg;
	CHECK(secret->len <= 64);
	lk_hex_encode(secret->data, secret->len, hex);
	printf("PUBLISHED %s\n", hex);
	lk_secret_wipe(&provided);
	return lk_secret_from(&provided, secret->data, secret->len, e);
}

static enum lk_status find(void *arg, struct lk_blockdev *ret, struct lk_error *e)
{
	(void)arg;
	(void)e;
	*ret = open_disk();
	return LK_OK;
}

static enum lk_status store(void *arg, const struct lk_luks_writes *w,
			    const struct lk_blockdev *dev, struct lk_error *e)
{
	(void)arg;
	return lk_luks_writes_apply(w, dev, e);
}

static void tell(void *arg, const char *text)
{
	(void)arg;
	printf("STEP %s\n", text);
}

static const struct lk_rotate_ways ways = { NULL, fetch, publish, find, store, tell };

TEST(setup)
{
	uint8_t bytes[64];
	size_t n;

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	CHECK(lk_hex_decode(key_text, strlen(key_text), bytes, sizeof(bytes), &n));
	CHECK_OK(lk_secret_from(&provided, bytes, n, &err));
}

TEST(make)
{
	const struct lk_header_owner owner = lk_volume_owner(&volume);
	struct lk_luks_recipe recipe = { .data_begin = LK_LUKS_DATA_BEGIN,
					 .sector_size = 4096,
					 .stretch = LK_LUKS_NO_STRETCH,
					 .owner = &owner };
	LK_LUKS_MADE made = LK_LUKS_MADE_NONE;
	LK_BLOCKDEV dev = open_disk();
	struct lk_guid guid;
	char uuid[LK_GUID_TEXT];
	LK_FD int fd = open(path, O_RDWR | O_CLOEXEC);

	CHECK_OK(lk_guid_random(&guid, &err));
	lk_guid_format(&guid, uuid);
	recipe.uuid = uuid;
	CHECK_OK(lk_luks_make(&dev, &recipe, &provided, soon(), &made, &err));
	CHECK_OK(lk_luks_made_write(&made, fd, &err));
}

TEST(rotate)
{
	const struct lk_rotate_request request = { .volume = &volume, .restart = true };

	CHECK_OK(lk_rotate(&request, &ways, &err));
}

static enum lk_status unlock(const struct lk_blockdev *dev, struct lk_luks_prepared **p,
			     struct lk_volume_key *key)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	struct lk_header_identity identity;

	CHECK_OK(lk_luks_prepare(dev, &rules, p, &err));
	key->form = LK_KEY_PASSPHRASE;
	CHECK_OK(lk_secret_from(&key->bytes, provided.data, provided.len, &err));
	return lk_volume_unlock(&volume, *p, key, &identity, &err);
}

TEST(look)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { 0 };
	LK_BLOCKDEV dev = open_disk();

	if (unlock(&dev, &p, &key)) {
		CHECK_EQ(err.code, LK_C_KEY_WRONG);
		printf("STATE refused\n");
	} else {
		printf("STATE opens\n");
	}
	lk_secret_wipe(&key.bytes);
}

TEST(finish)
{
	rotate();
	look(); /* with the new one, which has been published */
}

TEST(open_and_close)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = { 0 };
	LK_BLOCKDEV dev = open_disk();

	CHECK_OK(unlock(&dev, &p, &key));
	CHECK_OK(lk_luks_open(p, &dev, name, &key, 0, soon(), &err));
	lk_secret_wipe(&key.bytes);
	CHECK_OK(lk_luks_close(name, NULL, soon(), &err));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		void (*run)(void);
	} rows[] = { { "make", make },
		     { "rotate", rotate },
		     { "look", look },
		     { "finish", finish },
		     { "open", open_and_close } };
	void (*run[])(void) = { setup, NULL };
	int code;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 4)
		return EXIT_FAILURE;
	path = argv[2];
	key_text = argv[3];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].word, argv[1]) == 0)
			run[1] = rows[i].run;
	if (!run[1])
		return EXIT_FAILURE;
	code = check_main(run, 2, "setup, it");
	lk_secret_wipe(&provided);
	return code;
}
