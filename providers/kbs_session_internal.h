/* SPDX-License-Identifier: Apache-2.0 */
/* What the handshake and the release of keys share. Not for others. */
#pragma once

#include "providers/kbs_session.h"

const char *lk_kbs_base(const struct lk_kbs_session *s); /* of the place that attested */
/* One place attests, and another takes its token. */
bool lk_kbs_is_passport(const struct lk_kbs_session *s);
size_t lk_kbs_alive(const struct lk_kbs_place *p, const bool *dead);
/* Send a request to whichever of a place's endpoints is first (core/http.h). */
enum lk_status lk_kbs_race(const struct lk_kbs_place *p, bool *dead,
			   const struct lk_http_request *req, size_t *ret_winner,
			   struct lk_http_response *ret, struct lk_error *err);
/* May another endpoint do better? Not when somebody who may refuse did, and not when the fault
 * is ours or the time is up. */
bool lk_kbs_another_may_do(enum lk_status st);
/* Attest again. On failure there is no session left. */
enum lk_status lk_kbs_renew(struct lk_kbs_session *s, struct lk_error *err);
