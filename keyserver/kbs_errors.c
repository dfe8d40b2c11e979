/* SPDX-License-Identifier: Apache-2.0 */
/* The table of typed errors. */
#include "keyserver/kbs_errors.h"

#include <stdio.h>

#include "keyserver/kbs_messages.h"

static const struct {
	unsigned status;
	const char *kind;
	const char *before, *after; /* around the text, if it takes one */
} errors[] = {
	[LK_KBS_AUTH_FAILED] = { 401, "AttestationError",
				 "Attestation error: RCAR handshake Auth failed: ", "" },
	[LK_KBS_ATTEST_FAILED] = { 401, "AttestationError",
				   "Attestation error: RCAR handshake Attest failed", NULL },
	[LK_KBS_TOKEN_NOT_FOUND] = { 401, "TokenNotFound", "Attestation Token not found", NULL },
	[LK_KBS_TOKEN_REFUSED] = { 401, "TokenVerifierError", "Token Verifier error", NULL },
	[LK_KBS_POLICY_DENY] = { 401, "PolicyDeny", "Access denied by policy", NULL },
	[LK_KBS_PLUGIN_INTERNAL] = { 401, "PluginInternalError", "Plugin internal error", NULL },
	[LK_KBS_JWE] = { 401, "JweError", "JWE failed", NULL },
	[LK_KBS_ADMIN_ACCESS] = { 401, "AdminAuthAccess",
				  "admin access denied: use the server's Unix socket", NULL },
	[LK_KBS_ADMIN_PLUGIN] = { 401, "AdminAuthInitialization",
				  "admin access denied: use the server's Unix socket", NULL },
	[LK_KBS_PLUGIN_NOT_FOUND] = { 404, "PluginNotFound", "Plugin ", " not found" },
	[LK_KBS_INVALID_PATH] = { 404, "InvalidRequestPath", "Invalid request path", NULL },
};

void lk_kbs_refuse(struct lk_reply *ret, enum lk_kbs_error which, const char *text)
{
	struct lk_error ignored = { 0 };
	char detail[320];
	char *p;

	(void)snprintf(detail, sizeof(detail), "%s%.200s%s", errors[which].before,
		       errors[which].after && text ? text : "",
		       errors[which].after ? errors[which].after : "");
	for (p = detail; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	/* without memory for a body the status has to do */
	(void)lk_kbs_error_text(errors[which].kind, detail, &ret->text, &ret->len, &ignored);
	ret->status = errors[which].status;
}
