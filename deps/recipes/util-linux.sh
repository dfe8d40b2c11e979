# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# libblkid and libuuid. The shipped configure: the meson files want bison.

configure --localstatedir=/var --runstatedir=/run --disable-shared --enable-static \
	--disable-all-programs --enable-libuuid --enable-libblkid --disable-nls --disable-asciidoc \
	--disable-poman --disable-bash-completion --without-python --without-udev --without-ncurses \
	--without-ncursesw --without-tinfo --without-econf --without-cap-ng \
	--disable-dependency-tracking
make_plain libuuid.la libblkid.la

mkdir -p "$PREFIX/include/blkid" "$PREFIX/include/uuid"
cp .libs/libblkid.a .libs/libuuid.a "$PREFIX/lib/"
cp libblkid/src/blkid.h "$PREFIX/include/blkid/"
cp libuuid/src/uuid.h "$PREFIX/include/uuid/"
pkgconfig uuid "$VERSION" -luuid "-I$PREFIX/include/uuid"
pkgconfig blkid "$VERSION" -lblkid "-I$PREFIX/include/blkid"
