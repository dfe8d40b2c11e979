# SPDX-License-Identifier: Apache-2.0
"""AES-256-XTS by OpenSSL's library, to decrypt what latchkey-image has encrypted by other code."""
import ctypes
import ctypes.util

lib = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
lib.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
lib.EVP_aes_256_xts.restype = ctypes.c_void_p
lib.EVP_DecryptInit_ex.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_char_p] * 2
lib.EVP_DecryptUpdate.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int),
                                  ctypes.c_char_p, ctypes.c_int]
lib.EVP_CIPHER_CTX_free.argtypes = [ctypes.c_void_p]


def decrypt(key, data, sector=4096):
    """As dm-crypt's aes-xts-plain64 does: the tweak counts sectors of 512 bytes."""
    plain = []
    out, n = ctypes.create_string_buffer(sector), ctypes.c_int()
    context = lib.EVP_CIPHER_CTX_new()
    for at in range(0, len(data), sector):
        tweak = (at // 512).to_bytes(16, "little")
        if lib.EVP_DecryptInit_ex(context, lib.EVP_aes_256_xts(), None, key, tweak) != 1 or \
                lib.EVP_DecryptUpdate(context, out, ctypes.byref(n), data[at:at + sector],
                                      sector) != 1 or n.value != sector:
            raise AssertionError("OpenSSL does not decrypt")
        plain.append(out.raw)
    lib.EVP_CIPHER_CTX_free(context)
    return b"".join(plain)
