/* SPDX-License-Identifier: Apache-2.0 */
/* Volume keys from the standard output of a program, byte for byte. For tests and for adapters
 * that somebody else vouches for. */
#include <stdlib.h>
#include <string.h>

#include "core/config_files.h"
#include "providers/exec_run.h"
#include "providers/key_bytes.h"
#include "providers/provider.h"

#define KEY_MAX 8192

struct exec_options {
	char *command;
	struct lk_strings args;
};

#define AT(field) offsetof(struct exec_options, field)
static const struct lk_key keys[] = {
	{ .name = "command",
	  .type = LK_T_STRING,
	  .flags = LK_K_REQUIRED | LK_K_COMMAND,
	  .offset = AT(command),
	  .help = "Program whose standard output is the key, byte for byte: its absolute path, or "
		  "a name in the usual folders. For testing.",
	  .example = "\"/usr/local/bin/print-key\"" },
	{ .name = "args",
	  .type = LK_T_STRINGS,
	  .flags = LK_K_SECRET,
	  .offset = AT(args),
	  .help = "Its arguments; no shell sees them." },
	{ 0 },
};
#undef AT

static enum lk_status exec_check(const void *options, struct lk_error *err)
{
	const struct exec_options *o = options;

	return lk_exec_check(o->command, err);
}

static enum lk_status exec_load(void *options, enum lk_trust trust, struct lk_error *err)
{
	struct exec_options *o = options;

	(void)trust;
	return lk_exec_find(&o->command, err);
}

/* ---- contract ---- */

static enum lk_status exec_prepare(const struct lk_batch *batch, void **ret_session,
				   struct lk_error *err)
{
	struct lk_batch *copy = malloc(sizeof(*copy));

	if (!copy)
		return lk_raise(err, LK_INTERNAL, "out of memory");
	*copy = *batch;
	*ret_session = copy;
	return LK_OK;
}

static enum lk_status exec_fetch(void *session, size_t i, struct lk_volume_key *ret,
				 struct lk_fetch_note *note, struct lk_error *err)
{
	const struct lk_batch *b = session;
	const struct exec_options *o = b->items[i].options;
	const struct lk_exec run = {
		.command = o->command, .args = &o->args, .deadline = b->deadline, .max = KEY_MAX
	};
	LK_SECRET key = { 0 };
	enum lk_status st;

	(void)note;
	st = exec_check(o, err);
	if (st)
		return st;
	st = lk_exec_run(&run, &key, err);
	if (st)
		return st;
	if (lk_key_is_blank(&key))
		return lk_raise_code(err, LK_C_EXEC_FAILED, "%s wrote %s", o->command,
				     key.len ? "only zeros" : "nothing");
	ret->bytes = lk_secret_take(&key);
	ret->form = LK_KEY_PASSPHRASE;
	return LK_OK;
}

static void exec_finish(void *session)
{
	free(session);
}

static const struct lk_provider_doc doc = {
	.where = "root and other volumes",
	.use = "tests, and adapters that somebody vouches for",
	.needs =
		"A program in the initramfs. Its standard output is the key byte for byte, a newline at the end included; it runs without a shell, with a fixed PATH and nothing on its standard input.",
	.example = "volume = \"data\"\n"
		   "dev = \"/dev/vdb\"\n"
		   "auto_open = true\n"
		   "[encrypt.exec]\n"
		   "command = \"/usr/local/bin/print-key\"\n",
};

extern const struct lk_provider lk_provider_exec;
const struct lk_provider lk_provider_exec = {
	.name = "exec",
	.summary = "the output of a program; for testing",
	.doc = &doc,
	.runs_programs = true,
	.keys = keys,
	.options_size = sizeof(struct exec_options),
	.check = exec_check,
	.load = exec_load,
	.prepare = exec_prepare,
	.fetch = exec_fetch,
	.finish = exec_finish,
};
