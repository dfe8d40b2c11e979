/* SPDX-License-Identifier: Apache-2.0 */
/* What a confidential data hub says: the first byte tells its output from its message. */
#include <stdlib.h>

#include "providers/kbs_cdh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_error err = { 0 };
	LK_SECRET key = { 0 };
	enum lk_status st;

	if (size == 0)
		return 0;
	st = data[0] == 'o' ? lk_cdh_output(data + 1, size - 1, &key, &err)
			    : lk_cdh_resource(data + 1, size - 1, &key, &err);
	if (st == LK_OK ? key.len > LK_CDH_KEY_MAX : !err.code || key.data)
		abort();
	return 0;
}
