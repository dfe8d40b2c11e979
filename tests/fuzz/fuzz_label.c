/* SPDX-License-Identifier: Apache-2.0 */
/* The label on hostile sectors: the first byte says whether the checksum is made to fit ('s'). What
 * is accepted, written again, is the same but for the MAC. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/label.h"
#include "core/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void check_accepted(const struct lk_label *label, const uint8_t *sector)
{
	uint8_t again[LK_LABEL_SIZE];
	struct lk_secret secret = { 0 };
	struct lk_error err = { 0 };

	must(lk_secret_from(&secret, "k", 1, &err) == LK_OK, "a secret");
	must(lk_label_write(label, &secret, again, &err) == LK_OK, "write again");
	must(memcmp(again, sector, 448) == 0, "the same fields");
	(void)lk_label_check(label, &secret, &err);
	lk_secret_wipe(&secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	uint8_t sector[LK_LABEL_SIZE] = { 0 }, sum[LK_HASH_MAX];
	struct lk_label label = { 0 };
	struct lk_error err = { 0 };
	enum lk_status st;
	bool is = false;

	if (!ready)
		must(lk_crypto_setup(&err) == LK_OK, "crypto");
	ready = true;
	if (size == 0)
		return 0;
	memcpy(sector, data + 1, size - 1 < sizeof(sector) ? size - 1 : sizeof(sector));
	if (data[0] == 's') {
		must(lk_hash(LK_SHA256, sector, 480, sum, &err) == LK_OK, "hash");
		memcpy(sector + 480, sum, 32);
	}
	st = lk_label_read(sector, &is, &label, &err);
	must(st == LK_OK || st == LK_TAMPERED, "an outcome");
	if (st == LK_OK && is)
		check_accepted(&label, sector);
	return 0;
}
