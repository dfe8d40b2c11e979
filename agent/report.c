/* SPDX-License-Identifier: Apache-2.0 */
/* The report of an unlock: from struct to JSON to file. */
#include "agent/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/json.h"

#define REPORT_MAX (256u * 1024)

static struct json_t *stage_json(const struct lk_report_stage *stage)
{
	struct json_t *o = lk_json_object();

	if (lk_json_set_string(o, "name", stage->name) && lk_json_set_int(o, "ms", stage->ms) &&
	    lk_json_set_string(o, "detail", stage->detail))
		return o;
	lk_json_free(o);
	return NULL;
}

static bool set_if(struct json_t *o, const char *name, const char *value)
{
	return !*value || lk_json_set_string(o, name, value);
}

static struct json_t *volume_json(const struct lk_report_volume *v)
{
	struct json_t *o = lk_json_object();
	bool ok = lk_json_set_string(o, "name", v->name) &&
		  lk_json_set_string(o, "outcome", v->outcome) &&
		  set_if(o, "provider", v->provider) && set_if(o, "endpoint", v->endpoint) &&
		  set_if(o, "luks_uuid", v->luks_uuid) &&
		  set_if(o, "header_digest", v->header_digest) &&
		  set_if(o, "header_mac", v->header_mac) &&
		  lk_json_set_bool(o, "header_degraded", v->header_degraded) &&
		  set_if(o, "root_hash", v->root_hash) && set_if(o, "writable", v->writable) &&
		  set_if(o, "writable_type", v->writable_type) && set_if(o, "trust", v->trust) &&
		  set_if(o, "options", v->options) && set_if(o, "options_why", v->options_why) &&
		  (!v->open_ms || lk_json_set_int(o, "open_ms", v->open_ms)) &&
		  set_if(o, "growth", v->growth) && set_if(o, "error", v->error);

	if (ok)
		return o;
	lk_json_free(o);
	return NULL;
}

static struct json_t *event_json(const struct lk_event *e)
{
	struct json_t *o = lk_json_object();
	char hex[2 * sizeof(e->sha384) + 1];

	lk_hex_encode(e->sha384, sizeof(e->sha384), hex);
	if (lk_json_set_string(o, "operation", e->operation) &&
	    lk_json_set_string(o, "content", e->content) && lk_json_set_string(o, "sha384", hex))
		return o;
	lk_json_free(o);
	return NULL;
}

static struct json_t *error_json(const struct lk_error *err)
{
	struct json_t *o = lk_json_object();
	const char *help = lk_code_help(err->code);
	char text[LK_ERROR_FRAMES * LK_ERROR_TEXT];

	if (lk_json_set_string(o, "class", lk_status_name(err->status)) &&
	    lk_json_set_string(o, "code", lk_error_code_name(err)) &&
	    lk_json_set_string(o, "text", lk_error_format(err, text, sizeof(text))) &&
	    (!help || lk_json_set_string(o, "help", help)))
		return o;
	lk_json_free(o);
	return NULL;
}

static bool set_lists(struct json_t *doc, const struct lk_report *r)
{
	struct json_t *stages = lk_json_array();
	struct json_t *volumes = lk_json_array();
	struct json_t *events = lk_json_array();
	bool ok = true;
	size_t i;

	for (i = 0; i < r->n_stages; i++)
		ok = lk_json_append(stages, stage_json(&r->stages[i])) && ok;
	for (i = 0; i < r->n_volumes; i++)
		ok = lk_json_append(volumes, volume_json(&r->volumes[i])) && ok;
	for (i = 0; i < r->events.n; i++)
		ok = lk_json_append(events, event_json(&r->events.list[i])) && ok;
	ok = lk_json_set(doc, "stages", stages) && ok;
	ok = lk_json_set(doc, "volumes", volumes) && ok;
	return lk_json_set(doc, "events", events) && ok;
}

static struct json_t *report_json(const struct lk_report *r)
{
	struct json_t *doc = lk_json_object();

	if (lk_json_set_int(doc, "report", 1) && lk_json_set_string(doc, "version", r->version) &&
	    lk_json_set_string(doc, "phase", r->phase) &&
	    lk_json_set_string(doc, "outcome", r->outcome) &&
	    lk_json_set_int(doc, "start_ms", r->start_ms) &&
	    (!r->tee || lk_json_set_string(doc, "tee", r->tee)) &&
	    lk_json_set_string(doc, "register", r->reg ? r->reg : "none") &&
	    lk_json_set_string(doc, "clock", r->clock) &&
	    lk_json_set_int(doc, "attempts", r->attempts) && set_lists(doc, r) &&
	    (!r->error.status || lk_json_set(doc, "error", error_json(&r->error))))
		return doc;
	lk_json_free(doc);
	return NULL;
}

