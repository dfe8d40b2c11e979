#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy over every C file of the development build, clang's own warnings included. A file that
# was found clean is not read again until it, a header or the configuration changes.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${LATCHKEY_DEV:-build/dev}
marks=build/tidy
mkdir -p "$marks"

# what a verdict rests on besides the file itself
common=$({ git ls-files -z --cached --others --exclude-standard -- '*.h' | xargs -0 cat; cat .clang-tidy tests/.clang-tidy; } | sha256sum)

files=$(python3 tests/lint/compiled.py "$build/compile_commands.json")
pending=()
while read -r file; do
	[ -e "$file" ] || continue # a build folder may still name what is gone
	mark=$marks/$({ echo "$common"; cat "$file"; } | sha256sum | cut -d' ' -f1)
	[ -e "$mark" ] || pending+=("$file" "$mark")
done <<<"$files"
[ ${#pending[@]} -gt 0 ] || exit 0

# The analyzer's shallow mode: a third of the time, and what it misses the sanitizers run into.
# shellcheck disable=SC2016 # the inner shell expands these
printf '%s\0' "${pending[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -c '
	clang-tidy-14 -quiet -p "$0" --warnings-as-errors="*" \
		--extra-arg=-Wno-unknown-warning-option --extra-arg=-Xclang \
		--extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=mode=shallow "$1" 2>/dev/null && : >"$2"' "$build"
