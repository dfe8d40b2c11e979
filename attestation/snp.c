/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of an AMD SEV-SNP guest: from the kernel's TSM reports, or where there are none (Linux
 * before 6.7) from the device /dev/sev-guest (Documentation/virt/coco/sev-guest.rst). */
#include "attestation/snp.h"

#include <errno.h>
#include <string.h>

#include "attestation/bytes.h"
#include "attestation/snp_report.h"
#include "attestation/tsm.h"
#include "core/cleanup.h"
#include "core/json.h"

#define PROVIDER    "sev_guest"
#define DEVICE	    "/dev/sev-guest"
#define PATIENCE_MS 60000
/* linux/sev-guest.h */
#define GET_REPORT	0xc0205300ul
#define GET_EXT_REPORT	0xc0205302ul
#define VMM_INVALID_LEN 1u /* the certificates are larger than the kernel takes */
#define VMM_BUSY	2u
#define CERTS_SIZE	0x4000u /* SEV_FW_BLOB_MAX_SIZE */
#define PAGE		4096
#define BUSY_ATTEMPTS	5
#define BUSY_REST_MS	50

struct guest_request {
	uint8_t version;
	uint64_t request;
	uint64_t response;
	uint32_t firmware_error;
	uint32_t vmm_error;
};

struct report_request {
	uint8_t data[LK_SNP_DATA];
	uint32_t vmpl;
	uint8_t zero[28];
	/* the extended request goes on */
	uint64_t certs;
	uint32_t certs_size;
};

/* u32 status, u32 size, 24 bytes of nothing, the report */
#define RESPONSE	4000
#define RESPONSE_REPORT 32

/* What a guest has to show. */
struct proof {
	uint8_t *report;
	size_t report_n;
	uint8_t *certs;
	size_t certs_n;
};

static void proof_clear(struct proof *p)
{
	free(p->report);
	free(p->certs);
}

static enum lk_status from_tsm(const struct lk_kernel *kernel, const uint8_t *data,
			       struct proof *ret, struct lk_error *err)
{
	const struct lk_tsm_request q = {
		.kernel = kernel, .root = LK_TSM_ROOT, .provider = PROVIDER, .data = data
	};
	struct lk_tsm_report r = { 0 };
	const enum lk_status st = lk_tsm_report(&q, lk_deadline_in(PATIENCE_MS), &r, err);

	if (!st)
		*ret = (struct proof){ r.out, r.out_len, r.aux, r.aux_len };
	return st;
}

/* ---- the device ---- */

/* One call, and again while the host is busy. */
static int call(const struct lk_kernel *kernel, int fd, unsigned long command,
		struct report_request *request, uint8_t response[RESPONSE], uint32_t *vmm_error)
{
	int64_t rest = BUSY_REST_MS;
	unsigned n;

	for (n = 1;; n++) {
		struct guest_request g = {
			.version = 1,
			.request = (uintptr_t)request,
			.response = (uintptr_t)response,
		};
		const int status = kernel->device(fd, command, &g);

		*vmm_error = status ? g.vmm_error : 0;
		if (n == BUSY_ATTEMPTS ||
		    (status != -EINTR && status != -EAGAIN && !(status && g.vmm_error == VMM_BUSY)))
			return status;
		lk_clock_sleep(rest);
		rest *= 2;
	}
}

static enum lk_status take_response(const uint8_t response[RESPONSE], uint8_t **ret, size_t *ret_n,
				    struct lk_error *err)
{
	const uint32_t status = lk_le32(response), size = lk_le32(response + 4);
	uint8_t *report;

	if (status)
		return lk_raise_code(err, LK_C_TEE_FAILED, "the processor answered with error %#x",
				     status);
	if (size > RESPONSE - RESPONSE_REPORT)
		return lk_raise_code(err, LK_C_EVIDENCE_INVALID, "a report of %u bytes", size);
	report = malloc(size + 1);
	if (!report)
		return lk_raise(err, LK_INTERNAL, "out of memory for a report");
	memcpy(report, response + RESPONSE_REPORT, size);
	*ret = report;
	*ret_n = size;
	return LK_OK;
}

