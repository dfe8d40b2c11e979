# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The resolver behind libcurl: asynchronous, so that a deadline holds while a name is looked up.

cmake_install -DCARES_STATIC=ON -DCARES_SHARED=OFF -DCARES_STATIC_PIC=ON -DCARES_THREADS=OFF \
	-DCARES_BUILD_TOOLS=OFF -DCARES_BUILD_TESTS=OFF
