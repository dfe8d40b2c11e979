/* SPDX-License-Identifier: Apache-2.0 */
/* Where the metadata service is; alone in its file, so that tests can link another. */
#include "keymanager/aliyun.h"

const char lk_aliyun_imds_base[] = "http://100.100.100.200";
