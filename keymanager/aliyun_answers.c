/* SPDX-License-Identifier: Apache-2.0 */
/* Answers and refusals of the KMS and of the token service, and their dates. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "keymanager/aliyun_messages.h"

enum lk_status lk_aliyun_parse_secret_json(const void *json, size_t n, struct lk_secret *ret,
					   struct lk_error *err)
{
	LK_JSON *doc = NULL;
	const char *text;
	enum lk_status st;

	st = lk_json_parse(json, n, &doc, err);
	if (!st)
		st = lk_json_get_string(doc, "SecretData", LK_ALIYUN_ANSWER_MAX, &text, err);
	if (st)
		return st;
	if (!*text)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "SecretData is empty");
	return lk_secret_from(ret, text, strlen(text), err);
}

enum lk_status lk_aliyun_parse_secret_proto(const void *message, size_t n, struct lk_secret *ret,
					    struct lk_error *err)
{
	struct lk_proto_bytes data;

	if (!lk_proto_bytes(message, n, 3, &data))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the answer is not protobuf");
	if (data.len == 0)
		return lk_raise_code(err, LK_C_REPLY_INVALID, "SecretData is missing");
	return lk_secret_from(ret, data.data, data.len, err);
}

/* ---- refusals ---- */

struct refusal {
	const char *prefix; /* of the vendor's code */
	enum lk_code code;
	const char *text;
};

/* clang-format off */
static const struct refusal refusals[] = {
	{ "RequestTimeTooSkewed", LK_C_KMS_CLOCK, "it says that our clock is wrong" },
	{ "IllegalTimestamp", LK_C_KMS_CLOCK, "it says that our clock is wrong" },
	{ "InvalidTimeStamp", LK_C_KMS_CLOCK, "it says that our clock is wrong" },
	{ "InvalidTimestamp", LK_C_KMS_CLOCK, "it says that our clock is wrong" },
	{ "Rejected.Throttling", LK_C_SERVER_BUSY, "it asks to come back later" },
	{ "Throttling", LK_C_SERVER_BUSY, "it asks to come back later" },
	{ "ServiceUnavailable", LK_C_SERVER_BUSY, "it is not available" },
	{ "InternalFailure", LK_C_SERVER_BUSY, "it failed" },
	{ "InternalError", LK_C_SERVER_BUSY, "it failed" },
	{ "SignatureNonceUsed", LK_C_SERVER_BUSY, "it saw the same request before" },
	{ "Forbidden.ResourceNotFound", LK_C_KMS_NO_SECRET, "it has no such secret" },
	{ "Forbidden.SecretNotFound", LK_C_KMS_NO_SECRET, "it has no such secret" },
	{ "Forbidden.KeyNotFound", LK_C_KMS_NO_SECRET, "it has no such key" },
	{ "Forbidden", LK_C_KMS_DENIED, "its policy refused" },
	{ "NoPermission", LK_C_KMS_DENIED, "its policy refused" },
	{ "InvalidAccessKeyId", LK_C_KMS_CREDENTIAL, "it does not know the credential" },
	{ "InvalidSecurityToken", LK_C_KMS_CREDENTIAL, "the token has expired or is not whole" },
	{ "MissingSecurityToken", LK_C_KMS_CREDENTIAL, "the token is missing" },
	{ "SignatureDoesNotMatch", LK_C_KMS_CREDENTIAL, "the secret does not fit the credential" },
	{ "IncompleteSignature", LK_C_KMS_CREDENTIAL, "the secret does not fit the credential" },
	{ "AuthenticationFail", LK_C_OIDC_REFUSED, "it did not accept the identity token" },
	{ "EntityNotExist", LK_C_OIDC_REFUSED, "it knows no such role or identity provider" },
};
/* clang-format on */

/* A code is a few words with dots between them; anything else is not repeated. */
static bool looks_like_code(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z') ||
		      (text[i] >= '0' && text[i] <= '9') || strchr("._-", text[i])))
			return false;
	return n > 0 && n <= 64;
}

static enum lk_status by_status(enum lk_aliyun_service service, int status, const char *code,
				struct lk_error *err)
{
	enum lk_code c = *code ? LK_C_KMS_REQUEST : LK_C_REPLY_INVALID;

