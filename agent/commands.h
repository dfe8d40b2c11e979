/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkey (core/program.h). */
#pragma once

#include "core/program.h"

#define LK_REPORT_PATH "/run/latchkey/report.json"

int lk_cmd_boot(int argc, char **argv);
int lk_cmd_config(int argc, char **argv);
int lk_cmd_key(int argc, char **argv);
int lk_cmd_status(int argc, char **argv);
