/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the kbs provider: what the configuration says of a key broker. */
#pragma once

#include "core/config.h"
#include "core/config_files.h"
#include "core/crypto.h"
#include "core/error.h"
#include "providers/kbs_party.h"
#include "providers/kbs_protocol.h"
#include "providers/provider.h"

enum lk_cdh_type { LK_CDH_NATIVE, LK_CDH_ONE_SHOT, LK_CDH_DAEMON };

struct lk_kbs_options {
	struct lk_kbs_party broker;
	struct lk_kbs_party issuer; /* of tokens; without URLs the broker attests itself */
	char *key_uri;
	bool allow_plaintext;
	int protocol; /* enum lk_kbs_protocol */
	int tee_key;  /* lk_kbs_option_key_kind */
	int cdh_type; /* enum lk_cdh_type */
	char *cdh_socket;
	char *cdh_command;
};

/* Does somebody else speak to the broker for us? */
bool lk_kbs_options_use_cdh(const struct lk_kbs_options *o);
extern const struct lk_key lk_kbs_rows[];
enum lk_key_kind lk_kbs_option_key_kind(const struct lk_kbs_options *o);

#define LK_CDH_SOCKET "unix:///run/confidential-containers/cdh.sock"
/* Is it unix:///path or unix://@name? *ret points at the path or at the @. */
bool lk_cdh_address(const char *text, const char **ret);

/* As the provider's contract has them. */
void lk_kbs_options_need(const void *options, struct lk_provider_needs *needs);
enum lk_status lk_kbs_options_check(const void *options, struct lk_error *err);
enum lk_status lk_kbs_options_load(void *options, enum lk_trust trust, struct lk_error *err);
bool lk_kbs_options_prove_server(const void *options);
bool lk_kbs_options_same_session(const void *a, const void *b);
