/* SPDX-License-Identifier: Apache-2.0 */
/* Intel's signed documents: whose they are, and what they say about a platform. */
#include "keyserver/tdx_collateral.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base64.h"
#include "core/json.h"
#include "keyserver/trust.h"

#define SIGNER	    "Intel SGX TCB Signing"
#define TCB_INFO    "tcbInfo"
#define QE_IDENTITY "enclaveIdentity"
#define DATE_MAX    32
#define STATUS_MAX  64

static const char *const status_names[LK_N_TCB_STATUS] = {
	"UpToDate",
	"SWHardeningNeeded",
	"ConfigurationNeeded",
	"ConfigurationAndSWHardeningNeeded",
	"OutOfDate",
	"OutOfDateConfigurationNeeded",
	"unknown",
	"NotSupported",
	"Revoked",
};

const char *lk_tcb_status_name(enum lk_tcb_status s)
{
	return status_names[s];
}

struct document {
	struct json_t *json;	   /* owned */
	const struct json_t *body; /* the member that is signed */
	const char *name;	   /* of that member */
	char issued[DATE_MAX + 1]; /* sorts as text */
	bool stale;
};

static void document_clear(struct document *d)
{
	lk_json_free(d->json);
}

/* --- signed, and now ---------------------------------------------------------------------------- */

static enum lk_status check_signature(const struct lk_trust *trust, int64_t now, const char *body,
				      size_t n, const uint8_t signature[64], struct lk_error *err)
{
	const struct lk_cert *c;
	struct lk_public_key key;
	struct lk_chain chain;
	char name[LK_X509_NAME];
	size_t i;

	lk_raise(err, LK_CONFIG, "no certificate of " SIGNER " is kept beside it");
	for (i = 0; (c = lk_trust_cert(trust, i)); i++) {
		lk_cert_name(c, name);
		if (strcmp(name, SIGNER) != 0 ||
		    lk_trust_chain(trust, LK_VENDOR_INTEL, c, NULL, 0, now, &chain, err) ||
		    lk_cert_ec_key(c, &key, err) || key.kind != LK_KEY_P256)
			continue;
		if (lk_ecdsa_verify(&key, body, n, signature, 64, err) == LK_OK)
			return LK_OK;
	}
	return err->status == LK_INTERNAL ? LK_INTERNAL : LK_CONFIG;
}

static bool read_date(const struct json_t *body, const char *name, char text[DATE_MAX + 1],
		      int64_t *ret)
{
	const char *value = lk_json_string_value(lk_json_get(body, name));
	struct tm tm = { 0 };
	const char *end;

	if (!value || strlen(value) != sizeof("2023-06-18T08:42:58Z") - 1)
		return false;
	end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return false;
	(void)snprintf(text, DATE_MAX + 1, "%s", value);
	*ret = timegm(&tm);
	return true;
}

static enum lk_status check_dates(struct document *d, int64_t now, struct lk_error *err)
{
	char text[DATE_MAX + 1];
	int64_t from, until;

	if (!read_date(d->body, "issueDate", d->issued, &from) ||
	    !read_date(d->body, "nextUpdate", text, &until))
		return lk_raise(err, LK_CONFIG, "issueDate or nextUpdate is missing");
	if (now < from)
		return lk_raise(err, LK_CONFIG, "it was issued at %s, which is to come", d->issued);
	d->stale = now > until;
	return LK_OK;
}

/* {"NAME":BODY,"signature":"HEX"}, without a space: the bytes of BODY are what is signed. */
static enum lk_status open_document(const struct lk_trust *trust, int64_t now, const char *text,
				    size_t n, struct document *ret, struct lk_error *err)
{
	static const char *const names[] = { TCB_INFO, QE_IDENTITY };
	static const char tail[] = ",\"signature\":\"";
	const size_t tail_len = sizeof(tail) - 1 + 128 + 2;
	uint8_t signature[64];
	char head[32];
	size_t i, len = 0, got;
	enum lk_status st;

	while (n > 0 && strchr(" \r\n\t", text[n - 1]))
		n--;
	for (i = 0; i < 2 && !ret->name; i++) {
		len = (size_t)snprintf(head, sizeof(head), "{\"%s\":", names[i]);
		if (n > len + tail_len && memcmp(text, head, len) == 0)
			ret->name = names[i];
	}
	if (!ret->name || memcmp(text + n - tail_len, tail, sizeof(tail) - 1) != 0 ||
	    !lk_hex_decode(text + n - 130, 128, signature, sizeof(signature), &got))
		return lk_raise(err, LK_CONFIG,
				"neither tcbInfo nor enclaveIdentity with a signature");
	st = check_signature(trust, now, text + len, n - tail_len - len, signature, err);
	if (st)
		return st;
	if (lk_json_parse(text, n, &ret->json, err) ||
	    !(ret->body = lk_json_get(ret->json, ret->name)) || !lk_json_is_object(ret->body))
		return lk_raise(err, LK_CONFIG, "%s is not an object", ret->name);
	return check_dates(ret, now, err);
}

