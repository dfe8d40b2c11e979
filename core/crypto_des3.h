/* SPDX-License-Identifier: Apache-2.0 */
/* Triple DES in CBC mode, decryption only, for PKCS#12 (core/crypto_pkcs12.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n is a multiple of 8; parity bits of the key are ignored. In place if out == in. */
void lk_des3_cbc_decrypt(const uint8_t key[24], const uint8_t iv[8], const uint8_t *in, size_t n,
			 uint8_t *out);
