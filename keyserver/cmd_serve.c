/* SPDX-License-Identifier: Apache-2.0 */
/* `latchkeyd serve`: opens the state, listens, waits for a signal, and ends in order. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/deadline.h"
#include "core/log.h"
#include "keyserver/admin.h"
#include "keyserver/commands.h"
#include "keyserver/kbs.h"
#include "keyserver/listen_socket.h"
#include "keyserver/notify.h"
#include "keyserver/rootkey.h"
#include "keyserver/state_dir.h"
#include "keyserver/tdx_collateral.h"
#include "keyserver/tls_identity.h"

#define USAGE                                                                                      \
	"serve [--state DIR] [--listen ADDR:PORT] [--socket PATH] [--allow-sample] "               \
	"[--certificates DIR] [--snp-vmpl N] [--tpm-register N] "                                  \
	"[--session-timeout SECONDS] [--request-timeout SECONDS] [--ready-fd N]"

#define SWEEP_SECONDS	  1
#define MOST_THREADS	  16
#define MOST_CONNECTIONS  1024
#define MOST_PER_ADDRESS  256
#define ADMIN_CONNECTIONS 16
#define EXPIRY_WARNING	  (30 * 24 * 60 * 60)

struct options {
	const char *state, *listen, *socket, *certificates;
	bool allow_sample;
	struct lk_verifier_limits limits;
	int64_t session_ms, patience_ms;
	int ready_fd;
};

struct running { /* in the order of ending, last made first */
	struct lk_state state;
	struct lk_server server;
	struct lk_tls_identity tls;
	struct lk_service kbs_service, admin_service;
	struct lk_listener *kbs, *admin;
	char bound[LK_ADDRESS_SIZE];
	const char *socket; /* to remove at the end */
};

/* --- starting ----------------------------------------------------------------------------------- */

/* The units say all this as well; this is for those who start us by hand. */
static enum lk_status harden(struct lk_error *err)
{
	const struct rlimit none = { 0, 0 };

	(void)umask(077);
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return lk_raise(err, LK_INTERNAL, "give up core dumps and privileges: %s",
				strerror(errno));
	return LK_OK;
}

static enum lk_status load_root(const struct lk_state *state, struct lk_secret *ret,
				struct lk_error *err)
{
	LK_FD int fd = openat(state->fd, LK_STATE_ROOT_KEY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return lk_raise(err, LK_CONFIG, "open %s/" LK_STATE_ROOT_KEY ": %s", state->path,
				strerror(errno));
	return lk_rootkey_load(fd, ret, err);
}

/* Each on a line of its own: what does not count today may have been meant to. */
static void tell_unfit_documents(const struct lk_trust *trust)
{
	char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];
	struct lk_error err = { 0 };
	const char *text;
	size_t i, n;

	for (i = 0; (text = lk_trust_collateral(trust, i, &n)); i++)
		if (lk_tdx_collateral_check(trust, lk_clock_wall(), text, n, &err))
			lk_log(LK_LOG_WARNING, "a document of --certificates does not count: %s",
			       lk_error_format(&err, line, sizeof(line)));
}

static enum lk_status open_state(struct running *r, const struct options *o, struct lk_error *err)
{
	struct lk_store *store;
	LK_SECRET root = { 0 };
	LK_FREE char *path = NULL;
	enum lk_status st;

	st = lk_state_open(o->state, &r->state, err);
	if (st)
		return st;
	st = load_root(&r->state, &root, err);
	if (st)
		return st;
	st = lk_state_path(&r->state, LK_STATE_STORE, &path, err);
	if (st)
		return st;
	st = lk_store_open(path, &store, err);
	if (st)
		return st;
	st = lk_server_open(store, &root, o->session_ms, &r->server, err);
	if (st)
		return st;
	r->server.allow_sample = o->allow_sample;
	r->server.limits = o->limits;
	st = o->certificates ? lk_trust_add_folder(r->server.trust, o->certificates, err) : LK_OK;
	if (st)
		return st;
	tell_unfit_documents(r->server.trust);
	return lk_tls_identity_load(r->state.tls, &r->tls, err);
}

static unsigned threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 2 ? 2 : n > MOST_THREADS ? MOST_THREADS : (unsigned)n;
}

static enum lk_status listen_kbs(struct running *r, const struct options *o, struct lk_error *err)
{
	struct lk_listener_options opt = {
		.service = &r->kbs_service,
		.key_pem = (const char *)r->tls.key_pem.data,
		.cert_pem = r->tls.cert_pem,
		.threads = threads(),
		.connections = MOST_CONNECTIONS,
		.per_address = MOST_PER_ADDRESS,
		.patience_ms = o->patience_ms,
	};
	enum lk_status st;

	r->kbs_service = lk_kbs_service(&r->server);
	st = lk_listen_tcp(o->listen, &opt.fd, r->bound, err);
	return st ? st : lk_listener_start(&opt, &r->kbs, err);
}

static enum lk_status listen_admin(struct running *r, const struct options *o, struct lk_error *err)
{
	struct lk_listener_options opt = {
		.service = &r->admin_service,
		.secret_bodies = true,
		.threads = 1,
		.connections = ADMIN_CONNECTIONS,
		.patience_ms = o->patience_ms,
	};
	LK_FREE char *copy = strdup(o->socket);
	enum lk_status st;

	if (copy)
		(void)mkdir(dirname(copy), 0755); /* a unit's RuntimeDirectory is there already */
	r->admin_service = lk_admin_service(&r->server);
	st = lk_listen_unix(o->socket, &opt.fd, err);
	if (st)
		return st;
	r->socket = o->socket;
	return lk_listener_start(&opt, &r->admin, err);
}

