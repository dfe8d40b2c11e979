/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/verifier_tdx.c, tdx_signature.c, tdx_collateral.c: recorded quotes pass, and no longer do
 * when anything in them, around them or above them changes. */
#define JUDGED_TEE "tdx"

#include "core/base64.h"
#include "core/crypto.h"
#include "evidence_judged.h"
#include "keyserver/event_claims.h"
#include "keyserver/tdx_collateral.h"

#define V4_REPORT_DATA	 568
#define V4_SIGNED	 632
#define V5_REPORT_DATA	 574
#define IN_JUNE_2023	 1687200000 /* when Intel's documents were valid */
#define IN_NOVEMBER_2025 1762300000

static struct lk_trust *trust;
static uint8_t digest[64];
static struct file quote, ccel;

static void set_b64(struct json_t *o, const char *name, const struct file *f)
{
	LK_FREE char *text = malloc(LK_B64_SIZE(f->n));

	lk_b64_encode(LK_B64_STD, f->data, f->n, text);
	CHECK(lk_json_set_string(o, name, text));
}

static struct json_t *evidence(const struct file *log)
{
	struct json_t *o = lk_json_object();

	set_b64(o, "quote", &quote);
	if (log)
		set_b64(o, "cc_eventlog", log);
	return o;
}

static void begin(const char *name)
{
	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_trust_new(&trust, &err));
	file_read(name, &quote);
	memcpy(digest, quote.data + (quote.data[0] == 4 ? V4_REPORT_DATA : V5_REPORT_DATA), 64);
	a = (struct lk_appraisal){ .digest = digest, .n = 64, .trust = trust, .now = IN_2025 };
}

static void end(void)
{
	lk_trust_free(trust);
	trust = NULL;
}

/* --- recorded ----------------------------------------------------------------------------------- */

TEST(version_4)
{
	LK_JSON *claims = NULL;

	begin("tdx-v4.quote");
	a.n = 48; /* the rest is zeros, as is what follows the quote */
	claims = accepted(evidence(NULL));
	CHECK_STR(claim(claims, "tdx.quote.version"), "4");
	CHECK_STR(claim(claims, "tdx.quote.body.rtmr_0"),
		  "395aefe7bac15b24c40f1cd7ba6f8fa48732be5c56c61485ed3cd9c8b16cce8e"
		  "ce64c331b99ce36d96605135c753aaa2");
	CHECK_STR(claim(claims, "tdx.td_attributes"),
		  "{\"debug\":false,\"key_locker\":false,\"migratable\":false,\"perfmon\":false,"
		  "\"protection_keys\":false,\"septve_disable\":true}");
	CHECK_STR(claim(claims, "tdx.fmspc"), "00a06d080000");
	CHECK_STR(claim(claims, "tdx.tee_tcb_svn"), "[5,3,2,0,0,0,0,0,0,0,0,0,0,0,0,0]");
	CHECK_STR(claim(claims, "tdx.qe_svn"), "7");
	CHECK_STR(claim(claims, "tdx.tcb_status"), "unknown");
	CHECK_STR(claim(claims, "tdx.revocation"), "unknown");
	CHECK(!lk_json_has(claims, "phase") && !lk_json_has(claims, "events"));
	end();
}

TEST(version_5)
{
	LK_JSON *claims = NULL;

	begin("tdx-v5.quote");
	claims = accepted(evidence(NULL));
	CHECK_STR(claim(claims, "tdx.quote.version"), "5");
	CHECK_STR(claim(claims, "tdx.quote.body.rtmr_1"),
		  "ca5a979317ffe8a527a3b7aadab03976d7cb6eef1041fb9bd9d69e6fafa7252c"
		  "dc10e4c2a55e7ecbd2ddb5cacc867430");
	CHECK_STR(claim(claims, "tdx.fmspc"), "90c06f000000");
	end();
}

TEST(debugged_guest)
{
	begin("tdx-debug.quote");
	refused(evidence(NULL), "is being debugged");
	end();
}

