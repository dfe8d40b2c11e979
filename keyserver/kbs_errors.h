/* SPDX-License-Identifier: Apache-2.0 */
/* The typed errors of the protocol: what a refusal looks like on the wire. Causes stay here. */
#pragma once

#include "keyserver/http_server.h"

enum lk_kbs_error {
	LK_KBS_OK = 0,	    /* no error */
	LK_KBS_AUTH_FAILED, /* takes text: what is wrong with the Request */
	LK_KBS_ATTEST_FAILED,
	LK_KBS_TOKEN_NOT_FOUND,
	LK_KBS_TOKEN_REFUSED,
	LK_KBS_POLICY_DENY,
	LK_KBS_PLUGIN_INTERNAL, /* absent, bad path, storage: on the wire all the same */
	LK_KBS_JWE,
	LK_KBS_ADMIN_ACCESS,
	LK_KBS_ADMIN_PLUGIN,
	LK_KBS_PLUGIN_NOT_FOUND, /* takes text: the plug-in's name */
	LK_KBS_INVALID_PATH,
};

/* text: for the two that take one, else NULL; anything but printable ASCII is replaced. */
void lk_kbs_refuse(struct lk_reply *ret, enum lk_kbs_error which, const char *text);
