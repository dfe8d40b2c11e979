/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of Debian's cryptsetup on plain files: accepted, copied, opened with the right key alone;
 * hostile ones (tests/headers/hostile.py) refused with their code; nothing on the disk changes.
 * Mapping itself needs device-mapper: tests/boot.
 */

#include "agent/luks.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/luks_internal.h"
#include "core/json.h"
#include "tests/check.h"

#define MIB	   (1024 * 1024)
#define PASSPHRASE "correct horse"

static struct lk_error err;
static char dir[] = "/tmp/test_luks.XXXXXX";

__attribute__((format(printf, 1, 2))) static int sh(const char *fmt, ...)
{
	char command[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command); /* NOLINT(cert-env33-c): the tools are the oracle */
}

static void must(int status)
{
	if (status != 0)
		check_fail(__FILE__, __LINE__, "a tool ended with %d", status);
}

static void format(const char *name, const char *options)
{
	must(sh("cd %s && rm -f %s && truncate -s 32M %s && printf '" PASSPHRASE "' | cryptsetup "
		"luksFormat -q --type luks2 %s %s - >/dev/null",
		dir, name, name, options, name));
}

#define QUICK "--pbkdf pbkdf2 --pbkdf-force-iterations 1000"

/* A copy of the base image, made once. */
static void base(const char *name)
{
	if (access(dir, F_OK) != 0 || sh("test -e %s/base", dir) != 0)
		format("base", QUICK);
	must(sh("cp --sparse=always %s/base %s/%s", dir, dir, name));
}

static struct lk_blockdev open_file(const char *name)
{
	struct lk_blockdev dev = LK_BLOCKDEV_NONE;
	struct stat s;

	snprintf(dev.path, sizeof(dev.path), "%s/%s", dir, name);
	dev.fd = open(dev.path, O_RDONLY | O_CLOEXEC);
	if (dev.fd < 0 || fstat(dev.fd, &s) != 0)
		check_fail(__FILE__, __LINE__, "no %s", dev.path);
	dev.size = (uint64_t)s.st_size;
	return dev;
}

static enum lk_status prepare(const char *name, struct lk_luks_prepared **ret)
{
	struct lk_luks_rules rules = lk_luks_rules_default(UINT64_C(4096) * MIB);
	LK_BLOCKDEV dev = open_file(name);

	return lk_luks_prepare(&dev, &rules, ret, &err);
}

static enum lk_status try_key(const struct lk_luks_prepared *p, const void *bytes, size_t n,
			      enum lk_key_form form)
{
	struct lk_volume_key key = { .form = form };
	enum lk_status st;

	if (n > 0)
		CHECK_OK(lk_secret_from(&key.bytes, bytes, n, &err));
	st = lk_luks_check_key(p, &key, &err);
	lk_secret_wipe(&key.bytes);
	return st;
}

static enum lk_status try_passphrase(const struct lk_luks_prepared *p, const char *text)
{
	return try_key(p, text, strlen(text), LK_KEY_PASSPHRASE);
}

TEST(setup)
{
	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	CHECK(mkdtemp(dir));
}

