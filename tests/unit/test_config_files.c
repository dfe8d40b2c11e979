/* SPDX-License-Identifier: Apache-2.0 */
/* Owners, modes, links and sizes of what a configuration consists of. Runs as any user. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/config_files.h"
#include "core/secret.h"
#include "tests/check.h"

static struct lk_error err;
static char place[64];

/* A fresh directory of ours; what earlier tests left is not in it. */
static void new_place(void)
{
	strcpy(place, "/tmp/lk-test-files-XXXXXX");
	CHECK(mkdtemp(place));
	err = (struct lk_error){ 0 };
}

static const char *path_of(const char *name)
{
	static char path[4][256];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", place, name);
	return path[i];
}

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	CHECK_EQ(fchmod(fd, mode), 0);
	close(fd);
}

static void remove_place(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	CHECK_EQ(system(command), 0);
}

/* The chain of a file that must be refused; "read" if it was not. */
static const char *refusal(const char *name, enum lk_code code)
{
	static char buf[512];
	LK_CONFIG_DIR dir = LK_CONFIG_DIR_NONE;
	char *text = NULL;
	size_t len;
	mode_t mode;

	err = (struct lk_error){ 0 };
	CHECK_OK(lk_config_dir_open(place, LK_TRUST_CALLER, &dir, &err));
	if (lk_config_file_read(&dir, name, &text, &len, &mode, &err) == LK_OK) {
		free(text);
		return "read";
	}
	CHECK_EQ(err.code, code);
	return lk_error_format(&err, buf, sizeof(buf));
}

TEST(files_refused)
{
	new_place();
	put("shared.conf", "x", 0664);
	put("open.conf", "x", 0646);
	put("good.conf", "x", 0644);
	CHECK_EQ(symlink("good.conf", path_of("link.conf")), 0);
	CHECK_EQ(mkdir(path_of("dir.conf"), 0755), 0);
	CHECK_EQ(mkfifo(path_of("pipe.conf"), 0644), 0);
	CHECK_HAS(refusal("shared.conf", LK_C_CONFIG_FILE_MODE), "mode 0664: others");
	CHECK_HAS(refusal("open.conf", LK_C_CONFIG_FILE_MODE), "mode 0646: others");
	CHECK_HAS(refusal("link.conf", LK_C_CONFIG_FILE_MODE), "symbolic link");
	CHECK_HAS(refusal("dir.conf", LK_C_CONFIG_FILE_MODE), "not a regular file");
	CHECK_HAS(refusal("pipe.conf", LK_C_CONFIG_FILE_MODE), "not a regular file");
	CHECK_HAS(refusal("absent.conf", LK_C_CONFIG_MISSING), "absent.conf: no such file");
	CHECK_STR(refusal("good.conf", LK_C_NONE), "read");
	remove_place();
}

TEST(strangers_refused)
{
	if (geteuid() != 0)
		return; /* only root can give a file away */
	new_place();
	put("a.conf", "x", 0644);
	CHECK_EQ(chown(path_of("a.conf"), 12345, 0), 0);
	CHECK_HAS(refusal("a.conf", LK_C_CONFIG_FILE_MODE), "owned by user 12345");
	CHECK_EQ(chown(place, 12345, 0), 0);
	LK_CONFIG_DIR dir = LK_CONFIG_DIR_NONE;
	CHECK_EQ(lk_config_dir_open(place, LK_TRUST_CALLER, &dir, &err), LK_CONFIG);
	remove_place();
}

TEST(size_limit)
{
	char *text = malloc(256 * 1024 + 2);

	new_place();
	memset(text, 'x', 256 * 1024 + 1);
	text[256 * 1024 + 1] = 0;
	put("long.conf", text, 0644);
	text[256 * 1024] = 0;
	put("fits.conf", text, 0644);
	free(text);
	CHECK_HAS(refusal("long.conf", LK_C_CONFIG_SYNTAX), "larger than 256 KiB");
	CHECK_STR(refusal("fits.conf", LK_C_NONE), "read");
	remove_place();
}

