/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of an Intel TDX guest. The quote comes from the kernel's TSM reports. Where there are none
 * (Linux before 6.7), or where they fail and /etc/tdx-attest.conf names a port, the TD report is taken
 * from /dev/tdx_guest and the host's quoting service makes the quote, over vsock.
 */
#include "attestation/tdx.h"

#include <errno.h>
#include <string.h>

#include "attestation/ccel.h"
#include "attestation/qgs.h"
#include "attestation/tdx_quote.h"
#include "attestation/tsm.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/json.h"

#define PROVIDER     "tdx_guest"
#define DEVICE	     "/dev/tdx_guest"
#define CONF	     "/etc/tdx-attest.conf" /* Intel's attestation library reads it as well */
#define CONF_MAX     4096
#define DEFAULT_PORT 4050
#define PATIENCE_MS  90000 /* the kernel alone waits 30 s for the host */
/* TDX_CMD_GET_REPORT0 of linux/tdx-guest.h */
#define GET_REPORT0 0xc4405401ul

struct report_request {
	uint8_t data[LK_TDX_DATA];
	uint8_t report[LK_TDX_REPORT];
};

static enum lk_status quote_from_tsm(const struct lk_kernel *kernel, const uint8_t *data,
				     struct lk_deadline deadline, uint8_t **ret, size_t *ret_n,
				     struct lk_error *err)
{
	const struct lk_tsm_request q = {
		.kernel = kernel, .root = LK_TSM_ROOT, .provider = PROVIDER, .data = data
	};
	LK_TSM_REPORT r = { 0 };
	const enum lk_status st = lk_tsm_report(&q, deadline, &r, err);

	if (st)
		return st;
	*ret = lk_take(r.out);
	*ret_n = r.out_len;
	return LK_OK;
}

static enum lk_status read_port(const struct lk_kernel *kernel, uint32_t *ret, struct lk_error *err)
{
	LK_FREE uint8_t *text = NULL;
	const ssize_t n = kernel->get(CONF, CONF_MAX, &text);

	*ret = 0;
	if (n == -ENOENT)
		return LK_OK;
	if (n < 0 || strlen((const char *)text) != (size_t)n) {
		errno = n < 0 ? (int)-n : EINVAL;
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "read " CONF ": %m");
	}
	if (lk_qgs_port((const char *)text, ret, err))
		return lk_context(err, "read " CONF);
	return LK_OK;
}

static enum lk_status report_from_device(const struct lk_kernel *kernel, const uint8_t *data,
					 uint8_t report[LK_TDX_REPORT], struct lk_error *err)
{
	struct report_request request = { 0 };
	LK_FD int fd = kernel->open_device(DEVICE);
	int status;

	if (fd < 0) {
		errno = -fd;
		return lk_raise_code(err, fd == -ENOENT ? LK_C_TEE_ABSENT : LK_C_TEE_FAILED,
				     "open " DEVICE ": %m");
	}
	memcpy(request.data, data, sizeof(request.data));
	do {
		status = kernel->device(fd, GET_REPORT0, &request);
	} while (status == -EINTR);
	if (status) {
		errno = -status;
		return lk_raise_code(err, LK_C_TEE_FAILED, "take a report from " DEVICE ": %m");
	}
	memcpy(report, request.report, sizeof(request.report));
	return lk_tdx_report_check(report, data, err);
}

static enum lk_status quote_from_host(const struct lk_kernel *kernel, uint32_t port,
				      const uint8_t *data, struct lk_deadline deadline,
				      uint8_t **ret, size_t *ret_n, struct lk_error *err)
{
	uint8_t report[LK_TDX_REPORT];
	enum lk_status st = report_from_device(kernel, data, report, err);
	LK_FD int fd = st ? -1 : kernel->connect_host(port);

	if (st)
		return st;
	if (fd < 0) {
		errno = -fd;
		return lk_raise_code(err, LK_C_TEE_FAILED,
				     "reach the host's quoting service at vsock port %u: %m", port);
	}
	return lk_qgs_exchange(fd, report, deadline, ret, ret_n, err);
}

static enum lk_status get_quote(const struct lk_kernel *kernel, const uint8_t *data, uint8_t **ret,
				size_t *ret_n, struct lk_error *err)
{
	const struct lk_deadline deadline = lk_deadline_in(PATIENCE_MS);
	uint32_t port = 0;
	enum lk_status st = quote_from_tsm(kernel, data, deadline, ret, ret_n, err);
	const bool absent = st == LK_ABSENT;

	if (!absent && (!st || err->code != LK_C_TEE_FAILED))
		return st;
	if (read_port(kernel, &port, err))
		return err->status;
	if (!port && !absent)
		return st;
	return quote_from_host(kernel, port ? port : DEFAULT_PORT, data, deadline, ret, ret_n, err);
}

static enum lk_status make_json(const struct lk_kernel *kernel, const uint8_t *bytes,
				const struct lk_tdx_quote *quote, struct json_t **ret,
				struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_FREE uint8_t *log = NULL;
	size_t log_n = 0;
	enum lk_status st = lk_ccel_log(kernel, quote->rtmr, &log, &log_n, err);

	if (st)
		return st;
	if (!doc || !lk_json_set_base64(doc, "quote", LK_B64_STD, bytes, quote->used) ||
	    !(log ? lk_json_set_base64(doc, "cc_eventlog", LK_B64_STD, log, log_n)
		  : lk_json_set_null(doc, "cc_eventlog")))
		return lk_raise(err, LK_INTERNAL, "out of memory for evidence");
	*ret = lk_take(doc);
	return LK_OK;
}

enum lk_status lk_tdx_evidence(const struct lk_kernel *kernel, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err)
{
	uint8_t data[LK_TDX_DATA] = { 0 };
	LK_FREE uint8_t *bytes = NULL;
	struct lk_tdx_quote quote;
	enum lk_status st;
	size_t len;

	if (n > sizeof(data))
		return lk_raise(err, LK_INTERNAL, "digest of %zu bytes", n);
	memcpy(data, digest, n);
	st = get_quote(kernel, data, &bytes, &len, err);
	if (!st)
		st = lk_tdx_quote_parse(bytes, len, &quote, err);
	if (!st)
		st = lk_tdx_quote_check(&quote, data, err);
	if (st)
		return lk_context(err, "take a TDX quote");
	return make_json(kernel, bytes, &quote, ret, err);
}

bool lk_tdx_present(const struct lk_kernel *kernel)
{
	return lk_tsm_present(kernel, PROVIDER, DEVICE);
}

static bool present(void)
{
	return lk_tdx_present(&lk_the_kernel);
}

static enum lk_status evidence(const struct lk_attester *self, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err)
{
	(void)self;
	return lk_tdx_evidence(&lk_the_kernel, digest, n, ret, err);
}

extern const struct lk_attester lk_attester_tdx;
const struct lk_attester lk_attester_tdx = {
	.name = "tdx",
	.summary = "Intel TDX: a quote of the trust domain",
	.present = present,
	.evidence = evidence,
};
