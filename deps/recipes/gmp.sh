# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Big numbers for the server's TLS. The server is built for speed, and without LTO.

MORE_FLAGS=(-O2 -fno-lto)
configure --disable-shared --enable-static --with-pic --disable-cxx
make_plain
make_plain install
