/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one request in configfs-tsm: a directory of its own, what is written into it, what is
 * read from it, and its end on every path. */
#include "attestation/tsm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/crypto.h"

#define ATTEMPTS     5
#define FIRST_REST   50 /* ms; doubled each time */
#define LONGEST_REST 2000
#define NAMES	     8 /* tries for a name that nobody has */
#define PATH_SIZE    256
#define TEXT_MAX     128 /* longest attribute of text */

/* One request's directory. */
struct place {
	const struct lk_kernel *kernel;
	char dir[PATH_SIZE];
	unsigned long writes;
};

static bool passing(int error)
{
	return error == EBUSY || error == EINTR || error == EAGAIN || error == ETIMEDOUT ||
	       error == ETIME;
}

/* An errno of the interface, as an outcome. */
static enum lk_status broken(int error, const char *what, const char *attribute,
			     struct lk_error *err)
{
	errno = error;
	return lk_raise_code(err, passing(error) ? LK_C_TEE_BUSY : LK_C_TEE_FAILED,
			     "%s %s of the TSM report: %m", what, attribute);
}

static enum lk_status no_place(int error, const char *root, struct lk_error *err)
{
	errno = error;
	if (error == ENOENT || error == ENXIO || error == ENODEV || error == ENOTDIR)
		return lk_raise_code(err, LK_C_TEE_ABSENT, "no TSM provider at %.80s: %m", root);
	return lk_raise_code(err, passing(error) ? LK_C_TEE_BUSY : LK_C_TEE_FAILED,
			     "make a request in %.80s: %m", root);
}

static enum lk_status enter(struct place *p, const char *root, struct lk_error *err)
{
	enum lk_status st;
	uint8_t random[8];
	char hex[17];
	int status = -EEXIST;
	unsigned i;

	for (i = 0; i < NAMES && status == -EEXIST; i++) {
		st = lk_random(random, sizeof(random), err);
		if (st)
			return st;
		lk_hex_encode(random, sizeof(random), hex);
		(void)snprintf(p->dir, sizeof(p->dir), "%.200s/latchkey-%d-%s", root, (int)getpid(),
			       hex);
		status = p->kernel->make_dir(p->dir);
	}
	return status ? no_place(-status, root, err) : LK_OK;
}

static const char *path_of(const struct place *p, const char *attribute, char buf[PATH_SIZE + 32])
{
	(void)snprintf(buf, PATH_SIZE + 32, "%s/%.30s", p->dir, attribute);
	return buf;
}

static enum lk_status put(struct place *p, const char *attribute, const void *data, size_t n,
			  struct lk_error *err)
{
	char path[PATH_SIZE + 32];
	const int status = p->kernel->put(path_of(p, attribute, path), data, n);

	p->writes++;
	return status ? broken(-status, "write", attribute, err) : LK_OK;
}

static enum lk_status get(const struct place *p, const char *attribute, uint8_t **ret,
			  size_t *ret_n, struct lk_error *err)
{
	char path[PATH_SIZE + 32];
	const ssize_t n = p->kernel->get(path_of(p, attribute, path), LK_TSM_BLOB_MAX, ret);

	if (n < 0)
		return broken((int)-n, "read", attribute, err);
	*ret_n = (size_t)n;
	return LK_OK;
}

/* A line of text without its end; LK_ABSENT when this provider has no such attribute. */
static enum lk_status get_line(const struct place *p, const char *attribute, char *ret, size_t cap,
			       struct lk_error *err)
{
	char path[PATH_SIZE + 32];
	LK_FREE uint8_t *text = NULL;
	const ssize_t n = p->kernel->get(path_of(p, attribute, path), TEXT_MAX, &text);
	size_t len;

	if (n == -ENOENT)
		return lk_raise_code(err, LK_C_TEE_ABSENT, "the TSM report has no %s", attribute);
	if (n < 0)
		return broken((int)-n, "read", attribute, err);
	len = strcspn((const char *)text, "\n");
	if (len >= cap || strlen((const char *)text) != (size_t)n || len + 1 < (size_t)n)
		return lk_raise_code(err, LK_C_TEE_FAILED, "%s of the TSM report is not a line",
				     attribute);
	memcpy(ret, text, len);
	ret[len] = '\0';
	return LK_OK;
}

static enum lk_status check_provider(const struct place *p, const char *wanted,
				     struct lk_error *err)
{
	char name[LK_TSM_PROVIDER_MAX];
	enum lk_status st = get_line(p, "provider", name, sizeof(name), err);

	if (!st && strcmp(name, wanted) != 0)
		st = lk_raise_code(err, LK_C_TEE_ABSENT, "TSM reports come from '%s', not '%s'",
				   name, wanted);
	return st;
}

/* A guest below another (an SVSM) must name its level: the lowest number it may, as text. */
static enum lk_status choose_level(struct place *p, struct lk_error *err)
{
	char floor[8];
	enum lk_status st = get_line(p, "privlevel_floor", floor, sizeof(floor), err);

