/* SPDX-License-Identifier: Apache-2.0 */
/* The two address grammars of the configuration: http(s) URLs and kbs:// names. */
#include "core/uri.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALNUM  LOWER UPPER DIGITS

/* A piece of the text being parsed. */
struct span {
	const char *p;
	size_t len;
};

static bool only(struct span s, const char *allowed)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || !strchr(allowed, s.p[i]))
			return false;
	return true;
}

static bool copy_lower(struct span s, char *out, size_t cap)
{
	size_t i;

	if (s.len >= cap)
		return false;
	for (i = 0; i < s.len; i++)
		out[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
	out[s.len] = '\0';
	return true;
}

/* Everything up to the first of `stops`; *text moves there. */
static struct span cut(const char **text, const char *stops)
{
	struct span s = { *text, strcspn(*text, stops) };

	*text += s.len;
	return s;
}

static bool port_parse(struct span s, uint16_t *ret)
{
	unsigned long v = 0;
	size_t i;

	if (s.len == 0 || s.len > 5 || !only(s, DIGITS) || s.p[0] == '0')
		return false;
	for (i = 0; i < s.len; i++)
		v = v * 10 + (unsigned long)(s.p[i] - '0');
	if (v > 65535)
		return false;
	*ret = (uint16_t)v;
	return true;
}

/* Labels of letters, digits, '-' and '_', none empty, none starting or ending with '-'. */
static bool name_ok(const char *host)
{
	const char *label = host;

	for (;;) {
		size_t n = strcspn(label, ".");

		if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-')
			return false;
		if (!only((struct span){ label, n }, ALNUM "-_"))
			return false;
		if (label[n] == '\0')
			return true;
		label += n + 1;
	}
}

/* All digits and dots, or hexadecimal as some parsers take it: an address or a mistake. */
static bool looks_numeric(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	return only((struct span){ last, strlen(last) }, DIGITS) || strncmp(last, "0x", 2) == 0;
}

static bool host4_parse(struct lk_url *u)
{
	struct in_addr a4;

	if (inet_pton(AF_INET, u->host, &a4) == 1) {
		u->literal = true;
		u->loopback = ntohl(a4.s_addr) >> 24 == 127;
		return true;
	}
	u->loopback = strcmp(u->host, "localhost") == 0;
	return !looks_numeric(u->host) && name_ok(u->host);
}

static bool host6_parse(struct lk_url *u)
{
	struct in6_addr a6;

	if (inet_pton(AF_INET6, u->host, &a6) != 1)
		return false;
	u->literal = true;
	u->loopback = IN6_IS_ADDR_LOOPBACK(&a6);
	(void)inet_ntop(AF_INET6, &a6, u->host, sizeof(u->host));
	return true;
}

static bool host_parse(const char **text, struct lk_url *u)
{
	struct span s;

	if (**text != '[') {
		s = cut(text, ":/");
		return s.len > 0 && copy_lower(s, u->host, sizeof(u->host)) && host4_parse(u);
	}
	(*text)++;
	s = cut(text, "]");
	if (**text != ']' || !copy_lower(s, u->host, sizeof(u->host)))
		return false;
	(*text)++;
	return host6_parse(u);
}

/* "/a/b": non-empty segments, none "." or "..". */
static bool segments_ok(const char *path, size_t len, const char *allowed)
{
	const char *end = path + len;

	while (path < end) {
		const char *seg = path + 1;
		const char *stop = memchr(seg, '/', (size_t)(end - seg));
		struct span s = { seg, (size_t)((stop ? stop : end) - seg) };

		if (*path != '/' || s.len == 0 || !only(s, allowed))
			return false;
		if (s.p[0] == '.' && (s.len == 1 || (s.len == 2 && s.p[1] == '.')))
			return false;
		path = seg + s.len;
	}
	return true;
}

static bool base_print(struct lk_url *u, struct span prefix)
{
	const bool six = strchr(u->host, ':') != NULL;
	const bool usual = u->port == (u->tls ? 443 : 80);
	char port[8] = "";
	int n;

	if (!usual)
		(void)snprintf(port, sizeof(port), ":%u", u->port);
	n = snprintf(u->base, sizeof(u->base), "%s://%s%s%s%s%.*s", u->tls ? "https" : "http",
		     six ? "[" : "", u->host, six ? "]" : "", port, (int)prefix.len, prefix.p);
	return n > 0 && (size_t)n < sizeof(u->base);
}

static bool url_parse(const char *text, struct lk_url *u)
{
	struct span prefix;

	if (strncasecmp(text, "https://", 8) == 0)
		u->tls = true;
	else if (strncasecmp(text, "http://", 7) != 0)
		return false;
	text += u->tls ? 8 : 7;
	u->port = u->tls ? 443 : 80;

	if (!host_parse(&text, u))
		return false;
	if (*text == ':') {
		text++;
		if (!port_parse(cut(&text, "/"), &u->port))
			return false;
	}
	prefix = (struct span){ text, strlen(text) };
	while (prefix.len > 0 && prefix.p[prefix.len - 1] == '/')
		prefix.len--;
	return segments_ok(prefix.p, prefix.len, ALNUM "-._~") && base_print(u, prefix);
}

enum lk_status lk_url_parse(const char *text, struct lk_url *ret, struct lk_error *err)
{
	struct lk_url u = { 0 };

	if (strlen(text) >= LK_URL_MAX)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "URL is longer than %d characters",
				     LK_URL_MAX - 1);
	if (!url_parse(text, &u))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "'%s' is not a URL of the form https://host[:port][/path]",
				     text);
	*ret = u;
	return LK_OK;
}

