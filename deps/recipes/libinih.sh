# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The reader of configuration files, without its C++ half. The settings that our reader relies on
# are written into the header, which the library is compiled with and which is installed, so that
# core/config_ini.c can assert them. The distribution's run-time switch for new sections has no
# name outside its file and ignores the header; it is made to follow it.

sed -i -E '
	s/^(#define INI_(ALLOW_MULTILINE|ALLOW_BOM|ALLOW_INLINE_COMMENTS|USE_STACK)) 1$/\1 0/
	s/^(#define INI_(HANDLER_LINENO|ALLOW_REALLOC|CALL_HANDLER_ON_NEW_SECTION)) 0$/\1 1/
	s/^(#define INI_(STOP_ON_FIRST_ERROR|CUSTOM_ALLOCATOR)) 0$/\1 1/
	s/^(#define INI_MAX_LINE) 200$/\1 65536/
	s/^(#define INI_INITIAL_ALLOC) 200$/\1 4096/' ini.h
sed -i 's/^static bool ini_call_handler_on_new_section = false;$/static const bool ini_call_handler_on_new_section = INI_CALL_HANDLER_ON_NEW_SECTION;/' ini.c
grep -q 'on_new_section = INI_CALL' ini.c
has ini.h INI_HANDLER_LINENO INI_ALLOW_REALLOC INI_CALL_HANDLER_ON_NEW_SECTION \
	INI_STOP_ON_FIRST_ERROR INI_CUSTOM_ALLOCATOR
grep -q '^#define INI_MAX_LINE 65536$' ini.h

meson_install -Dwith_INIReader=false -Ddistro_install=true