enum lk_status lk_tdx_collateral_check(const struct lk_trust *trust, int64_t now, const char *text,
				       size_t n, struct lk_error *err)
{
	LK_CLEANUP(document_clear) struct document d = { 0 };

	return open_document(trust, now, text, n, &d, err);
}

/* --- reading ------------------------------------------------------------------------------------ */

static bool hex_is(const struct json_t *obj, const char *name, const uint8_t *want, size_t n)
{
	const char *text = lk_json_string_value(lk_json_get(obj, name));
	uint8_t bytes[64];
	size_t got;

	return text && lk_hex_decode(text, strlen(text), bytes, sizeof(bytes), &got) && got == n &&
	       memcmp(bytes, want, n) == 0;
}

/* Equal in the bits that a mask names. */
static bool masked(const struct json_t *obj, const char *name, const char *mask_name,
		   const uint8_t *have, size_t n)
{
	const char *text = lk_json_string_value(lk_json_get(obj, name));
	const char *mask_text = lk_json_string_value(lk_json_get(obj, mask_name));
	uint8_t want[16], mask[16];
	size_t i, got, mask_got;

	if (!text || !mask_text || !lk_hex_decode(text, strlen(text), want, sizeof(want), &got) ||
	    !lk_hex_decode(mask_text, strlen(mask_text), mask, sizeof(mask), &mask_got) ||
	    got != n || mask_got != n)
		return false;
	for (i = 0; i < n; i++)
		if ((have[i] & mask[i]) != (want[i] & mask[i]))
			return false;
	return true;
}

static enum lk_tcb_status read_status(const struct json_t *level)
{
	const char *text = lk_json_string_value(lk_json_get(level, "tcbStatus"));
	int i;

	for (i = 0; text && i < LK_N_TCB_STATUS; i++)
		if (strcmp(text, status_names[i]) == 0)
			return (enum lk_tcb_status)i;
	return LK_TCB_UNKNOWN;
}

/* Are all parts from the first on at least what the level asks for? */
static bool parts_reach(const struct json_t *tcb, const char *name, const uint8_t *have,
			size_t first)
{
	const struct json_t *list = lk_json_get(tcb, name);
	struct lk_error ignored = { 0 };
	int64_t svn;
	size_t i;

	if (!lk_json_is_array(list) || lk_json_count(list) != LK_TDX_COMPONENTS)
		return false;
	for (i = 0; i < LK_TDX_COMPONENTS; i++)
		if (!lk_json_is_object(lk_json_at(list, i)) ||
		    lk_json_get_int(lk_json_at(list, i), "svn", 0, 255, &svn, &ignored) ||
		    (i >= first && have[i] < svn))
			return false;
	return true;
}

/* The first level, from the newest on, that asks for no more than isvsvn. */
static enum lk_tcb_status by_svn(const struct json_t *identity, unsigned have)
{
	const struct json_t *levels = lk_json_get(identity, "tcbLevels");
	struct lk_error ignored = { 0 };
	int64_t svn;
	size_t i;

	for (i = 0; lk_json_is_array(levels) && i < lk_json_count(levels); i++) {
		const struct json_t *level = lk_json_at(levels, i);
		const struct json_t *tcb =
			lk_json_is_object(level) ? lk_json_get(level, "tcb") : NULL;

		if (lk_json_is_object(tcb) &&
		    lk_json_get_int(tcb, "isvsvn", 0, 65535, &svn, &ignored) == LK_OK &&
		    svn <= have)
			return read_status(level);
	}
	return LK_TCB_NOT_SUPPORTED;
}

/* --- judging ------------------------------------------------------------------------------------ */

/* Since TDX 1.5 the second byte of TEE_TCB_SVN names the module's kind, the first its version. */
static enum lk_tcb_status judge_module(const struct json_t *body, const struct lk_tdx_platform *p)
{
	const struct json_t *list = lk_json_get(body, "tdxModuleIdentities"), *m, *module;
	char id[8];
	size_t i;

	if (p->tee_tcb_svn[1] == 0) {
		module = lk_json_get(body, "tdxModule");
		return lk_json_is_object(module) &&
				       hex_is(module, "mrsigner", p->mrsignerseam, 48) &&
				       masked(module, "attributes", "attributesMask",
					      p->seam_attributes, 8)
			       ? LK_TCB_UP_TO_DATE
			       : LK_TCB_UNKNOWN;
	}
	(void)snprintf(id, sizeof(id), "TDX_%02X", p->tee_tcb_svn[1]);
	for (i = 0; lk_json_is_array(list) && i < lk_json_count(list); i++) {
		m = lk_json_at(list, i);
		if (lk_json_is_object(m) && lk_json_is_string(lk_json_get(m, "id")) &&
		    strcmp(lk_json_string_value(lk_json_get(m, "id")), id) == 0 &&
		    hex_is(m, "mrsigner", p->mrsignerseam, 48) &&
		    masked(m, "attributes", "attributesMask", p->seam_attributes, 8))
			return by_svn(m, p->tee_tcb_svn[0]);
	}
	return LK_TCB_UNKNOWN;
}