/* One segment of a resource name, as the server takes it. */
static bool resource_segment_ok(struct span s)
{
	return s.len > 0 && s.p[0] != '.' && only(s, ALNUM "-_.");
}

static bool resource_path_ok(const char *path)
{
	int n;

	for (n = 1;; n++) {
		if (!resource_segment_ok(cut(&path, "/")))
			return false;
		if (*path == '\0')
			return n == 3;
		path++;
	}
}

/* Pieces of a kbs URI; each is borrowed from the text. */
struct kbs_parts {
	struct span plugin, path, query;
};

static bool kbs_split(const char *text, struct kbs_parts *p)
{
	struct span authority;

	if (strncasecmp(text, "kbs", 3) != 0)
		return false;
	text += 3;
	p->plugin = (struct span){ "resource", 8 };
	if (*text == '+') {
		text++;
		p->plugin = cut(&text, ":");
	}
	if (p->plugin.len == 0 || !only(p->plugin, LOWER DIGITS "-"))
		return false;
	if (strncmp(text, "://", 3) != 0)
		return false;
	text += 3;
	authority = cut(&text, "/?#");
	if (authority.len > 0 && !only(authority, ALNUM "-._[]:"))
		return false;
	p->path = cut(&text, "?#");
	if (*text == '?') {
		text++;
		p->query = cut(&text, "#");
	}
	return *text == '\0';
}

static bool kbs_target(const char *text, struct lk_kbs_name *ret)
{
	struct kbs_parts p = { 0 };
	int n;

	if (!strstr(text, "://") && strchr(text, '?'))
		return false;
	if (!strstr(text, "://"))
		p = (struct kbs_parts){ { "resource", 8 }, { text, strlen(text) }, { "", 0 } };
	else if (!kbs_split(text, &p) || p.path.len < 2)
		return false;
	else if (!segments_ok(p.path.p, p.path.len, ALNUM "-._~"))
		return false;
	else
		p.path = (struct span){ p.path.p + 1, p.path.len - 1 };
	if (!only(p.query, ALNUM "-._~=&,:/@+"))
		return false;
	n = snprintf(ret->target, sizeof(ret->target), "%.*s/%.*s%s%.*s", (int)p.plugin.len,
		     p.plugin.p, (int)p.path.len, p.path.p, p.query.len ? "?" : "",
		     (int)p.query.len, p.query.len ? p.query.p : "");
	return n > 0 && (size_t)n < sizeof(ret->target);
}

enum lk_status lk_kbs_name_parse(const char *text, struct lk_kbs_name *ret, struct lk_error *err)
{
	struct lk_kbs_name name;
	char path[LK_URL_MAX];

	if (strlen(text) >= LK_URL_MAX || !kbs_target(text, &name))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "'%.80s' is not a resource name; write "
				     "kbs:///repository/type/tag",
				     text);
	(void)snprintf(path, sizeof(path), "%s", name.target);
	path[strcspn(path, "?")] = '\0';
	if (strncmp(path, "resource/", 9) == 0 && !resource_path_ok(path + 9))
		return lk_raise_code(err, LK_C_CONFIG_VALUE,
				     "'%.80s' does not have exactly three segments; write "
				     "kbs:///repository/type/tag",
				     text);
	*ret = name;
	return LK_OK;
}
