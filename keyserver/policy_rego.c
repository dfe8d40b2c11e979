/* SPDX-License-Identifier: Apache-2.0 */
/* The two Rego policies that need no interpreter: all allowed, all denied. Anything else, even one
 * word more, is refused, since a policy that is half understood is worse than none. */
#include <string.h>

#include "keyserver/policy.h"

#define WORDS_MAX 16
#define TEXT_MAX  (64u * 1024)

/* A word is a run of letters, digits, dots and underscores, or one run of other characters. */
struct words {
	char text[WORDS_MAX][24];
	size_t n;
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t word_length(const char *text, size_t len)
{
	bool word = is_word(text[0]);
	size_t n = 1;

	while (n < len && !is_blank(text[n]) && text[n] != '#' && is_word(text[n]) == word)
		n++;
	return n;
}

static bool split(const char *text, size_t len, struct words *w)
{
	size_t at = 0, n;

	while (at < len) {
		if (is_blank(text[at])) {
			at++;
			continue;
		}
		if (text[at] == '#') {
			while (at < len && text[at] != '\n')
				at++;
			continue;
		}
		n = word_length(text + at, len - at);
		if (w->n == WORDS_MAX || n >= sizeof(w->text[0]))
			return false;
		memcpy(w->text[w->n], text + at, n);
		w->text[w->n++][n] = '\0';
		at += n;
	}
	return true;
}

/* Take the words given off the front, if they are there. */
static bool eat(const struct words *w, size_t *at, const char *const *words)
{
	size_t n;

	for (n = 0; words[n]; n++)
		if (*at + n >= w->n || strcmp(w->text[*at + n], words[n]) != 0)
			return false;
	*at += n;
	return true;
}

#define EAT(...) eat(&w, &at, (const char *const[]){ __VA_ARGS__, NULL })

enum lk_status lk_policy_from_rego(const char *text, size_t len, const char **ret_json,
				   struct lk_error *err)
{
	static const char allow[] = "{\"version\":1,\"rules\":[{\"resource\":\"*/*/*\"}]}";
	static const char deny[] = "{\"version\":1,\"rules\":[]}";
	struct words w = { 0 };
	const char *answer = NULL;
	size_t at = 0;

	if (len <= TEXT_MAX && split(text, len, &w) && EAT("package", "policy")) {
		(void)EAT("import", "rego.v1");
		if (EAT("default", "allow") && (EAT("=") || EAT(":="))) {
			if (EAT("true"))
				answer = allow;
			else if (EAT("false"))
				answer = deny;
		}
	}
	if (!answer || at != w.n)
		return lk_raise_code(err, LK_C_POLICY_REGO,
				     "Rego policies other than allow-all and deny-all");
	*ret_json = answer;
	return LK_OK;
}
