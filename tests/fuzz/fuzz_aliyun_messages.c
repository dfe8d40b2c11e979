/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Alibaba Cloud's services and credential files hold: the first byte says which the rest is.
 * Whatever is accepted must also hold what the code behind relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "keymanager/aliyun_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visible(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			abort();
}

static void token(enum lk_status st, struct lk_aliyun_token *t)
{
	if (st)
		return;
	if (!*t->id || t->secret.len < 2 || t->security.len < 2 ||
	    t->security.data[t->security.len - 1] || t->secret.data[t->secret.len - 1])
		abort();
	visible(t->id);
	visible((const char *)t->secret.data);
	visible((const char *)t->security.data);
}

static void protobuf(const uint8_t *p, size_t n)
{
	struct lk_proto_bytes b;
	uint64_t v;
	unsigned i;

	for (i = 1; i < 8; i++) {
		if (lk_proto_bytes(p, n, i, &b) && b.data && (b.data < p || b.data + b.len > p + n))
			abort();
		(void)lk_proto_int(p, n, i, &v);
	}
}

static void refusal(const uint8_t *p, size_t n)
{
	static const int statuses[] = { 400, 403, 404, 429, 500 };
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct lk_error err = { 0 };

		if (!lk_aliyun_refusal_proto(statuses[i], p, n, &err) || !err.code)
			abort();
		if (!lk_aliyun_refusal_json(i % 2, statuses[i], p, n, &err) || !err.code)
			abort();
	}
}

static void word(enum lk_status st, const char *text)
{
	if (!st && (!*text || strpbrk(text, "/:?#@\r\n ") || *text == '.'))
		abort();
}

static void challenge(const uint8_t *p, size_t n)
{
	struct lk_aliyun_challenge *c = calloc(1, sizeof(*c));
	struct lk_error err = { 0 };

	if (c && !lk_aliyun_parse_challenge(p, n, c, &err) &&
	    (!*c->nonce || !*c->token || strpbrk(c->nonce, "\r\n") || strpbrk(c->token, "\r\n")))
		abort();
	free(c);
}

static void sealed(const uint8_t *p, size_t n)
{
	struct lk_aliyun_sealed s = { 0 };
	struct lk_error err = { 0 };

	if (!lk_aliyun_parse_sealed(p, n, &s, &err) && s.len > sizeof(s.data))
		abort();
}

static void credential(uint8_t kind, const char *p, size_t n)
{
	char id[LK_ALIYUN_KEY_ID] = "";
	struct lk_error err = { 0 };
	LK_ALIYUN_TOKEN t = { 0 };
	LK_SECRET s = { 0 };

	if (kind == 'k' && !lk_aliyun_parse_client_key(p, n, id, &s, &err))
		visible(id);
	else if (kind == 'w')
		(void)lk_aliyun_parse_password(p, n, &s, &err);
	else if (kind == 'f')
		token(lk_aliyun_parse_token_file(p, n, &t, &err), &t);
	else if (kind == 'r')
		token(lk_aliyun_parse_role_token(p, n, &t, &err), &t);
	else if (kind == 's')
		token(lk_aliyun_parse_sts_answer(p, n, &t, &err), &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[LK_ALIYUN_WORD] = "";
	struct lk_error err = { 0 };
	LK_SECRET s = { 0 };
	int64_t t;

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'p':
		protobuf(data + 1, size - 1);
		break;
	case 'e':
		refusal(data + 1, size - 1);
		break;
	case 'j':
		(void)lk_aliyun_parse_secret_json(data + 1, size - 1, &s, &err);
		break;
	case 'c':
		challenge(data + 1, size - 1);
		break;
	case 'x':
		sealed(data + 1, size - 1);
		break;
	case 'g':
		word(lk_aliyun_parse_region(data + 1, size - 1, text, &err), text);
		break;
	case 'l':
		word(lk_aliyun_parse_roles(data + 1, size - 1, text, &err), text);
		break;
	case 'd':
		if (lk_aliyun_parse_http_date((const char *)data + 1, size - 1, &t) && t < 0)
			abort();
		break;
	default:
		credential(data[0], (const char *)data + 1, size - 1);
	}
	return 0;
}
