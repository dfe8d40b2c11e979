/* SPDX-License-Identifier: Apache-2.0 */
/* Setup headers of kernels: a release is printable and terminated, or there is none. */
#include <stdlib.h>
#include <string.h>

#include "image/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char release[LK_RELEASE_SIZE];
	struct lk_error err = { 0 };
	const char *c;

	memset(release, 0x7f, sizeof(release));
	if (lk_kernel_parse(data, size, release, &err))
		return 0;
	if (!memchr(release, '\0', sizeof(release)) || !*release)
		abort();
	for (c = release; *c; c++)
		if (*c <= ' ' || *c > '~')
			abort();
	return 0;
}
