/* SPDX-License-Identifier: Apache-2.0 */
/* keyserver/verifier_tpm.c, tpm_quote.c, event_claims.c: quotes of a key of ours, and a recorded one;
 * what does not fit is refused, and only a log that tells all proves a phase. */
#define JUDGED_TEE "tpm"

#include "attestation/eventlog.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "evidence_judged.h"
#include "keyserver/tpm_quote.h"
#include "keyserver/x509.h"

static uint8_t digest[48];

/* --- a TPM ------------------------------------------------------------------------------------- */

static struct {
	struct lk_keypair *key;
	uint8_t spki[600];
	size_t spki_len;
	uint8_t pcrs[24][32];
	uint8_t log[64 * 1024];
	size_t log_len;
	/* what the quote says; changed by tests */
	uint8_t message[512];
	size_t message_len;
	uint8_t signature[600];
	size_t signature_len;
} tpm;

static uint8_t *put(uint8_t *at, uint64_t value, size_t n)
{
	while (n--)
		*at++ = (uint8_t)(value >> (8 * n));
	return at;
}

static uint8_t *put_bytes(uint8_t *at, const void *p, size_t n)
{
	memcpy(at, p, n);
	return at + n;
}

/* SubjectPublicKeyInfo, by hand. */
static void make_spki(const struct lk_public_key *k)
{
	static const uint8_t ec[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				      0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
	static const uint8_t rsa[] = { 0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a,
				       0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
				       0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01,
				       0x0a, 0x02, 0x82, 0x01, 0x01, 0x00 };
	uint8_t *at = tpm.spki;

	if (k->kind == LK_KEY_P256) {
		at = put_bytes(at, ec, sizeof(ec));
		at = put_bytes(at, k->x, 32);
		at = put_bytes(at, k->y, 32);
	} else {
		CHECK_EQ(k->n_len, 256);
		at = put_bytes(at, rsa, sizeof(rsa));
		at = put_bytes(at, k->n, 256);
		at = put_bytes(at, "\x02\x03\x01\x00\x01", 5);
	}
	tpm.spki_len = (size_t)(at - tpm.spki);
}

static void sign(void)
{
	uint8_t sig[512], *at = tpm.signature;
	size_t n;

	if (lk_keypair_kind(tpm.key) == LK_KEY_P256) {
		CHECK_OK(lk_ecdsa_sign(tpm.key, tpm.message, tpm.message_len, sig, &n, &err));
		at = put(put(put(at, 0x0018, 2), 0x000b, 2), 32, 2);
		at = put_bytes(at, sig, 32);
		at = put_bytes(put(at, 32, 2), sig + 32, 32);
	} else {
		CHECK_OK(lk_rsa_sign_sha256(tpm.key, tpm.message, tpm.message_len, sig, &n, &err));
		at = put(put(put(at, 0x0014, 2), 0x000b, 2), n, 2);
		at = put_bytes(at, sig, n);
	}
	tpm.signature_len = (size_t)(at - tpm.signature);
}

static void quote(void)
{
	uint8_t *at = tpm.message, pcr_digest[LK_HASH_MAX];

	CHECK_OK(lk_hash(LK_SHA256, tpm.pcrs, sizeof(tpm.pcrs), pcr_digest, &err));
	at = put(put(at, 0xff544347, 4), 0x8018, 2);
	at = put_bytes(put(at, 4, 2), "name", 4);
	at = put_bytes(put(at, 32, 2), digest, 32);
	at = put(put(put(put(at, 77, 8), 3, 4), 4, 4), 1, 1);
	at = put(at, 0x2019042300130001, 8);
	at = put(put(put(put(at, 1, 4), 0x000b, 2), 3, 1), 0xffffff, 3);
	at = put_bytes(put(at, 32, 2), pcr_digest, 32);
	tpm.message_len = (size_t)(at - tpm.message);
	sign();
}

static void begin(enum lk_key_kind kind)
{
	struct lk_public_key public;
	static const uint16_t algs[] = { LK_TCG_SHA256 };
	size_t i;

	CHECK_OK(lk_crypto_setup(&err));
	memset(&tpm, 0, sizeof(tpm));
	CHECK_OK(lk_keypair_generate(kind, &tpm.key, &err));
	CHECK_OK(lk_keypair_public(tpm.key, &public, &err));
	make_spki(&public);
	for (i = 17; i < 23; i++)
		memset(tpm.pcrs[i], 0xff, 32);
	for (i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)(i + 1);
	CHECK_OK(lk_eventlog_header(algs, 1, tpm.log, &tpm.log_len, &err));
	a = (struct lk_appraisal){ .digest = digest, .n = 48, .now = IN_2025 };
	quote();
}

static void end(void)
{
	lk_keypair_free(tpm.key);
	tpm.key = NULL;
}

/* Extend a PCR by an entry, and log it. */
static void append(unsigned pcr, const uint8_t *event, size_t n)
{
	uint8_t hash[LK_HASH_MAX];
	size_t len;

	CHECK_OK(lk_hash(LK_SHA256, event, n, hash, &err));
	CHECK_OK(lk_register_extend(LK_SHA256, tpm.pcrs[pcr], hash, &err));
	CHECK_OK(lk_aael_entry(pcr, LK_TCG_SHA256, event, n, tpm.log + tpm.log_len, &len, &err));
	tpm.log_len += len;
}

static void event(unsigned pcr, const char *operation, const char *content)
{
	uint8_t bytes[LK_AAEL_EVENT_MAX];
	size_t n;

	CHECK_OK(lk_aael_event("latchkey", operation, content, bytes, &n, &err));
	append(pcr, bytes, n);
}

/* --- asking ------------------------------------------------------------------------------------ */

static void set_b64(struct json_t *o, const char *name, const uint8_t *p, size_t n)
{
	LK_FREE char *text = malloc(LK_B64_SIZE(n));

	lk_b64_encode(LK_B64_STD, p, n, text);
	CHECK(lk_json_set_string(o, name, text));
}

static struct json_t *evidence(bool with_log)
{
	struct json_t *o = lk_json_object(), *q = lk_json_object(), *pcrs = lk_json_array();
	char hex[65];
	size_t i;

	for (i = 0; i < 24; i++) {
		lk_hex_encode(tpm.pcrs[i], 32, hex);
		CHECK(lk_json_append_string(pcrs, hex));
	}
	set_b64(q, "message", tpm.message, tpm.message_len);
	set_b64(q, "signature", tpm.signature, tpm.signature_len);
	CHECK(lk_json_set(q, "pcrs", pcrs) && lk_json_set(o, "tpm_quote", q));
	set_b64(o, "ak_public", tpm.spki, tpm.spki_len);
	if (with_log)
		set_b64(o, "cc_eventlog", tpm.log, tpm.log_len);
	return o;
}

/* --- quotes ------------------------------------------------------------------------------------ */

static void check_claims(void)
{
	LK_JSON *claims = accepted(evidence(false));
	uint8_t hash[LK_HASH_MAX];
	char hex[65];

	CHECK_OK(lk_hash(LK_SHA256, tpm.spki, tpm.spki_len, hash, &err));
	lk_hex_encode(hash, 32, hex);
	CHECK_STR(claim(claims, "tpm.ak"), hex);
	lk_hex_encode(tpm.pcrs[17], 32, hex);
	CHECK_STR(claim(claims, "tpm.pcr.17"), hex);
	lk_hex_encode(digest, 32, hex);
	CHECK_STR(claim(claims, "tpm.report_data"), hex);
	CHECK_STR(claim(claims, "tpm.firmware_version"), "2019042300130001");
	CHECK_STR(claim(claims, "tpm.reset_count"), "3");
	CHECK_STR(claim(claims, "tpm.restart_count"), "4");
	CHECK_STR(claim(claims, "tpm.safe"), "true");
	CHECK(!lk_json_has(claims, "phase") && !lk_json_has(claims, "events"));
}

TEST(rsa)
{
	begin(LK_KEY_RSA2048);
	check_claims();
	a.n = 32;
	check_claims();
	end();
}

TEST(ec)
{
	begin(LK_KEY_P256);
	check_claims();
	end();
}

/* A byte of the quote changed, without the key and with it. */
TEST(bytes_of_the_quote)
{
	size_t at;

	begin(LK_KEY_P256);
	for (at = 0; at < tpm.message_len; at++) {
		tpm.message[at] ^= 0x40;
		refused(evidence(false), "");
		tpm.message[at] ^= 0x40;
	}
	for (at = 0; at < tpm.message_len; at++) {
		/* the signer's name and the clock are not ours to judge */
		if ((at >= 8 && at < 12) || (at >= 46 && at < 62) || (at >= 63 && at < 71))
			continue;
		tpm.message[at] ^= 0x40;
		sign();
		refused(evidence(false), "");
		tpm.message[at] ^= 0x40;
	}
	end();
}

TEST(lengths)
{
	begin(LK_KEY_P256);
	tpm.message[tpm.message_len++] = 0;
	sign();
	refused(evidence(false), "cut short or malformed");
	tpm.message_len -= 2;
	sign();
	refused(evidence(false), "cut short or malformed");
	quote();
	tpm.signature[tpm.signature_len++] = 0;
	refused(evidence(false), "cut short or malformed");
	tpm.signature_len -= 2;
	refused(evidence(false), "cut short or malformed");
	end();
}

TEST(signature)
{
	begin(LK_KEY_RSA2048);
	tpm.signature[100] ^= 1;
	refused(evidence(false), "signature does not fit");
	tpm.signature[100] ^= 1;
	tpm.signature[1] = 0x16; /* RSAPSS */
	refused(evidence(false), "neither RSASSA nor ECDSA");
	tpm.signature[1] = 0x14;
	tpm.signature[3] = 0x04; /* SHA-1 */
	refused(evidence(false), "neither RSASSA nor ECDSA");
	tpm.signature[3] = 0x0b;
	tpm.spki[60] ^= 1; /* another key */
	refused(evidence(false), "signature does not fit");
	tpm.spki[60] ^= 1;
	tpm.spki_len--;
	refused(evidence(false), "ak_public is no RSA or EC key");
	tpm.spki_len++;
	lk_json_free(accepted(evidence(false)));
	end();
}

TEST(nonce)
{
	begin(LK_KEY_P256);
	digest[31] ^= 1;
	refused(evidence(false), "nonce is not the digest");
	digest[31] ^= 1;
	digest[32] ^= 1; /* does not fit into a nonce of 32 bytes */
	lk_json_free(accepted(evidence(false)));
	a.n = 31;
	refused(evidence(false), "nonce is not the digest");
	end();
}

TEST(pcrs)
{
	begin(LK_KEY_P256);
	tpm.pcrs[4][0] ^= 1;
	refused(evidence(false), "pcrs are not what was quoted");
	end();
}

static size_t decode(const struct json_t *o, const char *name, uint8_t *out, size_t cap)
{
	const char *text = lk_json_string_value(lk_json_get(o, name));
	size_t n;

	CHECK(text && lk_b64_decode(LK_B64_STD, text, strlen(text), out, cap, &n));
	return n;
}

static void check_recorded(const struct json_t *e)
{
	const struct json_t *q = lk_json_get(e, "tpm_quote");
	struct lk_tpm_signature sig;
	struct lk_tpm_quote quoted;
	struct lk_public_key ak;
	uint8_t message[512], data[512], spki[512];
	size_t n = decode(q, "message", message, sizeof(message)), len;

	CHECK_OK(lk_tpm_quote_read(message, n, &quoted, &err));
	CHECK_EQ(quoted.nonce_len, 64);
	len = decode(q, "signature", data, sizeof(data));
	CHECK_OK(lk_tpm_signature_read(data, len, &sig, &err));
	len = decode(e, "ak_public", spki, sizeof(spki));
	CHECK_OK(lk_spki_read(spki, len, &ak, &err));
	CHECK_OK(lk_rsa_verify_sha256(&ak, message, n, sig.bytes, sig.len, &err));
	message[20] ^= 1;
	CHECK_EQ(lk_rsa_verify_sha256(&ak, message, n, sig.bytes, sig.len, &err), LK_TAMPERED);
}

/* As its maker recorded it: with a nonce of 64 bytes, which no client of the protocol sends. */
TEST(recorded)
{
	static struct file f;
	LK_JSON *e = NULL;

	begin(LK_KEY_P256);
	file_read("tpm.json", &f);
	CHECK_OK(lk_json_parse((char *)f.data, f.n, &e, &err));
	refused(lk_json_ref(e), "nonce is not the digest");
	check_recorded(e);
	end();
}

TEST(malformed)
{
	struct json_t *e;

	begin(LK_KEY_P256);
	refused(lk_json_array(), "no tpm_quote");
	refused(lk_json_object(), "no tpm_quote");
	e = evidence(false);
	CHECK(lk_json_set_string(lk_json_get(e, "tpm_quote"), "message", "AAA"));
	refused(e, "message is not base64");
	e = evidence(false);
	CHECK(lk_json_set_null(e, "ak_public"));
	refused(e, "ak_public is not base64");
	e = evidence(false);
	CHECK(lk_json_append_string(lk_json_get(lk_json_get(e, "tpm_quote"), "pcrs"), "00"));
	refused(e, "24 SHA-256 values");
	e = evidence(false);
	CHECK(lk_json_set_string(e, "cc_eventlog", "?"));
	refused(e, "cc_eventlog is not base64");
	e = evidence(false);
	CHECK(lk_json_set_bool(e, "cc_eventlog", true));
	refused(e, "cc_eventlog is no text");
	end();
}

/* --- events ------------------------------------------------------------------------------------ */

#define CONFIG "c0ffee"

TEST(events)
{
	LK_JSON *claims = NULL;

	begin(LK_KEY_P256);
	event(15, "configuration", CONFIG);
	event(15, "header", "aa");
	event(15, "header", "bb");
	event(14, "header", "of another register");
	quote();
	claims = accepted(evidence(true));
	CHECK_STR(claim(claims, "phase"), "initrd");
	CHECK_STR(claim(claims, "events"),
		  "{\"configuration\":[\"c0ffee\"],\"header\":[\"aa\",\"bb\"],"
		  "\"register\":\"tpm:15\"}");
	end();
}

static void phase_is(const char *phase)
{
	LK_JSON *claims = NULL;

	quote();
	claims = accepted(evidence(true));
	CHECK_STR(claim(claims, "phase"), phase);
}

TEST(phases)
{
	begin(LK_KEY_P256);
	phase_is("");
	event(15, "header", "aa");
	phase_is(""); /* nobody said what the configuration was */
	event(15, "configuration", CONFIG);
	phase_is("initrd");
	event(15, "handoff", "now");
	phase_is("system");
	event(15, "configuration", CONFIG); /* there is no way back */
	phase_is("system");
	end();
	begin(LK_KEY_P256);
	event(15, "phase", "system");
	event(15, "configuration", CONFIG);
	phase_is("system");
	end();
}

/* Another register, extended by whoever runs, is no way back either, unless the operator named it. */
TEST(other_registers)
{
	begin(LK_KEY_P256);
	event(14, "configuration", CONFIG);
	phase_is("");
	event(15, "configuration", CONFIG);
	event(15, "handoff", "now");
	phase_is("system");
	a.limits.tpm_register = 14;
	phase_is("initrd");
	end();
}

TEST(log_that_does_not_lead_there)
{
	size_t kept;

	begin(LK_KEY_P256);
	event(15, "configuration", CONFIG);
	kept = tpm.log_len;
	event(15, "handoff", "now");
	quote();
	tpm.log_len = kept; /* the end is kept back */
	refused(evidence(true), "does not lead to the value of tpm:15");
	tpm.log_len = 20;
	refused(evidence(true), "event log is malformed");
	end();
}

/* Where the entry that was appended last has its type, digest and data. */
static uint8_t *last_entry(size_t data_len)
{
	return tpm.log + tpm.log_len - data_len - 4 - 32 - 2 - 4 - 4 - 4;
}

#define HANDOFF_LEN (8 + sizeof("latchkey handoff now") - 1)

TEST(entry_that_lies)
{
	LK_JSON *claims = NULL;
	uint8_t *entry;

	begin(LK_KEY_P256);
	event(15, "configuration", CONFIG);
	event(15, "handoff", "now");
	quote();
	entry = last_entry(HANDOFF_LEN);
	CHECK_EQ(entry[0], 15);
	tpm.log[tpm.log_len - 1] ^= 1; /* another text under the same digest */
	refused(evidence(true), "text is not what was measured");
	tpm.log[tpm.log_len - 1] ^= 1;
	entry[4] = 5; /* of another type: an event all the same */
	claims = accepted(evidence(true));
	CHECK_STR(claim(claims, "phase"), "system");
	entry[4] = 3; /* of the type that is never extended */
	refused(evidence(true), "does not lead to the value");
	end();
}

/* The text replaced by one that is no event of ours: the digest may be that of a handoff. */
TEST(entry_that_hides)
{
	LK_JSON *claims = NULL;

	begin(LK_KEY_P256);
	event(15, "configuration", CONFIG);
	event(15, "handoff", "now");
	quote();
	memset(tpm.log + tpm.log_len - HANDOFF_LEN, 'x', HANDOFF_LEN);
	claims = accepted(evidence(true));
	CHECK_STR(claim(claims, "phase"), "");
	CHECK(!lk_json_has(claims, "events"));
	end();
}

/* Others may use the register as well, as long as they say what they measured. */
TEST(entry_of_others)
{
	begin(LK_KEY_P256);
	event(15, "configuration", CONFIG);
	append(15, (const uint8_t *)"machine-id:1", 12);
	phase_is("initrd");
	end();
}

TEST(too_many_events)
{
	char text[901];
	size_t i;

	begin(LK_KEY_P256);
	for (i = 0; i < 100; i++)
		event(15, "configuration", CONFIG);
	phase_is("initrd");
	event(15, "Configuration", CONFIG);
	quote();
	refused(evidence(true), "one without a name");
	end();
	begin(LK_KEY_P256);
	memset(text, 'x', 900);
	text[900] = '\0';
	for (i = 0; i < 36; i++)
		event(15, "header", text);
	phase_is("");
	event(15, "header", text);
	quote();
	refused(evidence(true), "more of the agent's events than can be");
	end();
}

TESTS(rsa, ec, bytes_of_the_quote, lengths, signature, nonce, pcrs, recorded, malformed, events,
      phases, other_registers, log_that_does_not_lead_there, entry_that_lies, entry_that_hides,
      entry_of_others, too_many_events)
