/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#12 files and PKCS#8 keys; what is found must lie inside the file. */
#include <stdlib.h>

#include "core/pkcs12.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct lk_span *s, const uint8_t *data, size_t size)
{
	if (!s->data || s->data < data || s->len > size || s->data + s->len > data + size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_CLEANUP(lk_keypair_free_p) struct lk_keypair *pair = NULL;
	struct lk_error err = { 0 };
	struct lk_pkcs12 p;

	if (!lk_pkcs12_parse(data, size, &p, &err)) {
		inside(&p.content, data, size);
		inside(&p.mac, data, size);
		inside(&p.mac_salt, data, size);
		inside(&p.salt, data, size);
		inside(&p.key, data, size);
		if (p.iterations < 1 || p.iterations > LK_PKCS12_ITERATIONS || p.key.len % 8)
			abort();
	}
	(void)lk_keypair_from_pkcs8(data, size, &pair, &err);
	return 0;
}
