/* SPDX-License-Identifier: Apache-2.0 */
/* The SEV-SNP report: from JSON to the bytes that were signed, and reading those. */
#include "keyserver/snp_report.h"

#include <string.h>

#include "core/json.h"

#define COMPONENT 72   /* of a signature: 48 bytes, little-endian, and zeros */
#define TURIN	  0x1a /* CPUID family, as far as reports have it */

const char *const lk_snp_tcb_names[LK_SNP_TCB_PARTS] = { "bootloader", "tee", "snp", "microcode",
							 "fmc" };
/* Where a TCB version has its parts. */
static const uint8_t layout[LK_SNP_TCB_PARTS] = { 0, 1, 6, 7 };
static const uint8_t layout_fmc[LK_SNP_TCB_PARTS] = { 1, 2, 3, 7, 0 };

struct number {
	const char *name;
	uint16_t at;
	uint8_t size;
	uint8_t since; /* the report version that brought it; null in earlier ones */
};
static const struct number numbers[] = {
	{ "version", LK_SNP_VERSION, 4, 0 },
	{ "guest_svn", LK_SNP_GUEST_SVN, 4, 0 },
	{ "policy", LK_SNP_POLICY, 8, 0 },
	{ "vmpl", LK_SNP_VMPL, 4, 0 },
	{ "sig_algo", LK_SNP_SIG_ALGO, 4, 0 },
	{ "plat_info", LK_SNP_PLATFORM, 8, 0 },
	{ "key_info", LK_SNP_KEY_INFO, 4, 0 },
	{ "cpuid_fam_id", LK_SNP_CPUID, 1, 3 },
	{ "cpuid_mod_id", LK_SNP_CPUID + 1, 1, 3 },
	{ "cpuid_step", LK_SNP_CPUID + 2, 1, 3 },
	{ "launch_mit_vector", LK_SNP_LAUNCH_MIT, 8, 5 },
	{ "current_mit_vector", LK_SNP_CURRENT_MIT, 8, 5 },
};

struct field {
	const char *name;
	uint16_t at, size;
};
static const struct field fields[] = {
	{ "family_id", LK_SNP_FAMILY_ID, 16 },		{ "image_id", LK_SNP_IMAGE_ID, 16 },
	{ "report_data", LK_SNP_REPORT_DATA, 64 },	{ "measurement", LK_SNP_MEASUREMENT, 48 },
	{ "host_data", LK_SNP_HOST_DATA, 32 },		{ "id_key_digest", LK_SNP_ID_KEY, 48 },
	{ "author_key_digest", LK_SNP_AUTHOR_KEY, 48 }, { "report_id", LK_SNP_REPORT_ID, 32 },
	{ "report_id_ma", LK_SNP_REPORT_ID_MA, 32 },	{ "chip_id", LK_SNP_CHIP_ID, 64 },
};

