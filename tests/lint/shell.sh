#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs shellcheck over every shell script of the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

scripts=()
while read -r file; do
	case $file in
	*.sh) scripts+=("$file") ;;
	*) head -c 64 "$file" | head -n 1 | grep -qE '^#!.*\b(ba|da)?sh\b' && scripts+=("$file") ;;
	esac
done < <(git ls-files --cached --others --exclude-standard | grep -vE '\.(c|h|md|py|json|toml|build)$')
shellcheck -S warning -x -P SCRIPTDIR "${scripts[@]}"
