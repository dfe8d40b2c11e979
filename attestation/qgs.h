/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quote from the host's quoting service (QGS of Intel's DCAP, qgs_msg_lib.h): each message behind its
 * length in four big-endian bytes, the message itself little-endian.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "attestation/tdx_quote.h"
#include "core/deadline.h"

#define LK_QGS_PREFIX	   4
#define LK_QGS_REQUEST	   (24 + LK_TDX_REPORT)
#define LK_QGS_MESSAGE_MAX (1024u * 1024)

/* The request for a quote of this report, prefix included. */
void lk_qgs_request(const uint8_t report[LK_TDX_REPORT],
		    uint8_t out[LK_QGS_PREFIX + LK_QGS_REQUEST]);
/* The quote within an answer (without its prefix); *quote leads into it. LK_C_EVIDENCE_INVALID when it
 * is no answer, LK_C_TEE_FAILED when the service names an error. */
enum lk_status lk_qgs_answer(const uint8_t *message, size_t n, const uint8_t **quote,
			     size_t *quote_n, struct lk_error *err);
/* One exchange over a stream. *ret is malloc'ed. */
enum lk_status lk_qgs_exchange(int fd, const uint8_t report[LK_TDX_REPORT],
			       struct lk_deadline deadline, uint8_t **ret, size_t *ret_n,
			       struct lk_error *err);
/* The port that /etc/tdx-attest.conf names: lines "port = N", '#' begins a comment, other keys are
 * another program's. 0 when it names none; LK_CONFIG with LK_C_CONFIG_VALUE when N is no port. */
enum lk_status lk_qgs_port(const char *text, uint32_t *ret, struct lk_error *err);
