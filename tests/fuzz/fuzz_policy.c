/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: what parses decides the same twice, gives a printable reason, and never lets sample
 * evidence through a rule that does not name it; Rego is ours or refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "keyserver/policy.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_t *claims;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char text[] =
		"{\"sample\":{\"svn\":\"1\",\"n\":-7,\"on\":true,\"list\":[1,2],\"x\":{\"y\":3},"
		"\"bin\":\"\\u0001\\u00e4\"},\"runtime_data_claims\":{\"nonce\":\"n\"}}";
	struct lk_error err = { 0 };

	(void)argc;
	(void)argv;
	lk_json_setup();
	return lk_json_parse(text, sizeof(text) - 1, &claims, &err) == LK_OK ? 0 : 1;
}

static bool ask(const struct lk_policy *p, const char *tee, const char *phase)
{
	const struct lk_policy_question q = { "default/disk/root", tee, phase, claims };
	char reason[LK_POLICY_REASON], again[LK_POLICY_REASON];
	bool allowed = lk_policy_decide(p, &q, reason);
	size_t i;

	if (lk_policy_decide(p, &q, again) != allowed || strcmp(reason, again) != 0 || !reason[0])
		abort();
	for (i = 0; reason[i]; i++)
		if (reason[i] < ' ' || reason[i] > '~')
			abort();
	return allowed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LK_CLEANUP(lk_policy_free_p) struct lk_policy *p = NULL;
	const char *text = (const char *)data, *json;
	struct lk_error err = { 0 };

	if (lk_policy_from_rego(text, size, &json, &err) == LK_OK) {
		text = json;
		size = strlen(json);
	}
	if (lk_policy_parse(text, size, &p, &err) != LK_OK)
		return 0;
	(void)ask(p, "tdx", NULL);
	(void)ask(p, "tdx", "initrd");
	if (ask(p, "sample", NULL) && !memmem(text, size, "sample", 6) &&
	    !memmem(text, size, "\\u", 2))
		abort();
	return 0;
}
