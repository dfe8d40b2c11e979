/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks whoever sits at the machine for a secret, by systemd's password agent protocol
 * (systemd.io/PASSWORD_AGENTS): a file that agents watch for names the question and a datagram socket
 * for the answer. No program is run; which agents there are (console, splash screen, a terminal) is
 * none of our business.
 */
#pragma once

#include "core/deadline.h"
#include "core/error.h"
#include "core/secret.h"

#define LK_ASK_PASSWORD_DIR "/run/systemd/ask-password"

#define LK_ASK_PASSWORD_MAX 1024 /* the capacity of an answer, however short it is */

/* Ask in the directory dir, which is made if it is not there, until the deadline. id and message are
 * plain text of one line. Answers count only from root or the user that asks. LK_TIMEOUT without an
 * answer, LK_DENIED when the question was dismissed. */
enum lk_status lk_ask_password(const char *dir, const char *id, const char *message,
			       struct lk_deadline deadline, struct lk_secret *ret,
			       struct lk_error *err);
