# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# libdevmapper, with udev synchronisation: without its cookie the udev rules would not see an
# activation as libdevmapper's and skip the links that units wait for. There is no static libudev;
# the five functions that are called come from a stub, which goes into the archive.

mkdir stub
cp "$DEPS/files/libudev-stub.h" stub/libudev.h
cp "$DEPS/files/libudev-stub.c" stub/libudev.c
"$CC" "${FLAGS[@]}" -Istub -c stub/libudev.c -o stub/libudev.o
gcc-ar rcs stub/libudev.a stub/libudev.o
printf 'Name: libudev\nDescription: stub\nVersion: 252\nLibs: -L%s -ludev\nCflags: -I%s\n' \
	"$PWD/stub" "$PWD/stub" >stub/libudev.pc

MORE_FLAGS=("-I$PWD/stub")
export PKG_CONFIG_PATH=$PWD/stub LIBRARY_PATH=$PWD/stub:$LIBRARY_PATH
configure --with-usrlibdir="$PREFIX/lib" --enable-static_link --disable-shared --enable-udev_sync \
	--disable-selinux --disable-readline --disable-blkid_wiping --disable-dmeventd --disable-nls \
	--enable-pkgconfig --with-thin=none --with-cache=none --with-vdo=none --with-writecache=none \
	--with-integrity=none --with-snapshots=none --with-mirrors=none --without-systemd-run \
	--disable-notify-dbus --disable-app-machineid --disable-systemd-journal
has include/configure.h UDEV_SYNC_SUPPORT
make_plain -C include
make_plain -C libdm ioctl/libdevmapper.a

cp libdm/ioctl/libdevmapper.a "$PREFIX/lib/"
gcc-ar q "$PREFIX/lib/libdevmapper.a" stub/libudev.o
gcc-ranlib "$PREFIX/lib/libdevmapper.a"
cp libdm/libdevmapper.h "$PREFIX/include/"
# the library's own number, such as 1.02.205, out of "1.02.205 (2025-..)"
pkgconfig devmapper "$(sed 's/[-( ].*//' VERSION_DM)" '-ldevmapper -lm -lpthread'
