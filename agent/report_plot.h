/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a report (agent/report.h) as SVG. Pure: a document in, text out; whatever the document
 * holds, the drawing is well-formed, of bounded size, and refers to nothing outside itself. */
#pragma once

#include <stdio.h>

struct json_t;

/* The stages and volumes of the initramfs; those of the member `system`, of the same form, if the
 * report has it; the error if there was one. The caller looks at ferror(out). */
void lk_report_plot(FILE *out, const struct json_t *report);
