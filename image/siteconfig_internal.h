/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that handle the site's configuration. */
#pragma once

#include "core/config_lines.h"
#include "image/siteconfig.h"

/* The file's logical lines, by the grammar of its name. */
enum lk_status lk_siteconfig_lines(const struct lk_site_file *file, struct lk_lines *ret,
				   struct lk_error *err);

/* image/siteconfig_pilot.c: is a folder cryptpilot's, which holds these names and whose fde.toml is
 * this (NULL: it has none)? */
enum lk_status lk_siteconfig_is_pilot(const char *dir, const struct lk_site_file *fde, bool *ret,
				      struct lk_error *err);
/* Add metadata.toml with the build's values. */
enum lk_status lk_siteconfig_fill_pilot(struct lk_siteconfig *site,
					const struct lk_site_values *values, struct lk_error *err);
