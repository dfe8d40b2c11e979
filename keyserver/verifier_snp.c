/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEV-SNP evidence: {"attestation_report": REPORT, "cert_chain": null or [{"cert_type", "data"}]}.
 *
 * The chain ends in one of AMD's root keys, the certificate speaks of the chip and the TCB version
 * that the report names, and the report is for VMPL 0 unless the operator says otherwise: what runs
 * at a lower level than the operating system, in the same guest, cannot speak for it.
 */
#include "keyserver/verifier_snp.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/secret.h"
#include "keyserver/claims.h"
#include "keyserver/snp_report.h"
#include "keyserver/trust.h"

#define CERTS_MAX     8
#define OID(tail)     "1.3.6.1.4.1.3704.1." tail
#define CHIP_ID	      64
#define CHIP_ID_SHORT 8 /* Turin's */

static const char *const tcb_oids[LK_SNP_TCB_PARTS] = { OID("3.1"), OID("3.2"), OID("3.3"),
							OID("3.8"), OID("3.9") };

struct given { /* certificates that came along */
	struct lk_cert *certs[CERTS_MAX];
	size_t n;
	const struct lk_cert *leaf; /* one of them */
};

static void given_clear(struct given *g)
{
	while (g->n)
		lk_cert_free(g->certs[--g->n]);
}

/* --- certificates ------------------------------------------------------------------------------- */

static enum lk_status read_cert(const struct json_t *item, struct lk_cert **ret,
				struct lk_error *err)
{
	const struct json_t *data = lk_json_get(item, "data");
	size_t i, n = lk_json_is_array(data) ? lk_json_count(data) : 0;
	LK_FREE uint8_t *bytes = NULL;
	int64_t byte;

	if (n == 0 || n > LK_X509_MAX)
		return lk_raise(err, LK_DENIED, "cert_chain: data is no list of bytes");
	bytes = malloc(n);
	if (!bytes)
		return lk_raise(err, LK_INTERNAL, "no memory for a certificate");
	for (i = 0; i < n; i++) {
		if (!lk_json_int_value(lk_json_at(data, i), &byte) || byte < 0 || byte > 0xff)
			return lk_raise(err, LK_DENIED, "cert_chain: data is no list of bytes");
		bytes[i] = (uint8_t)byte;
	}
	if (lk_cert_read(bytes, n, ret, err))
		return lk_raise(err, LK_DENIED, "cert_chain: a certificate that cannot be read");
	return LK_OK;
}

static enum lk_status read_given(const struct json_t *evidence, const char *leaf_type,
				 struct given *g, struct lk_error *err)
{
	const struct json_t *chain = lk_json_get(evidence, "cert_chain");
	size_t i, n = lk_json_is_array(chain) ? lk_json_count(chain) : 0;
	const char *type;
	enum lk_status st;

	if ((chain && !lk_json_is_null(chain) && !lk_json_is_array(chain)) || n > CERTS_MAX)
		return lk_raise(err, LK_DENIED, "cert_chain is no list of at most 8 certificates");
	for (i = 0; i < n; i++) {
		const struct json_t *item = lk_json_at(chain, i);

		type = lk_json_is_object(item)
			       ? lk_json_string_value(lk_json_get(item, "cert_type"))
			       : NULL;
		if (!type || strcmp(type, "CRL") == 0)
			continue; /* lists of revocation are the operator's to bring */
		st = read_cert(item, &g->certs[g->n], err);
		if (st)
			return st;
		if (strcmp(type, leaf_type) == 0)
			g->leaf = g->certs[g->n];
		g->n++;
	}
	return LK_OK;
}

/* An INTEGER of DER, as the extensions hold a version of 0 to 255. */
static bool read_version(const struct lk_cert *c, const char *oid, uint8_t *ret)
{
	uint8_t der[8];
	size_t n;

	if (!lk_cert_extension(c, oid, der, sizeof(der), &n) || n < 3 || der[0] != 0x02 ||
	    der[1] != n - 2)
		return false;
	if (n == 3 && der[2] < 0x80) {
		*ret = der[2];
		return true;
	}
	*ret = der[n - 1];
	return n == 4 && der[2] == 0;
}

static bool tcb_fits(const struct lk_cert *c, const struct lk_snp_report *r)
{
	uint8_t tcb[LK_SNP_TCB_PARTS], certified;
	size_t i;

	lk_snp_tcb(r, LK_SNP_REPORTED_TCB, tcb);
	for (i = 0; i < LK_SNP_TCB_PARTS; i++) {
		if (i == LK_SNP_FMC && !r->has_fmc)
			continue;
		if (!read_version(c, tcb_oids[i], &certified) || certified != tcb[i])
			return false;
	}
	return true;
}

