/* SPDX-License-Identifier: Apache-2.0 */
/* The label: what is written reads back, any other byte is refused, and the MAC is bound to secret,
 * name and UUID. */

#include "agent/label.h"

#include "core/crypto.h"
#include "tests/check.h"

static struct lk_error err;
static struct lk_secret secret, other;

static const struct lk_label half_made = {
	.kind = LK_LABEL_BEING_MADE,
	.uuid = "0aa3a3a5-8b5e-4a3f-9a35-2f6f6d2a1e11",
	.name = "data0",
};
static const struct lk_label random_key = { .kind = LK_LABEL_THROW_AWAY, .name = "swap" };

TEST(setup)
{
	CHECK_OK(lk_crypto_setup(&err));
	CHECK_OK(lk_secret_from(&secret, "correct horse", 13, &err));
	CHECK_OK(lk_secret_from(&other, "incorrect horse", 15, &err));
}

static struct lk_label read_back(const uint8_t *sector)
{
	struct lk_label label = { 0 };
	bool is = false;

	CHECK_OK(lk_label_read(sector, &is, &label, &err));
	CHECK(is);
	return label;
}

TEST(what_is_written_reads_back)
{
	uint8_t sector[LK_LABEL_SIZE], twin[LK_LABEL_SIZE];
	struct lk_label label;

	CHECK_OK(lk_label_write(&half_made, &secret, sector, &err));
	CHECK_OK(lk_label_write(&half_made, &secret, twin, &err));
	CHECK(memcmp(sector, twin, sizeof(sector)) == 0);
	label = read_back(sector);
	CHECK_EQ(label.kind, LK_LABEL_BEING_MADE);
	CHECK_STR(label.name, half_made.name);
	CHECK_STR(label.uuid, half_made.uuid);
	CHECK_OK(lk_label_check(&label, &secret, &err));
	CHECK_OK(lk_label_write(&random_key, NULL, sector, &err));
	label = read_back(sector);
	CHECK_EQ(label.kind, LK_LABEL_THROW_AWAY);
	CHECK_STR(label.name, "swap");
	CHECK_STR(label.uuid, "");
}

TEST(the_longest_name_fits)
{
	struct lk_label label = half_made;
	uint8_t sector[LK_LABEL_SIZE];

	memset(label.name, 'n', sizeof(label.name) - 1);
	CHECK_OK(lk_label_write(&label, &secret, sector, &err));
	CHECK_STR(read_back(sector).name, label.name);
}

TEST(the_mac_is_bound_to_secret_name_and_uuid)
{
	uint8_t sector[LK_LABEL_SIZE];
	struct lk_label label;

	CHECK_OK(lk_label_write(&half_made, &secret, sector, &err));
	label = read_back(sector);
	CHECK_EQ(lk_label_check(&label, &other, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_LABEL_INVALID);
	label.name[0] = 'x';
	CHECK_EQ(lk_label_check(&label, &secret, &err), LK_TAMPERED);
	label = read_back(sector);
	label.uuid[0] = 'f';
	CHECK_EQ(lk_label_check(&label, &secret, &err), LK_TAMPERED);
	label = read_back(sector);
	label.mac[31] ^= 1;
	CHECK_EQ(lk_label_check(&label, &secret, &err), LK_TAMPERED);
}

TEST(every_other_byte_is_refused)
{
	uint8_t sector[LK_LABEL_SIZE];
	struct lk_label label;
	bool is;

	CHECK_OK(lk_label_write(&half_made, &secret, sector, &err));
	for (size_t i = 0; i < sizeof(sector); i++) {
		sector[i] ^= 0x40;
		is = true;
		if (i < 16) {
			CHECK_OK(lk_label_read(sector, &is, &label, &err));
			CHECK(!is);
		} else {
			CHECK_EQ(lk_label_read(sector, &is, &label, &err), LK_TAMPERED);
			CHECK_EQ(err.code, LK_C_LABEL_INVALID);
		}
		sector[i] ^= 0x40;
	}
	memset(sector, 0, sizeof(sector));
	CHECK_OK(lk_label_read(sector, &is, &label, &err));
	CHECK(!is);
}

/* A checksum is no proof: what the fields say is looked at as well. */
TEST(fields_outside_the_rules_are_refused)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = { { 17, 2 }, { 18, 1 }, { 19, 0 },	 { 19, 3 },   { 24, 1 },    { 35, ' ' },
		     { 67, 0 }, { 68, 0 }, { 69, 0x80 }, { 80, 'x' }, { 131, 'x' }, { 200, 1 } };
	uint8_t good[LK_LABEL_SIZE], sector[LK_LABEL_SIZE], sum[LK_HASH_MAX];
	struct lk_label label;
	bool is;

	CHECK_OK(lk_label_write(&half_made, &secret, good, &err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(sector, good, sizeof(sector));
		sector[rows[i].at] = rows[i].value;
		CHECK_OK(lk_hash(LK_SHA256, sector, 480, sum, &err));
		memcpy(sector + 480, sum, 32);
		if (lk_label_read(sector, &is, &label, &err) != LK_TAMPERED)
			check_fail(__FILE__, __LINE__, "byte %zu may be %u", rows[i].at,
				   rows[i].value);
	}
}

TESTS(setup, what_is_written_reads_back, the_longest_name_fits,
      the_mac_is_bound_to_secret_name_and_uuid, every_other_byte_is_refused,
      fields_outside_the_rules_are_refused)
