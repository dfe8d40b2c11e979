/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of an unlock, /run/latchkey/report.json, and of the volumes that the system opens,
 * /run/latchkey/volumes.json: what was opened, whose key opened it, how long each stage took, and
 * why it failed if it did. Never a secret. latchkey(8) documents the members; they are stable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/events.h"
#include "agent/tuning.h"
#include "core/error.h"

#define LK_REPORT_STAGES 8
#define LK_REPORT_NAME	 65 /* a volume's name, terminated */

struct lk_report_stage {
	char name[24];
	int64_t ms; /* since the agent's start, at the stage's end */
	char detail[96];
};

struct lk_report_volume {
	char name[LK_REPORT_NAME];
	char provider[24];
	char endpoint[128];
	char luks_uuid[40];
	char header_digest[65];	      /* SHA-256 of what was validated, hex */
	char header_mac[8];	      /* "ok", "absent"; empty: not looked at */
	bool header_degraded;	      /* one of the two copies on disk was no good */
	char root_hash[129];	      /* hex; empty without verity */
	char writable[16];	      /* "", "ram", "disk", "disk-persist" */
	char writable_type[16];	      /* "overlayfs", "dm-snapshot"; empty with writable */
	char trust[48];		      /* "verified base + unverified delta"; empty in memory */
	char options[LK_TUNING_TEXT]; /* of the dm-crypt mapping, as its table spells them */
	char options_why[64];
	int64_t open_ms;  /* since the agent's start; 0: not open */
	char growth[24];  /* "", "unchanged", "grown", or the code of what kept it from growing */
	char outcome[16]; /* "open", or a class in words */
	char error[512];  /* why it stays closed, if that is this volume's alone */
};

struct lk_report {
	const char *version; /* with the artefact's suffix */
	int64_t start_ms;    /* CLOCK_BOOTTIME */
	const char *tee;     /* attester used, or NULL */
	const char *reg;     /* where events are measured, as configured */
	const char *clock;   /* "trusted", "untrusted" */
	const char *phase;   /* "initrd", "system" */
	const char *outcome; /* "open", "failed"; in the system also "partly" */
	unsigned attempts;
	struct lk_error error; /* status LK_OK: none */
	struct lk_report_stage stages[LK_REPORT_STAGES];
	size_t n_stages;
	struct lk_report_volume *volumes;
	size_t n_volumes;
	struct lk_events events;
};

/* Write the report to path (0644, by rename in the same directory, which is made 0755). */
enum lk_status lk_report_write(const struct lk_report *r, const char *path, struct lk_error *err);
/* Measure the hand-over, and add it to an existing report, with what became of the writable layer (may
 * be NULL). */
enum lk_status lk_report_handoff(const char *path, const char *layer, const struct lk_register *reg,
				 struct lk_error *err);

struct json_t;
/* Read a report for printing; bounded. Caller owns *ret. LK_ABSENT when there is none. */
enum lk_status lk_report_read(const char *path, struct json_t **ret, struct lk_error *err);
/* What a report that was read says of one volume; false if nothing. */
bool lk_report_recall(const struct json_t *report, const char *name, struct lk_report_volume *ret);
/* Write a report that was read and changed. */
enum lk_status lk_report_rewrite(const struct json_t *report, const char *path,
				 struct lk_error *err);
/* The report for people, to stdout. */
void lk_report_print(const struct json_t *report);