static bool chip_fits(const struct lk_cert *c, const struct lk_snp_report *r)
{
	const uint8_t *reported = r->bytes + LK_SNP_CHIP_ID;
	size_t n, want = r->has_fmc ? CHIP_ID_SHORT : CHIP_ID;
	uint8_t id[CHIP_ID];

	return lk_cert_extension(c, OID("4"), id, sizeof(id), &n) && n == want &&
	       memcmp(id, reported, n) == 0 && lk_all_zero_ct(reported + n, CHIP_ID - n) &&
	       !lk_all_zero_ct(reported, n);
}

/* The certificate of the key that signed: what came along, or one that the operator keeps. */
static const struct lk_cert *find_leaf(const struct lk_appraisal *a, const struct given *g,
				       const struct lk_snp_report *r, bool vlek)
{
	const struct lk_cert *c;
	char name[LK_X509_NAME];
	size_t i;

	if (g->leaf)
		return g->leaf;
	for (i = 0; (c = lk_trust_cert(a->trust, i)); i++) {
		lk_cert_name(c, name);
		if (strcmp(name, vlek ? "SEV-VLEK" : "SEV-VCEK") == 0 && tcb_fits(c, r) &&
		    (vlek || chip_fits(c, r)))
			return c;
	}
	return NULL;
}

struct signer {
	bool vlek;
	const struct lk_cert *leaf;
	struct lk_chain chain;
	char product[LK_X509_NAME]; /* Milan, Genoa, Turin */
};

/* ARK-Milan, then SEV-Milan or SEV-VLEK-Milan, then the leaf; and nothing in between. */
static enum lk_status check_names(struct signer *s, struct lk_error *err)
{
	char root[LK_X509_NAME], middle[LK_X509_NAME], leaf[LK_X509_NAME];
	char want[LK_X509_NAME + 16];

	lk_cert_name(s->leaf, leaf);
	if (s->chain.n != 3)
		return lk_raise(err, LK_DENIED, "the chain of %s has %zu certificates, not 3", leaf,
				s->chain.n);
	lk_cert_name(s->chain.certs[1], middle);
	lk_cert_name(s->chain.certs[2], root);
	if (strncmp(root, "ARK-", 4) != 0)
		return lk_raise(err, LK_DENIED, "%s is no root key for SEV", root);
	(void)snprintf(s->product, sizeof(s->product), "%s", root + 4);
	(void)snprintf(want, sizeof(want), "SEV-%s%s", s->vlek ? "VLEK-" : "", s->product);
	if (strcmp(middle, want) != 0 || strcmp(leaf, s->vlek ? "SEV-VLEK" : "SEV-VCEK") != 0)
		return lk_raise(err, LK_DENIED, "%s below %s does not certify keys of this kind",
				leaf, middle);
	return LK_OK;
}

static enum lk_status check_signer(const struct lk_appraisal *a, const struct given *g,
				   const struct lk_snp_report *r, struct signer *s,
				   struct lk_error *err)
{
	enum lk_status st;

	s->leaf = find_leaf(a, g, r, s->vlek);
	if (!s->leaf)
		return lk_raise(err, LK_DENIED,
				"no %s for this chip and TCB version, neither in the evidence nor "
				"in the folder of --certificates",
				s->vlek ? "VLEK" : "VCEK");
	st = lk_trust_chain(a->trust, LK_VENDOR_AMD, s->leaf, g->certs, g->n, a->now, &s->chain,
			    err);
	if (st)
		return st;
	st = check_names(s, err);
	if (st)
		return st;
	if (!tcb_fits(s->leaf, r))
		return lk_raise(err, LK_DENIED,
				"the certificate is for another TCB version than the report");
	if (!s->vlek && !chip_fits(s->leaf, r))
		return lk_raise(err, LK_DENIED, "the certificate is for another chip");
	return LK_OK;
}

/* --- the report --------------------------------------------------------------------------------- */

static enum lk_status check_signature(const struct lk_snp_report *r, const struct lk_cert *leaf,
				      struct lk_error *err)
{
	struct lk_public_key key;
	uint8_t signature[96];
	enum lk_status st;

