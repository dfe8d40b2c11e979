/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetcher's cage: it talks to the network and to attestation devices and can do nothing to
 * disks, mappings, other processes or the kernel.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum lk_cage {
	/* User and group 65534, and a closed list of system calls (no execve); everything else
	 * answers EPERM. */
	LK_CAGE_CLOSED,
	/* The same calls as the user it is: sockets of other services are closed to others. */
	LK_CAGE_OWN_USER,
	/* For programs (the exec provider): the user it is, since key commands expect it, and a
	 * list of what no key command needs is refused. */
	LK_CAGE_PROGRAMS,
};
/* Enter for good. In every case: no capability, an empty bounding set, no_new_privs. LK_INTERNAL
 * when any part cannot be had: no cage, no fetch. */
enum lk_status lk_sandbox_enter(enum lk_cage cage, struct lk_error *err);

/* The lists, selected by meson for the machine: agent/sandbox_calls_<cpu>.c. */
extern const uint32_t lk_sandbox_arch; /* AUDIT_ARCH_... */
extern const uint32_t lk_sandbox_allowed[];
extern const size_t lk_sandbox_n_allowed;
extern const uint32_t lk_sandbox_refused[]; /* for LK_CAGE_PROGRAMS */
extern const size_t lk_sandbox_n_refused;
