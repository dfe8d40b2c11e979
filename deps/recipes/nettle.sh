# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The ciphers of the server's TLS, in assembly chosen at run time.

MORE_FLAGS=(-O2 -fno-lto)
configure --disable-shared --enable-static --enable-pic --enable-fat --disable-openssl \
	--disable-documentation --with-include-path="$PREFIX/include" --with-lib-path="$PREFIX/lib"
make_plain SUBDIRS=
make_plain SUBDIRS= install
