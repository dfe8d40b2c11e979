/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to a TPM. */
#include "attestation/tpm_device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "core/deadline.h"

/* Making an RSA key takes a slow TPM this long, and more than nothing else. */
#define ANSWER_MS 60000
#define TRIES	  20
#define PAUSE_MS  50

enum lk_status lk_tpm_open(int *ret_fd, struct lk_error *err)
{
	*ret_fd = open(LK_TPM_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*ret_fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return lk_raise_code(err, LK_C_TEE_ABSENT, "there is no TPM: %s: %m",
				     LK_TPM_DEVICE);
	if (*ret_fd < 0)
		return lk_raise(err, LK_INTERNAL, "open %s: %m", LK_TPM_DEVICE);
	return LK_OK;
}

static enum lk_status wait_for(int fd, struct lk_deadline deadline, struct lk_error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, lk_deadline_left(deadline));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return lk_raise(err, LK_INTERNAL, "wait for the TPM: %m");
	return n ? LK_OK : lk_raise(err, LK_TIMEOUT, "the TPM does not answer");
}

static size_t announced(const struct lk_tpm_buf *a)
{
	return (size_t)a->bytes[2] << 24 | (size_t)a->bytes[3] << 16 | (size_t)a->bytes[4] << 8 |
	       a->bytes[5];
}

/* The device gives a whole answer at once; a socket may give it in pieces. */
static enum lk_status exchange(int fd, const struct lk_tpm_buf *command, struct lk_tpm_buf *answer,
			       struct lk_error *err)
{
	const struct lk_deadline deadline = lk_deadline_in(ANSWER_MS);
	enum lk_status st;
	ssize_t n;

	if (write(fd, command->bytes, command->n) != (ssize_t)command->n)
		return lk_raise(err, LK_INTERNAL, "write to the TPM: %m");
	answer->n = 0;
	do {
		st = wait_for(fd, deadline, err);
		if (st)
			return st;
		n = read(fd, answer->bytes + answer->n, sizeof(answer->bytes) - answer->n);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return lk_raise(err, LK_INTERNAL, "read from the TPM: %m");
		answer->n += (size_t)n;
	} while (answer->n < 6 ||
		 (answer->n < announced(answer) && answer->n < sizeof(answer->bytes)));
	return LK_OK;
}

enum lk_status lk_tpm_call(int fd, const char *what, const struct lk_tpm_buf *command,
			   struct lk_tpm_buf *answer, uint32_t *ret_rc, struct lk_error *err)
{
	uint32_t rc = LK_TPM_RC_RETRY;
	enum lk_status st;
	unsigned i;

	for (i = 0; i < TRIES && (rc == LK_TPM_RC_RETRY || rc == LK_TPM_RC_TESTING); i++) {
		if (i > 0)
			lk_clock_sleep(PAUSE_MS);
		st = exchange(fd, command, answer, err);
		if (!st)
			st = lk_tpm_read_code(answer, &rc, err);
		if (st)
			return lk_context(err, "%s", what);
	}
	if (ret_rc)
		*ret_rc = rc;
	else if (rc != LK_TPM_RC_OK)
		return lk_raise(err, LK_INTERNAL, "%s: the TPM answers with error 0x%03x", what,
				rc);
	return LK_OK;
}