static enum lk_tcb_status judge_platform(const struct json_t *body, const struct lk_tdx_platform *p)
{
	const struct json_t *levels = lk_json_get(body, "tcbLevels");
	struct lk_error ignored = { 0 };
	int64_t pcesvn;
	size_t i;

	for (i = 0; lk_json_is_array(levels) && i < lk_json_count(levels); i++) {
		const struct json_t *level = lk_json_at(levels, i);
		const struct json_t *tcb =
			lk_json_is_object(level) ? lk_json_get(level, "tcb") : NULL;

		if (!lk_json_is_object(tcb) ||
		    lk_json_get_int(tcb, "pcesvn", 0, 65535, &pcesvn, &ignored))
			return LK_TCB_UNKNOWN;
		if (p->pck.pcesvn >= pcesvn &&
		    parts_reach(tcb, "sgxtcbcomponents", p->pck.components, 0) &&
		    parts_reach(tcb, "tdxtcbcomponents", p->tee_tcb_svn,
				p->tee_tcb_svn[1] == 0 ? 0 : 2))
			return read_status(level);
	}
	return LK_TCB_NOT_SUPPORTED;
}

static enum lk_tcb_status judge_qe(const struct json_t *body, const struct lk_tdx_platform *p)
{
	const uint8_t *r = p->qe_report;
	uint8_t miscselect[4] = { r[LK_QE_MISCSELECT + 3], r[LK_QE_MISCSELECT + 2],
				  r[LK_QE_MISCSELECT + 1], r[LK_QE_MISCSELECT] };
	struct lk_error ignored = { 0 };
	int64_t prod;

	if (!hex_is(body, "mrsigner", r + LK_QE_MRSIGNER, 32) ||
	    !masked(body, "miscselect", "miscselectMask", miscselect, 4) ||
	    !masked(body, "attributes", "attributesMask", r + LK_QE_ATTRIBUTES, 16) ||
	    lk_json_get_int(body, "isvprodid", 0, 65535, &prod, &ignored) ||
	    prod != (r[LK_QE_PROD_ID] | r[LK_QE_PROD_ID + 1] << 8))
		return LK_TCB_UNKNOWN;
	return by_svn(body, (unsigned)(r[LK_QE_SVN] | r[LK_QE_SVN + 1] << 8));
}

static bool about(const struct document *d, const struct lk_tdx_platform *p)
{
	const char *id = lk_json_string_value(lk_json_get(d->body, "id"));
	struct lk_error ignored = { 0 };
	bool tcb = strcmp(d->name, TCB_INFO) == 0;
	int64_t version;

	if (!id || strcmp(id, tcb ? "TDX" : "TD_QE") != 0 ||
	    lk_json_get_int(d->body, "version", tcb ? 3 : 2, tcb ? 3 : 2, &version, &ignored))
		return false;
	return !tcb || (hex_is(d->body, "fmspc", p->pck.fmspc, 6) &&
			hex_is(d->body, "pceId", p->pck.pceid, 2));
}

static enum lk_tcb_status worse(enum lk_tcb_status a, enum lk_tcb_status b)
{
	return a > b ? a : b;
}

struct latest { /* of one kind of document */
	char issued[DATE_MAX + 1];
	enum lk_tcb_status status;
	bool stale;
};

static void consider(const struct document *d, const struct lk_tdx_platform *p, struct latest *l)
{
	if (!about(d, p) || strcmp(d->issued, l->issued) <= 0)
		return;
	memcpy(l->issued, d->issued, sizeof(l->issued));
	l->stale = d->stale;
	l->status = strcmp(d->name, TCB_INFO) == 0
			    ? worse(judge_platform(d->body, p), judge_module(d->body, p))
			    : judge_qe(d->body, p);
}

enum lk_status lk_tdx_standing(const struct lk_trust *trust, int64_t now,
			       const struct lk_tdx_platform *p, struct lk_tdx_standing *ret,
			       struct lk_error *err)
{
	struct latest tcb = { .status = LK_TCB_UNKNOWN }, qe = { .status = LK_TCB_UNKNOWN };
	const char *text;
	size_t i, n;
	enum lk_status st;

	for (i = 0; (text = lk_trust_collateral(trust, i, &n)); i++) {
		LK_CLEANUP(document_clear) struct document d = { 0 };

		st = open_document(trust, now, text, n, &d, err);
		if (st == LK_INTERNAL)
			return st;
		if (st == LK_OK)
			consider(&d, p, strcmp(d.name, TCB_INFO) == 0 ? &tcb : &qe);
	}
	ret->status = worse(tcb.status, qe.status);
	ret->stale = tcb.stale || qe.stale;
	return LK_OK;
}
