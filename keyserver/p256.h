/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 in the assembly of the library below the server's TLS: each attested machine costs latchkeyd
 * a signature, a key pair and an agreement. The only user of nettle and GMP. */
#pragma once

/* Let core/crypto.h use it from here on; once, before any thread. */
void lk_p256_setup(void);
