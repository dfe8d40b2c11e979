/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of ttrpc frames, as a server may send them, with whatever they hold. */
#include <stdlib.h>

#include "core/ttrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_proto_bytes payload;
	struct lk_ttrpc_frame f;
	struct lk_error err = { 0 };
	uint32_t code;

	while (size >= LK_TTRPC_HEADER &&
	       lk_ttrpc_frame_parse(data, size - LK_TTRPC_HEADER, &f, &err) == LK_OK) {
		data += LK_TTRPC_HEADER;
		size -= LK_TTRPC_HEADER;
		if (f.len > size)
			abort();
		if (lk_ttrpc_response_parse(data, f.len, &code, &payload, &err) == LK_OK &&
		    payload.data &&
		    (payload.data < data || payload.data + payload.len > data + f.len))
			abort();
		data += f.len;
		size -= f.len;
	}
	return 0;
}
