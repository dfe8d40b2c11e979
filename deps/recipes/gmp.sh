# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Big numbers for the server's TLS. The server is built for speed, and without LTO.

MORE_FLAGS=(-O2 -fno-lto)
# the distribution removes the manual and leaves its place in the build
mkdir -p doc
: >doc/Makefile.in
configure --disable-shared --enable-static --with-pic --disable-cxx
parts='mpn mpz mpq mpf printf scanf rand cxx'
make_plain SUBDIRS="$parts"
make_plain SUBDIRS="$parts" install
has config.h HAVE_NATIVE_mpn_add_n
