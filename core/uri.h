/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two address grammars of the configuration: http(s) URLs of servers and kbs:// names of
 * resources. Stricter than RFC 3986 on purpose: what is accepted has one spelling on the wire.
 * Pure. Errors are LK_CONFIG with LK_C_CONFIG_VALUE and say what to write.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_URL_MAX  512
#define LK_HOST_MAX 256

/* http[s]://host[:port][/prefix]; host is a name, an IPv4 address or [IPv6]. No user, query,
 * fragment or percent-encoding; dot segments are refused. */
struct lk_url {
	bool tls;
	bool literal;  /* host is an address: nothing to look up */
	bool loopback; /* localhost or a loopback address: no route to wait for */
	uint16_t port;
	char host[LK_HOST_MAX]; /* lower case, IPv6 without brackets */
	char base[LK_URL_MAX];	/* the URL again, canonical, without trailing slashes */
};
enum lk_status lk_url_parse(const char *text, struct lk_url *ret, struct lk_error *err);

/* Names a resource of a key broker: kbs[+plugin]://[authority]/path[?query], or the older form
 * of three segments, repository/type/tag. The authority is checked and ignored: the configured
 * server is asked. */
struct lk_kbs_name {
	/* "resource/default/key/1", "pkcs11/a/b?x=1": what follows /kbs/v0/ in the request. */
	char target[LK_URL_MAX];
};
enum lk_status lk_kbs_name_parse(const char *text, struct lk_kbs_name *ret, struct lk_error *err);
