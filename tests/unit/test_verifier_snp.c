/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/verifier_snp.c: recorded reports pass, and no longer do when anything in them, around
 * them or above them changes. */
#define JUDGED_TEE "snp"

#include "core/crypto.h"
#include "evidence_judged.h"

#define DIGEST	 0x50
#define SIGNED	 0x2a0
#define CHIP	 0x1a0
#define CPUID	 0x188
#define KEY_INFO 0x48

static struct lk_trust *trust;
static uint8_t digest[64];

/* --- a report's bytes as the JSON that clients send --------------------------------------------- */

static int64_t le(const uint8_t *p, size_t n)
{
	int64_t v = 0;

	while (n--)
		v = v * 256 + p[n];
	return v;
}

static void set_number(struct json_t *o, const char *name, const uint8_t *p, size_t n, bool null)
{
	CHECK(null ? lk_json_set_null(o, name) : lk_json_set_int(o, name, le(p, n)));
}

static void set_bytes(struct json_t *o, const char *name, const uint8_t *p, size_t n)
{
	CHECK(lk_json_set(o, name, json_bytes(p, n)));
}

static void set_tcb(struct json_t *o, const char *name, const uint8_t *p, bool fmc)
{
	struct json_t *t = lk_json_object();

	set_number(t, "fmc", p, 1, !fmc);
	set_number(t, "bootloader", p + (fmc ? 1 : 0), 1, false);
	set_number(t, "tee", p + (fmc ? 2 : 1), 1, false);
	set_number(t, "snp", p + (fmc ? 3 : 6), 1, false);
	set_number(t, "microcode", p + 7, 1, false);
	CHECK(lk_json_set(o, name, t));
}

static void set_firmware(struct json_t *o, const char *name, const uint8_t *p)
{
	struct json_t *v = lk_json_object();

	set_number(v, "build", p, 1, false);
	set_number(v, "minor", p + 1, 1, false);
	set_number(v, "major", p + 2, 1, false);
	CHECK(lk_json_set(o, name, v));
}

static struct json_t *report_json(const uint8_t *r)
{
	struct json_t *o = lk_json_object(), *s = lk_json_object();
	bool v2 = r[0] < 3, fmc = r[CPUID] >= 0x1a;

	set_number(o, "version", r, 4, false);
	set_number(o, "guest_svn", r + 4, 4, false);
	set_number(o, "policy", r + 8, 8, false);
	set_bytes(o, "family_id", r + 0x10, 16);
	set_bytes(o, "image_id", r + 0x20, 16);
	set_number(o, "vmpl", r + 0x30, 4, false);
	set_number(o, "sig_algo", r + 0x34, 4, false);
	set_tcb(o, "current_tcb", r + 0x38, fmc);
	set_number(o, "plat_info", r + 0x40, 8, false);
	set_number(o, "key_info", r + KEY_INFO, 4, false);
	set_bytes(o, "report_data", r + DIGEST, 64);
	set_bytes(o, "measurement", r + 0x90, 48);
	set_bytes(o, "host_data", r + 0xc0, 32);
	set_bytes(o, "id_key_digest", r + 0xe0, 48);
	set_bytes(o, "author_key_digest", r + 0x110, 48);
	set_bytes(o, "report_id", r + 0x140, 32);
	set_bytes(o, "report_id_ma", r + 0x160, 32);
	set_tcb(o, "reported_tcb", r + 0x180, fmc);
	set_number(o, "cpuid_fam_id", r + CPUID, 1, v2);
	set_number(o, "cpuid_mod_id", r + CPUID + 1, 1, v2);
	set_number(o, "cpuid_step", r + CPUID + 2, 1, v2);
	set_bytes(o, "chip_id", r + CHIP, 64);
	set_tcb(o, "committed_tcb", r + 0x1e0, fmc);
	set_firmware(o, "current", r + 0x1e8);
	set_firmware(o, "committed", r + 0x1ec);
	set_tcb(o, "launch_tcb", r + 0x1f0, fmc);
	set_number(o, "launch_mit_vector", r + 0x1f8, 8, r[0] < 5);
	set_number(o, "current_mit_vector", r + 0x200, 8, r[0] < 5);
	set_bytes(s, "r", r + SIGNED, 72);
	set_bytes(s, "s", r + SIGNED + 72, 72);
	CHECK(lk_json_set(o, "signature", s));
	return o;
}

/* leaf: NULL for "cert_chain": null */
static struct json_t *evidence(const struct file *report, const char *type, const struct file *leaf)
{
	struct json_t *o = lk_json_object(), *list = lk_json_array(), *item = lk_json_object();

