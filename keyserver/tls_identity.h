/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the server is to TLS clients: a CA of its own, which clients pin, and a certificate for the
 * names it is reached by. ECDSA P-256. A user of GnuTLS, as x509.c is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

#define LK_TLS_NAMES_MAX 32
#define LK_TLS_PEM_MAX	 (64u * 1024)

/* Write ca.pem, ca.key, server.pem, server.key into the folder, none over an existing file; keys
 * mode 0600. names: DNS names and IP addresses, at least one. now: seconds since 1970; both
 * certificates are valid from a week before, for clients whose clocks are behind. */
enum lk_status lk_tls_identity_create(int dir_fd, const char *const *names, size_t n_names,
				      int64_t now, struct lk_error *err);

struct lk_tls_identity {
	struct lk_secret key_pem; /* ends in a zero byte */
	char *cert_pem;
	int64_t not_after; /* of the certificate, seconds since 1970 */
};
void lk_tls_identity_clear(struct lk_tls_identity *t);
/* From server.pem and server.key. LK_CONFIG when they do not parse or do not belong together. */
enum lk_status lk_tls_identity_load(int dir_fd, struct lk_tls_identity *ret, struct lk_error *err);
/* Is this a DNS name (letters, digits, dashes, dots) or an IP address? Pure. */
bool lk_tls_name_ok(const char *name);