	if (st == LK_ABSENT)
		return LK_OK;
	if (!st && (strlen(floor) != 1 || floor[0] < '0' || floor[0] > '3'))
		st = lk_raise_code(err, LK_C_TEE_FAILED,
				   "privlevel_floor of the TSM report is not 0 to 3");
	if (!st)
		st = put(p, "privlevel", floor, 1, err);
	return st;
}

/* What was stored is told by the count of writes alone: errors behind close() are lost. */
static enum lk_status check_generation(const struct place *p, struct lk_error *err)
{
	char text[24], expected[24];
	enum lk_status st = get_line(p, "generation", text, sizeof(text), err);

	(void)snprintf(expected, sizeof(expected), "%lu", p->writes);
	if (!st && strcmp(text, expected) != 0)
		st = lk_raise_code(err, LK_C_TEE_BUSY, "the TSM report is of generation %s, not %s",
				   text, expected);
	return st;
}

static enum lk_status get_blobs(const struct place *p, struct lk_tsm_report *r,
				struct lk_error *err)
{
	enum lk_status st = get(p, "outblob", &r->out, &r->out_len, err);
	char path[PATH_SIZE + 32];
	ssize_t n;

	if (st)
		return st;
	if (!r->out_len)
		return lk_raise_code(err, LK_C_TEE_FAILED, "the TSM report is empty");
	n = p->kernel->get(path_of(p, "auxblob", path), LK_TSM_BLOB_MAX, &r->aux);
	/* a provider that has nothing to add hides it */
	if (n < 0 && n != -ENOENT)
		return broken((int)-n, "read", "auxblob", err);
	r->aux_len = n > 0 ? (size_t)n : 0;
	return LK_OK;
}

static enum lk_status ask(struct place *p, const struct lk_tsm_request *q, struct lk_tsm_report *r,
			  struct lk_error *err)
{
	enum lk_status st = check_provider(p, q->provider, err);

	if (!st)
		st = choose_level(p, err);
	if (!st)
		st = put(p, "inblob", q->data, LK_TSM_DATA, err);
	if (!st)
		st = get_blobs(p, r, err);
	if (!st)
		st = check_generation(p, err);
	return st;
}

/* The directory would outlive this process: signals that end it wait until it is gone. */
static void hold_signals(sigset_t *before)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGQUIT);
	sigprocmask(SIG_BLOCK, &ends, before);
}

static enum lk_status attempt(const struct lk_tsm_request *q, struct lk_tsm_report *ret,
			      struct lk_error *err)
{
	LK_TSM_REPORT r = { 0 };
	struct place p = { .kernel = q->kernel };
	enum lk_status st;
	sigset_t before;

	hold_signals(&before);
	st = enter(&p, q->root, err);
	if (!st) {
		st = ask(&p, q, &r, err);
		(void)p.kernel->remove_dir(p.dir);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (st)
		return st;
	*ret = r;
	r = (struct lk_tsm_report){ 0 };
	return LK_OK;
}

enum lk_status lk_tsm_report(const struct lk_tsm_request *q, struct lk_deadline deadline,
			     struct lk_tsm_report *ret, struct lk_error *err)
{
	int64_t rest = FIRST_REST;
	enum lk_status st;
	unsigned n;

	for (n = 1;; n++) {
		st = attempt(q, ret, err);
		if (st != LK_AGAIN || n == ATTEMPTS)
			return st;
		if (lk_deadline_left(deadline) <= rest) {
			err->code = LK_C_NONE;
			err->status = LK_TIMEOUT;
			return lk_context(err, "no time left to ask the TEE again");
		}
		lk_clock_sleep(rest);
		rest = rest * 2 < LONGEST_REST ? rest * 2 : LONGEST_REST;
	}
}

void lk_tsm_report_clear(struct lk_tsm_report *r)
{
	free(r->out);
	free(r->aux);
	*r = (struct lk_tsm_report){ 0 };
}

enum lk_status lk_tsm_provider(const struct lk_kernel *kernel, const char *root,
			       char ret[LK_TSM_PROVIDER_MAX], struct lk_error *err)
{
	struct place p = { .kernel = kernel };
	enum lk_status st;
	sigset_t before;

	hold_signals(&before);
	st = enter(&p, root, err);
	if (!st) {
		st = get_line(&p, "provider", ret, LK_TSM_PROVIDER_MAX, err);
		(void)kernel->remove_dir(p.dir);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return st;
}

bool lk_tsm_present(const struct lk_kernel *kernel, const char *provider, const char *device)
{
	char name[LK_TSM_PROVIDER_MAX];
	struct lk_error ignored = { 0 };
	LK_FD int fd = -1;

	if (!lk_tsm_provider(kernel, LK_TSM_ROOT, name, &ignored))
		return strcmp(name, provider) == 0;
	fd = kernel->open_device(device);
	return fd >= 0;
}
