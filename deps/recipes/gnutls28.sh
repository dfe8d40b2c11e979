# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The server's TLS: the library alone, with its own copies of libtasn1 and libunistring.

MORE_FLAGS=(-O2 -fno-lto)
configure --sysconfdir=/etc --disable-shared --enable-static --with-included-libtasn1 \
	--with-included-unistring \
	--without-p11-kit --without-idn --without-zlib --without-brotli --without-zstd \
	--without-tpm --without-tpm2 --without-leancrypto --disable-tools --disable-cxx --disable-tests \
	--disable-doc --disable-manpages --disable-gtk-doc --disable-nls --disable-libdane \
	--disable-srp-authentication --disable-openssl-compatibility --disable-bash-tests \
	--disable-full-test-suite --disable-dependency-tracking
make_plain
make_plain install