static const struct field tcbs[] = {
	{ "current_tcb", LK_SNP_CURRENT_TCB, 8 },
	{ "reported_tcb", LK_SNP_REPORTED_TCB, 8 },
	{ "committed_tcb", LK_SNP_COMMITTED_TCB, 8 },
	{ "launch_tcb", LK_SNP_LAUNCH_TCB, 8 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static enum lk_status wrong(struct lk_error *err, const char *name)
{
	return lk_raise(err, LK_DENIED, "attestation_report.%s is missing or out of range", name);
}

/* --- from JSON ---------------------------------------------------------------------------------- */

static void put_le(uint8_t *out, uint64_t value, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static bool get_number(const struct json_t *obj, const char *name, size_t size, uint64_t *ret)
{
	struct lk_error ignored = { 0 };
	int64_t max = size == 8 ? INT64_MAX : (int64_t)(1ull << (8 * size)) - 1, value;

	if (lk_json_get_int(obj, name, 0, max, &value, &ignored))
		return false;
	*ret = (uint64_t)value;
	return true;
}

static bool get_bytes(const struct json_t *obj, const char *name, uint8_t *out, size_t n)
{
	const struct json_t *list = lk_json_get(obj, name);
	int64_t byte;
	size_t i;

	if (!lk_json_is_array(list) || lk_json_count(list) != n)
		return false;
	for (i = 0; i < n; i++) {
		if (!lk_json_int_value(lk_json_at(list, i), &byte) || byte < 0 || byte > 0xff)
			return false;
		out[i] = (uint8_t)byte;
	}
	return true;
}

static bool is_null(const struct json_t *obj, const char *name)
{
	return !lk_json_has(obj, name) || lk_json_is_null(lk_json_get(obj, name));
}

static enum lk_status read_numbers(const struct json_t *obj, uint8_t *out, struct lk_error *err)
{
	uint64_t version, value;
	size_t i;

	if (!get_number(obj, "version", 4, &version) || version < 2 || version > 5)
		return lk_raise(err, LK_DENIED, "the report's version is not 2 to 5");
	for (i = 0; i < COUNT(numbers); i++) {
		const struct number *n = &numbers[i];

		if (version < n->since && is_null(obj, n->name))
			continue;
		if (version < n->since || !get_number(obj, n->name, n->size, &value))
			return wrong(err, n->name);
		put_le(out + n->at, value, n->size);
	}
	return LK_OK;
}

static bool read_tcb(const struct json_t *obj, const char *name, bool has_fmc, uint8_t out[8])
{
	const uint8_t *where = has_fmc ? layout_fmc : layout;
	const struct json_t *tcb = lk_json_get(obj, name);
	uint64_t value;
	size_t i;

	if (!lk_json_is_object(tcb))
		return false;
	for (i = 0; i < LK_SNP_TCB_PARTS; i++) {
		if (i == LK_SNP_FMC && !has_fmc)
			return is_null(tcb, lk_snp_tcb_names[i]);
		if (!get_number(tcb, lk_snp_tcb_names[i], 1, &value))
			return false;
		out[where[i]] = (uint8_t)value;
	}
	return true;
}

static bool read_firmware(const struct json_t *obj, const char *name, uint8_t out[3])
{
	static const char *const parts[] = { "build", "minor", "major" };
	const struct json_t *version = lk_json_get(obj, name);
	uint64_t value;
	size_t i;

	for (i = 0; i < COUNT(parts); i++) {
		if (!lk_json_is_object(version) || !get_number(version, parts[i], 1, &value))
			return false;
		out[i] = (uint8_t)value;
	}
	return true;
}

static bool read_signature(const struct json_t *obj, uint8_t *out)
{
	const struct json_t *signature = lk_json_get(obj, "signature");

	return lk_json_is_object(signature) && get_bytes(signature, "r", out, COMPONENT) &&
	       get_bytes(signature, "s", out + COMPONENT, COMPONENT);
}

enum lk_status lk_snp_report_from_json(const struct json_t *obj, struct lk_snp_report *ret,
				       struct lk_error *err)
{
	struct lk_snp_report r = { 0 };
	enum lk_status st;
	size_t i;

	if (!lk_json_is_object(obj))
		return lk_raise(err, LK_DENIED, "attestation_report is not an object");
	st = read_numbers(obj, r.bytes, err);
	if (st)
		return st;
	r.has_fmc = r.bytes[LK_SNP_CPUID] >= TURIN;
	for (i = 0; i < COUNT(fields); i++)
		if (!get_bytes(obj, fields[i].name, r.bytes + fields[i].at, fields[i].size))
			return wrong(err, fields[i].name);
	for (i = 0; i < COUNT(tcbs); i++)
		if (!read_tcb(obj, tcbs[i].name, r.has_fmc, r.bytes + tcbs[i].at))
			return wrong(err, tcbs[i].name);
	if (!read_firmware(obj, "current", r.bytes + LK_SNP_CURRENT))
		return wrong(err, "current");
	if (!read_firmware(obj, "committed", r.bytes + LK_SNP_COMMITTED))
		return wrong(err, "committed");
	if (!read_signature(obj, r.bytes + LK_SNP_SIGNATURE))
		return wrong(err, "signature");
	*ret = r;
	return LK_OK;
}

/* --- reading ------------------------------------------------------------------------------------ */

static uint64_t get_le(const struct lk_snp_report *r, size_t at, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | r->bytes[at + size];
	return value;
}

uint32_t lk_snp_u32(const struct lk_snp_report *r, size_t at)
{
	return (uint32_t)get_le(r, at, 4);
}

uint64_t lk_snp_u64(const struct lk_snp_report *r, size_t at)
{
	return get_le(r, at, 8);
}

void lk_snp_tcb(const struct lk_snp_report *r, size_t at, uint8_t ret[LK_SNP_TCB_PARTS])
{
	const uint8_t *where = r->has_fmc ? layout_fmc : layout;
	size_t i;

	for (i = 0; i < LK_SNP_TCB_PARTS; i++)
		ret[i] = r->bytes[at + where[i]];
	if (!r->has_fmc)
		ret[LK_SNP_FMC] = 0;
}

bool lk_snp_signature(const struct lk_snp_report *r, uint8_t ret[96])
{
	size_t part, i;

	for (part = 0; part < 2; part++) {
		const uint8_t *le = r->bytes + LK_SNP_SIGNATURE + part * COMPONENT;

		for (i = 48; i < COMPONENT; i++)
			if (le[i] != 0)
				return false;
		for (i = 0; i < 48; i++)
			ret[part * 48 + i] = le[47 - i];
	}
	return true;
}
