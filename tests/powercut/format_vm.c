/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First-boot formatting, to be cut: started by tests/powercut/run, in a virtual machine and beside it.
 *
 *	format_vm boot		as a boot does: look, make the volume if it must be made, open it, mount
 *				its file system and write to it
 *	format_vm look FILE	what the next boot would find on a disk; fails when it would refuse
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/make.h"
#include "agent/unlock.h"
#include "core/crypto.h"
#include "core/json.h"
#include "providers/provider.h"
#include "tests/check.h"

#define PASSPHRASE "0123456789abcdef0123456789abcdef"
#define NODE	   "/dev/vda"
#define MAPPING	   "/dev/mapper/data0"

static struct lk_error err;
static struct lk_volume_source source;
static char name[] = "data0";
static struct lk_volume volume = {
	.name = name,
	.encrypted = true,
	.sources = &source,
	.n_sources = 1,
	.format = LK_FORMAT_BLANK,
	.makefs = LK_FS_EXT4,
	.max_keyslots = 2,
	.header_mac = LK_HEADER_MAC_REQUIRED,
	.key_entropy = LK_ENTROPY_FULL,
};

static struct lk_deadline soon(void)
{
	return lk_deadline_in(120000);
}

static struct lk_volume_key passphrase(void)
{
	struct lk_volume_key key = { .form = LK_KEY_PASSPHRASE };

	CHECK_OK(lk_secret_from(&key.bytes, PASSPHRASE, strlen(PASSPHRASE), &err));
	return key;
}

/* The header and the MAC of a volume that is ready. */
static void unlock(const struct lk_luks_prepared *p, struct lk_volume_key *key)
{
	struct lk_header_identity identity;

	CHECK_OK(lk_volume_unlock(&volume, p, key, &identity, &err));
}

static struct lk_luks_prepared *prepare(const struct lk_blockdev *dev)
{
	const struct lk_luks_rules rules = lk_volume_rules(&volume);
	struct lk_luks_prepared *p = NULL;

	CHECK_OK(lk_luks_prepare(dev, &rules, &p, &err));
	return p;
}

static bool look_and_decide(const struct lk_blockdev *dev, struct lk_look *look)
{
	bool make = false;

	CHECK_OK(lk_make_look(dev, look, &err));
	CHECK_OK(lk_make_decide(&volume, LK_OCCASION_BOOT, look, &make, &err));
	return make;
}

static struct lk_luks_prepared *make_volume(const struct lk_blockdev *dev,
					    const struct lk_look *look)
{
	const struct lk_make m = { .volume = &volume,
				   .dev = dev,
				   .look = look,
				   .occasion = LK_OCCASION_BOOT,
				   .deadline = soon() };
	struct lk_volume_key key = passphrase();
	struct lk_luks_prepared *p = NULL;

	CHECK_OK(lk_make_volume(&m, &key, &p, &err));
	lk_secret_wipe(&key.bytes);
	return p;
}

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	source.provider = lk_provider_find("exec");
	CHECK(source.provider);
}

static void write_file(const char *path)
{
	LK_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "here\n", 5), 5);
	CHECK_EQ(fsync(fd), 0);
}

TEST(a_boot_ends_with_a_mounted_volume)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = passphrase();
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	struct lk_look look;
	bool make;

	CHECK_OK(lk_blockdev_open(NODE, &dev, &err));
	make = look_and_decide(&dev, &look);
	printf("STATE %d, %s\n", look.content, make ? "made" : "opened");
	p = make ? make_volume(&dev, &look) : prepare(&dev);
	unlock(p, &key);
	CHECK_OK(lk_luks_open(p, &dev, name, &key, 0, soon(), &err));
	lk_secret_wipe(&key.bytes);
	if (mount(MAPPING, "/mnt", "ext4", 0, NULL) != 0)
		check_fail(__FILE__, __LINE__, "mount: %s", strerror(errno));
	write_file("/mnt/mark");
	CHECK_EQ(umount("/mnt"), 0);
	CHECK_OK(lk_luks_close(name, NULL, soon(), &err));
}

static void check_found(const struct lk_blockdev *dev, const struct lk_look *look)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	struct lk_volume_key key = passphrase();

	if (look->content == LK_CONTENT_LABEL)
		CHECK_OK(lk_label_check(&look->label, &key.bytes, &err));
	if (look->content == LK_CONTENT_LUKS) {
		p = prepare(dev);
		unlock(p, &key);
	}
	lk_secret_wipe(&key.bytes);
}

static const char *file;

TEST(the_next_boot_knows_what_to_do)
{
	static const char *const names[] = { [LK_CONTENT_BLANK] = "blank",
					     [LK_CONTENT_LABEL] = "label",
					     [LK_CONTENT_LUKS] = "luks",
					     [LK_CONTENT_FOREIGN] = "foreign" };
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	struct lk_look look;
	struct stat s;

	dev.fd = open(file, O_RDONLY | O_CLOEXEC);
	CHECK(dev.fd >= 0 && fstat(dev.fd, &s) == 0);
	dev.size = (uint64_t)s.st_size;
	snprintf(dev.path, sizeof(dev.path), "the file");
	look_and_decide(&dev, &look);
	check_found(&dev, &look);
	printf("STATE %s\n", names[look.content]);
}

int main(int argc, char **argv)
{
	void (*const boot[])(void) = { setup, a_boot_ends_with_a_mounted_volume };
	void (*const look[])(void) = { setup, the_next_boot_knows_what_to_do };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "boot") == 0)
		return check_main(boot, 2, "setup, a_boot_ends_with_a_mounted_volume");
	if (argc != 3 || strcmp(argv[1], "look") != 0)
		return EXIT_FAILURE;
	file = argv[2];
	return check_main(look, 2, "setup, the_next_boot_knows_what_to_do");
}
