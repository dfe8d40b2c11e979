# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Fetching the source packages. They come from the distribution's own suites only, through apt with
# a private configuration, so that every file is covered by the archive's signature and the apt
# configuration of the machine stays as it is. Sourced by deps/build, which sets DEPS and CACHE.

# The archive's address is the one this machine already uses for its own packages.
archive_uri() {
	local suite=$1
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' | awk -v s="$suite" '$1 == s { print $2; exit }'
}

codename() {
	(. /etc/os-release && echo "$VERSION_CODENAME")
}

# The address of the archive itself, as opposed to its security updates.
archive_main() {
	local main=${LATCHKEY_DEBIAN_MIRROR:-$(archive_uri "$(codename)")}
	[ -n "$main" ] || die "apt knows no archive for $(codename): set LATCHKEY_DEBIAN_MIRROR to its address"
	echo "$main"
}

# Writes the private apt configuration; prints nothing.
apt_prepare() {
	local main security keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite
	main=$(archive_main)
	security=${LATCHKEY_DEBIAN_SECURITY_MIRROR:-$(archive_uri "$(codename)-security")}
	security=${security:-${main%/}-security/}
	[ -r "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"
	APT=$CACHE/apt
	mkdir -p "$APT/lists/partial" "$APT/archives/partial"
	{
		for suite in bookworm trixie forky sid; do
			echo "deb-src [signed-by=$keyring] $main $suite main"
		done
		echo "deb-src [signed-by=$keyring] $security trixie-security main"
	} >"$APT/sources.list"
}

# apt-get with the private configuration. No sandbox user: the cache belongs to whoever builds.
private_apt() {
	apt-get -q -o Dir::Etc::sourcelist="$APT/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::Etc::preferencesparts=- -o Dir::State="$APT" -o Dir::State::lists="$APT/lists" \
		-o Dir::Cache="$APT" -o APT::Sandbox::User= -o Acquire::Retries=3 "$@"
}

# Version of PACKAGE in SUITE, without epoch; nothing if there is none or no such suite.
version_in() {
	local uris
	uris=$(private_apt source --download-only --print-uris "$1/$2" 2>/dev/null) || return 0
	sed -n "s/.* $1_\([^ ]*\)\.dsc .*/\1/p" <<<"$uris"
}

# What a suite and its security suite offer, highest version first: lines "VERSION SUITE".
candidates() {
	local package=$1 suite=$2 own security
	own=$(version_in "$package" "$suite")
	security=$(version_in "$package" "$suite-security")
	if [ -n "$security" ] && dpkg --compare-versions "$security" gt "${own:-0}"; then
		echo "$security $suite-security"
	fi
	[ -z "$own" ] || echo "$own $suite"
}

# Compares what was fetched with the table of what is known to work.
check_known_good() {
	local package=$1 version=$2 dsc=$3 sum
	sum=$(sha256sum "$dsc" | cut -d' ' -f1)
	echo "$package $version $sum" >>"$CACHE/used.txt"
	grep -qx "$package *$version *$sum" "$DEPS/known-good.txt" && return
	[ "${LATCHKEY_STRICT:-0}" != 1 ] || die "$package $version ($sum) is not in deps/known-good.txt"
	warn "$package $version ($sum) is not in deps/known-good.txt"
}

# Downloads the version of PACKAGE that deps/known-good.txt pins, straight from the archive's pool. The
# .dsc must have the pinned sum, and the .dsc holds the sums of the rest: no index is needed, so this
# works while a mirror's index is ahead of its pool. Prints the version.
fetch_pinned() {
	local package=$1 floor=$2 version sum pool name
	read -r _ version sum < <(grep "^$package " "$DEPS/known-good.txt") || return 1
	dpkg --compare-versions "$version" ge "$floor" || return 1
	case $package in lib*) name=${package:0:4} ;; *) name=${package:0:1} ;; esac
	pool=$(archive_main) && pool=${pool%/}/pool/main/$name/$package
	download "$pool" "${package}_$version.dsc" "$sum" || return 1
	while read -r sum _ name; do
		download "$pool" "$name" "$sum" || return 1
	done < <(awk '/^Checksums-Sha256:/ { on = 1; next } /^[^ ]/ { on = 0 } on' \
		"$APT/archives/${package}_$version.dsc")
	echo "$version"
}

# Downloads POOL/NAME into the archives folder, unless it is there, and checks its SHA-256.
download() {
	local file=$APT/archives/$2
	echo "$3  $file" | sha256sum --check --status 2>/dev/null && return
	rm -f "$file"
	/usr/lib/apt/apt-helper -o Acquire::Retries=3 -o APT::Sandbox::User= \
		download-file "$1/${2//\~/%7e}" "$file" "SHA256:$3" >>"$CACHE/log/fetch.log" 2>&1
}

# Downloads one offer through apt; prints its version.
fetch_offer() {
	local package=$1 version=$2 from=$3
	(cd "$APT/archives" && private_apt source --download-only "$package/$from") \
		>>"$CACHE/log/fetch.log" 2>&1 || return 1
	echo "$version"
}

# Downloads PACKAGE from the first of SUITE... that has FLOOR or newer, complete; prints the version.
# The pinned version comes before any later suite: it is known to work.
fetch_best() {
	local package=$1 floor=$2 suite version from
	shift 2
	for suite in "$@"; do
		while read -r version from; do
			dpkg --compare-versions "$version" ge "$floor" || continue
			fetch_offer "$package" "$version" "$from" && return
			warn "$package $version of $from cannot be had whole, trying the next one"
			fetch_pinned "$package" "$floor" && return
		done < <(candidates "$package" "$suite")
	done
	fetch_pinned "$package" "$floor" || die "no suite of '$*' has $package $floor or newer"
}

# Brings PACKAGE unpacked to $CACHE/src/PACKAGE; its version goes to $CACHE/src/PACKAGE.version.
fetch_package() {
	local package=$1 version dsc
	version=$(fetch_best "$@")
	dsc=$APT/archives/${package}_$version.dsc
	check_known_good "$package" "$version" "$dsc"
	rm -rf "${CACHE:?}/src/$package"
	dpkg-source -x "$dsc" "$CACHE/src/$package" >>"$CACHE/log/fetch.log" 2>&1 ||
		die "$dsc does not unpack, see $CACHE/log/fetch.log"
	echo "${version%-*}" >"$CACHE/src/$package.version"
}

# Whether PACKAGE is unpacked in FLOOR or newer.
unpacked() {
	[ -e "$CACHE/src/$1.version" ] && dpkg --compare-versions "$(cat "$CACHE/src/$1.version")" ge "$2"
}

# Fetches every package that is asked for by name and not yet unpacked.
fetch_all() {
	local package floor suites wanted=" $* " missing=()
	while read -r package floor suites; do
		case $package in '#'* | '') continue ;; esac
		case $wanted in *" $package "*) ;; *) continue ;; esac
		unpacked "$package" "$floor" || missing+=("$package $floor $suites")
	done <"$DEPS/packages.txt"
	[ ${#missing[@]} -gt 0 ] || return 0
	apt_prepare
	say "fetching ${#missing[@]} source packages"
	private_apt update >>"$CACHE/log/fetch.log" 2>&1 || warn "apt-get update complained, see $CACHE/log/fetch.log"
	for package in "${missing[@]}"; do
		# shellcheck disable=SC2086 # the entry is a list of words
		fetch_package $package
	done
}
