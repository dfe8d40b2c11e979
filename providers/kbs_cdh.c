/* SPDX-License-Identifier: Apache-2.0 */
/* The confidential data hub asked for a key, as a daemon or as a program. */
#include "providers/kbs_cdh.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/ttrpc.h"
#include "providers/exec_run.h"

#define SERVICE "api.GetResourceService"
#define METHOD	"GetResource"

/* ---- the daemon ---- */

/* It answers 13 (internal) whatever the matter was: refused, absent, or the network. */
static enum lk_status failed(uint32_t code, struct lk_error *err)
{
	static const uint32_t no_hub[] = { 3, 12 }; /* invalid argument, unimplemented */
	size_t i;

	for (i = 0; i < sizeof(no_hub) / sizeof(no_hub[0]); i++)
		if (code == no_hub[i])
			return lk_raise_code(err, LK_C_REPLY_INVALID,
					     "what listens on cdh_socket knows no " SERVICE);
	return lk_raise_code(err, LK_C_CDH_FAILED, "the hub answered with gRPC code %u", code);
}

static enum lk_status ask_daemon(const struct lk_kbs_options *o, const char *uri,
				 struct lk_deadline deadline, struct lk_secret *ret,
				 struct lk_error *err)
{
	struct lk_ttrpc_call call = { .service = SERVICE,
				      .method = METHOD,
				      .max_answer = LK_CDH_KEY_MAX + 256,
				      .deadline = deadline };
	LK_SECRET request = { 0 };
	LK_SECRET answer = { 0 };
	enum lk_status st;
	uint32_t code;

	if (!lk_cdh_address(o->cdh_socket, &call.socket))
		return lk_raise(err, LK_INTERNAL, "an address that was not checked");
	st = lk_cdh_request(uri, &request, err);
	if (st)
		return st;
	call.payload = request.data;
	call.len = request.len;
	st = lk_ttrpc_exchange(&call, &code, &answer, err);
	if (st == LK_ABSENT) /* it may still be starting */
		err->status = LK_AGAIN, err->code = LK_C_UNREACHABLE, st = LK_AGAIN;
	if (!st && code)
		st = failed(code, err);
	return st ? st : lk_cdh_resource(answer.data, answer.len, ret, err);
}

/* ---- the program ---- */

/* A file of this process's own, in memory: root's folder for it, or everybody's. */
struct config_file {
	char dir[40], path[64];
};

static void config_remove(struct config_file *f)
{
	if (f->path[0])
		(void)unlink(f->path);
	if (f->dir[0])
		(void)rmdir(f->dir);
}

/* Its name must end in .toml: that tells the hub what it is. */
static enum lk_status config_write(const char *text, struct config_file *f, struct lk_error *err)
{
	const size_t n = strlen(text);
	LK_FD int fd = -1;

	(void)snprintf(f->dir, sizeof(f->dir), "%s/latchkey-cdh-XXXXXX",
		       geteuid() == 0 ? "/run" : "/dev/shm");
	if (!mkdtemp(f->dir)) {
		(void)lk_raise(err, LK_INTERNAL, "make %s: %m", f->dir);
		f->dir[0] = '\0';
		return LK_INTERNAL;
	}
	(void)snprintf(f->path, sizeof(f->path), "%s/cdh.toml", f->dir);
	fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		return lk_raise(err, LK_INTERNAL, "write %s: %m", f->path);
	return LK_OK;
}

static enum lk_status run_hub(const struct lk_kbs_options *o, const char *config, char *uri,
			      struct lk_deadline deadline, struct lk_secret *ret,
			      struct lk_error *err)
{
	LK_CLEANUP(config_remove) struct config_file f = { 0 };
	char dash_c[] = "-c", get[] = "get-resource", of[] = "--resource-uri";
	char *words[] = { dash_c, f.path, get, of, uri };
	char variable[] = "RUST_LOG=off";
	const struct lk_strings args = { words, sizeof(words) / sizeof(words[0]) };
	const struct lk_exec run = { .command = o->cdh_command,
				     .args = &args,
				     .variable = variable,
				     .deadline = deadline,
				     .max = LK_CDH_OUTPUT_MAX };
	enum lk_status st;

	st = config_write(config, &f, err);
	return st ? st : lk_exec_run(&run, ret, err);
}

static enum lk_status ask_program(const struct lk_kbs_options *o, char *uri,
				  struct lk_deadline deadline, struct lk_secret *ret,
				  struct lk_error *err)
{
	LK_FREE char *config = NULL;
	LK_SECRET output = { 0 };
	struct lk_url url;
	enum lk_status st;

	st = lk_url_parse(o->broker.urls.items[0], &url, err);
	if (!st)
		st = lk_cdh_config(url.base, o->broker.root_cert, &config, err);
	if (!st)
		st = run_hub(o, config, uri, deadline, &output, err);
	/* it ends with 101 for whatever reason: refused, absent, or the network */
	if (st && err->code == LK_C_EXEC_FAILED && access(o->cdh_command, X_OK) == 0)
		err->status = LK_AGAIN, err->code = LK_C_CDH_FAILED, st = LK_AGAIN;
	return st ? st : lk_cdh_output(output.data, output.len, ret, err);
}

enum lk_status lk_cdh_get(const struct lk_kbs_options *o, struct lk_deadline deadline,
			  struct lk_secret *ret, struct lk_error *err)
{
	char uri[LK_CDH_URI_MAX];
	struct lk_kbs_name name;
	enum lk_status st;

	st = lk_kbs_name_parse(o->key_uri, &name, err);
	if (st)
		return st;
	lk_cdh_uri(&name, uri);
	return o->cdh_type == LK_CDH_DAEMON ? ask_daemon(o, uri, deadline, ret, err)
					    : ask_program(o, uri, deadline, ret, err);
}
