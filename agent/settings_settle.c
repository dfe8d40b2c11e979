/* SPDX-License-Identifier: Apache-2.0 */
/* Checks what no file of the configuration alone can show, and puts the volumes into the order in
 * which they are opened. */
#include <stdio.h>
#include <string.h>

#include "agent/settings_internal.h"

/* A problem that belongs to a volume's file. */
static enum lk_status problem(const struct lk_volume *v, struct lk_problems *problems,
			      struct lk_error *err)
{
	enum lk_status st = lk_context(err, "%s", v->file);

	return lk_problems_add(problems, err) ? LK_OK : st;
}

/* Do two volumes want the same mapping? Layers and integrity have others below them. */
static bool names_clash(const struct lk_volume *a, const struct lk_volume *b)
{
	static const char *const snapshot[] = { "-verity", "-base", "-store" };
	char inner[LK_VOLUME_NAME_MAX + sizeof("-verity")];
	size_t i;

	if (strcmp(a->name, b->name) == 0)
		return true;
	for (i = 0; lk_volume_has_snapshot(a) && i < sizeof(snapshot) / sizeof(snapshot[0]); i++) {
		snprintf(inner, sizeof(inner), "%s%s", a->name, snapshot[i]);
		if (strcmp(inner, b->name) == 0)
			return true;
	}
	snprintf(inner, sizeof(inner), "%s-crypt", a->name);
	if (a->has_verity && strcmp(inner, b->name) == 0)
		return true;
	snprintf(inner, sizeof(inner), "%s_dif", a->name);
	return a->integrity && strcmp(inner, b->name) == 0;
}

static enum lk_status check_names(const struct lk_settings *s, struct lk_problems *problems,
				  struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i, j;

	for (i = 0; i < s->n_known && !st; i++) {
		for (j = i + 1; j < s->n_known && !st; j++) {
			if (!names_clash(&s->volumes[i], &s->volumes[j]) &&
			    !names_clash(&s->volumes[j], &s->volumes[i]))
				continue;
			lk_raise_code(err, LK_C_CONFIG_VALUE,
				      "the mapping '%s' is also wanted by %s", s->volumes[j].name,
				      s->volumes[i].file);
			st = problem(&s->volumes[j], problems, err);
		}
	}
	return st;
}

/* No shell and no improvising where keys are released by attestation. */
static enum lk_status check_emergency(const struct lk_settings *s, struct lk_problems *problems,
				      struct lk_error *err)
{
	const bool unreachable = s->on_unreachable == LK_FAIL_EMERGENCY;
	size_t i;

	if (!unreachable && s->on_denied != LK_FAIL_EMERGENCY)
		return LK_OK;
	for (i = 0; i < s->n_known; i++) {
		if (!lk_volume_attested(&s->volumes[i]) && !lk_sealing_attested(s))
			continue;
		lk_raise_code(err, LK_C_CONFIG_VALUE,
			      "the key of '%s' is released by attestation, which refuses %s = "
			      "\"emergency\"",
			      s->volumes[i].name, unreachable ? "on_unreachable" : "on_denied");
		return problem(&s->volumes[i], problems, err);
	}
	return LK_OK;
}

static int rank_of(const struct lk_volume *v, enum lk_phase phase)
{
	if ((enum lk_phase)v->phase != phase)
		return 3;
	if (v->is_root)
		return 0;
	if (!v->auto_open)
		return 3;
	return v->is_delta ? 1 : 2;
}

/* The root first, its writable layer, then those to open, then the others; otherwise as they are. */
void lk_settings_take_phase(struct lk_settings *s, enum lk_phase phase)
{
	size_t i, place = 0;
	int rank;

	for (rank = 0; rank < 4; rank++) {
		for (i = place; i < s->n_known; i++) {
			const struct lk_volume v = s->volumes[i];

			if (rank_of(&v, phase) != rank)
				continue;
			memmove(&s->volumes[place + 1], &s->volumes[place],
				(i - place) * sizeof(v));
			s->volumes[place++] = v;
		}
		if (rank == 2)
			s->n_volumes = place;
	}
}

enum lk_status lk_settings_take_volume(struct lk_settings *s, const char *name,
				       struct lk_error *err)
{
	size_t i;

	for (i = 0; i < s->n_known && strcmp(s->volumes[i].name, name) != 0; i++)
		;
	if (i == s->n_known)
		return lk_raise(err, LK_CONFIG, "no volume '%s' is configured", name);
	if (i > 0) {
		const struct lk_volume v = s->volumes[i];

		memmove(&s->volumes[1], &s->volumes[0], i * sizeof(v));
		s->volumes[0] = v;
	}
	s->n_volumes = 1;
	return LK_OK;
}

static enum lk_status check_formatting(struct lk_settings *s, struct lk_problems *problems,
				       struct lk_error *err)
{
	enum lk_status st = LK_OK;
	size_t i;

	for (i = 0; i < s->n_known && !st; i++) {
		if (s->volumes[i].is_delta && s->volumes[0].is_root)
			lk_delta_settle(&s->volumes[0], &s->volumes[i]);
		if (lk_settings_format_check(s, &s->volumes[i], err))
			st = problem(&s->volumes[i], problems, err);
	}
	return st;
}

enum lk_status lk_settings_settle(struct lk_settings *s, struct lk_problems *problems,
				  struct lk_error *err)
{
	enum lk_status st;

	lk_settings_take_phase(s, LK_PHASE_INITRD);
	lk_sealing_settle(s);
	if (problems && problems->n)
		return LK_OK; /* fields may be missing */
	st = lk_settings_layer_check(s, err) ? problem(&s->volumes[0], problems, err) : LK_OK;
	if (!st)
		st = check_names(s, problems, err);
	if (!st)
		st = check_formatting(s, problems, err);
	return st ? st : check_emergency(s, problems, err);
}

/* Without its metadata, a root of cryptpilot would be opened unverified. */
enum lk_status lk_settings_metadata_check(const struct lk_settings *s, struct lk_problems *problems,
					  struct lk_error *err)
{
	const struct lk_volume *root = s->n_known ? &s->volumes[0] : NULL;

	if (!s->cryptpilot || s->unfinished || !root || !root->is_root || root->has_verity)
		return LK_OK;
	lk_raise_code(err, LK_C_CONFIG_MISSING,
		      "no " LK_CRYPTPILOT_METADATA " beside it names the root hash");
	return problem(root, problems, err);
}
