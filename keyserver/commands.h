/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkeyd (core/program.h). */
#pragma once

#include "core/program.h"

int lk_cmd_init(int argc, char **argv);
int lk_cmd_serve(int argc, char **argv);
int lk_cmd_resource(int argc, char **argv);
int lk_cmd_policy(int argc, char **argv);
int lk_cmd_audit(int argc, char **argv);
