# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The JSON library of libcryptsetup, under other names where it collides with jansson.

MORE_FLAGS=("${RENAME_JSON_C[@]}")
cmake_install -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON -DBUILD_APPS=OFF -DBUILD_TESTING=OFF \
	-DDISABLE_EXTRA_LIBS=ON -DDISABLE_WERROR=ON
