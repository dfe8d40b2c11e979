/* SPDX-License-Identifier: Apache-2.0 */
/* Which volumes may be made, by the rules that no single key shows. */
#include <string.h>

#include "agent/settings_internal.h"
#include "providers/provider.h"

static enum lk_status refuse(struct lk_error *err, const struct lk_volume *v, const char *why)
{
	return lk_raise_code(err, LK_C_CONFIG_VALUE, "volume '%s': %s", v->name, why);
}

/* A random key opens nothing that is to last. */
static enum lk_status check_random_key(const struct lk_volume *v, struct lk_error *err)
{
	size_t i;

	for (i = 0; i < v->n_sources; i++) {
		if (!v->sources[i].provider->throw_away)
			continue;
		if (v->is_root)
			return refuse(err, v, "a root cannot have a random key");
		if (v->n_sources > 1)
			return refuse(err, v, "a random key goes with no other provider");
	}
	return LK_OK;
}

static enum lk_status check_throw_away(const struct lk_volume *v, struct lk_error *err)
{
	if (v->luks_uuid)
		return refuse(err, v, "it is made anew at each opening and has no luks_uuid");
	if (v->fallback != LK_FALLBACK_NONE)
		return refuse(err, v, "it is made anew at each opening; no recovery key fits");
	return LK_OK;
}

/* Whoever answers in the key server's place would know the key of the new volume. */
static enum lk_status check_servers(const struct lk_volume *v, struct lk_error *err)
{
	size_t i;

	if (v->format != LK_FORMAT_BLANK)
		return LK_OK;
	for (i = 0; i < v->n_sources; i++)
		if (!lk_source_may_format(&v->sources[i]))
			return refuse(err, v,
				      "format = blank takes a fetched key only over TLS from a "
				      "server whose CA or public key is configured");
	return LK_OK;
}

bool lk_source_may_format(const struct lk_volume_source *s)
{
	const struct lk_provider *p = s->provider;

	return !lk_source_needs(s).network || (p->proves_server && p->proves_server(s->options));
}

/* Nothing is opened before everything was found: a volume on another's mapping would wait for
 * ever, and two that lie on each other have no beginning. */
static enum lk_status check_stack(const struct lk_settings *s, const struct lk_volume *v,
				  struct lk_error *err)
{
	static const char mapper[] = "/dev/mapper/";
	size_t i;

	if (!v->device || strncmp(v->device, mapper, strlen(mapper)) != 0)
		return LK_OK;
	for (i = 0; i < s->n_known; i++)
		if (strcmp(s->volumes[i].name, v->device + strlen(mapper)) == 0)
			return refuse(err, v,
				      "it lies on a volume that this configuration opens; "
				      "volumes are not stacked");
	return LK_OK;
}

static enum lk_status check_layer(const struct lk_settings *s, const struct lk_volume *v,
				  struct lk_error *err)
{
	const struct lk_volume *root = &s->volumes[0];

	if (!v->is_delta || !root->is_root)
		return LK_OK;
	if (root->rw_overlay == LK_OVERLAY_DISK && !lk_volume_throw_away(v))
		return refuse(err, v,
			      "rw_overlay = disk is empty at each boot: write "
			      "[delta.encrypt.otp], or format = \"always\"");
	if (root->rw_overlay == LK_OVERLAY_DISK_PERSIST && lk_volume_throw_away(v))
		return refuse(err, v,
			      "rw_overlay = disk-persist is to last: neither otp nor "
			      "format = \"always\" lets it");
	return LK_OK;
}

void lk_delta_settle(const struct lk_volume *root, struct lk_volume *delta)
{
	if (lk_root_uses_delta(root))
		delta->makefs = root->rw_overlay_type == LK_OVERLAYFS ? LK_FS_EXT4 : -1;
}

enum lk_status lk_settings_format_check(const struct lk_settings *s, const struct lk_volume *v,
					struct lk_error *err)
{
	enum lk_status st;

	if (v->integrity && v->allow_discards)
		return refuse(err, v, "integrity and allow_discards exclude each other");
	st = check_random_key(v, err);
	if (!st && lk_volume_throw_away(v))
		st = check_throw_away(v, err);
	if (!st && !lk_volume_throw_away(v))
		st = check_servers(v, err);
	if (!st)
		st = check_stack(s, v, err);
	return st ? st : check_layer(s, v, err);
}
