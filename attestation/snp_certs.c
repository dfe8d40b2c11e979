/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate table beside an SEV-SNP report. It comes from the host: whoever verifies the report
 * verifies these too. */
#include <stdbool.h>
#include <string.h>

#include "attestation/bytes.h"
#include "attestation/snp_report.h"
#include "core/cleanup.h"
#include "core/json.h"

#define ENTRY	      24 /* GUID, u32 offset, u32 length */
#define GUID	      16
#define AT_OFFSET     16
#define AT_LENGTH     20
#define LARGEST_CERT  (16u * 1024)

#define BAD(err, ...) lk_raise_code(err, LK_C_EVIDENCE_INVALID, __VA_ARGS__)

/* GUIDs in the order of their text, which is how they are stored. */
static const struct kind {
	const char *name;
	uint8_t guid[GUID];
	bool endorses; /* the chain may begin here */
} kinds[] = {
	{ "ARK", "\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae", false },
	{ "ASK", "\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82", false },
	{ "VCEK", "\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd", true },
	{ "VLEK", "\xa8\x07\x4b\xc2\xa2\x5a\x48\x3e\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1", true },
};

/* Some store the first three groups little-endian, as UEFI does. */
static bool same_guid(const uint8_t *stored, const uint8_t *text)
{
	const uint8_t mixed[GUID / 2] = { text[3], text[2], text[1], text[0],
					  text[5], text[4], text[7], text[6] };

	return memcmp(stored + GUID / 2, text + GUID / 2, GUID / 2) == 0 &&
	       (memcmp(stored, text, GUID / 2) == 0 || memcmp(stored, mixed, GUID / 2) == 0);
}

static const struct kind *kind_of(const uint8_t *guid)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (same_guid(guid, kinds[i].guid))
			return &kinds[i];
	return NULL;
}

static bool is_end(const uint8_t *entry)
{
	static const uint8_t zero[GUID];

	return memcmp(entry, zero, GUID) == 0;
}

/* How many entries come before the end, each within the table. */
static enum lk_status count_entries(const uint8_t *table, size_t n, size_t *ret,
				    struct lk_error *err)
{
	size_t i;

	for (i = 0; i <= LK_SNP_CERTS_COUNT && (i + 1) * ENTRY <= n; i++) {
		const uint8_t *e = table + i * ENTRY;
		const uint32_t offset = lk_le32(e + AT_OFFSET), length = lk_le32(e + AT_LENGTH);

		if (is_end(e)) {
			*ret = i;
			return LK_OK;
		}
		if (offset > n || length > n - offset || length > LARGEST_CERT || length == 0)
			return BAD(err, "certificate %zu of the host's table does not fit", i);
	}
	return BAD(err, "the host's table of certificates has no end");
}

static enum lk_status add(struct json_t *chain, const char *name, const uint8_t *data, size_t n,
			  struct lk_error *err)
{
	LK_JSON *cert = lk_json_object();

	if (!cert || !lk_json_set_string(cert, "cert_type", name) ||
	    !lk_json_set_bytes(cert, "data", data, n) || !lk_json_append(chain, lk_take(cert)))
		return lk_raise(err, LK_INTERNAL, "out of memory for certificates");
	return LK_OK;
}

enum lk_status lk_snp_certs_json(const uint8_t *table, size_t n, struct json_t **ret,
				 struct lk_error *err)
{
	LK_JSON *chain = lk_json_array();
	enum lk_status st = LK_OK;
	bool endorsed = false;
	size_t entries = 0, i;

	if (!chain)
		return lk_raise(err, LK_INTERNAL, "out of memory for certificates");
	if (n > LK_SNP_CERTS_MAX)
		return BAD(err, "the host's table of certificates has %zu bytes", n);
	if (n)
		st = count_entries(table, n, &entries, err);
	for (i = 0; i < entries && !st; i++) {
		const uint8_t *e = table + i * ENTRY;
		const struct kind *kind = kind_of(e);

		if (!kind)
			continue;
		endorsed |= kind->endorses;
		st = add(chain, kind->name, table + lk_le32(e + AT_OFFSET), lk_le32(e + AT_LENGTH),
			 err);
	}
	if (st)
		return st;
	*ret = endorsed ? lk_take(chain) : NULL;
	return LK_OK;
}
