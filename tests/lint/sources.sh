#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What every source file of ours has, and has not.
set -euo pipefail
cd "$(dirname "$0")/../.."

broken=0
complain() {
	echo "$1"
	broken=1
}

mapfile -t files < <(git ls-files --cached --others --exclude-standard -- '*.c' '*.h' ':!deps')
for file in "${files[@]}"; do
	licence=Apache-2.0
	case $file in tests/tsm/module/*) licence='GPL-2.0 OR Apache-2.0' ;; esac # part of a kernel
	[ "$(head -n 1 "$file")" = "/* SPDX-License-Identifier: $licence */" ] ||
		complain "$file:1: the licence line is missing"
	case $file in tests/*) continue ;; esac
	lines=$(wc -l <"$file")
	[ "$lines" -le 500 ] || complain "$file: $lines lines, 500 at most"
done
[ ${#files[@]} -eq 0 ] || ! grep -nE '\b(TODO|FIXME|XXX)\b' "${files[@]}" || broken=1
[ ${#files[@]} -eq 0 ] || ! grep -nE '^[[:space:]]*goto\b' "${files[@]}" || broken=1

mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- '*.sh' '*.py' dev .ci/run)
for file in "${scripts[@]}"; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		complain "$file:1: the licence line is missing"
done
exit "$broken"
