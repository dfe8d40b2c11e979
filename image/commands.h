/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of latchkey-image (core/program.h). */
#pragma once

#include "core/program.h"

int lk_image_cmd_build(int argc, char **argv);
