/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetcher process: fork, cage, and the messages between opener and fetcher (SOCK_SEQPACKET,
 * one message a packet; the opener trusts nothing that it receives).
 */
#include "agent/fetcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/fetch_batch.h"
#include "agent/fetch_evidence.h"
#include "agent/sandbox.h"
#include "core/cleanup.h"
#include "core/log.h"

/* A provider ends by the deadline; the opener waits this much longer before it ends the process. */
#define GRACE_MS 2000
/* How long an idle fetcher may take to leave. */
#define LEAVE_MS 500

struct lk_fetcher {
	const struct lk_settings *settings;
	const struct lk_attester *attester;
	struct lk_unsealer *unsealer; /* the child's; here it only waits for its end */
	pid_t pid;
	int fd;
};

/* Opener to fetcher, followed by one byte per volume: wanted or not. */
struct request {
	int64_t deadline_ms;
};

/* Fetcher to opener, one per wanted volume, followed by the key's bytes. */
struct reply {
	uint32_t kind; /* LK_FETCH_KEY; anything else is a question for evidence */
	uint32_t volume;
	uint32_t status;
	uint32_t form;
	uint32_t source;
	struct lk_fetch_note note;
	struct lk_error err;
};

static enum lk_cage wider(enum lk_cage cage, const struct lk_volume_source *source)
{
	struct lk_provider_needs needs;

	if (!source->provider)
		return cage;
	needs = lk_source_needs(source);
	if (needs.programs)
		return LK_CAGE_PROGRAMS;
	return needs.own_user && cage == LK_CAGE_CLOSED ? LK_CAGE_OWN_USER : cage;
}

/* One cage for all volumes and services: the least that the most demanding of them can do with. */
static enum lk_cage cage_for(const struct lk_settings *s)
{
	enum lk_cage cage = LK_CAGE_CLOSED;
	size_t i, j;

	for (i = 0; i < LK_SERVICES; i++)
		cage = wider(cage, &s->sealing.services[i]);
	for (i = 0; i < s->n_volumes; i++)
		for (j = 0; j < s->volumes[i].n_sources; j++)
			cage = wider(cage, &s->volumes[i].sources[j]);
	return cage;
}

/* Files that options name are read now: the cage opens none of root's. */
static enum lk_status load_options(const struct lk_settings *s, struct lk_error *err)
{
	const enum lk_trust trust = s->own ? LK_TRUST_ROOT : LK_TRUST_CALLER;
	enum lk_status st = LK_OK;
	size_t i, j;

	for (i = 0; i < s->n_volumes; i++) {
		const struct lk_volume *v = &s->volumes[i];

		for (j = 0; j < v->n_sources && !st; j++)
			if (v->sources[j].provider->load)
				st = v->sources[j].provider->load(v->sources[j].options, trust,
								  err);
		if (st)
			return lk_context(err, "volume '%s'", v->name);
	}
	return LK_OK;
}

/* ---- in the fetcher ---- */

static uint32_t source_of(const struct lk_volume *v, const struct lk_provider *p)
{
	uint32_t i;

	for (i = 0; i < v->n_sources; i++)
		if (v->sources[i].provider == p)
			return i;
	return 0;
}

