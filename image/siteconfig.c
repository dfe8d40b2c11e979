/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing the files of a configuration folder. */
#include "image/siteconfig_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/secret.h"
#include "image/files.h"

#define PATH_SIZE 1024

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

static bool is_config_name(const char *name)
{
	return name[0] != '.' && (ends_with(name, ".conf") || ends_with(name, ".toml"));
}

static bool has(const struct lk_siteconfig *site, const char *name)
{
	size_t i;

	for (i = 0; i < site->n_files; i++)
		if (strcmp(site->files[i].name, name) == 0)
			return true;
	return false;
}

static enum lk_status add(struct lk_siteconfig *site, const char *dir, const char *name,
			  bool folder, struct lk_error *err)
{
	struct lk_site_file *file = &site->files[site->n_files];
	char path[PATH_SIZE];
	enum lk_status st;

	if (site->n_files == LK_SITE_FILES)
		return lk_raise(err, LK_CONFIG, "'%s' has more than %d files", dir, LK_SITE_FILES);
	if (snprintf(file->name, sizeof(file->name), "%s", name) >= LK_SITE_NAME ||
	    snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_SIZE)
		return lk_raise(err, LK_CONFIG, "the name '%s' is too long", name);
	file->data = NULL;
	file->len = 0;
	if (!folder) {
		st = lk_file_read(path, LK_SITE_MAX, &file->data, &file->len, err);
		if (st)
			return st;
	}
	site->n_files++;
	return LK_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int wanted(const struct dirent *entry)
{
	return is_config_name(entry->d_name);
}

/* The configuration files of one folder; prefix: "" or "volumes.d/". */
static enum lk_status add_folder(struct lk_siteconfig *site, const char *dir, const char *prefix,
				 struct lk_error *err)
{
	char path[PATH_SIZE], name[LK_SITE_NAME + 256];
	enum lk_status st = LK_OK;
	struct dirent **entries;
	int i, n;

	snprintf(path, sizeof(path), "%s/%s", dir, prefix);
	n = scandir(path, &entries, wanted, by_name);
	if (n < 0)
		return lk_raise(err, LK_CONFIG, "read the folder '%s': %s", path, strerror(errno));
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s%s", prefix, entries[i]->d_name);
		if (!st)
			st = add(site, dir, name, false, err);
		free(entries[i]);
	}
	free(entries);
	return st;
}

static enum lk_status check_names(const struct lk_siteconfig *site, const char *dir,
				  struct lk_error *err)
{
	static const char *const ours[] = { "fde.conf", "fde.toml", "latchkey.conf",
					    "latchkey.toml", NULL };
	static const char *const pilots[] = { "fde.toml", "global.toml", NULL };
	const char *const *known = site->cryptpilot ? pilots : ours;
	size_t i, j;

	for (i = 0; i < site->n_files; i++) {
		for (j = 0; known[j] && strcmp(site->files[i].name, known[j]) != 0; j++)
			;
		if (!known[j] && strcmp(site->files[i].name, "metadata.toml") == 0)
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "latchkey-image writes '%s/metadata.toml' itself; "
					     "remove it",
					     dir);
		if (!known[j])
			return lk_raise_code(err, LK_C_CONFIG_UNKNOWN,
					     "'%s/%s' is not a file of %s", dir,
					     site->files[i].name,
					     site->cryptpilot ? "cryptpilot" : "latchkey.conf(5)");
	}
	if (has(site, "fde.conf") == has(site, "fde.toml"))
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "'%s' must hold one of fde.conf and fde.toml", dir);
	return LK_OK;
}

/* Parents first: "tls/ca.pem" wants "tls". */
static enum lk_status add_named(struct lk_siteconfig *site, const char *dir, const char *name,
				struct lk_error *err)
{
	char part[LK_SITE_NAME];
	enum lk_status st;
	size_t i;

	if (strstr(name, "..") || strstr(name, "//"))
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "the path %s/%s is not canonical",
				     lk_siteconfig_folder(site), name);
	for (i = 0; name[i]; i++) {
		if (name[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, name);
		st = has(site, part) ? LK_OK : add(site, dir, part, true, err);
		if (st)
			return st;
	}
	return has(site, name) ? LK_OK : add(site, dir, name, false, err);
}

/* Every "/etc/latchkey/NAME" in the values, or "/etc/cryptpilot/NAME" in cryptpilot's. */
static enum lk_status add_references(struct lk_siteconfig *site, const char *dir, const char *text,
				     struct lk_error *err)
{
	char name[LK_SITE_NAME], mark[sizeof(LK_SITE_PILOT) + 1];
	enum lk_status st;
	size_t n;

