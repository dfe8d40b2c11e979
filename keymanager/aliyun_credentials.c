/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials as files hold them and as the metadata and token services hand them out. */
#include <string.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/pkcs12.h"
#include "keymanager/aliyun_messages.h"

#define WORD_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* What is written on the line of a request or in a form: visible ASCII, no blanks. */
static bool is_visible(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return n > 0;
}

static size_t trimmed(const char *text, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) && text[n - 1])
		n--;
	return n;
}

/* What the operator gave is not what it should be; an inner error's words are kept. */
static enum lk_status bad_credential(struct lk_error *err, const char *what)
{
	if (err->status == LK_INTERNAL)
		return err->status;
	return lk_raise_code(err, LK_C_CREDENTIAL_INVALID, "%s", what);
}

/* ---- client keys ---- */

enum lk_status lk_aliyun_parse_client_key(const char *json, size_t n, char key_id[LK_ALIYUN_KEY_ID],
					  struct lk_secret *ret_der, struct lk_error *err)
{
	const char *id, *data;
	LK_SECRET der = { 0 };
	LK_JSON *doc = NULL;
	enum lk_status st;

	if (lk_json_parse(json, n, &doc, err))
		return bad_credential(err, "a client key is a JSON object, and this is none");
	if (lk_json_get_string(doc, "KeyId", LK_ALIYUN_KEY_ID - 1, &id, err) ||
	    !is_visible(id, strlen(id)))
		return bad_credential(err, "the client key has no proper KeyId");
	if (lk_json_get_string(doc, "PrivateKeyData", LK_B64_SIZE(LK_PKCS12_MAX), &data, err))
		return bad_credential(err, "the client key has no PrivateKeyData");
	st = lk_secret_alloc(&der, LK_PKCS12_MAX, err);
	if (st)
		return st;
	if (!lk_b64_decode(LK_B64_STD, data, strlen(data), der.data, der.cap, &der.len))
		return bad_credential(err, "the client key's PrivateKeyData is not base64");
	memcpy(key_id, id, strlen(id) + 1);
	*ret_der = lk_secret_take(&der);
	return LK_OK;
}

enum lk_status lk_aliyun_parse_password(const char *text, size_t n, struct lk_secret *ret,
					struct lk_error *err)
{
	LK_JSON *doc = NULL;
	const char *word;

	n = trimmed(text, n);
	if (n > 0 && text[0] == '{') {
		if (lk_json_parse(text, n, &doc, err) ||
		    lk_json_get_string(doc, "ClientKeyPassword", LK_PKCS12_PASSWORD, &word, err))
			return bad_credential(err, "the client key's password is JSON without "
						   "ClientKeyPassword");
		text = word;
		n = strlen(word);
	}
	if (n > LK_PKCS12_PASSWORD || !is_visible(text, n))
		return bad_credential(err, "the client key's password is empty, too long or not "
					   "text");
	return lk_secret_from(ret, text, n, err);
}

/* ---- temporary tokens ---- */

void lk_aliyun_token_wipe(struct lk_aliyun_token *t)
{
	lk_secret_wipe(&t->secret);
	lk_secret_wipe(&t->security);
	*t = (struct lk_aliyun_token){ 0 };
}

static enum lk_status keep(struct lk_secret *ret, const char *text, size_t n, struct lk_error *err)
{
	enum lk_status st;

	st = lk_secret_alloc(ret, n + 1, err);
	if (!st)
		st = lk_secret_append(ret, text, n, err);
	return st ? st : lk_secret_append(ret, "", 1, err);
}

struct part {
	const char *text;
	size_t n;
};

#define SECRET_MAX   512
#define SECURITY_MAX 8192

static enum lk_status make_token(struct part id, struct part secret, struct part security,
				 struct lk_aliyun_token *ret, struct lk_error *err)
{
	LK_ALIYUN_TOKEN t = { 0 };
	enum lk_status st;

	memcpy(t.id, id.text, id.n);
	st = keep(&t.secret, secret.text, secret.n, err);
	if (!st)
		st = keep(&t.security, security.text, security.n, err);
	if (st)
		return st;
	*ret = t;
	t = (struct lk_aliyun_token){ 0 };
	return LK_OK;
}

static bool part_ok(const struct part *p, size_t max)
{
	return p->n <= max && is_visible(p->text, p->n);
}

enum lk_status lk_aliyun_parse_token_file(const char *text, size_t n, struct lk_aliyun_token *ret,
					  struct lk_error *err)
{
	const size_t all = trimmed(text, n);
	const char *one = memchr(text, ':', all);
	const char *two = one ? memchr(one + 1, ':', all - (size_t)(one + 1 - text)) : NULL;
	struct part id, secret, security;

