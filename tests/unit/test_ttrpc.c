/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ttrpc: vectors made by another implementation, and servers that break the protocol. */
#include "core/ttrpc.h"

#include "tests/fakes/fake_clock.h"
#include "tests/unit/bytes.h"
/* after what it needs */
#include "tests/fakes/unix_peer.h"

#define SERVICE "api.GetResourceService"
#define REQUEST                                                                                      \
	"000000430000000101000a166170692e4765745265736f7572636553657276696365120b4765745265736f7572" \
	"63651a160a146b62733a2f2f2f64656661756c742f6b65792f312080e497d012"
#define SECRET "0000000c0000000102000a0012080a06736563726574"
#define FAILED                                                                                       \
	"000000280000000102000a26080d12225b4344485d205b4552524f525d3a20676574207265736f757263652066" \
	"61696c6564"
#define EXTEND                                                                                       \
	"000000870000000101000a296174746573746174696f6e5f6167656e742e4174746573746174696f6e4167656e" \
	"74536572766963651218457874656e6452756e74696d654d6561737572656d656e741a3a0a1b63727970747069" \
	"6c6f742e616c6962616261636c6f75642e636f6d12156c6f61645f636f6e6669675f756e747275737465641a04" \
	"303066662080e497d012"

static void builds(const char *service, const char *method, const struct lk_secret *payload,
		   const char *want_hex)
{
	struct bytes want = hex(want_hex);
	struct lk_error err = { 0 };
	LK_SECRET frame = { 0 };

	CHECK_OK(lk_ttrpc_request(1, service, method, payload->data, payload->len, 5000000000u,
				  &frame, &err));
	CHECK_EQ(frame.len, want.len);
	CHECK_MEM(frame.data, want.data, want.len);
}

TEST(requests_fit_the_vectors)
{
	struct lk_error err = { 0 };
	LK_SECRET get = { 0 };
	LK_SECRET extend = { 0 };

	CHECK_OK(lk_secret_alloc(&get, 128, &err));
	CHECK_OK(lk_proto_put(&get, 1, "kbs:///default/key/1", 20, &err));
	builds(SERVICE, "GetResource", &get, REQUEST);
	CHECK_OK(lk_secret_alloc(&extend, 128, &err));
	CHECK_OK(lk_proto_put(&extend, 1, "cryptpilot.alibabacloud.com", 27, &err));
	CHECK_OK(lk_proto_put(&extend, 2, "load_config_untrusted", 21, &err));
	CHECK_OK(lk_proto_put(&extend, 3, "00ff", 4, &err));
	builds("attestation_agent.AttestationAgentService", "ExtendRuntimeMeasurement", &extend,
	       EXTEND);
}

static enum lk_code frame(const char *head_hex, struct lk_ttrpc_frame *f)
{
	struct bytes head = hex(head_hex);
	struct lk_error err = { 0 };

	CHECK_EQ(head.len, LK_TTRPC_HEADER);
	return lk_ttrpc_frame_parse(head.data, 4096, f, &err) ? err.code : LK_C_NONE;
}

TEST(frames_are_bounded)
{
	struct lk_ttrpc_frame f = { 0 };

	CHECK_EQ(frame("00001000000000030200", &f), LK_C_NONE);
	CHECK_EQ(f.len, 4096);
	CHECK_EQ(f.stream, 3);
	CHECK_EQ(f.type, LK_TTRPC_RESPONSE);
	CHECK_EQ(frame("00001001000000010200", &f), LK_C_REPLY_INVALID);
	CHECK_EQ(frame("ffffffff000000010200", &f), LK_C_REPLY_INVALID);
	CHECK_EQ(frame("00000000000000010100", &f), LK_C_REPLY_INVALID);
	CHECK_EQ(frame("00000000000000010400", &f), LK_C_REPLY_INVALID);
	CHECK_EQ(frame("00000000000000010000", &f), LK_C_REPLY_INVALID);
	CHECK_EQ(frame("00000000000000010300", &f), LK_C_NONE);
}

static enum lk_code response(const char *data_hex, uint32_t *code, struct lk_proto_bytes *payload)
{
	static struct bytes data;
	struct lk_error err = { 0 };

	data = hex(data_hex);
	return lk_ttrpc_response_parse(data.data, data.len, code, payload, &err) ? err.code
										 : LK_C_NONE;
}

TEST(responses_are_read_strictly)
{
	struct lk_proto_bytes payload;
	uint32_t code = 77;

	CHECK_EQ(response(&SECRET[20], &code, &payload), LK_C_NONE);
	CHECK_EQ(code, 0);
	CHECK_EQ(payload.len, 8);
	CHECK_EQ(response(&FAILED[20], &code, &payload), LK_C_NONE);
	CHECK_EQ(code, 13);
	CHECK_EQ(response("", &code, &payload), LK_C_NONE); /* no status, no payload: both fine */
	CHECK_EQ(code, 0);
	CHECK(!payload.data);
	CHECK_EQ(response("0a00", &code, &payload), LK_C_NONE);
	CHECK_EQ(response("1201", &code, &payload), LK_C_REPLY_INVALID);
	CHECK_EQ(response("0801", &code, &payload), LK_C_REPLY_INVALID);
	CHECK_EQ(response("0a0108", &code, &payload), LK_C_REPLY_INVALID);
	CHECK_EQ(response("0a0608ffffffff0f", &code, &payload), LK_C_REPLY_INVALID);
}

