/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units for the volumes that the system opens (systemd.generator(7)): latchkey@NAME.service for
 * each, which only orders on latchkey-volumes.service, so that fstab lines and people can name a
 * volume, and what ties the mapping's device, mounts and swaps to it.
 */
#pragma once

#include <stddef.h>

#include "agent/settings.h"
#include "core/error.h"

#define LK_UNIT_ESCAPED(n) (4 * (n) + 1)

/* A mapping's name as part of a unit's name (systemd.unit(5), escaping of paths). */
void lk_unit_escape(const char *name, char out[LK_UNIT_ESCAPED(LK_VOLUME_NAME_MAX)]);

/* Write the units for the volumes that s has taken (phase: system) into dir, which exists and
 * holds none of them. fstab: the text of /etc/fstab; lines that cannot work are handed to warn.
 * LK_INTERNAL when a file cannot be written. */
enum lk_status lk_generate(const struct lk_settings *s, const char *fstab, size_t len,
			   const char *dir, void (*warn)(void *arg, const char *text), void *arg,
			   struct lk_error *err);

/* The part of it that concerns volumes of either phase with grow = true: the system mounts them all. */
enum lk_status lk_generate_growth(const struct lk_settings *s, const char *fstab, size_t len,
				  const char *dir, struct lk_error *err);
