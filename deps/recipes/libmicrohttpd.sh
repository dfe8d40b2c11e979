# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The server's HTTP, with HTTPS and epoll and without what a key server has no use for.

MORE_FLAGS=(-O2 -fno-lto)
configure --disable-shared --enable-static --enable-https=yes --with-gnutls="$PREFIX" --disable-doc \
	--disable-examples --disable-curl --disable-postprocessor --disable-dauth --disable-bauth \
	--disable-tools --disable-nls --disable-dependency-tracking \
	LIBS='-lhogweed -lnettle -lgmp -lpthread'
has MHD_config.h EPOLL_SUPPORT HTTPS_SUPPORT
make_plain
make_plain install
