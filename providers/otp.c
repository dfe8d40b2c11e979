/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random key at each opening, kept nowhere: the volume starts empty each time. Nothing is asked
 * and nothing proved; what the volume held is gone with the machine's memory.
 */
#include <stdlib.h>

#include "core/crypto.h"
#include "providers/provider.h"

#define KEY_SIZE 32

static const struct lk_key keys[] = { { 0 } };

static enum lk_status otp_check(const void *options, struct lk_error *err)
{
	(void)options;
	(void)err;
	return LK_OK;
}

static enum lk_status otp_prepare(const struct lk_batch *batch, void **ret_session,
				  struct lk_error *err)
{
	(void)batch;
	(void)err;
	*ret_session = NULL;
	return LK_OK;
}

static enum lk_status otp_fetch(void *session, size_t i, struct lk_volume_key *ret,
				struct lk_fetch_note *note, struct lk_error *err)
{
	enum lk_status st;

	(void)session;
	(void)i;
	(void)note;
	st = lk_random_secret(&ret->bytes, KEY_SIZE, err);
	if (st)
		return st;
	ret->form = LK_KEY_PASSPHRASE;
	return LK_OK;
}

static void otp_finish(void *session)
{
	(void)session;
}

static const struct lk_provider_doc doc = {
	.temporary = true,
	.where = "volumes that start empty",
	.use = "swap space and scratch data",
	.needs =
		"Nothing. The device must be blank or bear the label of this very volume; whatever else it holds is erased only with format = \"always\".",
	.example = "volume = \"swap\"\n"
		   "dev = \"PARTLABEL=swap\"\n"
		   "auto_open = true\n"
		   "makefs = \"swap\"\n"
		   "[encrypt.otp]\n",
};

extern const struct lk_provider lk_provider_otp;
const struct lk_provider lk_provider_otp = {
	.name = "otp",
	.summary = "a random key at each opening; the volume starts empty",
	.doc = &doc,
	.throw_away = true,
	.keys = keys,
	.check = otp_check,
	.prepare = otp_prepare,
	.fetch = otp_fetch,
	.finish = otp_finish,
};
