#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each foreign library has one owner, and the rooms depend on each other in one direction only.
# Prints what breaks either rule; silent when all is well.
set -euo pipefail
cd "$(dirname "$0")/../.."

rooms=(core agent providers attestation keymanager keyserver image)
broken=0

complain() {
	echo "$1"
	broken=1
}

# files that include a header whose name matches the pattern
includers() {
	local existing=() room
	for room in "${rooms[@]}"; do
		[ ! -d "$room" ] || existing+=("$room")
	done
	grep -rlE --include='*.[ch]' "^#[[:space:]]*include [<\"]($1)" "${existing[@]}" || true
}

# owner HEADERS FILES [MOST]: only files that match FILES include the headers, at most MOST of them.
owner() {
	local file files n=0
	files=$(includers "$1")
	for file in $files; do
		n=$((n + 1))
		[[ $file =~ ^($2)$ ]] || complain "$file: includes $1, which belongs to $2"
	done
	[ -z "${3:-}" ] || [ "$n" -le "$3" ] ||
		complain "$1: included by $n files, not by $3: $(tr '\n' ' ' <<<"$files")"
}

owner 'curl/' 'core/http[a-z0-9_]*\.c|core/http_internal\.h'
owner 'jansson' 'core/json[a-z0-9_]*\.c'
owner '(mbedtls|psa)/' 'core/crypto[a-z0-9_]*\.c'
owner 'ini\.h' 'core/config[a-z0-9_]*\.c' 1
owner 'blkid' 'agent/blockdev\.c'
owner 'libcryptsetup' 'agent/(luks[a-z0-9_]*|verity)\.c|image/(luks|verity)_format\.c'
owner 'libdevmapper' 'agent/dm[a-z0-9_]*\.c'
owner 'microhttpd' 'keyserver/[a-z0-9_]+\.c' 1
owner 'gnutls/' 'keyserver/(tls_identity|x509)\.c'
owner '(nettle/|gmp\.h)' 'keyserver/p256\.c' 1
owner 'sqlite3' 'keyserver/[a-z0-9_]+\.c' 1

# arrows ROOM OTHERS: a file of the room includes nothing of the others.
arrows() {
	local hits
	[ -d "$1" ] || return 0
	hits=$(grep -rnE --include='*.[ch]' "^#[[:space:]]*include \"($2)/" "$1" || true)
	[ -z "$hits" ] || complain "$hits: $1 must not know $2"
}

arrows core 'agent|providers|attestation|keymanager|keyserver|image'
arrows attestation 'agent|providers|keyserver|image'
arrows keymanager 'agent|keyserver|image'
arrows providers 'agent|keyserver|image'
arrows agent 'keyserver|image'
arrows keyserver 'agent|image'
arrows image 'keyserver'

exit "$broken"
