/* SPDX-License-Identifier: Apache-2.0 */
/* What the attesters make of recorded reports, the key server takes: signatures, chains and event log
 * included. */
#include "attestation/snp.h"
#include "attestation/tdx.h"
#include "core/crypto.h"
#include "evidence_fixture.h"
#include "tests/fakes/fake_kernel.h"

static struct lk_error err;
static struct file file;

static void begin(const char *provider, const char *name, size_t data_at)
{
	CHECK_OK(lk_crypto_setup(&err));
	memset(&fake, 0, sizeof(fake));
	fake.has_tsm = true;
	fake.provider = provider;
	file_read(name, &file);
	memcpy(fake.blob, file.data, file.n);
	fake.blob_n = file.n;
	fake.data_at = data_at;
}

/* The verdict on evidence of the report's own data, so that its signature stands. */
static enum lk_status judge(const char *tee, const struct json_t *evidence, struct json_t **ret)
{
	struct lk_trust *trust = NULL;
	struct lk_appraisal a = { .digest = file.data + fake.data_at, .n = 64, .now = IN_2025 };
	enum lk_status st;

	CHECK(fake_kernel_ends());
	CHECK_OK(lk_trust_new(&trust, &err));
	a.trust = trust;
	st = lk_verifier_find(tee)->verify(&a, evidence, ret, &err);
	lk_trust_free(trust);
	return st;
}

static const uint8_t vcek[16] = "\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd";

TEST(snp)
{
	LK_JSON *doc = NULL;
	LK_JSON *claims = NULL;
	struct json_t *none = NULL;

	begin("sev_guest", "snp-milan.report", 0x50);
	memcpy(fake.aux, vcek, sizeof(vcek));
	fake.aux[17] = 4; /* at 1024 */
	fake.aux_n = sizeof(fake.aux);
	fake.aux[20] = 0x50;
	fake.aux[21] = 0x05;
	CHECK_EQ(fake_fixture("snp-milan.vcek", fake.aux + 1024, 2048), 0x550);
	CHECK_OK(lk_snp_evidence(&fake_kernel, file.data + 0x50, 64, &doc, &err));
	CHECK_OK(judge("snp", doc, &claims));
	CHECK(*claim(claims, "snp.measurement"));
	fake.blob[0x90] ^= 1; /* another measurement, which nobody signed */
	lk_json_free(lk_take(doc));
	CHECK_OK(lk_snp_evidence(&fake_kernel, file.data + 0x50, 64, &doc, &err));
	CHECK_EQ(judge("snp", doc, &none), LK_DENIED);
	CHECK(!none);
}

TEST(tdx)
{
	static uint8_t table[64], ccel[32768];
	LK_JSON *doc = NULL;
	LK_JSON *claims = NULL;
	struct json_t *none = NULL;

	begin("tdx_guest", "tdx-gcp.quote", 568);
	fake.file_path[0] = "/sys/firmware/acpi/tables/CCEL";
	fake.file[0] = table;
	fake.file_n[0] = fake_fixture("tdx-gcp.ccel-table", table, sizeof(table));
	fake.file_path[1] = "/sys/firmware/acpi/tables/data/CCEL";
	fake.file[1] = ccel;
	fake.file_n[1] = fake_fixture("tdx-gcp.ccel", ccel, sizeof(ccel));
	CHECK_OK(lk_tdx_evidence(&fake_kernel, file.data + 568, 64, &doc, &err));
	CHECK(lk_json_is_string(lk_json_get(doc, "cc_eventlog")));
	CHECK_OK(judge("tdx", doc, &claims));
	CHECK(*claim(claims, "tdx.quote.body.rtmr_0"));
	fake.blob[184] ^= 1; /* another MRTD */
	lk_json_free(lk_take(doc));
	CHECK_OK(lk_tdx_evidence(&fake_kernel, file.data + 568, 64, &doc, &err));
	CHECK_EQ(judge("tdx", doc, &none), LK_DENIED);
	CHECK(!none);
}

TESTS(snp, tdx)
