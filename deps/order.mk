# SPDX-License-Identifier: Apache-2.0
#
# Which library is built after which. deps/build runs this with FLAVOUR, DONE (a folder of marks)
# and ONE (the program that builds one library); `list-FLAVOUR` prints a flavour's recipes.
# The long ones come first. latchkeyd's libraries are the host's in a development build.

agent_recipes  := mbedtls util-linux c-ares lvm2 json-c libinih jansson curl cryptsetup
server_recipes := gmp nettle gnutls28 libmicrohttpd sqlite3
glibc_recipes  := $(agent_recipes)
musl_recipes   := musl gmp $(agent_recipes) $(filter-out gmp,$(server_recipes))

.PHONY: glibc musl list-glibc list-musl
glibc: $(glibc_recipes:%=$(DONE)/%)
musl: $(musl_recipes:%=$(DONE)/%)
list-glibc list-musl:
	@echo $($(@:list-%=%)_recipes)

$(DONE)/%:
	@env -u MAKEFLAGS -u MFLAGS FLAVOUR=$(FLAVOUR) $(ONE) $*
	@mkdir -p $(@D) && touch $@

$(DONE)/curl: $(DONE)/mbedtls $(DONE)/c-ares
$(DONE)/cryptsetup: $(DONE)/mbedtls $(DONE)/util-linux $(DONE)/lvm2 $(DONE)/json-c
$(DONE)/nettle: $(DONE)/gmp
$(DONE)/gnutls28: $(DONE)/nettle
$(DONE)/libmicrohttpd: $(DONE)/gnutls28

ifeq ($(FLAVOUR),musl)
$(patsubst %,$(DONE)/%,$(filter-out musl,$(musl_recipes))): $(DONE)/musl
endif
