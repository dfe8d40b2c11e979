#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The release programs are what they promise: static, hardened, small, and without a trace of the
# sample attester, of test hooks or of the place they were built in.
set -euo pipefail
cd "$(dirname "$0")/../.."

release=${LATCHKEY_RELEASE:-build/release}
most_bytes=1600000 # the agent's goal
broken=0

complain() {
	echo "$1"
	broken=1
}

# has PROGRAM PATTERN, lacks PROGRAM PATTERN WHY: about the strings in a program. The whole list is
# read before it is searched: a grep that leaves early would fail the pipe and turn the answer over.
has() {
	local words
	words=$(strings -a "$release/$1")
	grep -E "$2" <<<"$words"
}
lacks() {
	! has "$1" "$2" || complain "$1: $3"
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
	! grep -qE 'GNU_STACK.*RWE' <<<"$headers" || complain "$program: executable stack"
	lacks "$program" "$PWD" 'tells where it was built'
done

# two sentences of agent/artefact_sample.c and attestation/sample.c
sample='INSECURE: this build holds|proves nothing; for tests'
lacks latchkey "$sample" 'holds the sample attester'
lacks latchkey-image "$sample" 'holds the sample attester'
lacks latchkey 'LATCHKEY_TEST|LK_TEST_' 'holds a test hook'
lacks latchkeyd 'LATCHKEY_TEST|LK_TEST_' 'holds a test hook'
[ "$(has latchkey-insecure-sample "$sample" | wc -l)" = 2 ] ||
	complain 'latchkey-insecure-sample: the sentences that this check looks for have changed'
bytes=$(stat -c %s "$release/latchkey")
[ "$bytes" -le "$most_bytes" ] || complain "latchkey: $bytes bytes, $most_bytes at most"
exit "$broken"
