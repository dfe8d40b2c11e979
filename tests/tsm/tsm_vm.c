/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of TDX and SEV-SNP through the real configfs-tsm of a virtual machine, whose reports come
 * from a module of the tests. One part a run, as tests/tsm/run loads the module:
 *
 *	tsm_vm none | snp | tdx | debug
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attestation/hardware.h"
#include "attestation/snp.h"
#include "attestation/tdx.h"
#include "attestation/tsm.h"
#include "core/base64.h"
#include "core/crypto.h"
#include "core/json.h"
#include "tests/check.h"

#define PARAMETERS "/sys/module/fake_tsm/parameters/"

static uint8_t digest[48];

static void set(const char *name, unsigned value)
{
	char path[128], text[16];
	const int n = snprintf(text, sizeof(text), "%u", value);

	(void)snprintf(path, sizeof(path), PARAMETERS "%s", name);
	CHECK_EQ(lk_the_kernel.put(path, text, (size_t)n), 0);
}

static unsigned get(const char *name)
{
	char path[128];
	uint8_t *text = NULL;
	unsigned value;

	(void)snprintf(path, sizeof(path), PARAMETERS "%s", name);
	CHECK(lk_the_kernel.get(path, 32, &text) > 0);
	value = (unsigned)strtoul((const char *)text, NULL, 10);
	free(text);
	return value;
}

/* The name of a request that is there; false if none is. */
static bool find_request(char ret[256])
{
	DIR *d = opendir(LK_TSM_ROOT);
	const struct dirent *e;
	bool found = false;

	CHECK(d);
	while (!found && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			(void)snprintf(ret, 256, "%s", e->d_name);
			found = true;
		}
	closedir(d);
	return found;
}

static void nothing_is_left(void)
{
	char name[256];

	CHECK(!find_request(name));
}

/* ---- no provider ---- */

TEST(an_interface_without_a_provider_is_no_tee)
{
	LK_JSON *doc = NULL;
	char provider[LK_TSM_PROVIDER_MAX];
	struct lk_error err = { 0 };

	CHECK_EQ(access(LK_TSM_ROOT, F_OK), 0);
	CHECK_EQ(lk_tsm_provider(&lk_the_kernel, LK_TSM_ROOT, provider, &err), LK_ABSENT);
	CHECK(!lk_hardware_probe().tsm);
	CHECK(!lk_tdx_present(&lk_the_kernel) && !lk_snp_present(&lk_the_kernel));
	CHECK_EQ(lk_snp_evidence(&lk_the_kernel, digest, sizeof(digest), &doc, &err), LK_ABSENT);
	CHECK_EQ(err.code, LK_C_TEE_ABSENT);
	CHECK_EQ(lk_tdx_evidence(&lk_the_kernel, digest, sizeof(digest), &doc, &err), LK_ABSENT);
	nothing_is_left();
}

TEST(there_is_no_host_to_ask)
{
	CHECK(lk_the_kernel.connect_host(4050) < 0);
}

/* ---- SEV-SNP ---- */

static int64_t item(const struct json_t *array, size_t i)
{
	int64_t n = -1;

	CHECK(lk_json_int_value(lk_json_at(array, i), &n));
	return n;
}

/* One evidence; the report is of our data. */
static enum lk_status snp(const uint8_t *data, enum lk_code *code, struct json_t **ret)
{
	struct lk_error err = { 0 };
	const enum lk_status st = lk_snp_evidence(&lk_the_kernel, data, 48, ret, &err);
	const struct json_t *theirs;
	size_t i;

	*code = err.code;
	if (st)
		return st;
	theirs = lk_json_get(lk_json_get(*ret, "attestation_report"), "report_data");
	CHECK_EQ(lk_json_count(theirs), 64);
	for (i = 0; i < 64; i++)
		CHECK_EQ(item(theirs, i), i < 48 ? data[i] : 0);
	return LK_OK;
}

static void begin(void)
{
	struct lk_error err = { 0 };

	CHECK_OK(lk_crypto_setup(&err));
	memset(digest, 0xa5, sizeof(digest));
	set("fail_times", 0);
	set("delay_ms", 0);
	set("requests", 0);
}

