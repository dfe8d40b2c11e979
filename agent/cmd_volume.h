/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of `latchkey volume`; the table is in agent/cmd_volume.c. */
#pragma once

#define LK_PUBLISH_USAGE                                                                           \
	"(--enroll latchkeyd --resource A/B/C [--socket PATH] | --escrow-to JWK --escrow-out FILE)"

int lk_cmd_volume_close(int argc, char **argv);
int lk_cmd_volume_grow(int argc, char **argv);
int lk_cmd_volume_header(int argc, char **argv);
int lk_cmd_volume_init(int argc, char **argv);
int lk_cmd_volume_open(int argc, char **argv);
int lk_cmd_volume_recover(int argc, char **argv);
int lk_cmd_volume_recovery_key(int argc, char **argv);
int lk_cmd_volume_rotate(int argc, char **argv);
int lk_cmd_volume_show(int argc, char **argv);
