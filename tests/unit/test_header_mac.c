/* SPDX-License-Identifier: Apache-2.0 */
/* agent/header_mac.c: the MAC is what an independent implementation computes, it covers each field
 * and nothing else, and it is required, optional, right or wrong as the header says. */
#include "agent/header_mac.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/json.h"
#include "tests/check.h"

static struct lk_error err;
static struct lk_secret volume_key;
static struct lk_luks_header header = {
	.uuid = "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11",
	.segment_offset = 16777216,
	.sector_size = 4096,
};
static const struct lk_header_owner root = { LK_ROLE_ROOT, "root" };

/* From hmac and hashlib of Python, which share no line with ours. */
static const char python[] =
	"import hashlib, hmac, sys\n"
	"prk = hmac.new(bytes(32), bytes(range(64)), hashlib.sha256).digest()\n"
	"key = hmac.new(prk, b'latchkey-hdr-1\\1', hashlib.sha256).digest()\n"
	"text = 'latchkey-hdr-1\\nuuid=%s\\noffset=%s\\nsize=dynamic\\n' \\\n"
	"    'cipher=aes-xts-plain64\\nsector_size=%s\\nintegrity=%s\\nrole=%s\\ngeneration=%s\\n'\n"
	"print(hmac.new(key, (text % tuple(sys.argv[1:])).encode(), hashlib.sha256).hexdigest())\n";

static void from_python(const char *arguments, char hex[65])
{
	char command[2048];
	FILE *f;

	snprintf(command, sizeof(command),
		 "python3 -c \"%s\" 0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11 %s", python, arguments);
	f = popen(command, "r"); /* NOLINT(cert-env33-c): the other implementation */
	CHECK(f && fscanf(f, "%64s ", hex) == 1);
	CHECK_EQ(pclose(f), 0);
}

static void compute(const struct lk_luks_header *h, const struct lk_header_owner *owner,
		    uint64_t generation, char hex[65])
{
	const struct lk_header_fields fields = lk_header_fields_of(h);
	uint8_t mac[LK_HEADER_MAC_SIZE];

	CHECK_OK(lk_header_mac(&fields, owner, generation, &volume_key, mac, &err));
	lk_hex_encode(mac, sizeof(mac), hex);
}

static void sign(struct lk_luks_header *h, uint64_t generation)
{
	const struct lk_header_fields fields = lk_header_fields_of(h);

	h->has_token = h->token.has_mac = true;
	h->token.generation = generation;
	CHECK_OK(lk_header_mac(&fields, &root, generation, &volume_key, h->token.mac, &err));
}

TEST(setup)
{
	uint8_t bytes[64];

	lk_json_setup();
	CHECK_OK(lk_crypto_setup(&err));
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	CHECK_OK(lk_secret_from(&volume_key, bytes, sizeof(bytes), &err));
}

TEST(the_vector_of_the_manual)
{
	char hex[65];

	compute(&header, &root, 1, hex);
	CHECK_STR(hex, "51f4e61616fee6693ca4e21ab552b8452e840a60475ae5516f864833038e217e");
}

TEST(another_implementation_computes_the_same)
{
	static const struct lk_header_owner data = { LK_ROLE_DATA, "data0" };
	static const struct lk_header_owner delta = { LK_ROLE_DELTA, "delta" };
	struct lk_luks_header other = header;
	char ours[65], theirs[65];

	compute(&header, &root, 1, ours);
	from_python("16777216 4096 none root:root 1", theirs);
	CHECK_STR(ours, theirs);
	other.segment_offset = INT64_MAX - 4095;
	other.sector_size = 512;
	other.integrity = true;
	compute(&other, &data, INT64_MAX, ours);
	from_python("9223372036854771712 512 'hmac(sha256)' data:data0 9223372036854775807",
		    theirs);
	CHECK_STR(ours, theirs);
	compute(&header, &delta, 0, ours);
	from_python("16777216 4096 none delta:delta 0", theirs);
	CHECK_STR(ours, theirs);
}

TEST(each_covered_field_counts)
{
	static const struct lk_header_owner as_data = { LK_ROLE_DATA, "root" };
	static const struct lk_header_owner as_other = { LK_ROLE_ROOT, "toor" };
	struct lk_header_identity identity;
	struct lk_luks_header h = header;

	sign(&h, 3);
	CHECK_OK(lk_header_mac_check(&h, &root, true, &volume_key, &identity, &err));
	CHECK(identity.has_mac);
	CHECK_MEM(identity.mac, h.token.mac, sizeof(identity.mac));
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		struct lk_luks_header bad = h;                                                     \
		change;                                                                            \
		CHECK_EQ(lk_header_mac_check(&bad, &root, false, &volume_key, &identity, &err),    \
			 LK_TAMPERED);                                                             \
		CHECK_EQ(err.code, LK_C_HEADER_MAC);                                               \
	} while (0)
	REFUSED(bad.uuid[0] = '1');
	REFUSED(bad.segment_offset += 4096);
	REFUSED(bad.sector_size = 512);
	REFUSED(bad.integrity = true);
	REFUSED(bad.token.generation = 2);
	REFUSED(bad.token.mac[31] ^= 1);
	CHECK_EQ(lk_header_mac_check(&h, &as_data, false, &volume_key, &identity, &err),
		 LK_TAMPERED);
	CHECK_EQ(lk_header_mac_check(&h, &as_other, false, &volume_key, &identity, &err),
		 LK_TAMPERED);
	volume_key.data[0] ^= 1;
	CHECK_EQ(lk_header_mac_check(&h, &root, false, &volume_key, &identity, &err), LK_TAMPERED);
	volume_key.data[0] ^= 1;
}

TEST(keyslots_sequence_and_digest_do_not)
{
	struct lk_header_identity identity;
	struct lk_luks_header h = header;

	sign(&h, 1);
	h.seqid = 99;
	h.n_keyslots = 2;
	h.keyslots[1].id = 5;
	h.digest.iterations = 4711;
	h.token.keyslots = 1 << 5;
	CHECK_OK(lk_header_mac_check(&h, &root, true, &volume_key, &identity, &err));
}

TEST(absence_is_judged_by_the_configuration)
{
	struct lk_header_identity identity;
	struct lk_luks_header h = header;
	char hex[65], want[65];

	CHECK_EQ(lk_header_mac_check(&h, &root, true, &volume_key, &identity, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_HEADER_MAC_ABSENT);
	h.has_token = true; /* of an earlier version */
	CHECK_EQ(lk_header_mac_check(&h, &root, true, &volume_key, &identity, &err), LK_TAMPERED);
	CHECK_OK(lk_header_mac_check(&h, &root, false, &volume_key, &identity, &err));
	CHECK(!identity.has_mac);
	lk_hex_encode(identity.mac, sizeof(identity.mac), hex);
	compute(&header, &root, 0, want);
	CHECK_STR(hex, want);
}

TEST(cleanup)
{
	lk_secret_wipe(&volume_key);
}

TESTS(setup, the_vector_of_the_manual, another_implementation_computes_the_same,
      each_covered_field_counts, keyslots_sequence_and_digest_do_not,
      absence_is_judged_by_the_configuration, cleanup)