	if (lk_cert_ec_key(leaf, &key, err) || key.kind != LK_KEY_P384)
		return lk_raise(err, LK_DENIED, "the certified key is not of P-384");
	if (!lk_snp_signature(r, signature))
		return lk_raise(err, LK_DENIED, "the report's signature does not fit");
	st = lk_ecdsa_verify(&key, r->bytes, LK_SNP_SIGNED, signature, sizeof(signature), err);
	if (st == LK_TAMPERED)
		return lk_raise(err, LK_DENIED, "the report's signature does not fit");
	return st;
}

static enum lk_status check_report(const struct lk_appraisal *a, const struct lk_snp_report *r,
				   struct lk_error *err)
{
	const uint8_t *data = r->bytes + LK_SNP_REPORT_DATA;

	if (a->n > 64 || !lk_equal_ct(data, a->digest, a->n) ||
	    !lk_all_zero_ct(data + a->n, 64 - a->n))
		return lk_raise(err, LK_DENIED,
				"report_data is not the digest of this session's nonce and key");
	if (lk_snp_u64(r, LK_SNP_POLICY) & LK_SNP_POLICY_DEBUG)
		return lk_raise(err, LK_DENIED, "the guest's policy allows debugging");
	if (lk_snp_u32(r, LK_SNP_VMPL) > a->limits.snp_vmpl)
		return lk_raise(err, LK_DENIED, "the report is for VMPL %u; at most %u is allowed",
				lk_snp_u32(r, LK_SNP_VMPL), a->limits.snp_vmpl);
	if (lk_snp_u32(r, LK_SNP_SIG_ALGO) != 1)
		return lk_raise(err, LK_DENIED, "the report is not signed by ECDSA P-384");
	return LK_OK;
}

/* Bits 4 to 2 tell which key signed. */
static enum lk_status read_signer(const struct lk_snp_report *r, struct signer *s,
				  struct lk_error *err)
{
	uint32_t key = lk_snp_u32(r, LK_SNP_KEY_INFO) >> 2 & 7;

	if (key > 1)
		return lk_raise(err, LK_DENIED,
				"the report is signed by neither a VCEK nor a VLEK");
	s->vlek = key == 1;
	return LK_OK;
}

/* --- claims ------------------------------------------------------------------------------------- */

static bool set_tcb(struct json_t *obj, const char *name, const struct lk_snp_report *r, size_t at)
{
	uint8_t tcb[LK_SNP_TCB_PARTS];
	LK_JSON *parts = lk_json_object();
	bool ok = parts != NULL;
	size_t i;

	lk_snp_tcb(r, at, tcb);
	for (i = 0; i < LK_SNP_TCB_PARTS; i++)
		if (i != LK_SNP_FMC || r->has_fmc)
			ok = ok && lk_json_set_int(parts, lk_snp_tcb_names[i], tcb[i]);
	return ok && lk_json_set(obj, name, lk_take(parts));
}

static bool set_policy(struct json_t *obj, uint64_t policy)
{
	LK_JSON *p = lk_json_object();

	return p && lk_json_set_int(p, "abi_minor", policy & 0xff) &&
	       lk_json_set_int(p, "abi_major", policy >> 8 & 0xff) &&
	       lk_json_set_bool(p, "smt", policy >> 16 & 1) &&
	       lk_json_set_bool(p, "migrate_ma", policy >> 18 & 1) &&
	       lk_json_set_bool(p, "debug", policy >> 19 & 1) &&
	       lk_json_set_bool(p, "single_socket", policy >> 20 & 1) &&
	       lk_json_set_bool(p, "cxl_allow", policy >> 21 & 1) &&
	       lk_json_set_bool(p, "mem_aes_256_xts", policy >> 22 & 1) &&
	       lk_json_set_bool(p, "rapl_dis", policy >> 23 & 1) &&
	       lk_json_set_bool(p, "ciphertext_hiding", policy >> 24 & 1) &&
	       lk_json_set(obj, "policy", lk_take(p));
}

static bool set_platform(struct json_t *obj, uint64_t info)
{
	LK_JSON *p = lk_json_object();

	return p && lk_json_set_bool(p, "smt", info & 1) &&
	       lk_json_set_bool(p, "tsme", info >> 1 & 1) &&
	       lk_json_set_bool(p, "ecc", info >> 2 & 1) &&
	       lk_json_set_bool(p, "rapl_dis", info >> 3 & 1) &&
	       lk_json_set_bool(p, "ciphertext_hiding", info >> 4 & 1) &&
	       lk_json_set_bool(p, "alias_check_complete", info >> 5 & 1) &&
	       lk_json_set(obj, "platform", lk_take(p));
}

