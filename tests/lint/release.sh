#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The release programs are what they promise: static, hardened, small, and without a trace of the
# sample attester, of test hooks or of the place they were built in.
set -euo pipefail
cd "$(dirname "$0")/../.."

release=${LATCHKEY_RELEASE:-build/release}
most_bytes=1677721 # 1.6 MiB, the agent's goal
broken=0

complain() {
	echo "$1"
	broken=1
}

# lacks PROGRAM PATTERN WHY
lacks() {
	! strings -a "$release/$1" | grep -E -m 3 "$2" || complain "$1: $3"
}

for program in latchkey latchkey-insecure-sample latchkeyd latchkey-image; do
	[ -x "$release/$program" ] || {
		complain "$program: not built"
		continue
	}
	headers=$(readelf -hldW "$release/$program")
	grep -q 'Type: *DYN' <<<"$headers" || complain "$program: not position independent"
	! grep -q 'INTERP' <<<"$headers" || complain "$program: not static"
	! grep -q 'NEEDED' <<<"$headers" || complain "$program: wants shared libraries"
	grep -q 'GNU_RELRO' <<<"$headers" || complain "$program: no read-only relocations"
	! grep -E 'GNU_STACK.*E' <<<"${headers//GNU_STACK/GNU_STACK }" | grep -q 'RWE' ||
		complain "$program: executable stack"
	lacks "$program" "$PWD" 'tells where it was built'
done

lacks latchkey 'insecure-sample|INSECURE' 'holds the sample attester'
lacks latchkey 'LATCHKEY_TEST|LK_TEST_' 'holds a test hook'
lacks latchkeyd 'LATCHKEY_TEST|LK_TEST_' 'holds a test hook'
strings -a "$release/latchkey-insecure-sample" | grep -q 'insecure-sample' ||
	complain 'latchkey-insecure-sample: does not say what it is'
bytes=$(stat -c %s "$release/latchkey")
[ "$bytes" -le "$most_bytes" ] || complain "latchkey: $bytes bytes, $most_bytes at most"
exit "$broken"
