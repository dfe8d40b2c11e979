/* SPDX-License-Identifier: Apache-2.0 */
/* Takes an SEV-SNP report apart, and writes it as JSON member by member: who verifies it puts these
 * bytes together again, so that a member too few or a byte in the wrong place breaks the signature. */
#include "attestation/snp_report.h"

#include <stdbool.h>
#include <string.h>

#include "attestation/bytes.h"
#include "core/cleanup.h"
#include "core/json.h"

#define VERSION	       0x000
#define POLICY	       0x008
#define POLICY_DEBUG   (1u << 19)
#define REPORT_DATA    0x050
#define CPUID_FAMILY   0x188
#define SIGNATURE      0x2a0
#define SIGNATURE_PART 72

/* CPUID families, as reported from version 3 on */
#define FAMILY_ZEN3_4 0x19 /* Milan, Genoa */
#define FAMILY_ZEN5   0x1a /* Turin and later */

#define BAD(err, ...) lk_raise_code(err, LK_C_EVIDENCE_INVALID, __VA_ARGS__)

enum form {
	U8, /* null before the version that has it */
	U32,
	U64, /* likewise */
	BYTES,
	TCB,
	BUILD, /* {major, minor, build} in the reverse order of the bytes */
};

static const struct member {
	const char *name;
	uint16_t at;
	uint8_t size;
	uint8_t form;
	uint8_t since; /* report version */
} members[] = {
	{ "version", VERSION, 4, U32, 0 },
	{ "guest_svn", 0x004, 4, U32, 0 },
	{ "policy", POLICY, 8, U64, 0 },
	{ "family_id", 0x010, 16, BYTES, 0 },
	{ "image_id", 0x020, 16, BYTES, 0 },
	{ "vmpl", 0x030, 4, U32, 0 },
	{ "sig_algo", 0x034, 4, U32, 0 },
	{ "current_tcb", 0x038, 8, TCB, 0 },
	{ "plat_info", 0x040, 8, U64, 0 },
	{ "key_info", 0x048, 4, U32, 0 },
	{ "report_data", REPORT_DATA, LK_SNP_DATA, BYTES, 0 },
	{ "measurement", 0x090, 48, BYTES, 0 },
	{ "host_data", 0x0c0, 32, BYTES, 0 },
	{ "id_key_digest", 0x0e0, 48, BYTES, 0 },
	{ "author_key_digest", 0x110, 48, BYTES, 0 },
	{ "report_id", 0x140, 32, BYTES, 0 },
	{ "report_id_ma", 0x160, 32, BYTES, 0 },
	{ "reported_tcb", 0x180, 8, TCB, 0 },
	{ "cpuid_fam_id", CPUID_FAMILY, 1, U8, 3 },
	{ "cpuid_mod_id", 0x189, 1, U8, 3 },
	{ "cpuid_step", 0x18a, 1, U8, 3 },
	{ "chip_id", 0x1a0, 64, BYTES, 0 },
	{ "committed_tcb", 0x1e0, 8, TCB, 0 },
	{ "current", 0x1e8, 3, BUILD, 0 },
	{ "committed", 0x1ec, 3, BUILD, 0 },
	{ "launch_tcb", 0x1f0, 8, TCB, 0 },
	{ "launch_mit_vector", 0x1f8, 8, U64, 5 },
	{ "current_mit_vector", 0x200, 8, U64, 5 },
};

