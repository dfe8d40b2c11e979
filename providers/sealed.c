/* SPDX-License-Identifier: Apache-2.0 */
/* Volume keys that lie sealed in the configuration or beside it. Here they are only read; the
 * fetcher opens them as it opens every other value that turns out to be sealed. */
#include "providers/sealed.h"

#include <stdlib.h>
#include <string.h>

#include "core/textfile.h"
#include "lk_build.h"
#include "providers/provider.h"

struct sealed_options {
	char *file, *secret; /* load puts the file's text into secret */
};

#define AT(field) offsetof(struct sealed_options, field)
static const struct lk_key keys[] = {
	{ .name = "file",
	  .type = LK_T_STRING,
	  .flags = LK_K_FILE_CA | LK_K_SAMPLED,
	  .offset = AT(file),
	  .help = "The file with the sealed secret: sealed.JWS, or the bare JSON of an envelope or "
		  "vault secret in a file below /etc/latchkey.",
	  .example = "\"/etc/latchkey/root.sealed\"" },
	{ .name = "secret",
	  .type = LK_T_STRING,
	  .offset = AT(secret),
	  .help = "The sealed secret itself, in either form." },
	{ 0 },
};
#undef AT

static enum lk_status sealed_check(const void *options, struct lk_error *err)
{
	const struct sealed_options *o = options;

	if (!o->file == !o->secret)
		return lk_raise_code(err, o->file ? LK_C_CONFIG_VALUE : LK_C_CONFIG_MISSING,
				     "write one of file and secret");
	if (o->file && *o->file != '/')
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "file: write an absolute path");
	if (o->secret && lk_sealed_form(o->secret, strlen(o->secret)) == LK_SEALED_NOT)
		return lk_raise_code(err, LK_C_CONFIG_VALUE, "secret: is no sealed secret");
	return LK_OK;
}

/* Nobody signed bare JSON: it counts for what the measured file says that holds it. */
static enum lk_status sealed_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	struct sealed_options *o = options;
	LK_FREE char *text = NULL;
	enum lk_sealed_form form;
	size_t n;

	if (!o->file || o->secret)
		return LK_OK;
	if (lk_textfile_read(o->file, LK_SEALED_MAX, &text, &n, err))
		return lk_raise_code(err, LK_C_CONFIG_MISSING,
				     "file: cannot read %s, or it is longer than %u bytes", o->file,
				     LK_SEALED_MAX);
	form = lk_sealed_form(text, n);
	if (form == LK_SEALED_NOT)
		return lk_raise_code(err, LK_C_SEALED_INVALID, "%s holds no sealed secret",
				     o->file);
	if (form == LK_SEALED_BARE && trust == LK_TRUST_ROOT &&
	    strncmp(o->file, LK_SYSCONFDIR "/", sizeof(LK_SYSCONFDIR)) != 0)
		return lk_raise_code(
			err, LK_C_SEALED_INVALID,
			"%s: a sealed secret that nobody signed, outside " LK_SYSCONFDIR, o->file);
	o->secret = lk_take(text);
	return LK_OK;
}

static enum lk_status sealed_prepare(const struct lk_batch *batch, void **ret_session,
				     struct lk_error *err)
{
	(void)err;
	*ret_session = (void *)(uintptr_t)batch->items;
	return LK_OK;
}

static enum lk_status sealed_fetch(void *session, size_t i, struct lk_volume_key *ret,
				   struct lk_fetch_note *note, struct lk_error *err)
{
	const struct sealed_options *o = ((const struct lk_batch_item *)session)[i].options;

	(void)note;
	if (!o->secret)
		return lk_raise(err, LK_INTERNAL, "the file was not read");
	ret->form = LK_KEY_PASSPHRASE;
	return lk_secret_from(&ret->bytes, o->secret, strlen(o->secret), err);
}

static void sealed_finish(void *session)
{
	(void)session;
}

static const struct lk_provider_doc doc = {
	.cloud = true,
	.where = "root and other volumes",
	.use = "keys that travel with the image, encrypted",
	.needs =
		"A sealed secret (latchkey seal makes one), and in latchkey.conf who may have signed it, [sealed], and where its contents are asked for: [services.kms] for envelopes and secrets of Alibaba Cloud KMS, [services.kbs] for resources of a key broker. A secret says which of the configured credentials opens it; it never brings one along, nor a server's name. What proves the machine is what its service asks for: with [services.kbs] the machine is attested.",
	.example = "volume = \"data\"\n"
		   "dev = \"/dev/vdb\"\n"
		   "auto_open = true\n"
		   "[encrypt.sealed]\n"
		   "file = \"/etc/latchkey/data.sealed\"\n",
};

extern const struct lk_provider lk_provider_sealed;
const struct lk_provider lk_provider_sealed = {
	.name = "sealed",
	.summary = "a sealed secret in the configuration, opened by a KMS or a key broker",
	.doc = &doc,
	.needs_network = true,
	.gives_sealed = true,
	.keys = keys,
	.options_size = sizeof(struct sealed_options),
	.check = sealed_check,
	.load = sealed_load,
	.prepare = sealed_prepare,
	.fetch = sealed_fetch,
	.finish = sealed_finish,
};