static enum lk_status audit(struct running *r, const char *event, struct lk_error *err)
{
	const struct lk_audit_event e = { .event = event, .outcome = "done" };

	return lk_audit_write(r->server.audit, &e, err);
}

static enum lk_status start(struct running *r, const struct options *o, struct lk_error *err)
{
	enum lk_status st;

	st = harden(err);
	if (st)
		return st;
	st = open_state(r, o, err);
	if (st)
		return lk_context(err, "open the state in %s", o->state);
	st = audit(r, "start", err);
	if (st)
		return st;
	st = listen_admin(r, o, err);
	if (st)
		return st;
	return listen_kbs(r, o, err);
}

/* --- running ------------------------------------------------------------------------------------ */

static void announce(const struct running *r, const struct options *o)
{
	lk_log(LK_LOG_INFO, "listening on %s, administered on %s", r->bound, o->socket);
	if (o->allow_sample)
		lk_log(LK_LOG_WARNING,
		       "sample evidence is accepted for rules that name it: it proves nothing");
	if (r->tls.not_after - lk_clock_wall() < EXPIRY_WARNING)
		lk_log(LK_LOG_WARNING, "the TLS certificate ends in less than 30 days");
	if (o->ready_fd >= 0) {
		(void)dprintf(o->ready_fd, "READY %s\n", r->bound);
		(void)close(o->ready_fd);
	}
	lk_notify("READY=1");
}

/* Handlers do not log; what they could not tell their clients is told here, a line a second. */
static void tell_trouble(struct running *r)
{
	char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];
	struct lk_error err;

	if (lk_server_take_trouble(&r->server, &err))
		lk_log(LK_LOG_ERROR, "%s", lk_error_format(&err, line, sizeof(line)));
}

static void wait_for_signal(struct running *r, const sigset_t *signals)
{
	const struct timespec pause = { .tv_sec = SWEEP_SECONDS };
	int64_t now;

	while (sigtimedwait(signals, NULL, &pause) < 0) {
		now = lk_clock_ms();
		lk_sessions_sweep(r->server.sessions, now);
		lk_listener_sweep(r->kbs, now);
		lk_listener_sweep(r->admin, now);
		tell_trouble(r);
	}
}

/* Handlers first, then what they use. */
static void stop(struct running *r)
{
	struct lk_error ignored = { 0 };

	lk_listener_stop(r->kbs);
	lk_listener_stop(r->admin);
	if (r->socket)
		(void)unlink(r->socket);
	if (r->server.audit)
		(void)audit(r, "stop", &ignored);
	lk_server_close(&r->server);
	lk_tls_identity_clear(&r->tls);
	lk_state_close(&r->state);
}

static int serve(const struct options *o)
{
	struct running r = { 0 };
	struct lk_error err = { 0 };
	sigset_t signals;
	enum lk_status st;

	/* blocked in every thread, so that only the wait below sees them */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	st = start(&r, o, &err);
	if (st == LK_OK) {
		announce(&r, o);
		wait_for_signal(&r, &signals);
		lk_notify("STOPPING=1");
		lk_log(LK_LOG_INFO, "ending");
	}
	stop(&r);
	return st ? lk_cmd_fail(&err) : 0;
}

/* --- the command line --------------------------------------------------------------------------- */

static bool read_number(const char *text, long min, long max, long *ret)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

static bool read_option(struct options *o, int c)
{
	long n;

	switch (c) {
	case 's':
		o->state = optarg;
		return true;
	case 'l':
		o->listen = optarg;
		return true;
	case 'S':
		o->socket = optarg;
		return true;
	case 'a':
		o->allow_sample = true;
		return true;
	case 'c':
		o->certificates = optarg;
		return true;
	case 'V':
		if (!read_number(optarg, 0, 3, &n))
			return false;
		o->limits.snp_vmpl = (unsigned)n;
		return true;
	case 'P':
		/* 16 and 23 can be reset by whoever runs, 17 to 22 not be extended by an agent */
		if (!read_number(optarg, 1, 15, &n))
			return false;
		o->limits.tpm_register = (unsigned)n;
		return true;
	case 't':
		if (!read_number(optarg, 1, 24 * 60 * 60, &n))
			return false;
		o->session_ms = n * 1000;
		return true;
	case 'T':
		if (!read_number(optarg, 1, 60 * 60, &n))
			return false;
		o->patience_ms = n * 1000;
		return true;
	case 'r':
		if (!read_number(optarg, 0, 1 << 20, &n))
			return false;
		o->ready_fd = (int)n;
		return true;
	default:
		return false;
	}
}

int lk_cmd_serve(int argc, char **argv)
{
	static const struct option known[] = {
		{ "state", required_argument, NULL, 's' },
		{ "listen", required_argument, NULL, 'l' },
		{ "socket", required_argument, NULL, 'S' },
		{ "allow-sample", no_argument, NULL, 'a' },
		{ "certificates", required_argument, NULL, 'c' },
		{ "snp-vmpl", required_argument, NULL, 'V' },
		{ "tpm-register", required_argument, NULL, 'P' },
		{ "session-timeout", required_argument, NULL, 't' },
		{ "request-timeout", required_argument, NULL, 'T' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ 0 },
	};
	struct options o = {
		.state = LK_STATE_DEFAULT,
		.listen = "127.0.0.1:8443",
		.socket = LK_SOCKET_DEFAULT,
		.session_ms = 300 * 1000,
		.patience_ms = 60 * 1000,
		.ready_fd = -1,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!read_option(&o, c))
			return lk_cmd_usage(USAGE);
	if (optind < argc)
		return lk_cmd_usage(USAGE);
	return serve(&o);
}
