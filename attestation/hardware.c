/* SPDX-License-Identifier: Apache-2.0 */
/* What attesting hardware this machine has: CPUID, the kernel's TSM interface, TPM devices. */
#include "attestation/hardware.h"

#include <dirent.h>
#include <string.h>

#include "attestation/tsm.h"

#ifdef __x86_64__
#include <cpuid.h>

static void probe_cpu(struct lk_hardware *hw)
{
	unsigned a, b, c, d;

	/* Intel TDX Module Base Specification: "IntelTDX    " in EBX, EDX, ECX */
	if (__get_cpuid_count(0x21, 0, &a, &b, &c, &d)) {
		char name[13] = "";

		memcpy(name, &b, 4);
		memcpy(name + 4, &d, 4);
		memcpy(name + 8, &c, 4);
		hw->tdx_cpu = strcmp(name, "IntelTDX    ") == 0;
	}
	/* AMD APM volume 3, E.4.17: EAX bit 4 */
	if (__get_cpuid(0x8000001f, &a, &b, &c, &d))
		hw->snp_cpu = (a & (1u << 4)) != 0;
}
#else
static void probe_cpu(struct lk_hardware *hw)
{
	(void)hw;
}
#endif

/* A folder whose entries can be listed, with one whose name starts with prefix. */
static bool has_entry(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)))
		found = strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	if (d)
		closedir(d);
	return found;
}

/* The interface stands as soon as its module is loaded; a provider is what makes a TEE. Whoever may
 * not look is not told that there is none. */
static bool has_tsm_provider(void)
{
	char provider[LK_TSM_PROVIDER_MAX];
	struct lk_error ignored = { 0 };

	return lk_tsm_provider(&lk_the_kernel, LK_TSM_ROOT, provider, &ignored) != LK_ABSENT;
}

struct lk_hardware lk_hardware_probe(void)
{
	struct lk_hardware hw = {
		.tsm = has_tsm_provider(),
		.tpm = has_entry("/dev", "tpm") || has_entry("/sys/class/tpm", "tpm"),
	};

	probe_cpu(&hw);
	return hw;
}