TEST(directories)
{
	LK_CONFIG_DIR dir = LK_CONFIG_DIR_NONE, sub = LK_CONFIG_DIR_NONE, none = LK_CONFIG_DIR_NONE;

	new_place();
	CHECK_OK(lk_config_dir_open(path_of("absent"), LK_TRUST_CALLER, &dir, &err));
	CHECK_EQ(dir.fd, -1);
	CHECK_OK(lk_config_dir_open("/absent/latchkey", LK_TRUST_ROOT, &none, &err));
	CHECK_EQ(none.fd, -1);
	CHECK_EQ(chmod(place, 0777), 0);
	lk_config_dir_close(&dir);
	CHECK_EQ(lk_config_dir_open(place, LK_TRUST_CALLER, &dir, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	CHECK_EQ(chmod(place, 0755), 0);
	/* /tmp above it is everybody's */
	CHECK_EQ(lk_config_dir_open(place, LK_TRUST_ROOT, &dir, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_FILE_MODE);
	CHECK_OK(lk_config_dir_open(path_of("/"), LK_TRUST_CALLER, &dir, &err));
	CHECK_STR(dir.path, place);
	CHECK_OK(lk_config_dir_sub(&dir, "volumes.d", &sub, &err));
	CHECK_EQ(sub.fd, -1);
	lk_config_dir_close(&sub);
	CHECK_EQ(symlink(".", path_of("volumes.d")), 0);
	CHECK_EQ(lk_config_dir_sub(&dir, "volumes.d", &sub, &err), LK_CONFIG);
	remove_place();
}

TEST(listing)
{
	static const char *const ends[] = { ".conf", ".toml", NULL };
	LK_CLEANUP(lk_strings_free) struct lk_strings list = { 0 };
	LK_CONFIG_DIR dir = LK_CONFIG_DIR_NONE;
	char name[32];
	int i;

	new_place();
	put("b.toml", "", 0644);
	put("a.conf", "", 0644);
	put("README", "", 0644);
	put(".hidden.conf", "", 0644);
	put(".conf", "", 0644);
	put("c.conf~", "", 0644);
	CHECK_OK(lk_config_dir_open(place, LK_TRUST_CALLER, &dir, &err));
	CHECK_OK(lk_config_dir_list(&dir, ends, &list, &err));
	CHECK_EQ(list.n, 2);
	CHECK_STR(list.items[0], "a.conf");
	CHECK_STR(list.items[1], "b.toml");
	lk_strings_free(&list);
	for (i = 0; i < LK_CONFIG_DIR_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.conf", i);
		put(name, "", 0644);
	}
	CHECK_EQ(lk_config_dir_list(&dir, ends, &list, &err), LK_CONFIG);
	remove_place();
}

/* The chain of a named file that must be refused. */
static const char *named(const char *path, enum lk_file_kind kind, enum lk_code code)
{
	static char buf[512];
	mode_t mode = 0;

	err = (struct lk_error){ 0 };
	if (lk_named_file_check(path, kind, LK_TRUST_CALLER, &mode, &err) == LK_OK)
		return "fine";
	CHECK_EQ(err.code, code);
	return lk_error_format(&err, buf, sizeof(buf));
}

TEST(named_files)
{
	new_place();
	put("key", "x", 0600);
	put("loose", "x", 0640);
	put("ca", "x", 0644);
	CHECK_EQ(symlink("key", path_of("link")), 0);
	CHECK_EQ(symlink("ca", path_of("ca-link")), 0);
	CHECK_STR(named(path_of("key"), LK_FILE_CREDENTIAL, LK_C_NONE), "fine");
	CHECK_HAS(named(path_of("loose"), LK_FILE_CREDENTIAL, LK_C_CONFIG_FILE_MODE), "0640");
	CHECK_HAS(named(path_of("link"), LK_FILE_CREDENTIAL, LK_C_CONFIG_FILE_MODE), "link");
	CHECK_HAS(named(path_of("no"), LK_FILE_CREDENTIAL, LK_C_CONFIG_MISSING), "no such file");
	CHECK_HAS(named(path_of("no/no"), LK_FILE_CREDENTIAL, LK_C_CONFIG_MISSING), "no such");
	CHECK_STR(named(path_of("ca-link"), LK_FILE_CA, LK_C_NONE), "fine");
	CHECK_HAS(named("ca", LK_FILE_CA, LK_C_CONFIG_VALUE), "absolute");
	CHECK_HAS(named(path_of("../x"), LK_FILE_CREDENTIAL, LK_C_CONFIG_VALUE), "'..'");
	CHECK_EQ(mkdir(path_of("open"), 0700), 0);
	put("open/key", "x", 0600);
	CHECK_EQ(chmod(path_of("open"), 0777), 0);
	CHECK_HAS(named(path_of("open/key"), LK_FILE_CREDENTIAL, LK_C_CONFIG_FILE_MODE), "0777");
	remove_place();
}

TEST(commands)
{
	LK_FREE char *path = NULL, *same = NULL;

	CHECK_EQ(lk_command_find("no-such-program-here", &path, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	CHECK_EQ(lk_command_find("/etc/passwd", &path, &err), LK_CONFIG);
	CHECK_EQ(lk_command_find("/bin", &path, &err), LK_CONFIG);
	CHECK_OK(lk_command_find("sh", &path, &err));
	CHECK(path[0] == '/' && strcmp(strrchr(path, '/'), "/sh") == 0);
	CHECK_OK(lk_command_find(path, &same, &err));
	CHECK_STR(same, path);
}

TESTS(files_refused, strangers_refused, size_limit, directories, listing, named_files, commands)
