/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that handle the site's configuration. */
#pragma once

#include "core/config_lines.h"
#include "image/siteconfig.h"

/* The file's logical lines, by the grammar of its name. */
enum lk_status lk_siteconfig_lines(const struct lk_site_file *file, struct lk_lines *ret,
				   struct lk_error *err);
