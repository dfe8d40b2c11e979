/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the units for the volumes of the system. */
#include "agent/generator.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agent/fstab.h"
#include "agent/generator_units.h"

#define NAME_MAX_BYTES 512
#define ESCAPED_MAX    LK_UNIT_ESCAPED(LK_VOLUME_NAME_MAX)
/* What the unit gets beyond the deadline, so that the agent ends by itself. */
#define UNIT_MARGIN_S 30
/* And the mapping's device beyond the unit. */
#define DEVICE_MARGIN_S 60

/* Everything that ties a mount to its volume comes from systemd: it is ordered behind the
 * blockdev@ target of its device and fails when the device's requirement does. */
static const char volume_unit[] = "# Written by latchkey-generator\n"
				  "[Unit]\n"
				  "Description=Encrypted volume %1$s\n"
				  "Documentation=man:latchkey-volumes.service(8)\n"
				  "DefaultDependencies=no\n"
				  "IgnoreOnIsolate=yes\n"
				  "Wants=latchkey-volumes.service blockdev@dev-mapper-%2$s.target\n"
				  "PartOf=latchkey-volumes.service\n"
				  "After=latchkey-volumes.service\n"
				  "Before=blockdev@dev-mapper-%2$s.target multi-user.target\n"
				  "Conflicts=umount.target\n"
				  "Before=umount.target\n"
				  "\n"
				  "[Service]\n"
				  "Type=oneshot\n"
				  "RemainAfterExit=yes\n"
				  "ExecStart=/usr/bin/latchkey boot opened %1$s\n"
				  "StandardInput=null\n"
				  "LimitCORE=0\n"
				  "TimeoutStartSec=60\n";

void lk_unit_escape(const char *name, char out[ESCAPED_MAX])
{
	for (; *name; name++) {
		if (isalnum((unsigned char)*name) || *name == '_' || *name == '.')
			*out++ = *name;
		else
			out += snprintf(out, 5, "\\x%02x", (unsigned char)*name);
	}
	*out = '\0';
}

static void seconds_text(const struct lk_settings *s, int64_t more, char out[32])
{
	if (s->deadline_ms == LK_FOREVER)
		(void)snprintf(out, 32, "infinity");
	else
		(void)snprintf(out, 32, "%lld", (long long)s->deadline_ms / 1000 + (long long)more);
}

static enum lk_status generate_volume(const struct lk_settings *s, const struct lk_volume *v,
				      const char *dir, struct lk_error *err)
{
	char unit[NAME_MAX_BYTES], name[NAME_MAX_BYTES], escaped[ESCAPED_MAX], limit[32];
	enum lk_status st;

	lk_unit_escape(v->name, escaped);
	seconds_text(s, UNIT_MARGIN_S + DEVICE_MARGIN_S, limit);
	(void)snprintf(unit, sizeof(unit), "latchkey@%s.service", v->name);
	st = lk_unit_write(dir, unit, err, volume_unit, v->name, escaped);
	if (!st)
		st = lk_unit_link(dir, "multi-user.target.wants", "..", unit, err);
	(void)snprintf(name, sizeof(name), "dev-mapper-%s.device.requires", escaped);
	if (!st)
		st = lk_unit_link(dir, name, "..", unit, err);
	(void)snprintf(name, sizeof(name), "dev-mapper-%s.device.d/40-latchkey.conf", escaped);
	return st ? st
		  : lk_unit_write(dir, name, err,
				  "[Unit]\nJobTimeoutSec=%s\nJobRunningTimeoutSec=%s\n", limit,
				  limit);
}

static const struct lk_volume *find_volume(const struct lk_settings *s, const char *name)
{
	size_t i;

	for (i = 0; name && i < s->n_volumes; i++)
		if (strcmp(s->volumes[i].name, name) == 0)
			return &s->volumes[i];
	return NULL;
}

static bool needs_network(const struct lk_settings *s)
{
	size_t i;

	for (i = 0; i < s->n_volumes; i++)
		if (lk_volume_needs_network(&s->volumes[i]))
			return true;
	return false;
}

