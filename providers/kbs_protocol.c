/* SPDX-License-Identifier: Apache-2.0 */
/* The key broker protocol's versions: a table, and the rule of going down. */
#include "providers/kbs_protocol.h"

#include <stdio.h>
#include <string.h>

#include "core/jose.h"
#include "providers/kbs_messages.h"

static const struct lk_kbs_dialect dialects[LK_KBS_PROTOCOLS] = {
	[LK_KBS_0_4_0] = { .version = "0.4.0", .evidence_in_parts = true, .offers_hashes = true },
	[LK_KBS_0_2_0] = { .version = "0.2.0" },
	[LK_KBS_0_1_1] = { .version = "0.1.1", .legacy = true },
	[LK_KBS_0_1_0] = { .version = "0.1.0", .legacy = true, .evidence_is_text = true },
};

const struct lk_kbs_dialect *lk_kbs_dialect(enum lk_kbs_protocol p)
{
	return &dialects[p];
}

const char *lk_kbs_key_alg(enum lk_kbs_protocol p, enum lk_key_kind kind)
{
	if (dialects[p].legacy)
		return kind == LK_KEY_RSA2048 ? LK_JWE_LEGACY_ALG : NULL;
	if (kind == LK_KEY_P521 && p != LK_KBS_0_4_0)
		return NULL;
	return lk_jwe_alg(kind);
}

bool lk_kbs_step_down(enum lk_kbs_protocol p, const char *expected, enum lk_kbs_protocol *ret)
{
	/* from the default only: what is written out is meant */
	if (p != LK_KBS_0_4_0 || strcmp(expected, dialects[LK_KBS_0_2_0].version) != 0)
		return false;
	*ret = LK_KBS_0_2_0;
	return true;
}

/* "... Version Mismatch: expect =0.2.0 while the request is ...", or <=, or nothing before it */
static bool version_of(const char *detail, char out[LK_KBS_VERSION_SIZE])
{
	static const char mark[] = "Version Mismatch: expect ";
	const char *at = strstr(detail, mark);
	size_t n;

	if (!at)
		return false;
	at += sizeof(mark) - 1;
	at += strspn(at, "<=");
	n = strspn(at, "0123456789.");
	if (n == 0 || n >= LK_KBS_VERSION_SIZE)
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}

bool lk_kbs_expected_version(int http_status, const void *body, size_t len,
			     char out[LK_KBS_VERSION_SIZE])
{
	struct lk_error ignored = { 0 };
	const char *detail;
	LK_JSON *doc = NULL;

	if (http_status != 401 || len == 0 || len > LK_KBS_ERROR_MAX ||
	    lk_json_parse(body, len, &doc, &ignored) ||
	    lk_json_get_string(doc, "detail", LK_KBS_ERROR_MAX, &detail, &ignored))
		return false;
	return version_of(detail, out);
}
