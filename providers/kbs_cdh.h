/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resource of a key broker through somebody else's client, the confidential data hub: one that
 * runs already and is called by ttrpc, or a program that is run once. The pure parts are apart.
 *
 * Errors: CDH_FAILED (it gave nothing, and does not say why in a way that could be told apart),
 * UNREACHABLE (no daemon), REPLY_INVALID, EXEC_FAILED (no such program), LK_TIMEOUT.
 */
#pragma once

#include "core/deadline.h"
#include "core/secret.h"
#include "core/uri.h"
#include "providers/kbs_options.h"

/* The key, from whichever of both the options name. */
enum lk_status lk_cdh_get(const struct lk_kbs_options *o, struct lk_deadline deadline,
			  struct lk_secret *ret, struct lk_error *err);

/* ---- pure ---- */

#define LK_CDH_KEY_MAX	  (64u * 1024)
#define LK_CDH_OUTPUT_MAX (256u * 1024) /* of the program: a key in base64, and what it logs */

/* "kbs:///repository/type/tag", "kbs+plugin:///path?query" */
#define LK_CDH_URI_MAX (LK_URL_MAX + 16)
void lk_cdh_uri(const struct lk_kbs_name *name, char out[LK_CDH_URI_MAX]);
/* The program's configuration (TOML): where the broker is, and the certificates among the PEM text
 * that it is to trust; NULL: those of the system. malloc'ed. */
enum lk_status lk_cdh_config(const char *url, const char *pem, char **ret, struct lk_error *err);
/* Its output: the last line that is not empty is the key in base64; what it logged stands before. */
enum lk_status lk_cdh_output(const void *text, size_t n, struct lk_secret *ret,
			     struct lk_error *err);
/* GetResource's messages. */
enum lk_status lk_cdh_request(const char *uri, struct lk_secret *ret, struct lk_error *err);
enum lk_status lk_cdh_resource(const void *message, size_t n, struct lk_secret *ret,
			       struct lk_error *err);
