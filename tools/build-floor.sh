#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Print the time (seconds since 1970) below which a clock cannot be right: SOURCE_DATE_EPOCH if
# set, else the date of the last commit, else the newest source file's.
set -eu
cd "$(dirname "$0")/.."
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
	echo "$SOURCE_DATE_EPOCH"
elif git log -1 --format=%ct 2>/dev/null; then
	:
else
	stat -c %Y meson.build
fi
