/* SPDX-License-Identifier: Apache-2.0 */
/* Extending a runtime register of a TDX guest, through the kernel's measurement registers (Linux 6.16,
 * Documentation/ABI/testing/sysfs-devices-virtual-misc-tdx_guest). */
#include "attestation/register_rtmr.h"

#include <errno.h>
#include <stdio.h>

#include "attestation/tdx_quote.h"
#include "core/crypto.h"

#define REGISTERS "/sys/devices/virtual/misc/tdx_guest/measurements"

enum lk_status lk_rtmr_extend(const struct lk_kernel *kernel, unsigned number, const uint8_t *event,
			      size_t n, struct lk_error *err)
{
	uint8_t digest[LK_HASH_MAX];
	char path[sizeof(REGISTERS) + 32];
	enum lk_status st = lk_hash(LK_SHA384, event, n, digest, err);
	int status;

	if (st)
		return st;
	(void)snprintf(path, sizeof(path), REGISTERS "/rtmr%u:sha384", number);
	status = kernel->put(path, digest, LK_TDX_MR);
	if (status == 0)
		return LK_OK;
	errno = -status;
	return lk_raise_code(err, LK_C_REGISTER, "extend %s: %m%s", path,
			     status == -ENOENT ? " (a TDX guest with Linux 6.16 has it)" : "");
}

enum lk_status lk_register_extend_rtmr(unsigned number, const uint8_t *event, size_t n,
				       struct lk_error *err)
{
	return lk_rtmr_extend(&lk_the_kernel, number, event, n, err);
}
