/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and replaying the TCG's crypto-agile event logs. */
#include "attestation/eventlog.h"

#include <string.h>

#include "attestation/eventlog_bytes.h"

/* The first record: index, type, a SHA-1 digest, a length; then the Spec ID event. */
#define LEGACY_HEAD    (4 + 4 + 20 + 4)
#define SPEC_HEAD      28
#define SPEC_SIGNATURE "Spec ID Event03"
#define SPEC_UNNAMED   24 /* zeros: how the attestation agent begins where firmware left no log */

static enum lk_status broken(const struct lk_eventlog *log, const char *what, struct lk_error *err)
{
	return lk_raise(err, LK_TAMPERED, "event log: %s at offset %zu", what, log->at);
}

bool lk_tcg_hash(uint16_t alg, enum lk_hash *ret)
{
	switch (alg) {
	case LK_TCG_SHA256:
		*ret = LK_SHA256;
		return true;
	case LK_TCG_SHA384:
		*ret = LK_SHA384;
		return true;
	case LK_TCG_SHA512:
		*ret = LK_SHA512;
		return true;
	default:
		return false;
	}
}

/* ---- reading ---- */

static size_t left(const struct lk_eventlog *log)
{
	return log->n - log->at;
}

static size_t size_of(const struct lk_eventlog *log, uint16_t alg)
{
	size_t i;

	for (i = 0; i < log->n_algs; i++)
		if (log->algs[i].alg == alg)
			return log->algs[i].size;
	return 0;
}

/* A digest that we can hash has the size of that hash; of others any size that fits is believed. */
static bool plausible(uint16_t alg, uint16_t size)
{
	enum lk_hash hash;

	if (lk_tcg_hash(alg, &hash))
		return size == lk_hash_size(hash);
	return size > 0 && size <= LK_HASH_MAX;
}

static enum lk_status read_algs(struct lk_eventlog *log, const uint8_t *spec, size_t n,
				struct lk_error *err)
{
	const uint32_t n_algs = lk_get32(spec + 24);
	size_t i;

	if (n_algs == 0 || n_algs > LK_EVENTLOG_ALGS || n < SPEC_HEAD + 4 * n_algs + 1)
		return broken(log, "a Spec ID event of unknown shape", err);
	for (i = 0; i < n_algs; i++) {
		const uint8_t *p = spec + SPEC_HEAD + 4 * i;
		const uint16_t alg = lk_get16(p), size = lk_get16(p + 2);

		if (!plausible(alg, size) || size_of(log, alg))
			return broken(log, "a kind of digest that cannot be", err);
		log->algs[log->n_algs].alg = alg;
		log->algs[log->n_algs++].size = size;
	}
	return LK_OK;
}

static bool is_spec_id(const uint8_t *spec)
{
	static const uint8_t zeros[SPEC_UNNAMED];

	return memcmp(spec, SPEC_SIGNATURE, sizeof(SPEC_SIGNATURE)) == 0 ||
	       memcmp(spec, zeros, sizeof(zeros)) == 0;
}

enum lk_status lk_eventlog_open(struct lk_eventlog *log, const void *bytes, size_t n,
				struct lk_error *err)
{
	const uint8_t *p = bytes;
	enum lk_status st;
	uint32_t len;

	*log = (struct lk_eventlog){ .bytes = p, .n = n };
	if (n > LK_EVENTLOG_MAX || n < LEGACY_HEAD + SPEC_HEAD)
		return broken(log, "a size that no log has", err);
	len = lk_get32(p + LEGACY_HEAD - 4);
	if (lk_get32(p + 4) != LK_EV_NO_ACTION || len < SPEC_HEAD || len > n - LEGACY_HEAD ||
	    !is_spec_id(p + LEGACY_HEAD))
		return broken(log, "no Spec ID event", err);
	st = read_algs(log, p + LEGACY_HEAD, len, err);
	if (st)
		return st;
	log->at = LEGACY_HEAD + len;
	return LK_OK;
}

static bool at_end(const struct lk_eventlog *log)
{
	static const uint8_t ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t zeros[8];
	const uint8_t *p = log->bytes + log->at;

	if (left(log) < sizeof(ones))
		return left(log) == 0;
	return memcmp(p, ones, sizeof(ones)) == 0 || memcmp(p, zeros, sizeof(zeros)) == 0;
}

