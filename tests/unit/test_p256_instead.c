/* SPDX-License-Identifier: Apache-2.0 */
/* Every test of keys on curves once more, with latchkeyd's P-256 in the place of mbedTLS'. */
#include "keyserver/p256.h"

__attribute__((constructor)) static void before_any_test(void)
{
	lk_p256_setup();
}

/* NOLINTNEXTLINE(bugprone-suspicious-include): the same tests, once more */
#include "tests/unit/test_crypto_ec.c"
