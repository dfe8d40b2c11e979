/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our side of the JOSE exchange with another implementation (test_jose.py):
 *
 *	jose_tool seal|open|sign|verify|thumbprint JWK-FILE <input >output
 *
 * seal and verify take a public key, open and sign a private one. The exit status is the class
 * of the outcome, as latchkey's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/jose.h"

#define INPUT_MAX (4u << 20)

/* Private key files are read here, so that they need not be public ones. */
static enum lk_status read_jwk(const char *path, struct json_t **ret, struct lk_error *err)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	LK_SECRET text = { 0 };
	enum lk_status st;

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "open %s: %s", path, strerror(errno));
	st = lk_secret_read_fd(&text, fd, 65536, err);
	if (st)
		return st;
	return lk_json_parse((const char *)text.data, text.len, ret, err);
}

static enum lk_status put(const void *p, size_t n, struct lk_error *err)
{
	if (fwrite(p, 1, n, stdout) != n || fflush(stdout) != 0)
		return lk_raise(err, LK_INTERNAL, "write: %s", strerror(errno));
	return LK_OK;
}

static enum lk_status seal(const struct json_t *jwk, const struct lk_secret *in,
			   struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	struct lk_public_key k;
	enum lk_status st;
	size_t n;

	st = lk_jwk_to_public(jwk, &k, err);
	if (st)
		return st;
	st = lk_jwe_seal(&k, in->data, in->len, &text, &n, err);
	if (st)
		return st;
	return put(text, n, err);
}

static enum lk_status open_jwe(const struct json_t *jwk, const struct lk_secret *in,
			       struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	LK_SECRET out = { 0 };
	enum lk_status st;

	st = lk_jwk_to_keypair(jwk, &k, err);
	if (st)
		return st;
	st = lk_jwe_open(k, (const char *)in->data, in->len, &out, err);
	if (st)
		return st;
	return put(out.data, out.len, err);
}

static enum lk_status sign(const struct json_t *jwk, const struct lk_secret *in,
			   struct lk_error *err)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *k = NULL;
	LK_FREE char *token = NULL;
	enum lk_status st;

	st = lk_jwk_to_keypair(jwk, &k, err);
	if (st)
		return st;
	st = lk_jws_sign(k, "JWT", "k1", (const char *)in->data, in->len, &token, err);
	if (st)
		return st;
	return put(token, strlen(token), err);
}

static enum lk_status verify(const struct json_t *jwk, const struct lk_secret *in,
			     struct lk_error *err)
{
	LK_FREE char *payload = NULL;
	struct lk_public_key k;
	enum lk_status st;
	size_t n;

	st = lk_jwk_to_public(jwk, &k, err);
	if (st)
		return st;
	st = lk_jws_verify(&k, "k1", (const char *)in->data, in->len, &payload, &n, err);
	if (st)
		return st;
	return put(payload, n, err);
}

static enum lk_status thumbprint(const struct json_t *jwk, const struct lk_secret *in,
				 struct lk_error *err)
{
	char print[LK_THUMBPRINT_SIZE];
	struct lk_public_key k;
	enum lk_status st;

	(void)in;
	st = lk_jwk_to_public(jwk, &k, err);
	if (st)
		return st;
	st = lk_jwk_thumbprint(&k, print, err);
	if (st)
		return st;
	return put(print, strlen(print), err);
}

static const struct {
	const char *name;
	enum lk_status (*run)(const struct json_t *jwk, const struct lk_secret *in,
			      struct lk_error *err);
} commands[] = {
	{ "seal", seal },     { "open", open_jwe },	    { "sign", sign },
	{ "verify", verify }, { "thumbprint", thumbprint },
};

static enum lk_status run(const char *name, const char *jwk_path, struct lk_error *err)
{
	LK_JSON *jwk = NULL;
	LK_SECRET in = { 0 };
	enum lk_status st;
	size_t i;

	st = read_jwk(jwk_path, &jwk, err);
	if (st)
		return lk_context(err, "read the key");
	/* an empty plaintext is a case too; what cannot be read fails further on */
	st = lk_secret_read_fd(&in, STDIN_FILENO, INPUT_MAX, err);
	if (st && st != LK_CONFIG)
		return st;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(jwk, &in, err);
	}
	return lk_raise(err, LK_CONFIG, "unknown command '%s'", name);
}

int main(int argc, char **argv)
{
	struct lk_error err = { 0 };
	enum lk_status st;
	char buf[2048];

	if (argc != 3)
		return lk_exit_code(LK_CONFIG);
	lk_json_setup();
	st = lk_crypto_setup(&err);
	if (!st)
		st = run(argv[1], argv[2], &err);
	if (st)
		(void)fprintf(stderr, "%s\n", lk_error_format(&err, buf, sizeof(buf)));
	return lk_exit_code(st);
}
