# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The reader of configuration files, without its C++ half.

meson_install -Dwith_INIReader=false -Ddistro_install=true