TEST(wrong_keys_are_told)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	static const char zeros[64];
	static const char other[64] = "an other volume key";

	base("wrong.img");
	CHECK_OK(prepare("wrong.img", &p));
	CHECK_EQ(try_passphrase(p, "incorrect horse"), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	CHECK_EQ(try_passphrase(p, PASSPHRASE "\n"), LK_TAMPERED);
	CHECK_EQ(try_passphrase(p, ""), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	CHECK_EQ(try_key(p, zeros, 64, LK_KEY_PASSPHRASE), LK_TAMPERED);
	CHECK_EQ(try_key(p, zeros, 64, LK_KEY_VOLUME), LK_TAMPERED);
	CHECK_EQ(try_key(p, other, 64, LK_KEY_VOLUME), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	CHECK_EQ(try_key(p, other, 32, LK_KEY_VOLUME), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_KEY_WRONG);
	CHECK_OK(try_passphrase(p, PASSPHRASE));
}

TEST(every_hostile_disk_meets_its_code)
{
	char name[64], code[64], list[256];
	unsigned n = 0;
	FILE *f;

	snprintf(list, sizeof(list), "%s/tests/headers/hostile.py --list", LK_SOURCE_DIR);
	f = popen(list, "r"); /* NOLINT(cert-env33-c) */
	CHECK(f);
	while (fscanf(f, "%63s %63s", name, code) == 2) {
		struct lk_luks_prepared *p = NULL;
		enum lk_status st;

		base("hostile.img");
		must(sh("%s/tests/headers/hostile.py %s %s/hostile.img", LK_SOURCE_DIR, name, dir));
		st = prepare("hostile.img", &p);
		if (strcmp(code, "-") == 0
			    ? st != LK_OK
			    : st != LK_TAMPERED || strcmp(lk_error_code_name(&err), code) != 0)
			check_fail(__FILE__, __LINE__, "%s: %s, not %s", name,
				   st ? lk_error_code_name(&err) : "accepted", code);
		if (strcmp(name, "other-digest") == 0) {
			CHECK_EQ(try_passphrase(p, PASSPHRASE), LK_TAMPERED);
			CHECK_EQ(err.code, LK_C_KEY_WRONG);
		} else if (st == LK_OK) {
			CHECK_OK(try_passphrase(p, PASSPHRASE));
		}
		lk_luks_prepared_free(p);
		n++;
	}
	CHECK_EQ(pclose(f), 0);
	CHECK(n > 100);
}

TEST(a_pinned_uuid_decides)
{
	struct lk_luks_rules rules = lk_luks_rules_here();
	struct lk_luks_prepared *p = NULL;
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;

	base("uuid.img");
	must(sh("%s/tests/headers/hostile.py other-uuid %s/uuid.img", LK_SOURCE_DIR, dir));
	dev = open_file("uuid.img");
	rules.luks_uuid = "00000000-0000-4000-8000-00000000feed";
	CHECK_EQ(lk_luks_prepare(&dev, &rules, &p, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_CHANGED);
	rules.luks_uuid = "00000000-0000-4000-8000-00000000beef";
	CHECK_OK(lk_luks_prepare(&dev, &rules, &p, &err));
	lk_luks_prepared_free(p);
}

TEST(not_luks_at_all)
{
	struct lk_luks_prepared *p = NULL;

	must(sh("truncate -s 32M %s/blank.img && head -c 1000 %s/base > %s/short.img", dir, dir,
		dir));
	CHECK_EQ(prepare("blank.img", &p), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_INVALID);
	CHECK_EQ(prepare("short.img", &p), LK_TAMPERED);
	must(sh("head -c 40000 %s/base > %s/short.img", dir, dir));
	CHECK_EQ(prepare("short.img", &p), LK_TAMPERED);
	format("luks1.img", "--type luks1 --pbkdf-force-iterations 1000");
	CHECK_EQ(prepare("luks1.img", &p), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_INVALID);
}

TEST(what_cryptsetup_makes_is_accepted)
{
	static const char *const options[] = {
		QUICK " --sector-size 512",
		QUICK " --sector-size 4096",
		QUICK " --luks2-metadata-size 64k --luks2-keyslots-size 1m",
		QUICK " --offset 40960",
		"--pbkdf pbkdf2 --pbkdf-force-iterations 1000 --hash sha256 --label some-label",
		"--pbkdf argon2id --pbkdf-memory 32768 --pbkdf-force-iterations 4 --pbkdf-parallel 2",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;

		format("made.img", options[i]);
		CHECK_OK(prepare("made.img", &p));
		CHECK_EQ(lk_luks_prepared_header(p)->degraded, LK_LUKS_BOTH_GOOD);
		CHECK_OK(try_passphrase(p, PASSPHRASE));
		CHECK_EQ(try_passphrase(p, "x"), LK_TAMPERED);
	}
}

TEST(other_choices_of_cryptsetup_are_refused)
{
	static const struct {
		const char *options, *code;
	} rows[] = {
		{ QUICK " --cipher aes-cbc-essiv:sha256 --key-size 256", "header-cipher" },
		{ QUICK " --key-size 256", "header-cipher" },
		{ "--pbkdf argon2i --pbkdf-memory 32768 --pbkdf-force-iterations 4", "header-kdf" },
		{ QUICK " --sector-size 2048", "header-area" },
		{ QUICK " --hash sha1", "header-json" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lk_luks_prepared *p = NULL;

		format("other.img", rows[i].options);
		CHECK_EQ(prepare("other.img", &p), LK_TAMPERED);
		CHECK_STR(lk_error_code_name(&err), rows[i].code);
	}
}

TEST(volume_keys_open_too)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;
	char key[64];
	FILE *f;

	base("vk.img");
	must(sh("cd %s && printf '" PASSPHRASE "' | cryptsetup luksDump -q --dump-volume-key "
		"--volume-key-file vk --key-file - vk.img >/dev/null",
		dir));
	CHECK_OK(prepare("vk.img", &p));
	snprintf(key, sizeof(key), "%s/vk", dir);
	f = fopen(key, "re");
	CHECK(f && fread(key, 1, sizeof(key), f) == sizeof(key));
	fclose(f);
	CHECK_OK(try_key(p, key, sizeof(key), LK_KEY_VOLUME));
	key[63] ^= 1;
	CHECK_EQ(try_key(p, key, sizeof(key), LK_KEY_VOLUME), LK_TAMPERED);
}

TEST(two_keyslots_both_open)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;

	base("two.img");
	must(sh("cd %s && printf '" PASSPHRASE "' > one && printf 'battery staple' > two && "
		"cryptsetup luksAddKey -q " QUICK " --key-file one two.img two",
		dir));
	CHECK_OK(prepare("two.img", &p));
	CHECK_EQ(lk_luks_prepared_header(p)->n_keyslots, 2);
	CHECK_OK(try_passphrase(p, PASSPHRASE));
	CHECK_OK(try_passphrase(p, "battery staple"));
}

TEST(nothing_on_the_disk_changes)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;

	base("same.img");
	must(sh("cd %s && %s/tests/headers/hostile.py damaged-primary same.img && chmod 0444 same.img "
		"&& sha256sum same.img > same.sum",
		dir, LK_SOURCE_DIR));
	CHECK_OK(prepare("same.img", &p));
	CHECK_EQ(lk_luks_prepared_header(p)->degraded, LK_LUKS_PRIMARY_BAD);
	CHECK_OK(try_passphrase(p, PASSPHRASE));
	must(sh("cd %s && sha256sum --quiet -c same.sum", dir));
}

TEST(a_header_swapped_after_the_check_has_no_effect)
{
	LK_CLEANUP(lk_luks_prepared_free_p) struct lk_luks_prepared *p = NULL;

	base("swap.img");
	CHECK_OK(prepare("swap.img", &p));
	must(sh("dd if=/dev/zero of=%s/swap.img bs=1M count=16 conv=notrunc status=none", dir));
	CHECK_OK(try_passphrase(p, PASSPHRASE));
}

/* The private copy on disk, for cryptsetup to look at. */
static struct lk_luks_header write_private(const char *from, const char *to)
{
	struct lk_luks_rules rules = lk_luks_rules_here();
	LK_LUKS_COPIES c = { 0 };
	LK_BLOCKDEV dev = open_file(from);
	struct lk_luks_header h;
	LK_FD int memory = -1;

	CHECK_OK(lk_luks_copies_read(dev.fd, dev.size, &c, &err));
	CHECK_OK(lk_luks_header_parse(c.primary.data, c.primary.len, c.secondary.data,
				      c.secondary.len, dev.size, &rules, &h, &err));
	CHECK_OK(lk_luks_memory_file(&h, dev.fd, &memory, &err));
	must(sh("cat /proc/%d/fd/%d > %s/%s && truncate -s 32M %s/%s", (int)getpid(), memory, dir,
		to, dir, to));
	return h;
}

TEST(cryptsetup_reads_the_private_header_alike)
{
	base("first.img");
	must(sh("cd %s && printf 'battery staple' > two && printf '" PASSPHRASE "' > one && "
		"cryptsetup luksAddKey -q --pbkdf argon2id --pbkdf-memory 32768 "
		"--pbkdf-force-iterations 4 --key-file one first.img two",
		dir));
	write_private("first.img", "private.img");
	must(sh("cd %s && cryptsetup luksDump first.img > first.txt && "
		"cryptsetup luksDump private.img > private.txt && cmp first.txt private.txt",
		dir));
	must(sh("cd %s && cryptsetup open -q --test-passphrase --key-file one private.img", dir));
	must(sh("cd %s && cryptsetup open -q --test-passphrase --key-file two private.img", dir));
	CHECK(sh("cd %s && echo wrong | cryptsetup open -q --test-passphrase --key-file - private.img "
		 "2>/dev/null",
		 dir) != 0);
}

TEST(the_memory_file_is_sealed_and_holds_nothing_else)
{
	struct lk_luks_rules rules = lk_luks_rules_here();
	LK_BLOCKDEV dev = LK_BLOCKDEV_NONE;
	LK_LUKS_COPIES c = { 0 };
	LK_FD int memory = -1;
	struct lk_luks_header h;
	struct stat s;
	char byte = 1;

	/* what lies between the areas must not come along */
	base("leak.img");
	must(sh("printf SECRET | dd of=%s/leak.img bs=1 seek=8000000 conv=notrunc status=none",
		dir));
	dev = open_file("leak.img");
	CHECK_OK(lk_luks_copies_read(dev.fd, dev.size, &c, &err));
	CHECK_OK(lk_luks_header_parse(c.primary.data, c.primary.len, c.secondary.data,
				      c.secondary.len, dev.size, &rules, &h, &err));
	CHECK_OK(lk_luks_memory_file(&h, dev.fd, &memory, &err));
	CHECK_EQ(pwrite(memory, &byte, 1, 0), -1);
	CHECK_EQ(ftruncate(memory, 0), -1);
	CHECK_EQ(pread(memory, &byte, 1, 8000000), 1);
	CHECK_EQ(byte, 0);
	CHECK_EQ(pread(memory, &byte, 1, 16384), 1); /* the secondary copy */
	CHECK_EQ(byte, 0);
	CHECK_EQ(fstat(memory, &s), 0);
	CHECK_EQ(s.st_size, 16 * MIB);
	CHECK(s.st_blocks * 512 < MIB);
}

TEST(cleanup)
{
	must(sh("rm -rf %s", dir));
}

TESTS(setup, wrong_keys_are_told, every_hostile_disk_meets_its_code, a_pinned_uuid_decides,
      not_luks_at_all, what_cryptsetup_makes_is_accepted, other_choices_of_cryptsetup_are_refused,
      volume_keys_open_too, two_keyslots_both_open, nothing_on_the_disk_changes,
      a_header_swapped_after_the_check_has_no_effect, cryptsetup_reads_the_private_header_alike,
      the_memory_file_is_sealed_and_holds_nothing_else, cleanup)