static bool send_result(int fd, const struct lk_settings *s, uint32_t volume,
			const struct lk_fetch_result *r)
{
	struct reply reply = {
		.kind = LK_FETCH_KEY,
		.volume = volume,
		.status = r->status,
		.form = r->key.form,
		.source = source_of(&s->volumes[volume], r->provider),
		.note = r->note,
		.err = r->err,
	};
	struct iovec iov[2] = {
		{ &reply, sizeof(reply) },
		{ r->key.bytes.data, r->status ? 0 : r->key.bytes.len },
	};
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

static bool serve_one(int fd, struct lk_fetch_context *ctx, struct lk_fetch_result *results,
		      uint8_t *wanted)
{
	const struct lk_settings *s = ctx->settings;
	struct request request;
	struct iovec iov[2] = { { &request, sizeof(request) }, { wanted, s->n_volumes } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	bool ok = true;
	uint32_t i;

	if (recvmsg(fd, &msg, 0) != (ssize_t)(sizeof(request) + s->n_volumes))
		return false;
	for (i = 0; i < s->n_volumes; i++)
		results[i].wanted = wanted[i];
	ctx->deadline.at_ms = request.deadline_ms;
	lk_fetch_batches(ctx, results);
	for (i = 0; i < s->n_volumes && ok; i++)
		ok = !wanted[i] || send_result(fd, s, i, &results[i]);
	lk_fetch_results_clear(results, s->n_volumes);
	return ok;
}

__attribute__((noreturn)) static void serve(int fd, const struct lk_settings *s,
					    const struct lk_attester *attester,
					    struct lk_unsealer *unsealer)
{
	struct lk_evidence_proxy proxy;
	struct lk_fetch_context ctx = {
		.settings = s,
		.attester = attester ? &proxy.attester : NULL,
		.unsealer = unsealer,
		.network = { .dns = &s->dns, .debug = lk_log_debugging() },
	};
	struct lk_fetch_result *results = calloc(s->n_volumes, sizeof(*results));
	uint8_t *wanted = calloc(s->n_volumes, 1);

	lk_evidence_proxy_setup(&proxy, attester, fd, &ctx.deadline);
	while (results && wanted && serve_one(fd, &ctx, results, wanted))
		;
	_exit(0);
}

__attribute__((noreturn)) static void child(int fd, const struct lk_settings *s,
					    const struct lk_attester *attester,
					    struct lk_unsealer *unsealer, pid_t parent)
{
	struct lk_error err = { 0 };
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (lk_sandbox_enter(cage_for(s), &err)) {
		(void)!write(fd, &err, sizeof(err));
		_exit(1);
	}
	if (write(fd, &byte, 1) != 1)
		_exit(1);
	serve(fd, s, attester, unsealer);
}

/* ---- in the opener ---- */

static enum lk_status wait_caged(const struct lk_fetcher *f, struct lk_error *err)
{
	struct lk_error theirs = { 0 };
	ssize_t n = read(f->fd, &theirs, sizeof(theirs));

	if (n == 1)
		return LK_OK;
	if (n != sizeof(theirs))
		return lk_raise(err, LK_INTERNAL, "the fetcher did not start");
	*err = theirs;
	err->status = LK_INTERNAL;
	return lk_context(err, "start the fetcher");
}

enum lk_status lk_fetcher_start(const struct lk_settings *settings,
				const struct lk_attester *attester, struct lk_fetcher **ret,
				struct lk_error *err)
{
	LK_CLEANUP(lk_fetcher_stop_p) struct lk_fetcher *f = calloc(1, sizeof(*f));
	const pid_t self = getpid();
	enum lk_status st;
	int pair[2];

	if (!f)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	f->fd = -1;
	st = load_options(settings, err);
	if (!st)
		st = lk_unsealer_new(settings, &f->unsealer, err);
	if (st)
		return st;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return lk_raise(err, LK_INTERNAL, "make a socket pair: %m");
	f->settings = settings;
	f->attester = attester;
	f->pid = fork();
	if (f->pid == 0) {
		close(pair[0]);
		child(pair[1], settings, attester, f->unsealer, self);
	}
	close(pair[1]);
	f->fd = pair[0];
	if (f->pid < 0)
		return lk_raise(err, LK_INTERNAL, "fork the fetcher: %m");
	st = wait_caged(f, err);
	if (st)
		return st;
	*ret = lk_take(f);
	return LK_OK;
}

/* Nothing of a message is believed: numbers in range, strings ended, sizes within bounds. */
static enum lk_status check_reply(const struct lk_settings *s, struct reply *r, ssize_t n,
				  const struct lk_fetch_result *results, struct lk_error *err)
{
	size_t i;

	if (n < (ssize_t)sizeof(*r) || r->volume >= s->n_volumes || !results[r->volume].wanted ||
	    r->status > LK_INTERNAL || r->source >= s->volumes[r->volume].n_sources ||
	    r->form > LK_KEY_VOLUME || r->err.n_frames > LK_ERROR_FRAMES ||
	    r->err.code >= LK_N_CODES || (r->status == LK_OK) != (n > (ssize_t)sizeof(*r)))
		return lk_raise(err, LK_INTERNAL, "the fetcher sent a malformed message");
	r->note.endpoint[sizeof(r->note.endpoint) - 1] = '\0';
	for (i = 0; i < LK_ERROR_FRAMES; i++) {
		struct lk_error_frame *frame = &r->err.frames[i];

		frame->func[sizeof(frame->func) - 1] = '\0';
		frame->text[sizeof(frame->text) - 1] = '\0';
	}
	r->err.status = (enum lk_status)r->status;
	return LK_OK;
}

/* Wait for a message; questions for evidence are answered meanwhile. */
static enum lk_status next_reply(const struct lk_fetcher *f, struct lk_deadline deadline,
				 struct reply *ret, struct lk_secret *key, ssize_t *ret_n,
				 struct lk_error *err)
{
	struct iovec iov[2] = { { ret, sizeof(*ret) }, { key->data, key->cap } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	enum lk_status st;
	int ready;

	for (;;) {
		do {
			ready = poll(&p, 1, lk_deadline_left(deadline));
		} while (ready < 0 && errno == EINTR);
		if (ready <= 0)
			return lk_raise(err, LK_TIMEOUT, "no answer from the fetcher in time");
		*ret_n = recvmsg(f->fd, &msg, 0);
		if (*ret_n <= 0)
			return lk_raise(err, LK_INTERNAL, "the fetcher ended without an answer");
		if (*ret_n >= (ssize_t)sizeof(ret->kind) && ret->kind == LK_FETCH_KEY)
			return LK_OK;
		st = lk_evidence_answer(f->fd, f->attester, ret, (size_t)*ret_n, err);
		if (!st && lk_deadline_passed(deadline))
			st = lk_raise(err, LK_TIMEOUT, "making evidence took all the time");
		if (st)
			return st;
	}
}

/* Receive one volume's outcome. */
static enum lk_status receive(const struct lk_fetcher *f, struct lk_deadline deadline,
			      struct lk_fetch_result *results, struct lk_error *err)
{
	LK_SECRET key = { 0 };
	struct reply reply;
	struct lk_fetch_result *r;
	enum lk_status st;
	ssize_t n;

	st = lk_secret_alloc(&key, LK_FETCH_KEY_MAX, err);
	if (!st)
		st = next_reply(f, deadline, &reply, &key, &n, err);
	if (!st)
		st = check_reply(f->settings, &reply, n, results, err);
	if (st)
		return st;
	r = &results[reply.volume];
	r->wanted = false;
	r->status = (enum lk_status)reply.status;
	r->provider = f->settings->volumes[reply.volume].sources[reply.source].provider;
	r->note = reply.note;
	r->err = reply.err;
	r->key.form = (enum lk_key_form)reply.form;
	if (r->status)
		return LK_OK;
	return lk_secret_from(&r->key.bytes, key.data, (size_t)n - sizeof(reply), err);
}

enum lk_status lk_fetcher_attempt(struct lk_fetcher *f, struct lk_deadline deadline,
				  struct lk_fetch_result *results, struct lk_error *err)
{
	const size_t n = f->settings->n_volumes;
	struct request request = { .deadline_ms = deadline.at_ms };
	LK_FREE uint8_t *wanted = calloc(n, 1);
	struct iovec iov[2] = { { &request, sizeof(request) }, { wanted, n } };
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct lk_deadline patience = deadline;
	enum lk_status st = LK_OK;
	size_t i, open = 0;

	if (!wanted)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	for (i = 0; i < n; i++)
		open += wanted[i] = results[i].wanted;
	if (sendmsg(f->fd, &msg, MSG_NOSIGNAL) < 0)
		return lk_raise(err, LK_INTERNAL, "ask the fetcher: %m");
	if (patience.at_ms < LK_FOREVER - GRACE_MS)
		patience.at_ms += GRACE_MS;
	while (open-- > 0 && !st)
		st = receive(f, patience, results, err);
	for (i = 0; i < n; i++)
		results[i].wanted = wanted[i];
	return st;
}

/* Idle, the fetcher leaves by itself when its socket closes; a busy one is ended. */
static void end_process(pid_t pid)
{
	LK_FD int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&p, 1, LEAVE_MS) != 1)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void lk_fetcher_stop(struct lk_fetcher *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	if (f->pid > 0)
		end_process(f->pid);
	lk_unsealer_free(f->unsealer);
	free(f);
}

void lk_fetch_results_clear(struct lk_fetch_result *results, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		lk_secret_wipe(&results[i].key.bytes);
		memset(&results[i], 0, sizeof(results[i]));
	}
}
