/* SPDX-License-Identifier: Apache-2.0 */
/* Which name servers to ask: configuration, systemd-networkd's runtime files, resolv.conf. */
#include "core/nameservers.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/textfile.h"

#define FILE_MAX (64u * 1024)

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Cut off the tail that starts with `mark`; returns what follows it, or NULL. */
static char *cut_tail(char *text, char mark)
{
	char *at = strchr(text, mark);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static bool port_ok(const char *port)
{
	size_t n = strlen(port);

	return n >= 1 && n <= 5 && strspn(port, "0123456789") == n && port[0] != '0' &&
	       strtoul(port, NULL, 10) <= 65535;
}

static bool interface_ok(const char *name)
{
	size_t n = strlen(name);

	return n >= 1 && n < IF_NAMESIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       n;
}

static bool print4(char *text, char *out)
{
	char *port = cut_tail(text, ':');
	char host[INET_ADDRSTRLEN];
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1 || (port && !port_ok(port)))
		return false;
	(void)inet_ntop(AF_INET, &a, host, sizeof(host));
	(void)snprintf(out, LK_NAMESERVER_SIZE, "%s%s%.5s", host, port ? ":" : "",
		       port ? port : "");
	return true;
}

static bool print6(char *text, char *scope, char *out)
{
	char host[INET6_ADDRSTRLEN];
	char *port = NULL;
	struct in6_addr a;

	if (*text == '[') {
		char *rest = cut_tail(++text, ']');

		if (!rest || (*rest != '\0' && *rest != ':'))
			return false;
		port = *rest ? rest + 1 : NULL;
	}
	if (inet_pton(AF_INET6, text, &a) != 1 || (port && !port_ok(port)))
		return false;
	if (!IN6_IS_ADDR_LINKLOCAL(&a))
		scope = NULL;
	if (scope && !interface_ok(scope))
		return false;
	(void)inet_ntop(AF_INET6, &a, host, sizeof(host));
	if (port)
		(void)snprintf(out, LK_NAMESERVER_SIZE, "[%s]:%.5s%s%.15s", host, port,
			       scope ? "%" : "", scope ? scope : "");
	else
		(void)snprintf(out, LK_NAMESERVER_SIZE, "%s%s%.15s", host, scope ? "%" : "",
			       scope ? scope : "");
	return true;
}

bool lk_nameservers_add(struct lk_nameservers *list, const char *text, size_t len)
{
	char buf[LK_NAMESERVER_SIZE + 64], out[LK_NAMESERVER_SIZE];
	char *scope;
	size_t i;
	bool ok;

	if (len == 0 || len >= sizeof(buf) || memchr(text, '\0', len))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	(void)cut_tail(buf, '#');
	scope = cut_tail(buf, '%');
	ok = buf[0] == '[' || strchr(buf, ':') != strrchr(buf, ':') ? print6(buf, scope, out)
								    : print4(buf, out);
	if (!ok)
		return false;
	for (i = 0; i < list->n; i++)
		if (strcmp(list->addr[i], out) == 0)
			return true;
	if (list->n < LK_NAMESERVERS)
		memcpy(list->addr[list->n++], out, sizeof(out));
	return true;
}

static size_t word_length(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] != ' ' && p[n] != '\t' && p[n] != '\r' && p[n] != '\0')
		n++;
	return n;
}

/* Add the words in [p, end), at most max of them; what is not an address is passed over. */
static void add_words(struct lk_nameservers *list, const char *p, const char *end, unsigned max)
{
	while (p < end && max > 0) {
		size_t n = word_length(p, end);

		if (n > 0) {
			(void)lk_nameservers_add(list, p, n);
			max--;
		}
		p += n + 1;
	}
}

/* Lines that begin with `key`; blank_after: a blank must follow it. */
static void parse_lines(struct lk_nameservers *list, const char *text, size_t len, const char *key,
			bool blank_after, unsigned max)
{
	const char *end = text + len;
	const size_t n = strlen(key);

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const char *line = text;

		stop = stop ? stop : end;
		text = stop + 1;
		if ((size_t)(stop - line) <= n || memcmp(line, key, n) != 0)
			continue;
		if (blank_after && line[n] != ' ' && line[n] != '\t')
			continue;
		add_words(list, line + n, stop, max);
	}
}

void lk_nameservers_parse_systemd(struct lk_nameservers *list, const char *text, size_t len)
{
	parse_lines(list, text, len, "DNS=", false, 64);
}

void lk_nameservers_parse_resolv(struct lk_nameservers *list, const char *text, size_t len)
{
	parse_lines(list, text, len, "nameserver", true, 1);
}

static void read_one(struct lk_nameservers *list, const char *path,
		     void (*parse)(struct lk_nameservers *, const char *, size_t))
{
	LK_FREE char *text = NULL;
	struct lk_error ignored = { 0 };
	size_t len;

	if (!lk_textfile_read(path, FILE_MAX, &text, &len, &ignored))
		parse(list, text, len);
}

static void read_leases(struct lk_nameservers *list, const char *dir)
{
	LK_CLEANUP(dir_close) DIR *d = opendir(dir);
	const struct dirent *e;
	char path[512];

	while (d && (e = readdir(d))) {
		int n = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);

		if (e->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(path))
			read_one(list, path, lk_nameservers_parse_systemd);
	}
}

/* The resolver takes none of a list in which one names an interface that is not there. */
static void drop_strays(struct lk_nameservers *list)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++) {
		const char *scope = strchr(list->addr[i], '%');
		char name[IF_NAMESIZE];

		if (scope && if_nametoindex(scope + 1) == 0 &&
		    !if_indextoname((unsigned)strtoul(scope + 1, NULL, 10), name))
			continue;
		if (n != i)
			memcpy(list->addr[n], list->addr[i], sizeof(list->addr[n]));
		n++;
	}
	list->n = n;
}

enum lk_status lk_nameservers_find(const char *root, const struct lk_strings *configured,
				   struct lk_nameservers *ret, struct lk_error *err)
{
	struct lk_nameservers list = { 0 };
	char path[256];
	size_t i;

	for (i = 0; configured && i < configured->n; i++)
		if (!lk_nameservers_add(&list, configured->items[i], strlen(configured->items[i])))
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "dns: '%.60s' is not the address of a name server",
					     configured->items[i]);
	if (list.n == 0) {
		(void)snprintf(path, sizeof(path), "%s/run/systemd/netif/state", root);
		read_one(&list, path, lk_nameservers_parse_systemd);
	}
	if (list.n == 0) {
		(void)snprintf(path, sizeof(path), "%s/run/systemd/netif/leases", root);
		read_leases(&list, path);
	}
	if (list.n == 0) {
		(void)snprintf(path, sizeof(path), "%s/etc/resolv.conf", root);
		read_one(&list, path, lk_nameservers_parse_resolv);
	}
	drop_strays(&list);
	*ret = list;
	return LK_OK;
}

void lk_nameservers_join(const struct lk_nameservers *list, char out[LK_NAMESERVERS_TEXT])
{
	size_t i, at = 0;

	out[0] = '\0';
	for (i = 0; i < list->n; i++)
		at += (size_t)snprintf(out + at, LK_NAMESERVERS_TEXT - at, "%s%s", i ? "," : "",
				       list->addr[i]);
}
