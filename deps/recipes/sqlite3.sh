# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The server's store: one C file, made from the tree with the host's tclsh, and the library alone.

mkdir build-lk
cd build-lk || exit 1
../configure --disable-tcl --disable-shared --enable-static >/dev/null
make_plain sqlite3.c sqlite3.h
"$CC" "${FLAGS[@]}" -O2 -fno-lto -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION \
	-DSQLITE_DQS=0 -DSQLITE_SECURE_DELETE -DSQLITE_OMIT_DEPRECATED -DSQLITE_DEFAULT_FOREIGN_KEYS=1 \
	-DHAVE_USLEEP=1 -c sqlite3.c -o sqlite3.o
gcc-ar rcs "$PREFIX/lib/libsqlite3.a" sqlite3.o
cp sqlite3.h "$PREFIX/include/"
pkgconfig sqlite3 "$(cat ../VERSION)" '-lsqlite3 -lm -lpthread'
