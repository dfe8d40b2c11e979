/* SPDX-License-Identifier: Apache-2.0 */
/* Storing and escrowing the passphrase. */
#include "agent/enroll.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/jose.h"
#include "core/json.h"
#include "core/textfile.h"
#include "core/unix_http.h"

#define RESOURCE_MAX 255
#define JWK_MAX	     (16u * 1024)

enum lk_status lk_enroll_check_name(const char *resource, struct lk_error *err)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	const char *at = resource;
	unsigned segments = 0;
	size_t n;

	do {
		n = strspn(at, allowed);
		segments = n == 0 || at[0] == '.' ? 100 : segments + 1;
		at += n;
	} while (*at++ == '/');
	if (at[-1] || segments != 3 || strlen(resource) > RESOURCE_MAX)
		return lk_raise_code(err, LK_C_RESOURCE_NAME, "'%.64s' is no resource name",
				     resource);
	return LK_OK;
}

static enum lk_status call(const char *socket, const char *method, const char *resource,
			   const struct lk_secret *body, struct lk_unix_answer *ret,
			   struct lk_error *err)
{
	char path[RESOURCE_MAX + 32];
	enum lk_status st;

	snprintf(path, sizeof(path), "/admin/v1/resource/%s", resource);
	st = lk_unix_call(socket, method, path, body, ret, err);
	if (st)
		return st;
	if (ret->status == 401 || ret->status == 403)
		return lk_raise_code(err, LK_C_ADMIN_REFUSED, "latchkeyd refused");
	return LK_OK;
}

static enum lk_status unexpected(int status, struct lk_error *err)
{
	return lk_raise_code(err, LK_C_REPLY_INVALID, "latchkeyd answered with status %d", status);
}

enum lk_status lk_enroll_probe(const char *socket, const char *resource, bool replace,
			       struct lk_error *err)
{
	LK_UNIX_ANSWER answer = { 0 };
	enum lk_status st;

	st = lk_enroll_check_name(resource, err);
	if (!st)
		st = call(socket, "GET", resource, NULL, &answer, err);
	if (st)
		return st;
	if (answer.status == 404 || (answer.status == 200 && replace))
		return LK_OK;
	if (answer.status == 200)
		return lk_raise(err, LK_CONFIG,
				"the resource %s holds a key already (--force replaces it)",
				resource);
	return unexpected(answer.status, err);
}

enum lk_status lk_enroll_store(const char *socket, const char *resource,
			       const struct lk_secret *passphrase, struct lk_error *err)
{
	LK_UNIX_ANSWER put = { 0 };
	LK_UNIX_ANSWER got = { 0 };
	enum lk_status st;

	st = call(socket, "PUT", resource, passphrase, &put, err);
	if (!st && put.status != 200 && put.status != 201 && put.status != 204)
		st = unexpected(put.status, err);
	if (st)
		return lk_context(err, "store the key as %s", resource);
	st = call(socket, "GET", resource, NULL, &got, err);
	if (!st && got.status != 200)
		st = unexpected(got.status, err);
	if (!st && !lk_secret_equal(&got.body, passphrase))
		st = lk_raise_code(err, LK_C_REPLY_INVALID, "it is not the key that was stored");
	return st ? lk_context(err, "read the key back from %s", resource) : LK_OK;
}

void lk_enroll_forget(const char *socket, const char *resource)
{
	LK_UNIX_ANSWER answer = { 0 };
	struct lk_error ignored = { 0 };

	(void)call(socket, "DELETE", resource, NULL, &answer, &ignored);
}

enum lk_status lk_escrow_read_key(const char *path, struct lk_public_key *ret, struct lk_error *err)
{
	LK_JSON_TEXT *trial = NULL;
	struct lk_public_key key;
	LK_FREE char *text = NULL;
	LK_JSON *jwk = NULL;
	enum lk_status st;
	size_t n = 0;

	st = lk_textfile_read(path, JWK_MAX, &text, &n, err);
	if (!st)
		st = lk_json_parse(text, n, &jwk, err);
	if (!st)
		st = lk_jwk_to_public(jwk, &key, err);
	if (!st) /* may it be encrypted to? */
		st = lk_jwe_seal(&key, "", 1, &trial, &n, err);
	if (!st) {
		*ret = key;
		return LK_OK;
	}
	lk_context(err, "read the operator's public key from '%s'", path);
	err->status = LK_CONFIG; /* a wrong file, not an attack */
	err->code = LK_C_NONE;
	return LK_CONFIG;
}

enum lk_status lk_escrow_seal(const struct lk_public_key *key, const struct lk_secret *passphrase,
			      char **ret, size_t *ret_len, struct lk_error *err)
{
	enum lk_status st;

	st = lk_jwe_seal(key, passphrase->data, passphrase->len, ret, ret_len, err);
	return st ? lk_context(err, "escrow the key") : LK_OK;
}
