/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkeyd init`: makes everything that a server needs, and says what to type next. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/deadline.h"
#include "core/log.h"
#include "keyserver/commands.h"
#include "keyserver/rootkey.h"
#include "keyserver/server.h"
#include "keyserver/state_dir.h"
#include "keyserver/tls_identity.h"

#define USAGE "init [--state DIR] [--hostname NAME]..."

struct options {
	const char *state;
	const char *names[LK_TLS_NAMES_MAX];
	size_t n_names;
	char own_name[256];
};

static enum lk_status add_name(struct options *o, const char *name, struct lk_error *err)
{
	size_t i;

	if (!lk_tls_name_ok(name))
		return lk_raise(err, LK_CONFIG, "'%s' is neither a DNS name nor an IP address",
				name);
	for (i = 0; i < o->n_names; i++)
		if (strcmp(o->names[i], name) == 0)
			return LK_OK;
	if (o->n_names == LK_TLS_NAMES_MAX)
		return lk_raise(err, LK_CONFIG, "more than %d names", LK_TLS_NAMES_MAX);
	o->names[o->n_names++] = name;
	return LK_OK;
}

/* Without --hostname: what a server on this machine answers to at least. */
static enum lk_status default_names(struct options *o, struct lk_error *err)
{
	enum lk_status st;

	st = add_name(o, "localhost", err);
	if (st == LK_OK)
		st = add_name(o, "127.0.0.1", err);
	if (st)
		return st;
	if (gethostname(o->own_name, sizeof(o->own_name) - 1) == 0 && lk_tls_name_ok(o->own_name))
		return add_name(o, o->own_name, err);
	return LK_OK;
}

static enum lk_status fill(struct lk_state *state, const struct options *o, struct lk_error *err)
{
	LK_CLEANUP(lk_store_close_p) struct lk_store *store = NULL;
	LK_SECRET root = { 0 };
	LK_FREE char *path = NULL;
	enum lk_status st;

	st = lk_rootkey_create(state->fd, LK_STATE_ROOT_KEY, &root, err);
	if (st)
		return st;
	st = lk_state_path(state, LK_STATE_STORE, &path, err);
	if (st)
		return st;
	st = lk_store_create(path, &store, err);
	if (st)
		return st;
	st = lk_server_init(store, &root, err);
	if (st)
		return st;
	return lk_tls_identity_create(state->tls, o->names, o->n_names, lk_clock_wall(), err);
}

static void tell(const struct options *o)
{
	size_t i;

	printf("Made in %s:\n"
	       "  " LK_STATE_ROOT_KEY "        the root key; it opens the store, so keep copies of "
	       "the two apart\n"
	       "  " LK_STATE_STORE "    the store; its policy denies everything so far\n"
	       "  " LK_STATE_CA "      the CA for clients to trust (kbs_root_cert)\n"
	       "  " LK_STATE_SERVER "  the server's certificate, for",
	       o->state);
	for (i = 0; i < o->n_names; i++)
		printf("%s %s", i ? "," : "", o->names[i]);
	printf("\n\nNext:\n"
	       "  latchkeyd serve --state %s --listen [::]:8443\n"
	       "  latchkeyd resource put default/disk/root --file KEYFILE\n",
	       o->state);
}

static enum lk_status make(const struct options *o, struct lk_error *err)
{
	LK_STATE state = { 0 };
	enum lk_status st;

	(void)umask(077);
	st = lk_state_create(o->state, &state, err);
	if (st)
		return st;
	st = fill(&state, o, err);
	if (st == LK_OK)
		st = lk_state_hand_over(&state, err);
	if (st)
		lk_state_discard(&state);
	return st;
}

int lk_cmd_init(int argc, char **argv)
{
	static const struct option known[] = {
		{ "state", required_argument, NULL, 's' },
		{ "hostname", required_argument, NULL, 'n' },
		{ 0 },
	};
	struct options o = { .state = LK_STATE_DEFAULT };
	struct lk_error err = { 0 };
	enum lk_status st = LK_OK;
	int c;

	while (st == LK_OK && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			o.state = optarg;
		else if (c == 'n')
			st = add_name(&o, optarg, &err);
		else
			return lk_cmd_usage(USAGE);
	}
	if (optind < argc)
		return lk_cmd_usage(USAGE);
	if (st == LK_OK && o.n_names == 0)
		st = default_names(&o, &err);
	if (st == LK_OK)
		st = make(&o, &err);
	if (st) {
		lk_context(&err, "make the state of a key server");
		return lk_cmd_fail(&err);
	}
	tell(&o);
	return 0;
}
