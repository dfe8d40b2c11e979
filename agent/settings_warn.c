/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal, but weakens what an operator may believe to have. */
#include <stdarg.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "providers/provider.h"

struct warner {
	void (*warn)(void *arg, const char *text);
	void *arg;
};

__attribute__((format(printf, 2, 3))) static void say(const struct warner *w, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->warn(w->arg, text);
}

/* Rows that say of themselves that they weaken, where they are true. */
static void warn_rows(const struct warner *w, const char *volume, const struct lk_key *keys,
		      const void *base)
{
	for (; keys->name; keys++)
		if (keys->flags & LK_K_WEAKENS &&
		    *(const bool *)((const char *)base + keys->offset))
			say(w, "volume '%s': %s = true: %s", volume, keys->name, keys->help);
}

static void warn_source(const struct warner *w, const struct lk_volume *v,
			const struct lk_volume_source *source)
{
	const struct lk_provider_needs needs = lk_source_needs(source);
	const struct lk_provider *p = source->provider;
	const struct lk_key *keys;
	size_t i;

	if (needs.programs && !needs.elsewhere)
		say(w,
		    "volume '%s': provider '%s' is for testing: whoever can run its program has "
		    "the key",
		    v->name, p->name);
	else if (needs.programs)
		say(w, "volume '%s': provider '%s' runs a program, which then has the key too",
		    v->name, p->name);
	else if (p->throw_away)
		say(w, "volume '%s': a random key: it starts empty at each opening", v->name);
	else if (!needs.attester)
		say(w,
		    "volume '%s': provider '%s' releases the key to whoever holds its credential; "
		    "nothing proves what booted",
		    v->name, p->name);
	for (i = 0; (keys = lk_provider_keys(p, i, NULL)); i++)
		warn_rows(w, v->name, keys, source->options);
}

static void warn_system(const struct warner *w, const struct lk_volume *v)
{
	if (lk_volume_attested(v))
		say(w,
		    "volume '%s': phase is system: the key service's policy must allow its key to "
		    "what runs after the initramfs",
		    v->name);
	if (lk_volume_needs_network(v))
		say(w,
		    "volume '%s': phase is system: its line in /etc/fstab needs the option _netdev",
		    v->name);
}

static void warn_volume(const struct warner *w, const struct lk_volume *v)
{
	size_t i;

	if (v->fallback == LK_FALLBACK_RECOVERY_KEY && lk_volume_attested(v))
		say(w,
		    "volume '%s': fallback = recovery-key: a recovery key opens it without proof of "
		    "what booted%s",
		    v->name,
		    v->has_verity ? "" : "; who sits at the console may offer another volume");
	for (i = 0; i < v->n_sources; i++)
		warn_source(w, v, &v->sources[i]);
	if (v->n_sources > 1)
		warn_rows(w, v->name, lk_encrypt_keys, v);
	if (v->is_root && !v->device)
		say(w, "volume '%s': device and hash tree are left to latchkey-image", v->name);
	else if (v->is_root && !v->has_verity)
		say(w, "volume '%s': without [rootfs.verity], what the host alters goes unseen",
		    v->name);
	if (v->has_verity && v->rw_overlay == LK_OVERLAY_NONE)
		say(w, "volume '%s': rw_overlay is none: the root cannot be written to", v->name);
	if (v->format == LK_FORMAT_BLANK)
		say(w,
		    "volume '%s': format is blank: a host that wipes the device resets it to empty",
		    v->name);
	if (v->format == LK_FORMAT_ALWAYS)
		say(w,
		    "volume '%s': format is always: whatever the device holds is erased at each "
		    "boot",
		    v->name);
	if (!v->auto_open && !v->is_delta)
		say(w, "volume '%s': auto_open is false: it is not opened at boot", v->name);
	else if (v->phase == LK_PHASE_SYSTEM)
		warn_system(w, v);
}

static bool is_attested(const struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_known; i++)
		if (s->volumes[i].auto_open && lk_volume_attested(&s->volumes[i]))
			return true;
	return false;
}

static bool opens_any(const struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_known; i++)
		if (s->volumes[i].auto_open)
			return true;
	return false;
}

void lk_settings_warn(const struct lk_settings *s, void (*warn)(void *arg, const char *text),
		      void *arg)
{
	const struct warner w = { warn, arg };
	size_t i;

	if (!opens_any(s))
		say(&w, "no volume is opened at boot");
	if (is_attested(s) && strcmp(s->reg, "none") == 0)
		say(&w,
		    "register is none: nothing is measured before the key is asked for, and the "
		    "key service cannot tell the initramfs from what runs after it");
	if (strcmp(s->tee, "sample") == 0)
		say(&w, "tee is sample: it proves NOTHING about this machine; for tests only");
	for (i = 0; i < s->n_known; i++) {
		const struct lk_volume *v = &s->volumes[i];

		warn_volume(&w, v);
		if (v->is_delta && !v->auto_open && !s->cryptpilot) /* whose files must have it */
			say(&w, "[delta] is not used: rw_overlay is neither disk nor disk-persist");
	}
	for (i = 0; i < s->n_files; i++)
		if (s->files[i].has_secrets)
			say(&w,
			    "%s holds a secret; in an unencrypted initramfs the host can read it",
			    s->files[i].path);
}
