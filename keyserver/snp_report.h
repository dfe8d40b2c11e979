/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's SEV-SNP attestation report (document 56860, table 23): 1184 bytes, little-endian, and the
 * form of it that confidential-containers clients send, JSON member by member. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct json_t;

#define LK_SNP_REPORT_SIZE  1184
#define LK_SNP_SIGNED	    0x2a0 /* this much of it is signed */
#define LK_SNP_POLICY_DEBUG (1ull << 19)
#define LK_SNP_TCB_PARTS    5

/* Parts of a TCB version, each of which may be older or newer by itself. */
enum { LK_SNP_BOOTLOADER, LK_SNP_TEE, LK_SNP_SNP, LK_SNP_MICROCODE, LK_SNP_FMC };
extern const char *const lk_snp_tcb_names[LK_SNP_TCB_PARTS];

struct lk_snp_report {
	uint8_t bytes[LK_SNP_REPORT_SIZE];
	bool has_fmc; /* Turin and later: another layout of TCB versions */
};

/* The bytes that the JSON stands for, as the firmware wrote them. LK_DENIED names the member that
 * is missing, of the wrong kind or out of range. */
enum lk_status lk_snp_report_from_json(const struct json_t *obj, struct lk_snp_report *ret,
				       struct lk_error *err);

uint32_t lk_snp_u32(const struct lk_snp_report *r, size_t at);
uint64_t lk_snp_u64(const struct lk_snp_report *r, size_t at);
/* A TCB version's parts; fmc is 0 if there is none. at: its offset. */
void lk_snp_tcb(const struct lk_snp_report *r, size_t at, uint8_t ret[LK_SNP_TCB_PARTS]);
/* r || s, big-endian, 48 bytes each; false if either is longer. */
bool lk_snp_signature(const struct lk_snp_report *r, uint8_t ret[96]);

/* Offsets. */
enum {
	LK_SNP_VERSION = 0x000,
	LK_SNP_GUEST_SVN = 0x004,
	LK_SNP_POLICY = 0x008,
	LK_SNP_FAMILY_ID = 0x010,
	LK_SNP_IMAGE_ID = 0x020,
	LK_SNP_VMPL = 0x030,
	LK_SNP_SIG_ALGO = 0x034,
	LK_SNP_CURRENT_TCB = 0x038,
	LK_SNP_PLATFORM = 0x040,
	LK_SNP_KEY_INFO = 0x048,
	LK_SNP_REPORT_DATA = 0x050,
	LK_SNP_MEASUREMENT = 0x090,
	LK_SNP_HOST_DATA = 0x0c0,
	LK_SNP_ID_KEY = 0x0e0,
	LK_SNP_AUTHOR_KEY = 0x110,
	LK_SNP_REPORT_ID = 0x140,
	LK_SNP_REPORT_ID_MA = 0x160,
	LK_SNP_REPORTED_TCB = 0x180,
	LK_SNP_CPUID = 0x188,
	LK_SNP_CHIP_ID = 0x1a0,
	LK_SNP_COMMITTED_TCB = 0x1e0,
	LK_SNP_CURRENT = 0x1e8,
	LK_SNP_COMMITTED = 0x1ec,
	LK_SNP_LAUNCH_TCB = 0x1f0,
	LK_SNP_LAUNCH_MIT = 0x1f8,
	LK_SNP_CURRENT_MIT = 0x200,
	LK_SNP_SIGNATURE = 0x2a0,
};