TEST(event_log)
{
	LK_JSON *claims = NULL;

	begin("tdx-gcp.quote");
	file_read("tdx-gcp.ccel", &ccel);
	claims = accepted(evidence(&ccel));
	/* nobody measured an event of ours there */
	CHECK(!lk_json_has(claims, "phase") && !lk_json_has(claims, "events"));
	ccel.data[300] ^= 1;
	refused(evidence(&ccel), "event log");
	ccel.data[300] ^= 1;
	ccel.n = 4000;
	refused(evidence(&ccel), "event log");
	end();
	begin("tdx-v4.quote");
	file_read("tdx-gcp.ccel", &ccel);
	refused(evidence(&ccel), "does not lead to the value of rtmr:0");
	end();
}

/* The agent's events in RTMR 3, which a log of a confidential guest counts as 4. */
TEST(events)
{
	static const uint16_t algs[] = { LK_TCG_SHA384 };
	static uint8_t log[4096], value[LK_HASH_MAX];
	static const char *const operations[] = { "configuration", "unlock", "handoff" };
	struct lk_event_source source = { .log = log,
					  .kind = LK_EVENTLOG_CC,
					  .alg = LK_TCG_SHA384,
					  .index = 4,
					  .name = "rtmr:3",
					  .value = value };
	uint8_t event[LK_AAEL_EVENT_MAX], hash[LK_HASH_MAX];
	size_t i, n, len;

	CHECK_OK(lk_crypto_setup(&err));
	memset(value, 0, sizeof(value));
	CHECK_OK(lk_eventlog_header(algs, 1, log, &source.n, &err));
	for (i = 0; i < 3; i++) {
		LK_JSON *claims = lk_json_object();

		CHECK_OK(lk_aael_event("latchkey", operations[i], "x", event, &n, &err));
		CHECK_OK(lk_hash(LK_SHA384, event, n, hash, &err));
		CHECK_OK(lk_register_extend(LK_SHA384, value, hash, &err));
		CHECK_OK(lk_aael_entry(4, LK_TCG_SHA384, event, n, log + source.n, &len, &err));
		source.n += len;
		CHECK_OK(lk_event_claims(&source, claims, &err));
		CHECK_STR(claim(claims, "phase"), i < 2 ? "initrd" : "system");
		CHECK_STR(claim(claims, "events.register"), "rtmr:3");
		source.index = 3; /* nothing of ours there */
		CHECK_EQ(lk_event_claims(&source, claims, &err), LK_DENIED);
		source.index = 4;
	}
}

/* --- Intel's documents -------------------------------------------------------------------------- */

static void keep(const char *name)
{
	struct file *f = malloc(sizeof(*f));

	file_read(name, f);
	CHECK_OK(lk_trust_add(trust, f->data, f->n, &err));
	free(f);
}

static void standing(const char *status, const char *stale, const char *revocation)
{
	LK_JSON *claims = accepted(evidence(NULL));

	CHECK_STR(claim(claims, "tdx.tcb_status"), status);
	CHECK_STR(claim(claims, "tdx.collateral_stale"), stale);
	CHECK_STR(claim(claims, "tdx.revocation"), revocation);
}

TEST(documents)
{
	begin("tdx-v4.quote");
	a.now = IN_NOVEMBER_2025;
	standing("unknown", "false", "unknown");
	keep("tdx-v4.tcbinfo");
	keep("tdx-v4.qeidentity");
	standing("unknown", "false", "unknown"); /* nobody to check them with */
	keep("tdx-v4.signer");
	standing("OutOfDate", "false", "unknown"); /* PCE SVN 11, the newest level wants 13 */
	a.now += 30 * 24 * 60 * 60;		   /* past the documents' next update */
	standing("OutOfDate", "true", "unknown");
	a.now = IN_NOVEMBER_2025 - 30 * 24 * 60 * 60; /* before they were issued */
	standing("unknown", "false", "unknown");
	end();
}

static enum lk_tcb_status judged(const struct lk_tdx_platform *p)
{
	struct lk_tdx_standing s;

	CHECK_OK(lk_tdx_standing(trust, a.now, p, &s, &err));
	return s.status;
}

