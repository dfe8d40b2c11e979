# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The cryptography and the TLS client. What has no user here is cut out of the installed header
# itself, so that every program which includes it sees the library as it was built.

# getrandom() on every C library of Linux; /dev/urandom may not exist yet where the agent starts
sed -i 's/defined(__linux__) && defined(__GLIBC__)/defined(__linux__)/' library/entropy_poll.c
! grep -q '__linux__) && defined(__GLIBC__)' library/entropy_poll.c

cat "$DEPS/files/mbedtls-config.h" >>include/mbedtls/mbedtls_config.h
cmake_install -DENABLE_PROGRAMS=OFF -DENABLE_TESTING=OFF -DGEN_FILES=OFF \
	-DUSE_STATIC_MBEDTLS_LIBRARY=ON -DUSE_SHARED_MBEDTLS_LIBRARY=OFF -DMBEDTLS_FATAL_WARNINGS=OFF