/* The report with certificates; without, when the kernel cannot take as many as the host has. */
static enum lk_status ask_device(const struct lk_kernel *kernel, int fd, const uint8_t *data,
				 struct proof *p, struct lk_error *err)
{
	struct report_request request = { .certs_size = CERTS_SIZE };
	uint8_t response[RESPONSE] = { 0 };
	uint32_t vmm_error;
	int status;

	memcpy(request.data, data, sizeof(request.data));
	p->certs = aligned_alloc(PAGE, CERTS_SIZE);
	if (!p->certs)
		return lk_raise(err, LK_INTERNAL, "out of memory for certificates");
	memset(p->certs, 0, CERTS_SIZE);
	p->certs_n = CERTS_SIZE;
	request.certs = (uintptr_t)p->certs;
	status = call(kernel, fd, GET_EXT_REPORT, &request, response, &vmm_error);
	if (status && vmm_error == VMM_INVALID_LEN) {
		p->certs_n = 0;
		status = call(kernel, fd, GET_REPORT, &request, response, &vmm_error);
	}
	if (status) {
		errno = -status;
		return lk_raise_code(err, vmm_error == VMM_BUSY ? LK_C_TEE_BUSY : LK_C_TEE_FAILED,
				     "take a report from " DEVICE ": %m (host's error %u)",
				     vmm_error);
	}
	return take_response(response, &p->report, &p->report_n, err);
}

static enum lk_status from_device(const struct lk_kernel *kernel, const uint8_t *data,
				  struct proof *ret, struct lk_error *err)
{
	LK_FD int fd = kernel->open_device(DEVICE);

	if (fd < 0) {
		errno = -fd;
		return lk_raise_code(err, fd == -ENOENT ? LK_C_TEE_ABSENT : LK_C_TEE_FAILED,
				     "open " DEVICE ": %m");
	}
	return ask_device(kernel, fd, data, ret, err);
}

/* ---- evidence ---- */

static enum lk_status make_json(const struct proof *p, struct json_t **ret, struct lk_error *err)
{
	LK_JSON *doc = lk_json_object();
	LK_JSON *report = NULL;
	LK_JSON *certs = NULL;
	enum lk_status st = lk_snp_report_json(p->report, &report, err);

	if (!st)
		st = lk_snp_certs_json(p->certs, p->certs_n, &certs, err);
	if (st)
		return st;
	if (!doc || !lk_json_set(doc, "attestation_report", lk_take(report)) ||
	    !(certs ? lk_json_set(doc, "cert_chain", lk_take(certs))
		    : lk_json_set_null(doc, "cert_chain")))
		return lk_raise(err, LK_INTERNAL, "out of memory for evidence");
	*ret = lk_take(doc);
	return LK_OK;
}

enum lk_status lk_snp_evidence(const struct lk_kernel *kernel, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err)
{
	LK_CLEANUP(proof_clear) struct proof p = { 0 };
	uint8_t data[LK_SNP_DATA] = { 0 };
	enum lk_status st;

	if (n > sizeof(data))
		return lk_raise(err, LK_INTERNAL, "digest of %zu bytes", n);
	memcpy(data, digest, n);
	st = from_tsm(kernel, data, &p, err);
	if (st == LK_ABSENT)
		st = from_device(kernel, data, &p, err);
	if (!st)
		st = lk_snp_report_check(p.report, p.report_n, data, err);
	if (!st)
		st = make_json(&p, ret, err);
	return st ? lk_context(err, "take an SEV-SNP report") : LK_OK;
}

bool lk_snp_present(const struct lk_kernel *kernel)
{
	return lk_tsm_present(kernel, PROVIDER, DEVICE);
}

static bool present(void)
{
	return lk_snp_present(&lk_the_kernel);
}

static enum lk_status evidence(const struct lk_attester *self, const uint8_t *digest, size_t n,
			       struct json_t **ret, struct lk_error *err)
{
	(void)self;
	return lk_snp_evidence(&lk_the_kernel, digest, n, ret, err);
}

extern const struct lk_attester lk_attester_snp;
const struct lk_attester lk_attester_snp = {
	.name = "snp",
	.summary = "AMD SEV-SNP: a report of the processor",
	.present = present,
	.evidence = evidence,
};