/* Where the parts of a TCB version are; -1: not there. */
static const struct tcb_part {
	const char *name;
	int8_t zen3_4, zen5;
} tcb_parts[] = {
	{ "fmc", -1, 0 }, { "bootloader", 0, 1 }, { "tee", 1, 2 },
	{ "snp", 6, 3 },  { "microcode", 7, 7 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Version 2 does not say which processor it is of; it is older than Turin. */
static bool known_processor(const uint8_t *report)
{
	return lk_le32(report + VERSION) < 3 || report[CPUID_FAMILY] == FAMILY_ZEN3_4 ||
	       report[CPUID_FAMILY] == FAMILY_ZEN5;
}

static bool is_zen5(const uint8_t *report)
{
	return lk_le32(report + VERSION) >= 3 && report[CPUID_FAMILY] == FAMILY_ZEN5;
}

enum lk_status lk_snp_report_check(const uint8_t *report, size_t n, const uint8_t data[LK_SNP_DATA],
				   struct lk_error *err)
{
	uint32_t version;

	if (n != LK_SNP_REPORT)
		return BAD(err, "an SEV-SNP report of %zu bytes, not %d", n, LK_SNP_REPORT);
	version = lk_le32(report + VERSION);
	if (version < 2 || version > 5)
		return BAD(err, "an SEV-SNP report of version %u", version);
	if (!known_processor(report))
		return BAD(err, "an SEV-SNP report of processor family %#x", report[CPUID_FAMILY]);
	if (memcmp(report + REPORT_DATA, data, LK_SNP_DATA) != 0)
		return BAD(err, "the processor reported other data than what was asked for");
	if (lk_le64(report + POLICY) & POLICY_DEBUG)
		return lk_raise_code(err, LK_C_TEE_DEBUG,
				     "the guest's policy allows its host to debug it");
	return LK_OK;
}

/* ---- JSON ---- */

static struct json_t *tcb_json(const uint8_t *p, bool zen5)
{
	LK_JSON *tcb = lk_json_object();
	size_t i;

	for (i = 0; tcb && i < COUNT(tcb_parts); i++) {
		const struct tcb_part *part = &tcb_parts[i];
		const int at = zen5 ? part->zen5 : part->zen3_4;

		if (!(at < 0 ? lk_json_set_null(tcb, part->name)
			     : lk_json_set_int(tcb, part->name, p[at])))
			return NULL;
	}
	return lk_take(tcb);
}

static struct json_t *build_json(const uint8_t *p)
{
	LK_JSON *build = lk_json_object();

	if (!build || !lk_json_set_int(build, "major", p[2]) ||
	    !lk_json_set_int(build, "minor", p[1]) || !lk_json_set_int(build, "build", p[0]))
		return NULL;
	return lk_take(build);
}

static bool set_member(struct json_t *doc, const struct member *m, const uint8_t *report)
{
	const uint8_t *p = report + m->at;

	if (lk_le32(report + VERSION) < m->since)
		return lk_json_set_null(doc, m->name);
	switch ((enum form)m->form) {
	case U8:
		return lk_json_set_int(doc, m->name, *p);
	case U32:
		return lk_json_set_int(doc, m->name, lk_le32(p));
	case U64:
		return lk_json_set_int(doc, m->name, (int64_t)lk_le64(p));
	case BYTES:
		return lk_json_set_bytes(doc, m->name, p, m->size);
	case TCB:
		return lk_json_set(doc, m->name, tcb_json(p, is_zen5(report)));
	case BUILD:
		return lk_json_set(doc, m->name, build_json(p));
	}
	return false;
}

static struct json_t *signature_json(const uint8_t *p)
{
	LK_JSON *signature = lk_json_object();

	if (!signature || !lk_json_set_bytes(signature, "r", p, SIGNATURE_PART) ||
	    !lk_json_set_bytes(signature, "s", p + SIGNATURE_PART, SIGNATURE_PART))
		return NULL;
	return lk_take(signature);
}

/* JSON here has numbers of 63 bits; a report that uses the 64th would be told wrong. */
static bool expressible(const uint8_t *report)
{
	size_t i;

	for (i = 0; i < COUNT(members); i++)
		if (members[i].form == U64 && lk_le32(report + VERSION) >= members[i].since &&
		    lk_le64(report + members[i].at) > INT64_MAX)
			return false;
	return true;
}

enum lk_status lk_snp_report_json(const uint8_t report[LK_SNP_REPORT], struct json_t **ret,
				  struct lk_error *err)
{
	LK_JSON *doc = NULL;
	bool ok;
	size_t i;

	if (!known_processor(report))
		return BAD(err, "an SEV-SNP report of processor family %#x", report[CPUID_FAMILY]);
	if (!expressible(report))
		return BAD(err, "an SEV-SNP report with bits that no JSON number holds");
	doc = lk_json_object();
	ok = doc != NULL;
	for (i = 0; ok && i < COUNT(members); i++)
		ok = set_member(doc, &members[i], report);
	if (!ok || !lk_json_set(doc, "signature", signature_json(report + SIGNATURE)))
		return lk_raise(err, LK_INTERNAL, "out of memory for a report");
	*ret = lk_take(doc);
	return LK_OK;
}
