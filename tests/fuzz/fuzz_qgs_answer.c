/* SPDX-License-Identifier: Apache-2.0 */
/* What a host's quoting service answers, and the file that names its port. */
#include <stdlib.h>
#include <string.h>

#include "attestation/qgs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static void read_port(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct lk_error err = { 0 };
	uint32_t port = 0;
	enum lk_status st;

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	st = lk_qgs_port(text, &port, &err);
	must(st == LK_OK || (st == LK_CONFIG && err.code == LK_C_CONFIG_VALUE));
	must(port <= 65535);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *quote = NULL;
	struct lk_error err = { 0 };
	size_t n = 0;
	enum lk_status st = lk_qgs_answer(data, size, &quote, &n, &err);

	must(st == LK_OK || err.code == LK_C_EVIDENCE_INVALID || err.code == LK_C_TEE_FAILED);
	must(st == LK_OK ? n > 0 && quote >= data + 24 && quote + n == data + size : !quote);
	read_port(data, size);
	return 0;
}