/* By rename, so that a reader sees the old report or the new one. */
static enum lk_status write_file(const struct json_t *doc, const char *path, struct lk_error *err)
{
	LK_JSON_TEXT *text = NULL;
	LK_FILE FILE *f = NULL;
	char temp[256];
	enum lk_status st;
	size_t len;

	st = lk_json_dump(doc, LK_JSON_PRETTY, &text, &len, err);
	if (st)
		return st;
	if (snprintf(temp, sizeof(temp), "%s.new", path) >= (int)sizeof(temp))
		return lk_raise(err, LK_INTERNAL, "the path '%s' is too long", path);
	f = fopen(temp, "we");
	if (!f)
		return lk_raise(err, LK_INTERNAL, "create %s: %m", temp);
	if (fchmod(fileno(f), 0644) || fwrite(text, 1, len, f) != len || fputc('\n', f) == EOF ||
	    fflush(f) || rename(temp, path))
		return lk_raise(err, LK_INTERNAL, "write %s: %m", path);
	return LK_OK;
}

enum lk_status lk_report_write(const struct lk_report *r, const char *path, struct lk_error *err)
{
	LK_JSON *doc = report_json(r);
	char dir[256];
	char *slash;

	if (!doc)
		return lk_raise(err, LK_INTERNAL, "out of memory for the report");
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		if (mkdir(dir, 0755) && errno != EEXIST)
			return lk_raise(err, LK_INTERNAL, "create %s: %m", dir);
		if (chmod(dir, 0755))
			return lk_raise(err, LK_INTERNAL, "open %s to readers: %m", dir);
	}
	return write_file(doc, path, err);
}

enum lk_status lk_report_read(const char *path, struct json_t **ret, struct lk_error *err)
{
	LK_FREE char *text = malloc(REPORT_MAX);
	LK_FILE FILE *f = fopen(path, "re");
	size_t n;

	if (!text)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	if (!f && errno == ENOENT)
		return lk_raise(err, LK_ABSENT, "no report at %s: latchkey did not run here", path);
	if (!f)
		return lk_raise(err, LK_CONFIG, "open %s: %m", path);
	n = fread(text, 1, REPORT_MAX, f);
	if (ferror(f) || n == REPORT_MAX)
		return lk_raise(err, LK_TAMPERED, "%s is not a report", path);
	if (lk_json_parse(text, n, ret, err))
		return lk_context(err, "read %s", path);
	return LK_OK;
}

enum lk_status lk_report_rewrite(const struct json_t *report, const char *path,
				 struct lk_error *err)
{
	return write_file(report, path, err);
}

static void recall(const struct json_t *volume, const char *name, char *out, size_t size)
{
	const char *text = lk_json_string_value(lk_json_get(volume, name));

	(void)snprintf(out, size, "%s", text ? text : "");
}

bool lk_report_recall(const struct json_t *report, const char *name, struct lk_report_volume *ret)
{
	const struct json_t *volumes = lk_json_get(report, "volumes");
	const struct json_t *volume;
	struct lk_error ignored;
	size_t i;

	for (i = 0; i < lk_json_count(volumes); i++) {
		volume = lk_json_at(volumes, i);
		recall(volume, "name", ret->name, sizeof(ret->name));
		if (strcmp(ret->name, name) != 0)
			continue;
		recall(volume, "outcome", ret->outcome, sizeof(ret->outcome));
		recall(volume, "provider", ret->provider, sizeof(ret->provider));
		recall(volume, "endpoint", ret->endpoint, sizeof(ret->endpoint));
		recall(volume, "luks_uuid", ret->luks_uuid, sizeof(ret->luks_uuid));
		recall(volume, "header_digest", ret->header_digest, sizeof(ret->header_digest));
		recall(volume, "header_mac", ret->header_mac, sizeof(ret->header_mac));
		recall(volume, "error", ret->error, sizeof(ret->error));
		if (lk_json_get_bool(volume, "header_degraded", &ret->header_degraded, &ignored))
			ret->header_degraded = false;
		return true;
	}
	return false;
}

enum lk_status lk_report_handoff(const char *path, const char *layer, const struct lk_register *reg,
				 struct lk_error *err)
{
	LK_JSON *doc = NULL;
	struct lk_events handoff = { .reg = *reg };
	struct json_t *events;
	enum lk_status st;

	/* first of all: what comes later is the system's, whatever becomes of the report */
	st = lk_events_add(&handoff, "handoff", "initrd", err);
	if (!st)
		st = lk_report_read(path, &doc, err);
	if (st)
		return st;
	st = lk_json_get_array(doc, "events", &events, err);
	if (st)
		return lk_context(err, "read %s", path);
	if (!lk_json_append(events, event_json(&handoff.list[0])) ||
	    (layer && !lk_json_set_string(doc, "layer", layer)))
		return lk_raise(err, LK_INTERNAL, "out of memory for the report");
	return write_file(doc, path, err);
}