/* Each part of what a platform says counts. */
TEST(parts_of_the_standing)
{
	static const uint8_t zeros[48], ones[8] = { 1 };
	static uint8_t qe[LK_QE_REPORT];
	const struct lk_tdx_platform good = {
		.pck = { .fmspc = { 0x00, 0xa0, 0x6d, 0x08 },
			 .components = { 2, 2, 2, 2, 4, 1, 0, 2 },
			 .pcesvn = 13 },
		.tee_tcb_svn = { 5, 3, 2 },
		.mrsignerseam = zeros,
		.seam_attributes = zeros,
		.qe_report = qe,
	};
	struct lk_tdx_platform p;

	begin("tdx-v4.quote");
	memcpy(qe, quote.data + 636 + 134, sizeof(qe));
	a.now = IN_NOVEMBER_2025;
	keep("tdx-v4.tcbinfo");
	keep("tdx-v4.qeidentity");
	keep("tdx-v4.signer");
	CHECK_EQ(judged(&good), LK_TCB_UP_TO_DATE);
	p = good;
	p.pck.pcesvn = 12;
	CHECK_EQ(judged(&p), LK_TCB_OUT_OF_DATE);
	p = good;
	p.pck.components[4] = 3;
	CHECK_EQ(judged(&p), LK_TCB_NOT_SUPPORTED);
	p = good;
	p.tee_tcb_svn[2] = 1;
	CHECK_EQ(judged(&p), LK_TCB_NOT_SUPPORTED);
	p = good;
	p.tee_tcb_svn[0] = 1; /* the module's own version */
	CHECK_EQ(judged(&p), LK_TCB_NOT_SUPPORTED);
	p = good;
	p.tee_tcb_svn[1] = 9; /* a module that nobody has heard of */
	CHECK_EQ(judged(&p), LK_TCB_UNKNOWN);
	p = good;
	p.seam_attributes = ones;
	CHECK_EQ(judged(&p), LK_TCB_UNKNOWN);
	p = good;
	p.pck.fmspc[5] = 1;
	CHECK_EQ(judged(&p), LK_TCB_UNKNOWN);
	p = good;
	p.pck.pceid[1] = 1;
	CHECK_EQ(judged(&p), LK_TCB_UNKNOWN);
	qe[LK_QE_SVN] = 1; /* an old quoting enclave */
	CHECK(judged(&good) > LK_TCB_UP_TO_DATE);
	qe[LK_QE_MRSIGNER] ^= 1; /* another's */
	CHECK_EQ(judged(&good), LK_TCB_UNKNOWN);
	end();
}

/* A platform that is older than anything Intel still has a name for. */
TEST(platform_of_old)
{
	begin("tdx-spr.quote");
	a.now = IN_JUNE_2023;
	keep("tdx-spr.tcbinfo");
	keep("tdx-spr.qeidentity");
	keep("tdx-spr.signer");
	standing("NotSupported", "false", "unknown");
	keep("tdx-spr.pckcrl");
	standing("NotSupported", "false", "unknown"); /* the CA itself may be revoked */
	keep("tdx-spr.rootcrl");
	standing("NotSupported", "false", "checked");
	a.now += 30 * 24 * 60 * 60;
	standing("NotSupported", "true", "stale");
	a.now = IN_2025; /* the signer's certificate has ended */
	standing("unknown", "false", "stale");
	end();
}

TEST(documents_one_by_one)
{
	begin("tdx-v4.quote");
	a.now = IN_NOVEMBER_2025;
	keep("tdx-v4.signer");
	keep("tdx-v4.tcbinfo");
	standing("unknown", "false", "unknown");
	end();
	begin("tdx-v4.quote");
	a.now = IN_NOVEMBER_2025;
	keep("tdx-v4.signer");
	keep("tdx-v4.qeidentity");
	standing("unknown", "false", "unknown");
	end();
	begin("tdx-v5.quote"); /* another platform */
	a.now = IN_NOVEMBER_2025;
	keep("tdx-v4.signer");
	keep("tdx-v4.qeidentity");
	keep("tdx-v4.tcbinfo");
	standing("unknown", "false", "unknown");
	end();
}

static void unfit(const struct file *f, const char *why)
{
	char line[2048];

	CHECK_EQ(lk_tdx_collateral_check(trust, IN_JUNE_2023, (const char *)f->data, f->n, &err),
		 LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, line, sizeof(line)), why);
}

