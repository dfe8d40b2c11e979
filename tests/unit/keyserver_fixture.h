/* SPDX-License-Identifier: Apache-2.0 */
/* A key server's state in a folder of its own, for the tests of keyserver/. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/json.h"
#include "keyserver/http_server.h"
#include "keyserver/rootkey.h"
#include "keyserver/server.h"
#include "tests/check.h"

struct fixture {
	char dir[64], db[96];
	struct lk_server server;
};

__attribute__((unused)) static char *fixture_dir(char dir[64])
{
	struct lk_error err = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	snprintf(dir, 64, "/tmp/lk-keyserver-XXXXXX");
	CHECK(mkdtemp(dir));
	return dir;
}

__attribute__((unused)) static void fixture_remove(const char *dir)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK_EQ(system(command), 0);
}

/* A server with an empty store; sessions live for lifetime_ms. */
__attribute__((unused)) static void fixture_open(struct fixture *f, int64_t lifetime_ms)
{
	struct lk_error err = { 0 };
	struct lk_store *store = NULL;
	struct lk_secret root = { 0 };

	fixture_dir(f->dir);
	snprintf(f->db, sizeof(f->db), "%s/db", f->dir);
	CHECK_OK(lk_random_secret(&root, LK_ROOTKEY_SIZE, &err));
	CHECK_OK(lk_store_create(f->db, &store, &err));
	CHECK_OK(lk_server_init(store, &root, &err));
	CHECK_OK(lk_server_open(store, &root, lifetime_ms, &f->server, &err));
	f->server.allow_sample = true;
}

__attribute__((unused)) static void fixture_close(struct fixture *f)
{
	lk_server_close(&f->server);
	fixture_remove(f->dir);
}

/* One request through a service's routes, without a network. */
__attribute__((unused)) static struct lk_reply fixture_ask(const struct lk_service *s,
							   const char *method, const char *path,
							   const char *cookie, const char *body)
{
	struct lk_reply reply = { .status = 500 };
	struct lk_call call = {
		.method = method,
		.path = path,
		.cookie = cookie,
		.body = body ? body : "",
		.body_len = body ? strlen(body) : 0,
		.peer = "uid 0",
		.has_uid = true,
		.uid = geteuid(),
	};

	lk_route_find(s, method, path)->answer(s->ctx, &call, &reply);
	return reply;
}

__attribute__((unused)) static void reply_clear(struct lk_reply *r)
{
	lk_json_text_free(r->text);
	lk_secret_wipe(&r->secret);
	*r = (struct lk_reply){ 0 };
}
