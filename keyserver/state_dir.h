/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that holds all a server owns: what is in it, who may read it, and that one process at
 * a time works on it.
 *
 *	STATE/root.key		the root key
 *	STATE/latchkeyd.db	the store (beside it SQLite's -wal and -shm)
 *	STATE/tls/ca.pem	the CA that clients are to trust; public
 *	STATE/tls/ca.key	its key, for making another server certificate
 *	STATE/tls/server.pem	the server's certificate; public
 *	STATE/tls/server.key	its key
 */
#pragma once

#include "core/cleanup.h"
#include "core/error.h"

#define LK_STATE_DEFAULT    "/var/lib/latchkeyd"
#define LK_STATE_ROOT_KEY   "root.key"
#define LK_STATE_STORE	    "latchkeyd.db"
#define LK_STATE_TLS	    "tls"
#define LK_STATE_CA	    "tls/ca.pem"
#define LK_STATE_CA_KEY	    "tls/ca.key"
#define LK_STATE_SERVER	    "tls/server.pem"
#define LK_STATE_SERVER_KEY "tls/server.key"

struct lk_state {
	char *path;
	int fd;	 /* the folder */
	int tls; /* its folder tls */
};
void lk_state_close(struct lk_state *s);
#define LK_STATE LK_CLEANUP(lk_state_close) struct lk_state

/* Make the folder (mode 0700) or take an empty one, and lock it. LK_CONFIG with LK_C_STATE_EXISTS
 * when anything is in it. */
enum lk_status lk_state_create(const char *path, struct lk_state *ret, struct lk_error *err);
/* Hand everything over to the folder's owner, if that is somebody else: a service's user. */
enum lk_status lk_state_hand_over(struct lk_state *s, struct lk_error *err);
/* Take back what a failed init left: the files named above, and the folder if it was made. */
void lk_state_discard(struct lk_state *s);
/* Open and lock an existing one. Every file must belong to root or to this process's user, and the
 * private ones must be closed to everybody else: LK_CONFIG with LK_C_STATE_FILE_MODE names the
 * first that is not. LK_ABSENT with LK_C_STATE_ABSENT. */
enum lk_status lk_state_open(const char *path, struct lk_state *ret, struct lk_error *err);
/* Absolute or relative as the state's path is; malloc'ed. */
enum lk_status lk_state_path(const struct lk_state *s, const char *name, char **ret,
			     struct lk_error *err);
