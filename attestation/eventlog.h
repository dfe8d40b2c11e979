/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs of what was measured: the crypto-agile binary log of the TCG PC Client Platform Firmware
 * Profile (section "Event Logging"), which a TPM's log, a confidential guest's log (CCEL) and the
 * attestation agent's log (AAEL) share. Reads it, replays it, and writes entries of the last kind.
 *
 * Pure and bounded. The bytes come from firmware that the host may have altered, or from a client:
 * a log proves something only where its replay equals a register that was quoted. Whatever is not
 * well-formed is LK_TAMPERED. Used by the agent, which attaches a log, and by the key server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/error.h"

#define LK_EVENTLOG_MAX	     (4u * 1024 * 1024) /* a whole log */
#define LK_EVENTLOG_DATA_MAX (1u * 1024 * 1024) /* one record's data */
#define LK_EVENTLOG_ALGS     16			/* kinds of digests in one log */
#define LK_EVENTLOG_INDEXES  24			/* registers: PCR 0 to 23 */

/* TCG algorithm identifiers. */
enum lk_tcg_alg {
	LK_TCG_SHA1 = 0x0004,
	LK_TCG_SHA256 = 0x000b,
	LK_TCG_SHA384 = 0x000c,
	LK_TCG_SHA512 = 0x000d,
	LK_TCG_SM3 = 0x0012,
};

enum lk_tcg_event {
	LK_EV_NO_ACTION = 3,
	LK_EV_SEPARATOR = 4,
	LK_EV_EVENT_TAG = 6,
};

/* Whose registers a log speaks of: PCRs, of which 17 to 22 begin with all ones; or those of a
 * confidential guest: 1 to 4 are RTMR 0 to 3, all begin with zeros, 0 (MRTD) is never extended. */
enum lk_eventlog_kind { LK_EVENTLOG_TPM, LK_EVENTLOG_CC };

/* Can we hash with it? *ret is then our name of it. */
bool lk_tcg_hash(uint16_t alg, enum lk_hash *ret);

/* ---- reading ---- */

struct lk_eventlog_digest {
	uint16_t alg, size;
	const uint8_t *bytes; /* in the log */
};

struct lk_eventlog_record {
	uint32_t index, type;
	struct lk_eventlog_digest digests[LK_EVENTLOG_ALGS];
	size_t n_digests;
	const uint8_t *data; /* in the log */
	size_t len;
};

struct lk_eventlog { /* borrows the bytes */
	const uint8_t *bytes;
	size_t n, at; /* at: of the next record; at the end, how much of the bytes the log takes */
	struct {
		uint16_t alg, size;
	} algs[LK_EVENTLOG_ALGS];
	size_t n_algs;
};

/* Read the first record, which says what the others look like. */
enum lk_status lk_eventlog_open(struct lk_eventlog *log, const void *bytes, size_t n,
				struct lk_error *err);
/* The next record; *ret_end instead at the end of the bytes or at an end mark (eight bytes of ones,
 * or of zeros), behind which nothing is looked at. */
enum lk_status lk_eventlog_next(struct lk_eventlog *log, struct lk_eventlog_record *ret,
				bool *ret_end, struct lk_error *err);
/* A record's digest of one kind, or NULL. */
const struct lk_eventlog_digest *lk_eventlog_digest(const struct lk_eventlog_record *r,
						    uint16_t alg);

/* ---- replaying ---- */

/* What the registers of one bank are after all records of a log. */
struct lk_replay {
	enum lk_hash hash;
	uint8_t value[LK_EVENTLOG_INDEXES][LK_HASH_MAX];
	uint32_t extended; /* bit i: some record extended register i */
};

/* LK_CONFIG for a bank that we cannot hash. A record without a digest for the bank counts for
 * nothing in it. */
enum lk_status lk_eventlog_replay(const void *bytes, size_t n, enum lk_eventlog_kind kind,
				  uint16_t alg, struct lk_replay *ret, struct lk_error *err);
/* value := H(value || digest) */
enum lk_status lk_register_extend(enum lk_hash hash, uint8_t *value, const uint8_t *digest,
				  struct lk_error *err);

/* ---- entries of the attestation agent's log (AAEL) ---- */

#define LK_AAEL_TEXT_MAX  1024 /* "DOMAIN OPERATION CONTENT" */
#define LK_AAEL_EVENT_MAX (8 + LK_AAEL_TEXT_MAX)
#define LK_AAEL_ENTRY_MAX (12 + 2 + LK_HASH_MAX + 4 + LK_AAEL_EVENT_MAX)

struct lk_aael {
	char domain[LK_AAEL_TEXT_MAX + 1];
	char operation[LK_AAEL_TEXT_MAX + 1];
	char content[LK_AAEL_TEXT_MAX + 1];
};

/* The event's bytes, whose hash is what a register is extended with: a tag, the text's length, the
 * text. LK_INTERNAL when a text is empty or too long, or holds what would blur the fields. */
enum lk_status lk_aael_event(const char *domain, const char *operation, const char *content,
			     uint8_t out[LK_AAEL_EVENT_MAX], size_t *ret_n, struct lk_error *err);
/* The entry of an event in a log: with one digest, which it hashes. index: as the kind of log counts. */
enum lk_status lk_aael_entry(uint32_t index, uint16_t alg, const uint8_t *event, size_t n,
			     uint8_t out[LK_AAEL_ENTRY_MAX], size_t *ret_n, struct lk_error *err);
/* Is the record such an entry, and its text what its digest of kind alg says? Texts are printable.
 * *ret_is false: another kind of record, which is no error. LK_TAMPERED: it lies. */
enum lk_status lk_aael_read(const struct lk_eventlog_record *r, uint16_t alg, struct lk_aael *ret,
			    bool *ret_is, struct lk_error *err);

/* ---- what evidence carries ---- */

#define LK_EVENTLOG_HEADER_MAX (32 + 28 + 4 * LK_EVENTLOG_ALGS + 1)

/* The first record of a log of entries alone, with digests of these kinds. */
enum lk_status lk_eventlog_header(const uint16_t *algs, size_t n_algs,
				  uint8_t out[LK_EVENTLOG_HEADER_MAX], size_t *ret_n,
				  struct lk_error *err);
/* "cc_eventlog": a firmware's log, cut at its end (or, with n = 0, a header for algs alone), then
 * entries of the agent's log, then an end mark. *ret is malloc'ed. */
struct lk_eventlog_parts {
	const uint8_t *firmware;
	size_t n_firmware;
	const uint16_t *algs;
	size_t n_algs;
	const uint8_t *entries;
	size_t n_entries;
};
enum lk_status lk_eventlog_join(const struct lk_eventlog_parts *parts, uint8_t **ret, size_t *ret_n,
				struct lk_error *err);
