#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every header of a room compiles by itself, so that the order of includes never matters.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${LATCHKEY_DEV:-build/dev}
prefix=${LATCHKEY_CACHE:-.cache}/deps/glibc/include
broken=0

mapfile -t headers < <(git ls-files --cached --others --exclude-standard -- '*.h' ':!deps' ':!tests')
for header in "${headers[@]}"; do
	echo "#include \"$header\"" | gcc -std=gnu17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror \
		-I. -I"$build" -I"$prefix" -xc - || broken=1
done
exit "$broken"