static bool set_fields(struct json_t *snp, const struct lk_snp_report *r)
{
	static const struct {
		const char *name;
		size_t at, n;
	} hex[] = {
		{ "measurement", LK_SNP_MEASUREMENT, 48 },
		{ "host_data", LK_SNP_HOST_DATA, 32 },
		{ "report_data", LK_SNP_REPORT_DATA, 64 },
		{ "family_id", LK_SNP_FAMILY_ID, 16 },
		{ "image_id", LK_SNP_IMAGE_ID, 16 },
		{ "id_key_digest", LK_SNP_ID_KEY, 48 },
		{ "author_key_digest", LK_SNP_AUTHOR_KEY, 48 },
		{ "report_id", LK_SNP_REPORT_ID, 32 },
		{ "chip_id", LK_SNP_CHIP_ID, 64 },
	};
	bool ok = true;
	size_t i;

	for (i = 0; i < sizeof(hex) / sizeof(hex[0]); i++)
		ok = ok && lk_claims_set_hex(snp, hex[i].name, r->bytes + hex[i].at, hex[i].n);
	return ok && lk_json_set_int(snp, "version", lk_snp_u32(r, LK_SNP_VERSION)) &&
	       lk_json_set_int(snp, "guest_svn", lk_snp_u32(r, LK_SNP_GUEST_SVN)) &&
	       lk_json_set_int(snp, "vmpl", lk_snp_u32(r, LK_SNP_VMPL)) &&
	       set_tcb(snp, "reported_tcb", r, LK_SNP_REPORTED_TCB) &&
	       set_tcb(snp, "current_tcb", r, LK_SNP_CURRENT_TCB) &&
	       set_tcb(snp, "committed_tcb", r, LK_SNP_COMMITTED_TCB) &&
	       set_tcb(snp, "launch_tcb", r, LK_SNP_LAUNCH_TCB) &&
	       set_policy(snp, lk_snp_u64(r, LK_SNP_POLICY)) &&
	       set_platform(snp, lk_snp_u64(r, LK_SNP_PLATFORM));
}

/* An IA5 or UTF-8 string of DER: the provider that a VLEK was made for. */
static bool set_provider(struct json_t *snp, const struct lk_cert *leaf)
{
	uint8_t der[130];
	size_t n;

	if (!lk_cert_extension(leaf, OID("5"), der, sizeof(der), &n) || n < 2 || der[1] != n - 2)
		return true;
	return lk_json_set_stringn(snp, "csp_id", (const char *)der + 2, n - 2);
}

static enum lk_status make_claims(const struct lk_snp_report *r, const struct signer *s,
				  struct json_t **ret, struct lk_error *err)
{
	LK_JSON *claims = lk_json_object();
	LK_JSON *snp = lk_json_object();

	if (!claims || !snp || !set_fields(snp, r) ||
	    !lk_json_set_string(snp, "product", s->product) ||
	    !lk_json_set_string(snp, "signing_key", s->vlek ? "vlek" : "vcek") ||
	    !lk_json_set_string(snp, "revocation", lk_revocation_name(s->chain.revocation)) ||
	    (s->vlek && !set_provider(snp, s->leaf)) || !lk_json_set(claims, "snp", lk_take(snp)))
		return lk_raise(err, LK_INTERNAL, "no memory for claims");
	*ret = lk_take(claims);
	return LK_OK;
}

static enum lk_status verify(const struct lk_appraisal *a, const struct json_t *evidence,
			     struct json_t **ret, struct lk_error *err)
{
	LK_CLEANUP(given_clear) struct given g = { .n = 0 };
	struct signer s = { 0 };
	struct lk_snp_report r;
	enum lk_status st;

	if (!lk_json_is_object(evidence))
		return lk_raise(err, LK_DENIED, "the evidence is not an object");
	st = lk_snp_report_from_json(lk_json_get(evidence, "attestation_report"), &r, err);
	if (!st)
		st = check_report(a, &r, err);
	if (!st)
		st = read_signer(&r, &s, err);
	if (!st)
		st = read_given(evidence, s.vlek ? "VLEK" : "VCEK", &g, err);
	if (!st)
		st = check_signer(a, &g, &r, &s, err);
	if (!st)
		st = check_signature(&r, s.leaf, err);
	return st ? st : make_claims(&r, &s, ret, err);
}

const struct lk_verifier lk_verifier_snp = {
	.tee = "snp",
	.verify = verify,
};
