/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which name servers to ask: those of the configuration, else those that systemd-networkd knows
 * (its state file, then its leases: an initramfs often has no resolver and no resolv.conf),
 * else /etc/resolv.conf. The parsers are pure and keep only what is an address.
 */
#pragma once

#include <stddef.h>

#include "core/config.h"
#include "core/deadline.h"
#include "core/error.h"

#define LK_NAMESERVERS	   4
#define LK_NAMESERVER_SIZE 80

/* "10.0.2.3", "10.0.2.3:5353", "fd00::3", "[fd00::3]:53", "fe80::1%eth0". */
struct lk_nameservers {
	size_t n;
	char addr[LK_NAMESERVERS][LK_NAMESERVER_SIZE];
};

/* One server as the configuration or systemd writes it (address[:port][%interface][#name]) is
 * added in canonical form, once; a full list ignores it. False if it is not an address. */
bool lk_nameservers_add(struct lk_nameservers *list, const char *text, size_t len);
/* "DNS=a b c" lines of systemd's runtime files. */
void lk_nameservers_parse_systemd(struct lk_nameservers *list, const char *text, size_t len);
/* "nameserver a" lines of resolv.conf(5). */
void lk_nameservers_parse_resolv(struct lk_nameservers *list, const char *text, size_t len);

/* root: "" on a machine, a directory in tests. An empty list is not an error: there may be none
 * yet. LK_CONFIG when a configured one is not an address. */
enum lk_status lk_nameservers_find(const char *root, const struct lk_strings *configured,
				   struct lk_nameservers *ret, struct lk_error *err);

/* The same right after a route has come: as long as there are none, wait a moment for
 * systemd-networkd, if it is at work, to write down those of the lease. Still none is no error. */
enum lk_status lk_nameservers_wait(const char *root, const struct lk_strings *configured,
				   struct lk_deadline deadline, struct lk_nameservers *ret,
				   struct lk_error *err);

/* "a,b,c", as c-ares takes it. */
#define LK_NAMESERVERS_TEXT (LK_NAMESERVERS * LK_NAMESERVER_SIZE)
void lk_nameservers_join(const struct lk_nameservers *list, char out[LK_NAMESERVERS_TEXT]);