	CHECK_EQ(report->n, 1184);
	CHECK(lk_json_set(o, "attestation_report", report_json(report->data)));
	if (!leaf) {
		lk_json_free(list);
		lk_json_free(item);
		CHECK(lk_json_set_null(o, "cert_chain"));
		return o;
	}
	CHECK(lk_json_set_string(item, "cert_type", type));
	set_bytes(item, "data", leaf->data, leaf->n);
	CHECK(lk_json_append(list, item) && lk_json_set(o, "cert_chain", list));
	return o;
}

/* --- asking ------------------------------------------------------------------------------------- */

static void begin(const struct file *report)
{
	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_trust_new(&trust, &err));
	memcpy(digest, report->data + DIGEST, sizeof(digest));
	a = (struct lk_appraisal){ .digest = digest, .n = 64, .trust = trust, .now = IN_2025 };
}

static void end(void)
{
	lk_trust_free(trust);
	trust = NULL;
}

/* --- recorded ----------------------------------------------------------------------------------- */

static struct file report, leaf, other;

static void milan(void)
{
	file_read("snp-milan.report", &report);
	file_read("snp-milan.vcek", &leaf);
	begin(&report);
}

TEST(vcek)
{
	LK_JSON *claims = NULL;
	LK_JSON *e = NULL;

	milan();
	e = evidence(&report, "VCEK", &leaf);
	a.n = 32; /* the rest is zeros */
	CHECK_OK(verify(e, &claims));
	CHECK_STR(claim(claims, "snp.measurement"),
		  "a1f3930413247bb38cfc171579ea3c12d5fe4901f0c792f63fd75d98f1ef827c"
		  "23500644e0e692e6be917f9050d3d38c");
	CHECK_STR(claim(claims, "snp.reported_tcb"),
		  "{\"bootloader\":3,\"microcode\":115,\"snp\":8,\"tee\":0}");
	CHECK_STR(claim(claims, "snp.current_tcb.microcode"), "206");
	CHECK_STR(claim(claims, "snp.policy.debug"), "false");
	CHECK_STR(claim(claims, "snp.policy.smt"), "true");
	CHECK_STR(claim(claims, "snp.product"), "Milan");
	CHECK_STR(claim(claims, "snp.signing_key"), "vcek");
	CHECK_STR(claim(claims, "snp.revocation"), "unknown");
	CHECK_STR(claim(claims, "snp.vmpl"), "0");
	CHECK(!lk_json_has(claims, "phase"));
	end();
}

TEST(vcek_of_the_store)
{
	LK_JSON *claims = NULL;
	LK_JSON *e = NULL;

	milan();
	refused(evidence(&report, NULL, NULL), "no VCEK for this chip");
	file_read("snp-debug.vcek", &other);
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err));
	refused(evidence(&report, NULL, NULL), "no VCEK for this chip");
	CHECK_OK(lk_trust_add(trust, leaf.data, leaf.n, &err));
	e = evidence(&report, NULL, NULL);
	CHECK_OK(verify(e, &claims));
	end();
}

TEST(vlek)
{
	LK_JSON *claims = NULL;
	LK_JSON *e = NULL;

	file_read("snp-vlek.report", &report);
	file_read("snp-vlek.vlek", &leaf);
	begin(&report);
	refused(evidence(&report, "VLEK", &leaf), "VMPL 1; at most 0");
	a.limits.snp_vmpl = 1;
	e = evidence(&report, "VLEK", &leaf);
	CHECK_OK(verify(e, &claims));
	CHECK_STR(claim(claims, "snp.signing_key"), "vlek");
	CHECK_STR(claim(claims, "snp.csp_id"), "CN=cc-us-east-2.amazonaws.com");
	CHECK_STR(claim(claims, "snp.vmpl"), "1");
	CHECK_STR(claim(claims, "snp.reported_tcb.microcode"), "217");
	refused(evidence(&report, "VCEK", &leaf), "no VLEK"); /* of another kind than it says */
	refused(evidence(&report, NULL, NULL), "no VLEK");
	a.now = 1765404862; /* a second after its end */
	refused(evidence(&report, "VLEK", &leaf), "the certificate of SEV-VLEK has ended");
	a.now = 1733868860;
	refused(evidence(&report, "VLEK", &leaf), "the certificate of SEV-VLEK is not valid yet");
	end();
}

TEST(debugged_guest)
{
	file_read("snp-debug.report", &report);
	file_read("snp-debug.vcek", &leaf);
	begin(&report);
	refused(evidence(&report, "VCEK", &leaf), "allows debugging");
	end();
}