/* ---- against a peer ---- */

static struct lk_secret got;
static uint32_t got_code;

static enum lk_code call(bool abstract, const char *answer_hex, enum peer_end end, int64_t ms)
{
	struct bytes answer = hex(answer_hex);
	struct lk_error err = { 0 };
	struct lk_ttrpc_call c = { .service = SERVICE,
				   .method = "GetResource",
				   .payload = "x",
				   .len = 1,
				   .max_answer = 512 };
	struct unix_peer p;
	enum lk_status st;

	peer_start(&p, abstract, answer.data, answer.len, end);
	c.socket = p.path;
	c.deadline = lk_deadline_in(ms);
	lk_secret_wipe(&got);
	st = lk_ttrpc_exchange(&c, &got_code, &got, &err);
	peer_stop(&p);
	CHECK(st == LK_OK || !got.data);
	return st == LK_TIMEOUT ? LK_N_CODES : st ? err.code : LK_C_NONE;
}

TEST(a_call_gets_its_answer)
{
	CHECK_EQ(call(false, SECRET, PEER_WAITS, 10000), LK_C_NONE);
	CHECK_EQ(got_code, 0);
	CHECK_EQ(got.len, 8);
	CHECK_MEM(got.data, "\n\6secret", 8);
	CHECK_EQ(call(true, SECRET, PEER_CLOSES, 10000), LK_C_NONE);
	CHECK_EQ(got.len, 8);
	CHECK_EQ(call(false, FAILED, PEER_CLOSES, 10000), LK_C_NONE);
	CHECK_EQ(got_code, 13);
	/* data of a stream that nobody opened comes first */
	CHECK_EQ(call(false, "00000002000000070300ffff" SECRET, PEER_CLOSES, 10000), LK_C_NONE);
	CHECK_EQ(got.len, 8);
	CHECK_EQ(call(false, "00000000000000010200", PEER_CLOSES, 10000), LK_C_NONE);
	CHECK_EQ(got.len, 0);
	lk_secret_wipe(&got);
}

TEST(servers_that_break_the_protocol)
{
	CHECK_EQ(call(false, "0000000c0000000302000a0012080a06736563726574", PEER_WAITS, 10000),
		 LK_C_REPLY_INVALID); /* another stream */
	CHECK_EQ(call(false, "00000000000000010300", PEER_WAITS, 10000), LK_C_REPLY_INVALID);
	CHECK_EQ(call(false, "00400000000000010200", PEER_WAITS, 10000), LK_C_REPLY_INVALID);
	CHECK_EQ(call(false, "00000000000000070300", PEER_REPEATS, 10000), LK_C_REPLY_INVALID);
	CHECK_EQ(call(false, "000000020000000102000a02", PEER_WAITS, 10000), LK_C_REPLY_INVALID);
	CHECK_EQ(call(false, "485454502f312e3120343030", PEER_WAITS, 10000), LK_C_REPLY_INVALID);
	CHECK_EQ(call(false, "", PEER_CLOSES, 10000), LK_C_UNREACHABLE);
	CHECK_EQ(call(false, "0000000c0000000102000a00", PEER_CLOSES, 10000), LK_C_UNREACHABLE);
}

TEST(the_deadline_ends_a_call)
{
	CHECK_EQ(call(false, "", PEER_WAITS, 200), LK_N_CODES);
	CHECK_EQ(call(false, "0000000c000000010200", PEER_WAITS, 200), LK_N_CODES);
}

TEST(nobody_listens)
{
	struct lk_ttrpc_call c = { .service = SERVICE, .method = "GetResource" };
	struct lk_error err = { 0 };
	char longer[200];

	c.deadline = lk_deadline_in(1000);
	c.socket = "/nonexistent/hub.sock";
	CHECK_EQ(lk_ttrpc_exchange(&c, &got_code, &got, &err), LK_ABSENT);
	CHECK_EQ(err.code, LK_C_SERVER_ABSENT);
	err = (struct lk_error){ 0 };
	c.socket = "@latchkey-nobody";
	CHECK_EQ(lk_ttrpc_exchange(&c, &got_code, &got, &err), LK_ABSENT);
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	c.socket = longer;
	CHECK_EQ(lk_ttrpc_exchange(&c, &got_code, &got, &err), LK_CONFIG);
}

TESTS(requests_fit_the_vectors, frames_are_bounded, responses_are_read_strictly,
      a_call_gets_its_answer, servers_that_break_the_protocol, the_deadline_ends_a_call,
      nobody_listens)
