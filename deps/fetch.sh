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

# Writes the private apt configuration; prints nothing.
apt_prepare() {
	local codename main security keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	main=${LATCHKEY_DEBIAN_MIRROR:-$(archive_uri "$codename")}
	[ -n "$main" ] || die "apt knows no archive for $codename: set LATCHKEY_DEBIAN_MIRROR to its address"
	security=${LATCHKEY_DEBIAN_SECURITY_MIRROR:-$(archive_uri "$codename-security")}
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

# Downloads and unpacks PACKAGE from the first of SUITE... that has FLOOR or newer, complete, into
# $CACHE/src/PACKAGE; the version goes to $CACHE/src/PACKAGE.version.
fetch_package() {
	local package=$1 floor=$2 suite offer offers version from dsc
	shift 2
	mapfile -t offers < <(for suite in "$@"; do candidates "$package" "$suite"; done)
	for offer in "${offers[@]}"; do
		read -r version from <<<"$offer"
		dpkg --compare-versions "$version" ge "$floor" || continue
		if ! (cd "$APT/archives" && private_apt source --download-only "$package/$from") \
			>>"$CACHE/log/fetch.log" 2>&1; then
			warn "$package $version of $from cannot be had whole, trying the next one"
			continue
		fi
		dsc=$APT/archives/${package}_$version.dsc
		check_known_good "$package" "$version" "$dsc"
		rm -rf "${CACHE:?}/src/$package"
		dpkg-source -x "$dsc" "$CACHE/src/$package" >>"$CACHE/log/fetch.log" 2>&1 ||
			die "$dsc does not unpack, see $CACHE/log/fetch.log"
		echo "${version%-*}" >"$CACHE/src/$package.version"
		return
	done
	die "no suite of '$*' has $package $floor or newer"
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