/* Turin's TCB has another layout and one part more, its chips have shorter names. */
TEST(firmware_of_turin)
{
	LK_JSON *claims = NULL;
	LK_JSON *e = NULL;

	file_read("snp-fmc.report", &report);
	file_read("snp-fmc.vcek", &leaf);
	begin(&report);
	a.n = 48;
	e = evidence(&report, "VCEK", &leaf);
	refused(lk_json_ref(e), "no certificate that signed the one of SEV-VCEK");
	file_read("snp-fmc.ask", &other);
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err));
	refused(lk_json_ref(e), "no certificate that signed the one of SEV-Testing");
	file_read("snp-fmc.ark", &other);
	other.data[other.n] = '\0';
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err)); /* no root for lying there */
	refused(lk_json_ref(e), "more than 4 certificates");
	end();
	begin(&report);
	a.n = 48;
	/* nor of another vendor's */
	CHECK_OK(lk_trust_add_root(trust, LK_VENDOR_INTEL, (char *)other.data, &err));
	refused(lk_json_ref(e), "no certificate that signed");
	CHECK_OK(lk_trust_add_root(trust, LK_VENDOR_AMD, (char *)other.data, &err));
	file_read("snp-fmc.ask", &other);
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err));
	CHECK_OK(verify(e, &claims));
	CHECK_STR(claim(claims, "snp.reported_tcb"),
		  "{\"bootloader\":2,\"fmc\":1,\"microcode\":200,\"snp\":4,\"tee\":3}");
	CHECK_STR(claim(claims, "snp.product"), "Testing");
	end();
}

static void own_root(void)
{
	file_read("snp-fmc.report", &report);
	file_read("snp-fmc.vcek", &leaf);
	begin(&report);
	file_read("snp-fmc.ark", &other);
	other.data[other.n] = '\0';
	CHECK_OK(lk_trust_add_root(trust, LK_VENDOR_AMD, (char *)other.data, &err));
	file_read("snp-fmc.ask", &other);
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err));
}

static void keep(const char *name)
{
	file_read(name, &other);
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err));
}

static void revocation_is(const char *state)
{
	LK_JSON *claims = NULL;
	LK_JSON *e = evidence(&report, "VCEK", &leaf);

	CHECK_OK(verify(e, &claims));
	CHECK_STR(claim(claims, "snp.revocation"), state);
}

TEST(revocation)
{
	own_root();
	revocation_is("unknown");
	keep("tdx-spr.rootcrl"); /* another's list */
	revocation_is("unknown");
	keep("snp-fmc.crl");
	revocation_is("checked");
	a.now = 1767225601; /* past the next update */
	revocation_is("stale");
	a.now = IN_2025;
	keep("snp-fmc.crl-ask");
	refused(evidence(&report, "VCEK", &leaf), "the certificate of SEV-Testing was revoked");
	a.now = 1767225601;
	refused(evidence(&report, "VCEK", &leaf), "the certificate of SEV-Testing was revoked");
	end();
	own_root();
	file_read("snp-fmc.crl", &other);
	other.data[other.n - 1] ^= 1; /* its signature */
	CHECK_OK(lk_trust_add(trust, other.data, other.n, &err));
	revocation_is("unknown");
	end();
}

/* --- changed ------------------------------------------------------------------------------------ */

/* Reserved bytes, and those that version 2 does not have, have no place in the JSON: whoever reads
 * it takes zeros for them. */
static bool has_a_name(size_t at)
{
	static const struct {
		size_t from, to;
	} gaps[] = {
		{ 0x03a, 0x03e }, { 0x04c, 0x050 }, { 0x182, 0x186 },
		{ 0x188, 0x1a0 }, { 0x1e2, 0x1e6 }, { 0x1eb, 0x1ec },
		{ 0x1ef, 0x1f0 }, { 0x1f2, 0x1f6 }, { 0x1f8, 0x2a0 },
	};
	size_t i;

	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		if (at >= gaps[i].from && at < gaps[i].to)
			return false;
	return true;
}

TEST(bytes_of_the_report)
{
	size_t at;

	milan();
	for (at = 0; at < SIGNED; at += 3) {
		struct json_t *claims = NULL;
		LK_JSON *e = NULL;

		if (!has_a_name(at))
			continue;
		report.data[at] ^= 0x01;
		e = evidence(&report, "VCEK", &leaf);
		if (verify(e, &claims) != LK_DENIED)
			check_fail(__FILE__, __LINE__, "byte %zu may be any", at);
		report.data[at] ^= 0x01;
	}
	end();
}

