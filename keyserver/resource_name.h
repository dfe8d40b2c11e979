/* SPDX-License-Identifier: Apache-2.0 */
/* Names of resources and the patterns that policies match them with. Pure. */
#pragma once

#include <stdbool.h>

#define LK_RESOURCE_NAME_MAX 255

/* Exactly three segments between slashes, each [A-Za-z0-9_-][A-Za-z0-9_.-]*; nothing is decoded. */
bool lk_resource_name_ok(const char *name);
/* The same with '*' anywhere in a segment: any run of characters, never a slash. */
bool lk_resource_glob_ok(const char *glob);
/* Does a pattern that is ok match a name that is ok? */
bool lk_resource_glob_match(const char *glob, const char *name);