	if (status >= 500 || status == 429)
		c = LK_C_SERVER_BUSY;
	else if (status == 401 || status == 403)
		c = service == LK_ALIYUN_STS ? LK_C_OIDC_REFUSED : LK_C_KMS_DENIED;
	else if (status == 404)
		c = service == LK_ALIYUN_STS ? LK_C_OIDC_REFUSED : LK_C_KMS_NO_SECRET;
	return lk_raise_code(err, c, "answered %d%s%s", status, *code ? " " : "", code);
}

static enum lk_status by_code(enum lk_aliyun_service service, int status, const char *text,
			      size_t n, struct lk_error *err)
{
	char code[65] = "";
	size_t i;

	if (looks_like_code(text, n))
		memcpy(code, text, n);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		if (strncmp(code, r->prefix, strlen(r->prefix)) == 0)
			return lk_raise_code(err, r->code, "%s (%s)", r->text, code);
	}
	return by_status(service, status, code, err);
}

enum lk_status lk_aliyun_refusal_json(enum lk_aliyun_service service, int http_status,
				      const void *body, size_t n, struct lk_error *err)
{
	struct lk_error ignored = { 0 };
	LK_JSON *doc = NULL;
	const char *code = "";

	if (n > 0 && n <= LK_ALIYUN_ERROR_MAX && !lk_json_parse(body, n, &doc, &ignored))
		(void)lk_json_get_string(doc, "Code", 64, &code, &ignored);
	return by_code(service, http_status, code, strlen(code), err);
}

enum lk_status lk_aliyun_refusal_proto(int http_status, const void *body, size_t n,
				       struct lk_error *err)
{
	struct lk_proto_bytes code = { 0 };

	if (n == 0 || n > LK_ALIYUN_ERROR_MAX || !lk_proto_bytes(body, n, 2, &code) || !code.data)
		code = (struct lk_proto_bytes){ (const uint8_t *)"", 0 };
	return by_code(LK_ALIYUN_KMS, http_status, (const char *)code.data, code.len, err);
}

/* ---- dates ---- */

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Between 1970 and 9999, whatever the clock says. */
static struct tm broken_down(int64_t t)
{
	const int64_t last = 253402300799;
	const time_t sane = (time_t)(t < 0 ? 0 : t > last ? last : t);
	struct tm tm = { 0 };

	(void)gmtime_r(&sane, &tm);
	return tm;
}

void lk_aliyun_http_date(int64_t t, char out[LK_ALIYUN_DATE])
{
	const struct tm tm = broken_down(t);

	(void)snprintf(out, LK_ALIYUN_DATE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
		       days + 3 * tm.tm_wday, (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
		       (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
		       (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

void lk_aliyun_iso_date(int64_t t, char out[LK_ALIYUN_DATE])
{
	const struct tm tm = broken_down(t);

	(void)snprintf(out, LK_ALIYUN_DATE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		       (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		       (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
		       (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* digits of a fixed width, -1 if they are none */
static int number(const char *p, unsigned width)
{
	int v = 0;

	for (; width > 0; width--, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (*p - '0');
	}
	return v;
}

bool lk_aliyun_parse_http_date(const char *text, size_t n, int64_t *ret)
{
	char again[LK_ALIYUN_DATE];
	struct tm tm = { 0 };
	int64_t t;

	if (n != 29)
		return false;
	tm.tm_mday = number(text + 5, 2);
	for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++)
		if (strncmp(text + 8, months + 3 * tm.tm_mon, 3) == 0)
			break;
	tm.tm_year = number(text + 12, 4) - 1900;
	tm.tm_hour = number(text + 17, 2);
	tm.tm_min = number(text + 20, 2);
	tm.tm_sec = number(text + 23, 2);
	if (tm.tm_mon == 12 || tm.tm_year < 70)
		return false;
	/* one spelling only: what it means must read the same again */
	t = (int64_t)timegm(&tm);
	lk_aliyun_http_date(t, again);
	if (strncmp(again, text, n) != 0)
		return false;
	*ret = t;
	return true;
}