TEST(snp_evidence_is_made)
{
	LK_JSON *doc = NULL;
	const struct json_t *chain;
	struct lk_error err = { 0 };
	enum lk_code code;
	int64_t level = -1;
	const char *type;

	begin();
	CHECK_EQ(snp(digest, &code, &doc), LK_OK);
	CHECK_EQ(get("requests"), 1);
	CHECK_OK(lk_json_get_int(lk_json_get(doc, "attestation_report"), "vmpl", 0, 3, &level,
				 &err));
	CHECK_EQ(level, 2);
	chain = lk_json_get(doc, "cert_chain");
	CHECK_EQ(lk_json_count(chain), 1);
	CHECK_OK(lk_json_get_string(lk_json_at(chain, 0), "cert_type", 8, &type, &err));
	CHECK_STR(type, "VCEK");
	CHECK_EQ(lk_json_count(lk_json_get(lk_json_at(chain, 0), "data")), 1360);
	nothing_is_left();
}

TEST(the_provider_chooses_the_attester)
{
	const struct lk_attester *chosen = NULL;
	struct lk_error err = { 0 };

	begin();
	CHECK(lk_hardware_probe().tsm);
	CHECK_OK(lk_attester_pick("auto", &chosen, &err));
	CHECK_STR(chosen->name, "snp");
	CHECK_EQ(lk_attester_pick("tdx", &chosen, &err), LK_ABSENT);
	CHECK_EQ(lk_attester_pick("sample", &chosen, &err), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_TEE_REFUSED);
	CHECK_EQ(get("requests"), 0);
	nothing_is_left();
}

TEST(errors_of_the_provider_are_told_apart)
{
	LK_JSON *doc = NULL;
	enum lk_code code;

	begin();
	set("fail", EBUSY);
	set("fail_times", 2);
	CHECK_EQ(snp(digest, &code, &doc), LK_OK);
	CHECK_EQ(get("requests"), 3);
	begin();
	set("fail_times", 99);
	CHECK_EQ(snp(digest, &code, &doc), LK_AGAIN);
	CHECK_EQ(code, LK_C_TEE_BUSY);
	CHECK_EQ(get("requests"), 5);
	begin();
	set("fail", EIO);
	set("fail_times", 1);
	CHECK_EQ(snp(digest, &code, &doc), LK_INTERNAL);
	CHECK_EQ(code, LK_C_TEE_FAILED);
	CHECK_EQ(get("requests"), 1);
	nothing_is_left();
}

/* Somebody who writes into our request while its report is made: waits for the kernel to be done with
 * it, and comes before us then. */
static int intrude(void)
{
	const struct sched_param first = { .sched_priority = 1 };
	const uint8_t foreign[LK_TSM_DATA] = "not yours";
	const struct timespec tick = { .tv_nsec = 1000000 };
	char name[256], path[512];

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		return 1;
	while (get("requests") == 0 || !find_request(name))
		nanosleep(&tick, NULL);
	(void)snprintf(path, sizeof(path), LK_TSM_ROOT "/%s/inblob", name);
	return lk_the_kernel.put(path, foreign, sizeof(foreign)) ? 2 : 0;
}

TEST(what_others_write_meanwhile_is_noticed)
{
	LK_JSON *doc = NULL;
	enum lk_code code;
	pid_t other;
	int status;

	begin();
	set("delay_ms", 500);
	other = fork();
	if (other == 0)
		_exit(intrude());
	CHECK_EQ(snp(digest, &code, &doc), LK_OK);
	CHECK_EQ(waitpid(other, &status, 0), other);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(get("requests") >= 2);
	nothing_is_left();
}

TEST(two_at_once_get_their_own)
{
	pid_t pids[4];
	int i, status;

	begin();
	set("delay_ms", 20);
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct json_t *doc = NULL;
			enum lk_code code;

			memset(digest, i, sizeof(digest));
			_exit(snp(digest, &code, &doc) == LK_OK ? 0 : 1);
		}
	}
	for (i = 0; i < 4; i++) {
		CHECK_EQ(waitpid(pids[i], &status, 0), pids[i]);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	nothing_is_left();
}

