/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key broker's refusal means. Brokers answer almost everything with 401 and say why in
 * the `type` of a JSON body; proxies in front of them answer with other statuses and with HTML.
 */
#include <stdio.h>
#include <string.h>

#include "providers/kbs_messages.h"

struct refusal {
	const char *type;     /* last path element of the error's type */
	enum lk_code code[3]; /* by step */
	const char *text;
};

/* clang-format off */
static const struct refusal refusals[] = {
	{ "PolicyDeny",
	  { LK_C_KBS_DENIED, LK_C_KBS_DENIED, LK_C_KBS_DENIED },
	  "its policy refused" },
	{ "PluginInternalError",
	  { LK_C_KBS_NO_RESOURCE, LK_C_KBS_NO_RESOURCE, LK_C_KBS_NO_RESOURCE },
	  "the resource is absent or its storage failed" },
	{ "PluginNotFound",
	  { LK_C_REPLY_INVALID, LK_C_REPLY_INVALID, LK_C_KBS_NO_RESOURCE },
	  "it has no such plug-in" },
	{ "InvalidRequestPath",
	  { LK_C_REPLY_INVALID, LK_C_REPLY_INVALID, LK_C_KBS_NO_RESOURCE },
	  "it does not know this path" },
	{ "TokenNotFound",
	  { LK_C_REPLY_INVALID, LK_C_SESSION_EXPIRED, LK_C_SESSION_EXPIRED },
	  "the session is not attested any more" },
	{ "TokenVerifierError",
	  { LK_C_REPLY_INVALID, LK_C_SESSION_EXPIRED, LK_C_SESSION_EXPIRED },
	  "the session's token is not valid any more" },
	{ "JweError",
	  { LK_C_REPLY_INVALID, LK_C_REPLY_INVALID, LK_C_KBS_TEE_KEY },
	  "it cannot encrypt to this kind of TEE key" },
	{ "AttestationError",
	  { LK_C_EVIDENCE_REJECTED, LK_C_EVIDENCE_REJECTED, LK_C_EVIDENCE_REJECTED },
	  "it did not accept the evidence" },
};
/* clang-format on */

static enum lk_status typed(enum lk_kbs_step step, const char *type, struct lk_error *err)
{
	const char *name = strrchr(type, '/');
	size_t i;

	name = name ? name + 1 : type;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strcmp(refusals[i].type, name) == 0)
			return lk_raise_code(err, refusals[i].code[step], "%s", refusals[i].text);
	return lk_raise_code(err,
			     step == LK_KBS_RESOURCE ? LK_C_KBS_DENIED : LK_C_EVIDENCE_REJECTED,
			     "it refused with an error of unknown type");
}

/* No body of the broker's own: go by the status. */
static enum lk_status untyped(enum lk_kbs_step step, int status, struct lk_error *err)
{
	enum lk_code code = LK_C_REPLY_INVALID;

	if (status == 404 && step == LK_KBS_RESOURCE)
		code = LK_C_KBS_NO_RESOURCE;
	else if ((status == 401 || status == 403) && step == LK_KBS_RESOURCE)
		code = LK_C_KBS_DENIED;
	else if ((status == 401 || status == 403) && step == LK_KBS_ATTEST)
		code = LK_C_EVIDENCE_REJECTED;
	return lk_raise_code(err, code, "answered %d without saying why", status);
}

enum lk_status lk_kbs_refusal(enum lk_kbs_step step, int http_status, const void *body, size_t len,
			      struct lk_error *err)
{
	struct lk_error ignored = { 0 };
	LK_JSON *doc = NULL;
	char version[LK_KBS_VERSION_SIZE];
	const char *type;

	if (http_status >= 500)
		return lk_raise_code(err, LK_C_SERVER_BUSY, "answered %d", http_status);
	if (step == LK_KBS_AUTH && lk_kbs_expected_version(http_status, body, len, version))
		return lk_raise_code(err, LK_C_PROTOCOL_VERSION,
				     "it speaks version %s of the protocol", version);
	if (len == 0 || len > LK_KBS_ERROR_MAX)
		return untyped(step, http_status, err);
	if (lk_json_parse(body, len, &doc, &ignored) == LK_INTERNAL) {
		*err = ignored;
		return err->status;
	}
	if (!doc || lk_json_get_string(doc, "type", 256, &type, &ignored))
		return untyped(step, http_status, err);
	return typed(step, type, err);
}
