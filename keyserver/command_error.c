/* SPDX-License-Identifier: Apache-2.0 */
/* How every sub-command reports: one line with the whole chain, then one with what to do. */
#include "core/log.h"
#include "keyserver/commands.h"

int lk_cmd_fail(const struct lk_error *err)
{
	const char *help = lk_code_help(err->code);
	char line[LK_ERROR_FRAMES * LK_ERROR_TEXT];

	lk_log(LK_LOG_ERROR, "%s", lk_error_format(err, line, sizeof(line)));
	if (help)
		lk_log(LK_LOG_ERROR, "%s", help);
	return lk_exit_code(err->status);
}

int lk_cmd_usage(const char *usage)
{
	lk_log(LK_LOG_ERROR, "usage: latchkeyd %s", usage);
	return lk_exit_code(LK_CONFIG);
}