	snprintf(mark, sizeof(mark), "%s/", lk_siteconfig_folder(site));
	while ((text = strstr(text, mark))) {
		text += strlen(mark);
		n = strcspn(text, " \t\r\n\"',]#\\");
		if (n >= sizeof(name))
			return lk_raise(err, LK_CONFIG, "a path below %s is too long",
					lk_siteconfig_folder(site));
		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		st = n ? add_named(site, dir, name, err) : LK_OK;
		if (st)
			return lk_context(err, "take along what the configuration names");
		text += n;
	}
	return LK_OK;
}

enum lk_status lk_siteconfig_lines(const struct lk_site_file *file, struct lk_lines *ret,
				   struct lk_error *err)
{
	enum lk_grammar grammar =
		ends_with(file->name, ".toml") ? LK_GRAMMAR_TOML : LK_GRAMMAR_CONF;

	return lk_lines_read(file->name, grammar, file->data, file->len, ret, err);
}

static enum lk_status follow(struct lk_siteconfig *site, const char *dir, size_t i,
			     struct lk_error *err)
{
	LK_LINES lines = { 0 };
	enum lk_status st;

	st = lk_siteconfig_lines(&site->files[i], &lines, err);
	return st ? st : add_references(site, dir, lines.text ? lines.text : "", err);
}

const char *lk_siteconfig_folder(const struct lk_siteconfig *site)
{
	return site->cryptpilot ? LK_SITE_PILOT : LK_SITE_FOLDER;
}

static enum lk_status find_pilot(struct lk_siteconfig *site, const char *dir, struct lk_error *err)
{
	const struct lk_site_file *fde = NULL;
	size_t i;

	for (i = 0; i < site->n_files; i++)
		if (strcmp(site->files[i].name, "fde.toml") == 0)
			fde = &site->files[i];
	return lk_siteconfig_is_pilot(dir, fde, &site->cryptpilot, err);
}

static enum lk_status add_volumes(struct lk_siteconfig *site, const char *dir, struct lk_error *err)
{
	const char *folder = site->cryptpilot ? "volumes" : "volumes.d";
	char path[PATH_SIZE];
	enum lk_status st;
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	if (stat(path, &sb) != 0)
		return LK_OK;
	st = add(site, dir, folder, true, err);
	return st ? st : add_folder(site, dir, site->cryptpilot ? "volumes/" : "volumes.d/", err);
}

static enum lk_status read_all(const char *dir, struct lk_siteconfig *site, struct lk_error *err)
{
	enum lk_status st;
	size_t i, n;

	st = add_folder(site, dir, "", err);
	if (!st)
		st = find_pilot(site, dir, err);
	if (!st)
		st = check_names(site, dir, err);
	if (!st)
		st = add_volumes(site, dir, err);
	for (i = 0, n = site->n_files; i < n && !st; i++)
		if (site->files[i].data)
			st = follow(site, dir, i, err);
	return st;
}

enum lk_status lk_siteconfig_read(const char *dir, struct lk_siteconfig *ret, struct lk_error *err)
{
	enum lk_status st;

	memset(ret, 0, sizeof(*ret));
	st = read_all(dir, ret, err);
	if (st)
		lk_siteconfig_free(ret);
	return st;
}

enum lk_status lk_siteconfig_write(const struct lk_siteconfig *site, const char *folder,
				   struct lk_error *err)
{
	char path[PATH_SIZE];
	enum lk_status st;
	size_t i;

	for (i = 0; i < site->n_files; i++) {
		const struct lk_site_file *file = &site->files[i];
		LK_FD int fd = -1;

		if (snprintf(path, sizeof(path), "%s/%s", folder, file->name) >= PATH_SIZE)
			return lk_raise(err, LK_CONFIG, "the name '%s' is too long", file->name);
		if (!file->data) {
			if (mkdir(path, 0700) != 0)
				return lk_raise(err, LK_CONFIG, "create '%s': %s", path,
						strerror(errno));
			continue;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return lk_raise(err, LK_CONFIG, "create '%s': %s", path, strerror(errno));
		st = lk_file_write_at(fd, file->data, file->len, 0, err);
		if (st)
			return lk_context(err, "write '%s'", path);
	}
	return LK_OK;
}

void lk_siteconfig_free(struct lk_siteconfig *site)
{
	size_t i;

	for (i = 0; i < site->n_files; i++)
		if (site->files[i].data) {
			lk_wipe(site->files[i].data, site->files[i].len);
			free(site->files[i].data);
		}
	site->n_files = 0;
}
