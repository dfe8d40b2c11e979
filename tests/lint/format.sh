#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every C file is laid out as .clang-format says.
set -euo pipefail
cd "$(dirname "$0")/../.."

git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' |
	xargs -0 -r clang-format-14 --dry-run -Werror
