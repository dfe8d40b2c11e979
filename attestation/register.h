/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register that the unlock's events are measured into, named by `register` in the configuration:
 * "tpm:N", "rtmr:N" or "none", never detected. An event extends the register first and is then
 * appended to our event log (attestation/eventlog.h, AAEL), which evidence carries. Whatever fails
 * in between leaves a log that does not replay, and is an error: no boot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define LK_REGISTER_LOG "/run/latchkey/eventlog"

/* A kind of register: a row in attestation/register.c. */
struct lk_register_kind {
	const char *name;  /* before the colon */
	uint32_t numbers;  /* bit i: register i may be named */
	const char *which; /* in words, for the message and the manual: "9, or 12 to 15" */
	uint16_t log_alg;  /* of the digest in the log */
	uint32_t log_base; /* index in the log of register 0 */
	/* Extend register `number` with the hash of an event. LK_C_REGISTER when it cannot be. */
	enum lk_status (*extend)(unsigned number, const uint8_t *event, size_t n,
				 struct lk_error *err);
};
extern const struct lk_register_kind *const lk_register_kinds[]; /* ending in NULL */

struct lk_register {
	const struct lk_register_kind *kind; /* NULL: none */
	unsigned number;
	const char *log;
};

/* Pure. LK_CONFIG with LK_C_CONFIG_VALUE when the text names no register that there may be. */
enum lk_status lk_register_parse(const char *text, struct lk_register *ret, struct lk_error *err);
/* Extend with "DOMAIN OPERATION CONTENT" and log it. Nothing to do without a register. */
enum lk_status lk_register_measure(const struct lk_register *r, const char *domain,
				   const char *operation, const char *content,
				   struct lk_error *err);

/* The rows' own. */
enum lk_status lk_register_extend_tpm(unsigned number, const uint8_t *event, size_t n,
				      struct lk_error *err);
enum lk_status lk_register_extend_rtmr(unsigned number, const uint8_t *event, size_t n,
				       struct lk_error *err);
/* All active banks of the TPM at fd (attestation/tpm_device.h); those that we cannot hash get a
 * value that means nothing, so that nobody can fill them at will later. */
enum lk_status lk_register_extend_banks(int fd, unsigned number, const uint8_t *event, size_t n,
					struct lk_error *err);