	if (!two)
		return bad_credential(err, "a token file holds "
					   "AccessKeyId:AccessKeySecret:SecurityToken");
	id = (struct part){ text, (size_t)(one - text) };
	secret = (struct part){ one + 1, (size_t)(two - one - 1) };
	security = (struct part){ two + 1, all - (size_t)(two + 1 - text) };
	if (!part_ok(&id, sizeof(ret->id) - 1) || !part_ok(&secret, SECRET_MAX) ||
	    !part_ok(&security, SECURITY_MAX))
		return bad_credential(err, "a part of the token file is empty, too long or holds "
					   "blanks");
	return make_token(id, secret, security, ret, err);
}

static enum lk_status member(const struct json_t *doc, const char *name, size_t max,
			     struct part *ret, struct lk_error *err)
{
	const char *text;
	enum lk_status st;

	st = lk_json_get_string(doc, name, max, &text, err);
	if (st)
		return st;
	*ret = (struct part){ text, strlen(text) };
	if (!is_visible(text, ret->n))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "%s is no token", name);
	return LK_OK;
}

static enum lk_status token_of(const struct json_t *doc, struct lk_aliyun_token *ret,
			       struct lk_error *err)
{
	struct part id, secret, security;
	enum lk_status st;

	st = member(doc, "AccessKeyId", sizeof(ret->id) - 1, &id, err);
	if (!st)
		st = member(doc, "AccessKeySecret", SECRET_MAX, &secret, err);
	if (!st)
		st = member(doc, "SecurityToken", SECURITY_MAX, &security, err);
	return st ? st : make_token(id, secret, security, ret, err);
}

enum lk_status lk_aliyun_parse_role_token(const void *json, size_t n, struct lk_aliyun_token *ret,
					  struct lk_error *err)
{
	LK_JSON *doc = NULL;
	const char *code;
	enum lk_status st;

	st = lk_json_parse(json, n, &doc, err);
	if (!st && lk_json_has(doc, "Code")) {
		st = lk_json_get_string(doc, "Code", 64, &code, err);
		if (!st && strcmp(code, "Success") != 0)
			st = lk_raise_code(err, LK_C_REPLY_INVALID, "Code is not Success");
	}
	return st ? st : token_of(doc, ret, err);
}

enum lk_status lk_aliyun_parse_sts_answer(const void *json, size_t n, struct lk_aliyun_token *ret,
					  struct lk_error *err)
{
	struct json_t *credentials;
	LK_JSON *doc = NULL;
	enum lk_status st;

	st = lk_json_parse(json, n, &doc, err);
	if (!st)
		st = lk_json_get_object(doc, "Credentials", &credentials, err);
	return st ? st : token_of(credentials, ret, err);
}

/* ---- metadata service ---- */

static bool take_word(const char *text, size_t n, char ret[LK_ALIYUN_WORD])
{
	char word[LK_ALIYUN_WORD];

	if (n == 0 || n >= sizeof(word))
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	if (strspn(word, WORD_CHARS) != n || word[0] == '.')
		return false;
	memcpy(ret, word, sizeof(word));
	return true;
}

enum lk_status lk_aliyun_parse_region(const void *text, size_t n, char ret[LK_ALIYUN_WORD],
				      struct lk_error *err)
{
	char word[LK_ALIYUN_WORD] = { 0 };

	if (!take_word(text, n ? trimmed(text, n) : 0, word) ||
	    strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(word))
		return lk_raise_code(err, LK_C_REPLY_INVALID, "the region is no name");
	memcpy(ret, word, sizeof(word));
	return LK_OK;
}

enum lk_status lk_aliyun_parse_roles(const void *text, size_t n, char ret[LK_ALIYUN_WORD],
				     struct lk_error *err)
{
	const char *p = text, *end = p + n;
	char word[LK_ALIYUN_WORD] = { 0 };
	unsigned found = 0;

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		const size_t len = trimmed(p, (size_t)((stop ? stop : end) - p));

		if (len > 0 && ++found && !take_word(p, len, word))
			return lk_raise_code(err, LK_C_REPLY_INVALID, "a role is no name");
		p = stop ? stop + 1 : end;
	}
	if (found == 0)
		return lk_raise_code(err, LK_C_IMDS_ABSENT, "no role is bound to this machine");
	if (found > 1)
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "%u roles are bound to this machine; name one as "
				     "ecs_ram_role_name",
				     found);
	memcpy(ret, word, sizeof(word));
	return LK_OK;
}