TEST(altered_documents)
{
	static struct file f;
	char *at;

	begin("tdx-spr.quote");
	file_read("tdx-spr.tcbinfo", &f);
	unfit(&f, "no certificate of Intel SGX TCB Signing");
	keep("tdx-spr.signer");
	CHECK_OK(lk_tdx_collateral_check(trust, IN_JUNE_2023, (char *)f.data, f.n, &err));
	f.data[f.n] = '\0';
	at = strstr((char *)f.data, "OutOfDate");
	CHECK(at);
	memcpy(at, "UpToDate ", 9);
	unfit(&f, "signature");
	file_read("tdx-spr.tcbinfo", &f);
	f.data[f.n - 5] ^= 1;
	unfit(&f, "");
	f.n -= 3;
	unfit(&f, "neither tcbInfo nor enclaveIdentity");
	f.n = 100;
	unfit(&f, "neither tcbInfo nor enclaveIdentity");
	end();
}

/* --- changed ------------------------------------------------------------------------------------ */

TEST(bytes_of_the_quote)
{
	const size_t leaf_end =
		2960; /* of its base64; what follows is text and other certificates */
	size_t at;

	begin("tdx-v4.quote");
	for (at = 0; at < 4936; at += at < 1400 ? 7 : 29) {
		struct json_t *claims = NULL;
		LK_JSON *e = NULL;

		if (quote.data[at] == '\n')
			continue; /* between lines of base64 */
		quote.data[at] ^= 0x01;
		if (at >= V4_REPORT_DATA && at < V4_REPORT_DATA + 64)
			memcpy(digest, quote.data + V4_REPORT_DATA, 64);
		e = evidence(NULL);
		if (verify(e, &claims) == LK_OK) {
			lk_json_free(claims);
			if (at < leaf_end)
				check_fail(__FILE__, __LINE__, "byte %zu may be any", at);
		}
		quote.data[at] ^= 0x01;
		memcpy(digest, quote.data + V4_REPORT_DATA, 64);
	}
	end();
}

TEST(lengths)
{
	begin("tdx-v4.quote");
	quote.data[quote.n - 1] = 1;
	refused(evidence(NULL), "something other than zeros follows");
	quote.data[quote.n - 1] = 0;
	quote.n = 4935;
	refused(evidence(NULL), "a quote of 4935 bytes");
	quote.n = V4_SIGNED;
	refused(evidence(NULL), "a quote of 632 bytes");
	quote.n = 47;
	refused(evidence(NULL), "a quote of 47 bytes");
	end();
}

TEST(digest_and_padding)
{
	begin("tdx-v4.quote");
	digest[47] ^= 1;
	refused(evidence(NULL), "report_data is not the digest");
	digest[47] ^= 1;
	a.n = 47;
	refused(evidence(NULL), "report_data is not the digest");
	a.n = 65;
	refused(evidence(NULL), "report_data is not the digest");
	end();
}

TEST(dates)
{
	begin("tdx-v4.quote");
	a.now = 1744106300; /* before its platform was certified */
	refused(evidence(NULL), "Intel SGX PCK Certificate is not valid yet");
	a.now = 1965031200;
	refused(evidence(NULL), "Intel SGX PCK Certificate has ended");
	end();
}

/* A root of another vendor's does not certify Intel's platforms: there is none of Intel's here. */
TEST(malformed)
{
	LK_JSON *e = NULL;

	begin("tdx-v4.quote");
	refused(lk_json_array(), "quote is not base64");
	refused(lk_json_object(), "quote is not base64");
	e = evidence(NULL);
	CHECK(lk_json_set_string(e, "quote", "AAAA"));
	refused(lk_json_ref(e), "a quote of 3 bytes");
	CHECK(lk_json_set_bool(e, "cc_eventlog", true));
	refused(lk_json_ref(e), "a quote of 3 bytes");
	set_b64(e, "quote", &quote);
	refused(lk_json_ref(e), "cc_eventlog is no text");
	quote.data[0] = 3;
	refused(evidence(NULL), "version 3");
	quote.data[0] = 4;
	quote.data[2] = 3; /* a key of P-384 */
	refused(evidence(NULL), "not of Intel's enclave with a key of P-256");
	end();
}

TESTS(version_4, version_5, debugged_guest, event_log, events, documents, parts_of_the_standing,
      platform_of_old, documents_one_by_one, altered_documents, bytes_of_the_quote, lengths,
      digest_and_padding, dates, malformed)
