/* SPDX-License-Identifier: Apache-2.0 */
/* A TPM to talk to: the kernel's resource manager. */
#pragma once

#include "attestation/tpm_wire.h"

#define LK_TPM_DEVICE "/dev/tpmrm0"

/* The resource manager's device, for commands one at a time; closed with close(). LK_ABSENT with
 * LK_C_TEE_ABSENT when there is none. */
enum lk_status lk_tpm_open(int *ret_fd, struct lk_error *err);
/* Send a command and wait for its answer, which takes a TPM seconds at the most; one that is not ready
 * is asked again. fd: non-blocking; a socket that carries the same bytes will do. *ret_rc NULL: any code
 * but that of success is an error that names `what`. */
enum lk_status lk_tpm_call(int fd, const char *what, const struct lk_tpm_buf *command,
			   struct lk_tpm_buf *answer, uint32_t *ret_rc, struct lk_error *err);
