/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the host's quoting service for a quote. */
#include "attestation/qgs.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attestation/bytes.h"
#include "core/cleanup.h"
#include "core/digits.h"

/* message header: u16 major, u16 minor, u32 type, u32 size of all of it, u32 error */
#define MAJOR	 1
#define ASK	 0
#define ANSWER	 1
#define AT_TYPE	 4
#define AT_SIZE	 8
#define AT_ERROR 12
#define HEADER	 16
/* request: size of the report, size of a list of key ids, the report. Answer: size of the id that was
 * chosen, size of the quote, the id, the quote */
#define AT_FIRST_SIZE  HEADER
#define AT_SECOND_SIZE (HEADER + 4)
#define BODY	       (HEADER + 8)

#define BAD(err, ...)  lk_raise_code(err, LK_C_EVIDENCE_INVALID, __VA_ARGS__)

static void put_be32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void lk_qgs_request(const uint8_t report[LK_TDX_REPORT],
		    uint8_t out[LK_QGS_PREFIX + LK_QGS_REQUEST])
{
	uint8_t *m = out + LK_QGS_PREFIX;

	memset(out, 0, LK_QGS_PREFIX + LK_QGS_REQUEST);
	put_be32(out, LK_QGS_REQUEST);
	m[0] = MAJOR;
	m[AT_TYPE] = ASK;
	lk_put_le32(m + AT_SIZE, LK_QGS_REQUEST);
	lk_put_le32(m + AT_FIRST_SIZE, LK_TDX_REPORT);
	memcpy(m + BODY, report, LK_TDX_REPORT);
}

enum lk_status lk_qgs_answer(const uint8_t *message, size_t n, const uint8_t **quote,
			     size_t *quote_n, struct lk_error *err)
{
	uint32_t id, size;

	if (n < HEADER || lk_le16(message) != MAJOR || lk_le32(message + AT_TYPE) != ANSWER ||
	    lk_le32(message + AT_SIZE) != n)
		return BAD(err, "the quoting service sent no answer to a request for a quote");
	if (lk_le32(message + AT_ERROR) != 0)
		return lk_raise_code(err, LK_C_TEE_FAILED,
				     "the quoting service answered with error %#x",
				     lk_le32(message + AT_ERROR));
	if (n < BODY)
		return BAD(err, "the quoting service sent an answer of %zu bytes", n);
	id = lk_le32(message + AT_FIRST_SIZE);
	size = lk_le32(message + AT_SECOND_SIZE);
	if (id > n - BODY || size != n - BODY - id || size == 0)
		return BAD(err, "the quoting service sent a quote of %u bytes in an answer of %zu",
			   size, n);
	*quote = message + BODY + id;
	*quote_n = size;
	return LK_OK;
}

/* ---- the stream ---- */

static enum lk_status wait_for(int fd, short events, struct lk_deadline deadline,
			       struct lk_error *err)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&p, 1, lk_deadline_left(deadline));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return lk_raise(err, LK_TIMEOUT, "no answer from the quoting service in time");
	return n < 0 ? lk_raise(err, LK_INTERNAL, "poll: %m") : LK_OK;
}

static enum lk_status send_all(int fd, const uint8_t *p, size_t n, struct lk_deadline deadline,
			       struct lk_error *err)
{
	while (n > 0) {
		enum lk_status st = wait_for(fd, POLLOUT, deadline, err);
		ssize_t done;

		if (st)
			return st;
		done = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return lk_raise_code(err, LK_C_TEE_FAILED,
					     "write to the quoting service: %m");
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return LK_OK;
}

static enum lk_status receive_all(int fd, uint8_t *p, size_t n, struct lk_deadline deadline,
				  struct lk_error *err)
{
	while (n > 0) {
		enum lk_status st = wait_for(fd, POLLIN, deadline, err);
		ssize_t done;

		if (st)
			return st;
		done = recv(fd, p, n, MSG_DONTWAIT);
		if (done == 0)
			return lk_raise_code(err, LK_C_TEE_FAILED,
					     "the quoting service ended in mid-answer");
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return lk_raise_code(err, LK_C_TEE_FAILED,
					     "read from the quoting service: %m");
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return LK_OK;
}

static enum lk_status receive_message(int fd, struct lk_deadline deadline, uint8_t **ret,
				      size_t *ret_n, struct lk_error *err)
{
	LK_FREE uint8_t *message = NULL;
	uint8_t prefix[LK_QGS_PREFIX];
	enum lk_status st = receive_all(fd, prefix, sizeof(prefix), deadline, err);
	const size_t n = st ? 0 : be32(prefix);

	if (st)
		return st;
	if (n < HEADER || n > LK_QGS_MESSAGE_MAX)
		return BAD(err, "the quoting service announces an answer of %zu bytes", n);
	message = malloc(n);
	if (!message)
		return lk_raise(err, LK_INTERNAL, "out of memory for a quote");
	st = receive_all(fd, message, n, deadline, err);
	if (st)
		return st;
	*ret = lk_take(message);
	*ret_n = n;
	return LK_OK;
}

enum lk_status lk_qgs_exchange(int fd, const uint8_t report[LK_TDX_REPORT],
			       struct lk_deadline deadline, uint8_t **ret, size_t *ret_n,
			       struct lk_error *err)
{
	uint8_t request[LK_QGS_PREFIX + LK_QGS_REQUEST];
	LK_FREE uint8_t *message = NULL;
	const uint8_t *quote;
	enum lk_status st;
	size_t n;

	lk_qgs_request(report, request);
	st = send_all(fd, request, sizeof(request), deadline, err);
	if (!st)
		st = receive_message(fd, deadline, &message, &n, err);
	if (!st)
		st = lk_qgs_answer(message, n, &quote, &n, err);
	if (st)
		return st;
	memmove(message, quote, n);
	*ret = lk_take(message);
	*ret_n = n;
	return LK_OK;
}

/* ---- the port ---- */

static const char *blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* "port = N" at the begin of a line; *ret is left alone for other lines. False: N is no port. */
static bool read_port(const char *p, uint32_t *ret)
{
	char digits[8];
	uint64_t n;
	size_t len;

	p = blanks(p);
	if (strncmp(p, "port", 4) != 0 || *blanks(p + 4) != '=')
		return true;
	p = blanks(blanks(p + 4) + 1);
	len = strcspn(p, " \t\r\n#");
	if (len == 0 || len >= sizeof(digits) || !strchr("\r\n#", *blanks(p + len)))
		return false;
	memcpy(digits, p, len);
	digits[len] = '\0';
	p = digits;
	if (!lk_digits_read(&p, '\0', &n) || n == 0 || n > 65535)
		return false;
	*ret = (uint32_t)n;
	return true;
}

enum lk_status lk_qgs_port(const char *text, uint32_t *ret, struct lk_error *err)
{
	uint32_t port = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (!read_port(text, &port))
			return lk_raise_code(err, LK_C_CONFIG_VALUE,
					     "port takes a number of 1 to 65535");
	*ret = port;
	return LK_OK;
}
