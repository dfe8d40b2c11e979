/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to a TPM. */
#include <string.h>

#include "attestation/eventlog.h"
#include "attestation/tpm_wire.h"

#define TAG_PLAIN	  0x8001
#define TAG_SESSIONS	  0x8002

#define CC_CREATE_PRIMARY 0x131
#define CC_QUOTE	  0x158
#define CC_FLUSH_CONTEXT  0x165
#define CC_READ_PUBLIC	  0x173
#define CC_GET_CAPABILITY 0x17a
#define CC_PCR_READ	  0x17e
#define CC_PCR_EXTEND	  0x182

#define RH_OWNER	  0x40000001u
#define CAP_PCRS	  5

static void put(struct lk_tpm_buf *c, const void *p, size_t n)
{
	memcpy(c->bytes + c->n, p, n);
	c->n += n;
}

static void put8(struct lk_tpm_buf *c, uint8_t v)
{
	c->bytes[c->n++] = v;
}

static void put16(struct lk_tpm_buf *c, uint32_t v)
{
	put8(c, (uint8_t)(v >> 8));
	put8(c, (uint8_t)v);
}

static void put32(struct lk_tpm_buf *c, uint32_t v)
{
	put16(c, v >> 16);
	put16(c, v);
}

static void begin(struct lk_tpm_buf *c, uint16_t tag, uint32_t code)
{
	c->n = 0;
	put16(c, tag);
	put32(c, 0);
	put32(c, code);
}

static void end(struct lk_tpm_buf *c)
{
	const size_t n = c->n;

	c->n = 2;
	put32(c, (uint32_t)n);
	c->n = n;
}

/* One session: the password session, with an empty password. */
static void put_password(struct lk_tpm_buf *c)
{
	static const uint8_t empty[] = { 0x40, 0, 0, 9, 0, 0, 0, 0, 0 };

	put32(c, sizeof(empty));
	put(c, empty, sizeof(empty));
}

static void put_selection(struct lk_tpm_buf *c, uint16_t alg, uint32_t mask)
{
	put32(c, 1);
	put16(c, alg);
	put8(c, 3);
	put8(c, (uint8_t)mask);
	put8(c, (uint8_t)(mask >> 8));
	put8(c, (uint8_t)(mask >> 16));
}

void lk_tpm_cmd_pcr_read(struct lk_tpm_buf *c, uint16_t alg, uint32_t mask)
{
	begin(c, TAG_PLAIN, CC_PCR_READ);
	put_selection(c, alg, mask);
	end(c);
}

void lk_tpm_cmd_banks(struct lk_tpm_buf *c)
{
	begin(c, TAG_PLAIN, CC_GET_CAPABILITY);
	put32(c, CAP_PCRS);
	put32(c, 0);
	put32(c, 1);
	end(c);
}

void lk_tpm_cmd_pcr_extend(struct lk_tpm_buf *c, unsigned pcr, const struct lk_tpm_digest *digests,
			   size_t n)
{
	size_t i;

	begin(c, TAG_SESSIONS, CC_PCR_EXTEND);
	put32(c, pcr);
	put_password(c);
	put32(c, (uint32_t)n);
	for (i = 0; i < n; i++) {
		put16(c, digests[i].alg);
		put(c, digests[i].bytes, digests[i].size);
	}
	end(c);
}

void lk_tpm_cmd_create_ak(struct lk_tpm_buf *c)
{
	begin(c, TAG_SESSIONS, CC_CREATE_PRIMARY);
	put32(c, RH_OWNER);
	put_password(c);
	put16(c, 4); /* inSensitive: no password, no data */
	put32(c, 0);
	put16(c, 24);	  /* inPublic */
	put16(c, 0x0001); /* RSA */
	put16(c, LK_TCG_SHA256);
	put32(c, 0x00050072); /* restricted, sign, userWithAuth, made here and staying here */
	put16(c, 0);	      /* no policy */
	put16(c, 0x0010);     /* no symmetric cipher */
	put16(c, 0x0014);     /* RSASSA */
	put16(c, LK_TCG_SHA256);
	put16(c, 2048);
	put32(c, 0); /* exponent 65537 */
	put16(c, 0);
	put16(c, 0); /* outsideInfo */
	put32(c, 0); /* creationPCR */
	end(c);
}

void lk_tpm_cmd_read_public(struct lk_tpm_buf *c, uint32_t handle)
{
	begin(c, TAG_PLAIN, CC_READ_PUBLIC);
	put32(c, handle);
	end(c);
}

void lk_tpm_cmd_quote(struct lk_tpm_buf *c, uint32_t key, const uint8_t nonce[LK_TPM_NONCE])
{
	begin(c, TAG_SESSIONS, CC_QUOTE);
	put32(c, key);
	put_password(c);
	put16(c, LK_TPM_NONCE);
	put(c, nonce, LK_TPM_NONCE);
	put16(c, 0x0010); /* the key's own scheme */
	put_selection(c, LK_TCG_SHA256, LK_TPM_ALL_PCRS);
	end(c);
}

void lk_tpm_cmd_flush(struct lk_tpm_buf *c, uint32_t handle)
{
	begin(c, TAG_PLAIN, CC_FLUSH_CONTEXT);
	put32(c, handle);
	end(c);
}
