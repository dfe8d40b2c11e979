/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of latchkey.conf: how long to try, what to do when it fails, what proves the
 * machine, and its name servers. */
#include <arpa/inet.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "attestation/register.h"

#define AT(field) .offset = offsetof(struct lk_settings, field)

/* In the order of enum lk_failure_action. */
static const char *const failures[] = { "poweroff", "reboot", "wait", "emergency", NULL };
static const char *const tees[] = { "auto",	   "tdx",	  "snp",    "tpm", "csv",
				    "az-snp-vtpm", "az-tdx-vtpm", "sample", NULL };

static const struct lk_key agent_keys[] = {
	{ .name = "deadline",
	  .type = LK_T_DURATION,
	  AT(deadline_ms),
	  .fallback = "5m",
	  .min = 1000,
	  .help = "Time for the whole unlock, from start to mapped root; never reset." },
	{ .name = "on_unreachable",
	  .type = LK_T_CHOICE,
	  AT(on_unreachable),
	  .fallback = "reboot",
	  .choices = failures,
	  .help = "What to do when nobody refused, but the key service, the network or a device was "
		  "not there in time. With wait, the unlock begins anew, for ever. emergency leaves "
		  "it to the initramfs and is refused when a key is released by attestation." },
	{ .name = "on_denied",
	  .type = LK_T_CHOICE,
	  AT(on_denied),
	  .fallback = "poweroff",
	  .choices = failures,
	  .help = "What to do when the key was refused or something was altered; wait is not legal "
		  "here." },
	{ .name = "failure_delay",
	  .type = LK_T_DURATION,
	  AT(failure_delay_ms),
	  .fallback = "10s",
	  .max = 3600000,
	  .help = "Time for which the reason stands on the console before that is done." },
	{ .name = "tee",
	  .type = LK_T_STRING,
	  AT(tee),
	  .fallback = "auto",
	  .choices = tees,
	  .help = "What proves this machine. auto takes what is there; sample proves nothing, is "
		  "for tests, and works in the program latchkey-insecure-sample only." },
	{ .name = "verbose",
	  .type = LK_T_BOOL,
	  AT(verbose),
	  .fallback = "false",
	  .help = "Write to the journal what is done step by step, as latchkey.debug on the kernel "
		  "command line does; never a secret." },
	{ .name = "register",
	  .type = LK_T_STRING,
	  AT(reg),
	  .fallback = "none",
	  .help = "Where the unlock's events are measured: none, tpm:N (a PCR: 9, or 12 to 15; 15 if "
		  "nothing speaks against it) or rtmr:3 (a TDX guest with Linux 6.16). What is "
		  "about to be trusted is measured before the key service is asked, and the end of "
		  "the initramfs after. A register that is named and cannot be written ends the "
		  "boot. With none, nothing tells the key service the initramfs from what runs after "
		  "it.",
	  .example = "\"tpm:15\"" },
	{ 0 },
};

static const struct lk_key network_keys[] = {
	{ .name = "dns",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_ONE_OR_MANY,
	  AT(dns),
	  .max = 8,
	  .help = "Addresses of name servers. Without any, those that the network's set-up found, "
		  "then /etc/resolv.conf.",
	  .example = "[\"192.0.2.53\"]" },
	{ 0 },
};

const struct lk_section lk_agent_section = { "agent", agent_keys, "The unlock as a whole." };
const struct lk_section lk_network_section = { "network", network_keys, "How to reach others." };

static enum lk_status check_dns(const struct lk_settings *s, struct lk_error *err)
{
	struct in6_addr address;
	size_t i;

	for (i = 0; i < s->dns.n; i++)
		if (inet_pton(AF_INET, s->dns.items[i], &address) != 1 &&
		    inet_pton(AF_INET6, s->dns.items[i], &address) != 1)
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "'dns' takes IPv4 or IPv6 addresses");
	return LK_OK;
}

enum lk_status lk_agent_read(struct lk_config *cfg, struct lk_settings *s, struct lk_error *err)
{
	struct lk_register reg;
	enum lk_status st;

	st = lk_config_fill(cfg, "agent", agent_keys, false, s, err);
	if (!st)
		st = lk_config_fill(cfg, "network", network_keys, false, s, err);
	if (!st)
		st = lk_sealing_read(cfg, s, err);
	if (st || !lk_config_clean(cfg))
		return st;
	if (lk_register_parse(s->reg, &reg, err))
		st = lk_config_problem(cfg, "agent", "register", err);
	if (!st && check_dns(s, err))
		st = lk_config_problem(cfg, "network", "dns", err);
	if (!st && s->on_denied == LK_FAIL_WAIT) {
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "'on_denied' takes poweroff, reboot or emergency: who was refused "
			      "does not ask again");
		st = lk_config_problem(cfg, "agent", "on_denied", err);
	}
	return st;
}
