/* SPDX-License-Identifier: Apache-2.0 */
/* Build step: write latchkey-errors(7) from the table of codes (core/codes.h). */
#include <stdio.h>

#include "core/error.h"

int main(void)
{
	enum lk_code code;

	printf(".TH LATCHKEY\\-ERRORS 7 \"\" \"latchkey\" \"Miscellaneous\"\n"
	       ".SH NAME\nlatchkey\\-errors \\- the stable error codes of latchkey\n"
	       ".SH DESCRIPTION\n"
	       "Every error line ends in \\fB[CLASS code]\\fR. The class decides the exit status and\n"
	       "whether a retry makes sense (\\fBlatchkey\\fR(8)); an error without a code of its own\n"
	       "shows its class in lower case. Codes never change their meaning.\n"
	       ".SH CODES\n");
	for (code = LK_C_NONE + 1; code < LK_N_CODES; code++)
		printf(".TP\n.B %s\n(%s) %s\n", lk_code_name(code),
		       lk_status_name(lk_code_status(code)), lk_code_help(code));
	return 0;
}