TEST(signature)
{
	milan();
	report.data[SIGNED] ^= 1;
	refused(evidence(&report, "VCEK", &leaf), "the report's signature does not fit");
	report.data[SIGNED] ^= 1;
	report.data[SIGNED + 72 + 47] ^= 0x80;
	refused(evidence(&report, "VCEK", &leaf), "the report's signature does not fit");
	report.data[SIGNED + 72 + 47] ^= 0x80;
	report.data[SIGNED + 50] = 1; /* beyond the 48 bytes that count */
	refused(evidence(&report, "VCEK", &leaf), "the report's signature does not fit");
	memset(report.data + SIGNED, 0, 144);
	refused(evidence(&report, "VCEK", &leaf), "the report's signature does not fit");
	end();
}

TEST(digest_and_padding)
{
	milan();
	digest[0] ^= 1;
	refused(evidence(&report, "VCEK", &leaf), "report_data is not the digest");
	digest[0] ^= 1;
	a.n = 31; /* what follows must be zeros */
	refused(evidence(&report, "VCEK", &leaf), "report_data is not the digest");
	a.n = 65;
	refused(evidence(&report, "VCEK", &leaf), "report_data is not the digest");
	end();
}

TEST(certificates)
{
	milan();
	file_read("snp-debug.vcek", &other); /* of another chip */
	refused(evidence(&report, "VCEK", &other), "another TCB version");
	leaf.data[leaf.n - 1] ^= 1;
	refused(evidence(&report, "VCEK", &leaf), "is not signed by the one it names");
	leaf.data[leaf.n - 1] ^= 1;
	leaf.data[700] ^= 1;
	refused(evidence(&report, "VCEK", &leaf), "");
	leaf.data[700] ^= 1;
	leaf.n--;
	refused(evidence(&report, "VCEK", &leaf), "cannot be read");
	leaf.n++;
	a.now = 1674582000; /* before it was made */
	refused(evidence(&report, "VCEK", &leaf), "is not valid yet");
	a.now = 1895507907; /* after its end */
	refused(evidence(&report, "VCEK", &leaf), "has ended");
	end();
}

/* A VLEK is not taken for a VCEK because the report says so, nor the other way round. */
TEST(kinds_of_keys)
{
	milan();
	report.data[KEY_INFO] = 4;
	refused(evidence(&report, "VLEK", &leaf), "does not certify keys of this kind");
	report.data[KEY_INFO] = 7 << 2;
	refused(evidence(&report, "VCEK", &leaf), "neither a VCEK nor a VLEK");
	report.data[KEY_INFO] = 0;
	memset(report.data + CHIP, 0, 64); /* masked */
	refused(evidence(&report, "VCEK", &leaf), "another chip");
	file_read("snp-vlek.vlek", &leaf);
	refused(evidence(&report, "VCEK", &leaf), "does not certify keys of this kind");
	end();
}

static struct json_t *with(const char *name, struct json_t *value)
{
	struct json_t *e = evidence(&report, "VCEK", &leaf);

	CHECK(lk_json_set(lk_json_get(e, "attestation_report"), name, value));
	return e;
}

static struct json_t *number(int64_t n)
{
	LK_JSON *o = lk_json_object();

	CHECK(lk_json_set_int(o, "n", n));
	return lk_json_ref(lk_json_get(o, "n"));
}

TEST(malformed)
{
	struct json_t *e;

	milan();
	refused(lk_json_array(), "not an object");
	refused(lk_json_object(), "attestation_report is not an object");
	refused(with("version", number(6)), "version is not 2 to 5");
	refused(with("version", number(1)), "version is not 2 to 5");
	refused(with("version", number(3)), "cpuid_fam_id");
	refused(with("cpuid_step", number(0)), "cpuid_step");
	refused(with("vmpl", number(-1)), "vmpl");
	refused(with("guest_svn", number(1ll << 32)), "guest_svn");
	refused(with("measurement", lk_json_array()), "measurement");
	refused(with("chip_id", json_bytes(report.data, 65)), "chip_id");
	refused(with("current_tcb", lk_json_object()), "current_tcb");
	refused(with("signature", lk_json_array()), "signature");
	refused(with("current", number(1)), "current");
	e = evidence(&report, "VCEK", &leaf);
	CHECK(lk_json_set(e, "cert_chain", number(1)));
	refused(e, "cert_chain");
	end();
}

TESTS(vcek, vcek_of_the_store, vlek, debugged_guest, firmware_of_turin, revocation,
      bytes_of_the_report, signature, digest_and_padding, certificates, kinds_of_keys, malformed)