static enum lk_status read_digests(struct lk_eventlog *log, size_t n,
				   struct lk_eventlog_record *ret, struct lk_error *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct lk_eventlog_digest *d = &ret->digests[i];

		if (left(log) < 2)
			return broken(log, "a record cut short", err);
		d->alg = lk_get16(log->bytes + log->at);
		d->size = (uint16_t)size_of(log, d->alg);
		if (d->size == 0)
			return broken(log, "a kind of digest that the log does not announce", err);
		if (lk_eventlog_digest(ret, d->alg))
			return broken(log, "two digests of a kind", err);
		log->at += 2;
		if (left(log) < d->size)
			return broken(log, "a record cut short", err);
		d->bytes = log->bytes + log->at;
		log->at += d->size;
		ret->n_digests++;
	}
	return LK_OK;
}

enum lk_status lk_eventlog_next(struct lk_eventlog *log, struct lk_eventlog_record *ret,
				bool *ret_end, struct lk_error *err)
{
	enum lk_status st;
	uint32_t n;

	memset(ret, 0, sizeof(*ret));
	*ret_end = at_end(log);
	if (*ret_end)
		return LK_OK;
	if (left(log) < 12)
		return broken(log, "a record cut short", err);
	ret->index = lk_get32(log->bytes + log->at);
	ret->type = lk_get32(log->bytes + log->at + 4);
	n = lk_get32(log->bytes + log->at + 8);
	if (n > log->n_algs)
		return broken(log, "more digests than kinds", err);
	log->at += 12;
	st = read_digests(log, n, ret, err);
	if (st)
		return st;
	if (left(log) < 4)
		return broken(log, "a record cut short", err);
	ret->len = lk_get32(log->bytes + log->at);
	log->at += 4;
	if (ret->len > left(log) || ret->len > LK_EVENTLOG_DATA_MAX)
		return broken(log, "data longer than the log", err);
	ret->data = log->bytes + log->at;
	log->at += ret->len;
	return LK_OK;
}

const struct lk_eventlog_digest *lk_eventlog_digest(const struct lk_eventlog_record *r,
						    uint16_t alg)
{
	size_t i;

	for (i = 0; i < r->n_digests; i++)
		if (r->digests[i].alg == alg)
			return &r->digests[i];
	return NULL;
}

/* ---- replaying ---- */

enum lk_status lk_register_extend(enum lk_hash hash, uint8_t *value, const uint8_t *digest,
				  struct lk_error *err)
{
	const size_t size = lk_hash_size(hash);
	uint8_t both[2 * LK_HASH_MAX];
	uint8_t out[LK_HASH_MAX];
	enum lk_status st;

	memcpy(both, value, size);
	memcpy(both + size, digest, size);
	st = lk_hash(hash, both, 2 * size, out, err);
	if (!st)
		memcpy(value, out, size);
	return st;
}

/* The locality that the TPM was started at shows in PCR 0. */
static void start_locality(const struct lk_eventlog_record *r, struct lk_replay *replay)
{
	static const char name[] = "StartupLocality";

	if (r->index == 0 && r->len == sizeof(name) + 1 && memcmp(r->data, name, sizeof(name)) == 0)
		replay->value[0][lk_hash_size(replay->hash) - 1] = r->data[sizeof(name)];
}

static enum lk_status replay_record(const struct lk_eventlog_record *r, enum lk_eventlog_kind kind,
				    uint16_t alg, struct lk_replay *replay, struct lk_error *err)
{
	const struct lk_eventlog_digest *d = lk_eventlog_digest(r, alg);

	if (r->type == LK_EV_NO_ACTION) {
		if (kind == LK_EVENTLOG_TPM && !(replay->extended & 1))
			start_locality(r, replay);
		return LK_OK;
	}
	if (r->index >= LK_EVENTLOG_INDEXES || (kind == LK_EVENTLOG_CC && r->index > 4))
		return lk_raise(err, LK_TAMPERED, "event log: a record for register %u", r->index);
	if (!d || (kind == LK_EVENTLOG_CC && r->index == 0))
		return LK_OK;
	replay->extended |= 1u << r->index;
	return lk_register_extend(replay->hash, replay->value[r->index], d->bytes, err);
}

enum lk_status lk_eventlog_replay(const void *bytes, size_t n, enum lk_eventlog_kind kind,
				  uint16_t alg, struct lk_replay *ret, struct lk_error *err)
{
	struct lk_eventlog_record r;
	struct lk_eventlog log;
	enum lk_status st;
	bool end = false;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	if (!lk_tcg_hash(alg, &ret->hash))
		return lk_raise(err, LK_CONFIG, "cannot replay digests of kind 0x%04x", alg);
	for (i = 17; kind == LK_EVENTLOG_TPM && i <= 22; i++)
		memset(ret->value[i], 0xff, lk_hash_size(ret->hash));
	st = lk_eventlog_open(&log, bytes, n, err);
	while (!st && !end) {
		st = lk_eventlog_next(&log, &r, &end, err);
		if (!st && !end)
			st = replay_record(&r, kind, alg, ret, err);
	}
	return st;
}
