/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/store.c and resource.c: nothing half done, nothing lost, nothing readable. */
#include <fcntl.h>

#include "keyserver/resource.h"
#include "keyserver_fixture.h"

static struct lk_error err;

static int64_t put(struct lk_server *s, const char *name, const char *data)
{
	LK_STORE_WRITE w = { 0 };
	int64_t version = 0;

	CHECK_OK(lk_store_begin(s->store, &w, &err));
	CHECK_OK(lk_resource_put(&w, &s->root, name, data, strlen(data), 1, &version, &err));
	CHECK_OK(lk_store_commit(&w, &err));
	return version;
}

static bool holds(struct lk_server *s, const char *name, const char *data)
{
	LK_SECRET got = { 0 };
	int64_t version;

	if (lk_resource_get(s->store, &s->root, name, &got, &version, &err)) {
		CHECK_EQ(err.code, LK_C_RESOURCE_ABSENT);
		return false;
	}
	CHECK_EQ(got.len, strlen(data));
	CHECK_MEM(got.data, data, got.len);
	return true;
}

TEST(files_that_are_no_store)
{
	char dir[64], path[96];
	struct lk_store *store = NULL;

	snprintf(path, sizeof(path), "%s/db", fixture_dir(dir));
	CHECK(lk_store_open(path, &store, &err));
	FILE *f = fopen(path, "w");

	CHECK(f);
	fprintf(f, "%4096s", "this is not a database");
	fclose(f);
	CHECK_EQ(lk_store_open(path, &store, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_STORE_DAMAGED);
	CHECK_EQ(lk_store_create(path, &store, &err), LK_CONFIG);
	f = fopen(path, "w");
	fclose(f);
	CHECK_EQ(lk_store_open(path, &store, &err), LK_CONFIG); /* an empty file is schema 0 */
	CHECK(!store);
	fixture_remove(dir);
}

TEST(bad_names_and_sizes)
{
	struct fixture f;
	LK_STORE_WRITE w = { 0 };
	char *big;
	int64_t version;

	fixture_open(&f, 1000);
	big = calloc(1, LK_RESOURCE_MAX + 1);
	CHECK_OK(lk_store_begin(f.server.store, &w, &err));
	CHECK_EQ(lk_resource_put(&w, &f.server.root, "a/b", "x", 1, 1, &version, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_RESOURCE_NAME);
	CHECK_EQ(lk_resource_put(&w, &f.server.root, "a/b/c", "", 0, 1, &version, &err), LK_CONFIG);
	CHECK_EQ(lk_resource_put(&w, &f.server.root, "a/b/c", big, LK_RESOURCE_MAX + 1, 1, &version,
				 &err),
		 LK_CONFIG);
	CHECK_EQ(err.code, LK_C_RESOURCE_SIZE);
	CHECK_OK(lk_resource_put(&w, &f.server.root, "a/b/c", big, LK_RESOURCE_MAX, 1, &version,
				 &err));
	lk_store_rollback(&w);
	CHECK(!holds(&f.server, "a/b", ""));
	CHECK(!holds(&f.server, "../../etc", ""));
	free(big);
	fixture_close(&f);
}

TEST(not_before_the_commit)
{
	struct fixture f;
	int64_t version;

	fixture_open(&f, 1000);
	put(&f.server, "a/b/kept", "x");
	{
		LK_STORE_WRITE w = { 0 };

		CHECK_OK(lk_store_begin(f.server.store, &w, &err));
		CHECK_OK(lk_resource_put(&w, &f.server.root, "a/b/c", "x", 1, 1, &version, &err));
		CHECK_OK(lk_store_delete_resource(&w, "a/b/kept", &err));
		CHECK(!holds(&f.server, "a/b/c", "x")); /* reading goes on beside it */
		CHECK(holds(&f.server, "a/b/kept", "x"));
	}
	CHECK(!holds(&f.server, "a/b/c", "x"));
	CHECK(holds(&f.server, "a/b/kept", "x"));
	fixture_close(&f);
}

TEST(put_get_delete)
{
	struct fixture f;
	int64_t first, second;

	fixture_open(&f, 1000);
	CHECK(!holds(&f.server, "a/b/c", "one"));
	first = put(&f.server, "a/b/c", "one");
	CHECK(holds(&f.server, "a/b/c", "one"));
	second = put(&f.server, "a/b/c", "two");
	CHECK(second > first);
	CHECK(holds(&f.server, "a/b/c", "two"));
	{
		LK_STORE_WRITE w = { 0 };

		CHECK_OK(lk_store_begin(f.server.store, &w, &err));
		CHECK_OK(lk_store_delete_resource(&w, "a/b/c", &err));
		CHECK_EQ(lk_store_delete_resource(&w, "a/b/c", &err), LK_ABSENT);
		CHECK_OK(lk_store_commit(&w, &err));
	}
	CHECK(!holds(&f.server, "a/b/c", "two"));
	CHECK(put(&f.server, "a/b/c", "three") > second);
	fixture_close(&f);
}

TEST(still_there_after_opening_again)
{
	struct fixture f;
	struct lk_store *store = NULL;
	LK_SECRET root = { 0 };
	LK_SECRET wrong = { 0 };

	fixture_open(&f, 1000);
	put(&f.server, "a/b/c", "one");
	CHECK_OK(lk_secret_from(&root, f.server.root.data, f.server.root.len, &err));
	lk_server_close(&f.server);
	CHECK_OK(lk_random_secret(&wrong, 32, &err));
	CHECK_OK(lk_store_open(f.db, &store, &err));
	CHECK_EQ(lk_server_open(store, &wrong, 1000, &f.server, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_ROOT_KEY_WRONG);
	CHECK_OK(lk_store_open(f.db, &store, &err));
	CHECK_OK(lk_server_open(store, &root, 1000, &f.server, &err));
	CHECK(holds(&f.server, "a/b/c", "one"));
	fixture_close(&f);
}

TEST(nothing_readable_in_the_files)
{
	static const char canary[] = "canary-5c0ffee5-canary";
	struct fixture f;
	char command[256];

	fixture_open(&f, 1000);
	put(&f.server, "a/b/c", canary);
	put(&f.server, "a/b/c", "another");
	snprintf(command, sizeof(command), "grep -rqa %s %s", canary, f.dir);
	CHECK(system(command) != 0);
	snprintf(command, sizeof(command), "grep -rqa a/b/c %s",
		 f.dir); /* grep would have found it */
	CHECK_EQ(system(command), 0);
	fixture_close(&f);
}

static enum lk_status count(void *to, const struct lk_resource_row *row, struct lk_error *e)
{
	unsigned *n = to;

	(void)e;
	CHECK(!row->sealed);
	CHECK_EQ(row->size, 1 + LK_SEAL_OVERHEAD);
	(*n)++;
	return *n == 3 ? LK_AGAIN : LK_OK;
}

TEST(lists)
{
	struct fixture f;
	unsigned n = 0;

	fixture_open(&f, 1000);
	CHECK_OK(lk_store_list_resources(f.server.store, count, &n, &err));
	CHECK_EQ(n, 0);
	put(&f.server, "a/b/c", "x");
	put(&f.server, "a/b/d", "x");
	CHECK_OK(lk_store_list_resources(f.server.store, count, &n, &err));
	CHECK_EQ(n, 2);
	CHECK_EQ(lk_store_list_resources(f.server.store, count, &n, &err), LK_AGAIN);
	CHECK_EQ(n, 3);
	fixture_close(&f);
}

TESTS(files_that_are_no_store, bad_names_and_sizes, not_before_the_commit, put_get_delete,
      still_there_after_opening_again, nothing_readable_in_the_files, lists)