TEST(a_signal_leaves_nothing_behind)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	char name[256];
	pid_t pid;
	int status;

	begin();
	set("delay_ms", 300);
	pid = fork();
	if (pid == 0) {
		struct json_t *doc = NULL;
		enum lk_code code;

		(void)snp(digest, &code, &doc);
		for (;;)
			pause();
	}
	while (get("requests") == 0)
		nanosleep(&tick, NULL);
	CHECK(find_request(name));
	CHECK_EQ(kill(pid, SIGTERM), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	nothing_is_left();
}

/* What the kernel does with a request that is too short: the reason for all the checks. */
TEST(the_kernel_loses_the_error_of_a_write)
{
	char dir[] = LK_TSM_ROOT "/by-hand", path[128];
	uint8_t *out = NULL;

	begin();
	CHECK_EQ(lk_the_kernel.make_dir(dir), 0);
	(void)snprintf(path, sizeof(path), "%s/inblob", dir);
	CHECK_EQ(lk_the_kernel.put(path, digest, sizeof(digest)), 0);
	(void)snprintf(path, sizeof(path), "%s/outblob", dir);
	CHECK_EQ(lk_the_kernel.get(path, LK_TSM_BLOB_MAX, &out), -EINVAL);
	CHECK_EQ(lk_the_kernel.remove_dir(dir), 0);
}

/* ---- TDX ---- */

TEST(tdx_evidence_is_made)
{
	static uint8_t quote[16384];
	static const uint8_t zero[16];
	const struct lk_attester *chosen = NULL;
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };
	const char *text;
	size_t n;

	begin();
	CHECK_OK(lk_attester_pick("auto", &chosen, &err));
	CHECK_STR(chosen->name, "tdx");
	CHECK_OK(chosen->evidence(chosen, digest, sizeof(digest), &doc, &err));
	CHECK_OK(lk_json_get_string(doc, "quote", 65536, &text, &err));
	CHECK(lk_b64_decode(LK_B64_STD, text, strlen(text), quote, sizeof(quote), &n));
	CHECK_EQ(n, 4935);
	CHECK_MEM(quote + 568, digest, sizeof(digest));
	CHECK_MEM(quote + 568 + sizeof(digest), zero, sizeof(zero));
	CHECK(lk_json_is_null(lk_json_get(doc, "cc_eventlog")));
	CHECK(!lk_snp_present(&lk_the_kernel));
	nothing_is_left();
}

TEST(a_domain_that_is_debugged_is_refused)
{
	LK_JSON *doc = NULL;
	struct lk_error err = { 0 };

	begin();
	CHECK_EQ(lk_tdx_evidence(&lk_the_kernel, digest, sizeof(digest), &doc, &err), LK_TAMPERED);
	CHECK_EQ(err.code, LK_C_TEE_DEBUG);
	nothing_is_left();
}

#define PART(...)                                                                                  \
	{                                                                                          \
		void (*const run[])(void) = { __VA_ARGS__ };                                       \
		return check_main(run, sizeof(run) / sizeof(run[0]), #__VA_ARGS__);                \
	}

static int none(void) PART(an_interface_without_a_provider_is_no_tee, there_is_no_host_to_ask)

	static int amd(void)
		PART(snp_evidence_is_made, the_provider_chooses_the_attester,
		     errors_of_the_provider_are_told_apart, what_others_write_meanwhile_is_noticed,
		     two_at_once_get_their_own, a_signal_leaves_nothing_behind,
		     the_kernel_loses_the_error_of_a_write)

			static int intel(void) PART(tdx_evidence_is_made)

				static int debug(void) PART(a_domain_that_is_debugged_is_refused)

					int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} parts[] = { { "none", none }, { "snp", amd }, { "tdx", intel }, { "debug", debug } };
	size_t i;

	lk_json_setup();
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc == 2 && strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run();
	fprintf(stderr, "usage: tsm_vm none | snp | tdx | debug\n");
	return 2;
}
