/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of TDX quotes. */
#include "keyserver/tdx_claims.h"

#include <stdio.h>

#include "core/json.h"
#include "keyserver/claims.h"

static bool set_body(struct json_t *tdx, const struct lk_tdx_quote *q)
{
	static const struct {
		const char *name;
		size_t at, n;
	} fields[] = {
		{ "tcb_svn", 0, 16 },
		{ "mr_seam", LK_TDX_BODY_MRSEAM, 48 },
		{ "mrsigner_seam", LK_TDX_BODY_MRSIGNERSEAM, 48 },
		{ "seam_attributes", LK_TDX_BODY_SEAM_ATTRIBUTES, 8 },
		{ "td_attributes", LK_TDX_BODY_ATTRIBUTES, 8 },
		{ "xfam", LK_TDX_BODY_XFAM, 8 },
		{ "mr_config_id", LK_TDX_BODY_MRCONFIGID, 48 },
		{ "mr_owner", LK_TDX_BODY_MROWNER, 48 },
		{ "mr_owner_config", LK_TDX_BODY_MROWNERCONFIG, 48 },
	};
	LK_JSON *quote = lk_json_object();
	LK_JSON *body = lk_json_object();
	bool ok = quote && body;
	char name[8];
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		ok = ok &&
		     lk_claims_set_hex(body, fields[i].name, q->body + fields[i].at, fields[i].n);
	for (i = 0; i < LK_TDX_RTMRS; i++) {
		(void)snprintf(name, sizeof(name), "rtmr_%zu", i);
		ok = ok && lk_claims_set_hex(body, name, q->rtmr + i * LK_TDX_MR, LK_TDX_MR);
	}
	return ok && lk_claims_set_hex(body, "mr_td", q->mrtd, LK_TDX_MR) &&
	       lk_claims_set_hex(body, "report_data", q->report_data, LK_TDX_DATA) &&
	       lk_json_set_int(quote, "version", q->version) &&
	       lk_json_set(quote, "body", lk_take(body)) &&
	       lk_json_set(tdx, "quote", lk_take(quote));
}

static bool set_attributes(struct json_t *tdx, uint64_t bits)
{
	LK_JSON *a = lk_json_object();

	return a && lk_json_set_bool(a, "debug", bits & 1) &&
	       lk_json_set_bool(a, "septve_disable", bits >> 28 & 1) &&
	       lk_json_set_bool(a, "migratable", bits >> 29 & 1) &&
	       lk_json_set_bool(a, "protection_keys", bits >> 30 & 1) &&
	       lk_json_set_bool(a, "key_locker", bits >> 31 & 1) &&
	       lk_json_set_bool(a, "perfmon", bits >> 63 & 1) &&
	       lk_json_set(tdx, "td_attributes", lk_take(a));
}

static bool set_list(struct json_t *obj, const char *name, const uint8_t *parts, size_t n)
{
	LK_JSON *list = lk_json_array();
	LK_JSON *holder = lk_json_object();
	bool ok = list && holder;
	size_t i;

	for (i = 0; i < n; i++)
		ok = ok && lk_json_set_int(holder, "n", parts[i]) &&
		     lk_json_append(list, lk_json_ref(lk_json_get(holder, "n")));
	return ok && lk_json_set(obj, name, lk_take(list));
}

static bool set_platform(struct json_t *tdx, const struct lk_tdx_facts *f)
{
	const struct lk_tdx_platform *p = &f->platform;
	const uint8_t *svn = p->qe_report + LK_QE_SVN;

	return lk_claims_set_hex(tdx, "fmspc", p->pck.fmspc, sizeof(p->pck.fmspc)) &&
	       lk_claims_set_hex(tdx, "pceid", p->pck.pceid, sizeof(p->pck.pceid)) &&
	       set_list(tdx, "tee_tcb_svn", p->tee_tcb_svn, LK_TDX_COMPONENTS) &&
	       set_list(tdx, "sgx_tcb_svn", p->pck.components, LK_TDX_COMPONENTS) &&
	       lk_json_set_int(tdx, "pcesvn", p->pck.pcesvn) &&
	       lk_json_set_int(tdx, "qe_svn", svn[0] | svn[1] << 8) &&
	       lk_json_set_string(tdx, "tcb_status", lk_tcb_status_name(f->standing.status)) &&
	       lk_json_set_bool(tdx, "collateral_stale", f->standing.stale) &&
	       lk_json_set_string(tdx, "revocation", lk_revocation_name(f->chain.revocation));
}

enum lk_status lk_tdx_claims(const struct lk_tdx_quote *q, const struct lk_tdx_facts *facts,
			     struct json_t *claims, struct lk_error *err)
{
	LK_JSON *tdx = lk_json_object();

	if (!tdx || !set_body(tdx, q) || !set_attributes(tdx, q->attributes) ||
	    !set_platform(tdx, facts) || !lk_json_set(claims, "tdx", lk_take(tdx)))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	return LK_OK;
}