/* One unit opens them all, so that each waits for the network if any does. Does every line say so?
 * Those that do not are told. */
static bool fstab_is_sound(const struct lk_settings *s, const char *fstab, size_t len,
			   void (*warn)(void *arg, const char *text), void *arg)
{
	const char *at = fstab;
	struct lk_fstab_line line;
	unsigned number = 0;
	char text[256];
	bool sound = true;

	while (lk_fstab_next(&at, fstab + len, &number, &line)) {
		const struct lk_volume *v = find_volume(s, lk_fstab_mapping(&line));

		if (!v || lk_fstab_is_swap(&line) || lk_fstab_has(&line, "noauto") ||
		    lk_fstab_has(&line, "_netdev"))
			continue;
		sound = false;
		(void)snprintf(text, sizeof(text),
			       "/etc/fstab line %u: '%s' is opened over the network: add the "
			       "option _netdev, or the boot may wait for ever",
			       number, v->name);
		warn(arg, text);
	}
	return sound;
}

static bool is_swap(const struct lk_volume *v, const char *fstab, size_t len)
{
	const char *at = fstab;
	struct lk_fstab_line line;
	unsigned number = 0;

	while (lk_fstab_next(&at, fstab + len, &number, &line)) {
		const char *mapping = lk_fstab_mapping(&line);

		if (mapping && lk_fstab_is_swap(&line) && strcmp(mapping, v->name) == 0)
			return true;
	}
	return false;
}

/* By default a swap comes before everything that needs the system to be up, and the network may be
 * among that. One that needs the network is therefore taken out of this order, at both ends: it is
 * switched on when its volume is open, and off before it is closed; nothing waits for it. */
static enum lk_status generate_swap(const struct lk_volume *v, const char *dir,
				    struct lk_error *err)
{
	char name[NAME_MAX_BYTES], escaped[ESCAPED_MAX];

	lk_unit_escape(v->name, escaped);
	(void)snprintf(name, sizeof(name), "dev-mapper-%s.swap.d/40-latchkey.conf", escaped);
	return lk_unit_write(dir, name, err,
			     "# Written by latchkey-generator\n"
			     "[Unit]\n"
			     "DefaultDependencies=no\n"
			     "After=latchkey@%s.service\n"
			     "Conflicts=umount.target\n"
			     "Before=umount.target\n",
			     v->name);
}

/* Behind the network, so that it is closed while there still is one. A line that does not say
 * _netdev would make that a circle, which systemd breaks by leaving something out. */
static enum lk_status generate_service(const struct lk_settings *s, bool network, bool sound,
				       const char *dir, struct lk_error *err)
{
	char limit[32];

	seconds_text(s, UNIT_MARGIN_S, limit);
	return lk_unit_write(dir, "latchkey-volumes.service.d/40-latchkey.conf", err,
			     "[Unit]\n%s%s[Service]\nTimeoutStartSec=%s\n",
			     network ? "Wants=network-online.target\n" : "",
			     network && sound ? "After=network.target remote-fs-pre.target\n" : "",
			     limit);
}

enum lk_status lk_generate(const struct lk_settings *s, const char *fstab, size_t len,
			   const char *dir, void (*warn)(void *arg, const char *text), void *arg,
			   struct lk_error *err)
{
	const bool network = needs_network(s);
	enum lk_status st = lk_generate_growth(s, fstab, len, dir, err);
	size_t i;

	if (st || s->n_volumes == 0)
		return st;
	for (i = 0; i < s->n_volumes && !st; i++) {
		st = generate_volume(s, &s->volumes[i], dir, err);
		if (!st && network && is_swap(&s->volumes[i], fstab, len))
			st = generate_swap(&s->volumes[i], dir, err);
	}
	if (st)
		return st;
	return generate_service(s, network, network && fstab_is_sound(s, fstab, len, warn, arg),
				dir, err);
}
