/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/tls_identity.c and state_dir.c: what init writes, what serve refuses. */
#include <fcntl.h>

#include "core/crypto.h"
#include "keyserver/state_dir.h"
#include "keyserver/tls_identity.h"
#include "keyserver_fixture.h"

#define NOW 1700000000

static struct lk_error err;

static int folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

TEST(names)
{
	CHECK(!lk_tls_name_ok(""));
	CHECK(!lk_tls_name_ok("."));
	CHECK(!lk_tls_name_ok("a..b"));
	CHECK(!lk_tls_name_ok("a."));
	CHECK(!lk_tls_name_ok("-a"));
	CHECK(!lk_tls_name_ok("a-.b"));
	CHECK(!lk_tls_name_ok("*.a"));
	CHECK(!lk_tls_name_ok("a b"));
	CHECK(!lk_tls_name_ok("a/b"));
	CHECK(!lk_tls_name_ok("[::1]"));
	CHECK(lk_tls_name_ok("localhost"));
	CHECK(lk_tls_name_ok("kbs-1.example"));
	CHECK(lk_tls_name_ok("192.0.2.1"));
	CHECK(lk_tls_name_ok("2001:db8::1"));
}

TEST(made_and_loaded)
{
	static const char *const hosts[] = { "kbs.example", "192.0.2.1" };
	struct lk_tls_identity t = { 0 };
	char dir[64], pin[LK_SPKI_PIN_SIZE];
	LK_FD int fd = folder(fixture_dir(dir));

	CHECK_OK(lk_tls_identity_create(fd, hosts, 2, NOW, &err));
	CHECK_EQ(lk_tls_identity_create(fd, hosts, 2, NOW, &err), LK_CONFIG); /* never twice */
	CHECK_OK(lk_tls_identity_load(fd, &t, &err));
	CHECK_HAS(t.cert_pem, "-----BEGIN CERTIFICATE-----");
	CHECK_HAS((const char *)t.key_pem.data, "PRIVATE KEY-----");
	CHECK_EQ(t.not_after, NOW + 10 * 365 * 86400LL);
	CHECK_OK(lk_x509_spki_pin(t.cert_pem, pin, &err));
	lk_tls_identity_clear(&t);
	fixture_remove(dir);
}

TEST(broken_files)
{
	static const char *const hosts[] = { "a" };
	struct lk_tls_identity t = { 0 };
	char dir[64], other[64], command[256];
	LK_FD int fd = folder(fixture_dir(dir));
	LK_FD int fd2 = folder(fixture_dir(other));

	CHECK_EQ(lk_tls_identity_load(fd, &t, &err), LK_CONFIG);
	CHECK_OK(lk_tls_identity_create(fd, hosts, 1, NOW, &err));
	CHECK_OK(lk_tls_identity_create(fd2, hosts, 1, NOW, &err));
	snprintf(command, sizeof(command), "cp %s/server.key %s/server.key", other, dir);
	CHECK_EQ(system(command), 0);
	CHECK_EQ(lk_tls_identity_load(fd, &t, &err), LK_CONFIG);
	CHECK_HAS(err.frames[0].text, "is not the key of");
	snprintf(command, sizeof(command), "echo x > %s/server.key", dir);
	CHECK_EQ(system(command), 0);
	CHECK_EQ(lk_tls_identity_load(fd, &t, &err), LK_CONFIG);
	snprintf(command, sizeof(command), "echo x > %s/server.pem", dir);
	CHECK_EQ(system(command), 0);
	CHECK_EQ(lk_tls_identity_load(fd, &t, &err), LK_CONFIG);
	CHECK(!t.cert_pem);
	fixture_remove(dir);
	fixture_remove(other);
}

/* --- the state folder --------------------------------------------------------------------------- */

static void touch(int fd, const char *name, mode_t mode)
{
	int file = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(file >= 0 && fchmod(file, mode) == 0);
	close(file);
}

TEST(only_an_empty_folder)
{
	char dir[64], path[96];
	LK_STATE s = { 0 };

	snprintf(path, sizeof(path), "%s/x/y", fixture_dir(dir));
	CHECK_EQ(lk_state_create(path, &s, &err), LK_CONFIG); /* no parents are made */
	CHECK_EQ(lk_state_open(path, &s, &err), LK_ABSENT);
	CHECK_EQ(err.code, LK_C_STATE_ABSENT);
	snprintf(path, sizeof(path), "%s/state", dir);
	CHECK_OK(lk_state_create(path, &s, &err));
	lk_state_discard(&s);
	CHECK_EQ(access(path, F_OK), -1);
	CHECK_OK(lk_state_create(path, &s, &err));
	lk_state_close(&s);
	CHECK_EQ(lk_state_create(path, &s, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_STATE_EXISTS);
	fixture_remove(dir);
}

TEST(modes_and_the_lock)
{
	static const char *const files[] = { "root.key", "latchkeyd.db", "tls/server.key",
					     "tls/ca.key" };
	char dir[64], path[96];
	LK_STATE s = { 0 };
	LK_STATE second = { 0 };
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "%s/state", fixture_dir(dir));
	CHECK_OK(lk_state_create(path, &s, &err));
	lk_state_close(&s);
	CHECK_EQ(lk_state_open(path, &s, &err), LK_ABSENT);
	fd = folder(path);
	touch(fd, "tls/server.pem", 0644);
	for (i = 0; i < 4; i++)
		touch(fd, files[i], 0600);
	for (i = 0; i < 4; i++) {
		touch(fd, files[i], 0640);
		CHECK_EQ(lk_state_open(path, &s, &err), LK_CONFIG);
		CHECK_EQ(err.code, LK_C_STATE_FILE_MODE);
		CHECK_HAS(err.frames[0].text, files[i]);
		touch(fd, files[i], 0600);
	}
	touch(fd, "tls/server.pem", 0664);
	CHECK_EQ(lk_state_open(path, &s, &err), LK_CONFIG);
	touch(fd, "tls/server.pem", 0644);
	CHECK_OK(lk_state_open(path, &s, &err));
	CHECK_EQ(lk_state_open(path, &second, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_STATE_BUSY);
	lk_state_close(&s);
	CHECK_OK(lk_state_open(path, &second, &err));
	close(fd);
	fixture_remove(dir);
}

TESTS(names, made_and_loaded, broken_files, only_an_empty_folder, modes_and_the_lock)
