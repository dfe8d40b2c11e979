/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a volume key comes from. A provider is one file or folder and one row in meson's list;
 * everything else (parsing, sample, manual, `config check`) derives from its key rows.
 *
 * The stage loop groups the volumes of one provider whose options share a session into a batch
 * and calls prepare once, fetch for each, finish once, all inside the sandboxed fetcher. It owns
 * every retry: a provider never repeats what was refused and never outlives the deadline.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"
#include "core/config_files.h"
#include "core/deadline.h"
#include "core/error.h"
#include "core/secret.h"

struct lk_attester;
struct lk_sealed; /* providers/sealed.h */

/* What every network user needs to know of the machine; borrowed by providers. */
struct lk_network {
	const struct lk_strings *dns; /* configured name servers; may be empty: use the system's */
	bool debug;
};

enum lk_key_form {
	LK_KEY_PASSPHRASE, /* opens a keyslot */
	LK_KEY_VOLUME,	   /* is the volume key itself */
};

struct lk_volume_key {
	struct lk_secret bytes;
	enum lk_key_form form;
};

struct lk_batch_item {
	const char *volume;  /* for messages */
	const void *options; /* the provider's own struct, filled from its rows */
};

struct lk_batch {
	const struct lk_batch_item *items; /* at least one; all share a session */
	size_t n_items;
	const struct lk_attester *attester; /* set if needs_attester */
	const struct lk_network *network;
	struct lk_deadline deadline; /* of this attempt, within the whole unlock's */
};

/* What the operator is told afterwards; plain text, never secret. */
struct lk_fetch_note {
	char endpoint[128];   /* which server gave the key: "kbs.example (2nd of 2, first dead)" */
	bool clock_untrusted; /* certificate dates were not evaluated */
};

/* For people: `latchkey provider`, latchkey-providers(7). */
struct lk_provider_doc {
	const char *attested; /* a word or two, where options decide; NULL: as needs_attester says */
	bool cloud;	      /* made for a cloud's services */
	bool hardware;	      /* the key is bound to this machine's hardware */
	bool temporary;	      /* the volume is empty after each boot */
	const char *where;    /* "root and other volumes" */
	const char *use;      /* when to choose it, in a few words */
	const char *needs;    /* what must be there, in sentences */
	const char *example;  /* a whole file of volumes.d */
};

/* A table below the provider's own: [encrypt.PROVIDER.NAME] fills fields of the same options. */
struct lk_provider_table {
	const char *name; /* NULL ends a list */
	const struct lk_key *keys;
	const char *help;
};

/* What a source of keys needs of the machine. */
struct lk_provider_needs {
	bool network, attester, programs;
	bool elsewhere; /* attester: the evidence is somebody else's to make */
	bool own_user;	/* the fetcher must stay the user it is: sockets of other services */
};

/* Where credentials come from that lie in no file, and what opens those that are sealed; inside the
 * cage, where all of it asks services. */
struct lk_credential_source {
	/* The text of a credential whose path was given to defer; malloc'ed, into NULL. */
	enum lk_status (*get)(void *arg, const char *path, char **ret, struct lk_error *err);
	/* Put what a text holds into its place, if it is sealed. measured: bare JSON is taken. */
	enum lk_status (*unseal)(void *arg, bool measured, char **text, struct lk_error *err);
	void *arg;
};

struct lk_provider {
	const char *name;		   /* as written in the configuration */
	const char *summary;		   /* one line: --help, manual page */
	const struct lk_provider_doc *doc; /* NULL in tests only */
	bool needs_network;
	bool needs_attester;
	bool runs_programs; /* the fetcher's sandbox must allow execve; false on attested paths */
	/* What these options need, where they and not the provider decide: *ret holds the three above.
	 * NULL: they do not. Pure. Ask lk_provider_needs. */
	void (*needs)(const void *options, struct lk_provider_needs *ret);
	bool throw_away;	   /* each key is new, and opens nothing that was there before */
	bool gives_sealed;	   /* what it fetches is a sealed secret out of the configuration */
	const struct lk_key *keys; /* rows ending in { 0 } */
	const struct lk_provider_table *tables; /* further rows; may be NULL */
	size_t options_size;

	/* Are these options consistent? Pure: no I/O beyond reading PEM text given inline. */
	enum lk_status (*check)(const void *options, struct lk_error *err);
	/* Tell of files that the provider reads beside those that rows name. NULL: there are none. */
	enum lk_status (*files)(const void *options, const struct lk_file_visitor *visitor,
				struct lk_error *err);
	/* Read the files that the options name into fields of rows, once, before the fetcher is
	 * caged and can no longer open them. trust: whose they may be. NULL: there are none. */
	enum lk_status (*load)(void *options, enum lk_trust trust, struct lk_error *err);
	/* Of these paths no file is read, now or by load: credentials fetches them. Borrowed, and given
	 * before files and load are called. NULL: there are no credentials. */
	void (*defer)(void *options, const struct lk_strings *paths);
	/* Complete the credentials of the options, before prepare, in the cage; once is enough. NULL:
	 * there are none. */
	enum lk_status (*credentials)(void *options, const struct lk_credential_source *source,
				      struct lk_error *err);
	/* Is the server known by TLS and a CA or key that the configuration names, so that a volume
	 * may be made with the key it gives? NULL: no. Pure. */
	bool (*proves_server)(const void *options);
	/* May these two volumes be served by one session? NULL: never. Pure. */
	bool (*same_session)(const void *a, const void *b);

	/* Open a session for the batch: connect, attest. On failure nothing is left open. */
	enum lk_status (*prepare)(const struct lk_batch *batch, void **ret_session,
				  struct lk_error *err);
	/* Get the key of item i. LK_DENIED concerns this item alone. Sets *ret only on LK_OK. */
	enum lk_status (*fetch)(void *session, size_t i, struct lk_volume_key *ret,
				struct lk_fetch_note *note, struct lk_error *err);
	/* Close, wipe, free; NULL is fine. */
	void (*finish)(void *session);
	/* What a sealed secret keeps with this service: an envelope's data key, or a vault's secret.
	 * SEALED_SOURCE when it names another credential than the session's. NULL: cannot. */
	enum lk_status (*unwrap)(void *session, const struct lk_sealed *sealed,
				 struct lk_secret *ret, struct lk_error *err);
};

/* The build's list, ending in NULL. */
extern const struct lk_provider *const lk_providers[];
const struct lk_provider *lk_provider_find(const char *name); /* NULL if unknown */
struct lk_provider_needs lk_provider_needs(const struct lk_provider *p, const void *options);
/* Write a text into the field of a row of the provider's own table, in place of what it held. */
enum lk_status lk_provider_set(const struct lk_provider *p, void *options, const char *key,
			       const char *text, struct lk_error *err);
/* The i-th table of a provider's rows, NULL past the end: 0 is its own. *ret_section, if wanted:
 * the name of its section, "encrypt.PROVIDER[.TABLE]", in a buffer of this size. */
#define LK_PROVIDER_SECTION 40
const struct lk_key *lk_provider_keys(const struct lk_provider *p, size_t i,
				      char ret_section[LK_PROVIDER_SECTION]);
