/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label: what the first sector of a device says while it is no finished LUKS2 volume of ours.
 * Pure: bytes in, bytes out. One sector of 512 bytes, so that a cut leaves the old one or the new
 * one. Numbers big-endian:
 *
 *	  0  16  "latchkey label\r\n"
 *	 16   2  version: 1
 *	 18   2  kind: 1 throw-away, 2 being made
 *	 20  12  zeros
 *	 32  36  UUID of the volume, in text; of a throw-away volume, zeros
 *	 68  64  the volume's name, padded with zeros
 *	132 316  zeros
 *	448  32  MAC over bytes 0 to 447; of a throw-away volume, zeros
 *	480  32  SHA-256 over bytes 0 to 479
 *
 * A throw-away volume's key is gone with the machine's memory, so its label proves nothing: it says
 * that nothing is lost by starting anew. "Being made" has a MAC under a key derived from the
 * volume's own secret, its name and its UUID: nobody else's half-made volume is erased for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

#define LK_LABEL_SIZE 512

enum lk_label_kind { LK_LABEL_THROW_AWAY = 1, LK_LABEL_BEING_MADE = 2 };

struct lk_label {
	enum lk_label_kind kind;
	char uuid[37]; /* "" in a throw-away label */
	char name[65];
	uint8_t mac[32];
};

/* *ret_is = do these bytes begin as a label does? Then *ret holds it, or LK_TAMPERED (label-invalid)
 * when it does not hold together. */
enum lk_status lk_label_read(const uint8_t sector[LK_LABEL_SIZE], bool *ret_is,
			     struct lk_label *ret, struct lk_error *err);
/* The sector that says label->kind, uuid and name; secret: the volume's, for LK_LABEL_BEING_MADE. */
enum lk_status lk_label_write(const struct lk_label *label, const struct lk_secret *secret,
			      uint8_t sector[LK_LABEL_SIZE], struct lk_error *err);
/* Was this label written by somebody who had the volume's secret? LK_TAMPERED (label-invalid). */
enum lk_status lk_label_check(const struct lk_label *label, const struct lk_secret *secret,
			      struct lk_error *err);
