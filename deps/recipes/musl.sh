# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The C library of the release build, and a compiler wrapper whose programs are always static-pie.
# It goes into its own folder, beside the prefix; only the kernel's headers are linked into it.

kernel_headers=$(echo '#include <linux/dm-ioctl.h>' | gcc -M -xc - | tr ' ' '\n' |
	sed -n 's,/linux/dm-ioctl\.h$,,p')
kernel_asm=$(echo '#include <asm/types.h>' | gcc -M -xc - | tr ' ' '\n' |
	sed -n 's,/types\.h$,,p' | head -n 1)

# musl's configure takes no quoted lists and no host's compiler wrapper
CFLAGS='-O2 -ffunction-sections -fdata-sections -fPIE' CC=gcc ./configure \
	--prefix="$TOOLCHAIN" --disable-shared --disable-wrapper
make -j "$JOBS"
make install

for folder in linux asm-generic mtd; do
	ln -sfn "$kernel_headers/$folder" "$TOOLCHAIN/include/$folder"
done
ln -sfn "$kernel_asm" "$TOOLCHAIN/include/asm"

mkdir -p "$TOOLCHAIN/bin"
sed "s,@TOOLCHAIN@,$TOOLCHAIN,g" "$DEPS/files/gcc.specs.in" >"$TOOLCHAIN/lib/gcc.specs"
sed "s,@TOOLCHAIN@,$TOOLCHAIN,g" "$DEPS/files/lk-musl-gcc.in" >"$TOOLCHAIN/bin/lk-musl-gcc"
chmod +x "$TOOLCHAIN/bin/lk-musl-gcc"

# what meson needs to build with it; the prefix is this flavour's
cat >"$TOOLCHAIN/release.ini" <<-END
	[binaries]
	c = '$TOOLCHAIN/bin/lk-musl-gcc'
	ar = 'gcc-ar'
	ranlib = 'gcc-ranlib'
	nm = 'gcc-nm'
	strip = 'strip'
	pkg-config = 'pkg-config'
END

echo 'int main(void) { return 0; }' >probe.c
"$TOOLCHAIN/bin/lk-musl-gcc" probe.c -o probe
./probe
file_type=$(readelf -hl probe)
grep -q 'DYN' <<<"$file_type"
! grep -q 'INTERP' <<<"$file_type"
