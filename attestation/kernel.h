/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attesters ask of the kernel, in one table, so that a test can play the kernel: attributes
 * of configfs, the devices of a TEE, and a stream to the host. Numbers are negative errno values.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_kernel {
	int (*make_dir)(const char *path);
	int (*remove_dir)(const char *path);
	/* Open, write all of it at once, close: a binary attribute acts when it is closed. */
	int (*put)(const char *path, const void *data, size_t n);
	/* Read to the end; -EFBIG beyond max bytes. *ret is malloc'ed, one byte longer and ended by
	 * a zero, and the caller's. The size that stat() tells means nothing here. */
	ssize_t (*get)(const char *path, size_t max, uint8_t **ret);
	/* A character device: its descriptor. */
	int (*open_device)(const char *path);
	int (*device)(int fd, unsigned long request, void *argument);
	/* A stream to a port of the host, over vsock: its descriptor. */
	int (*connect_host)(uint32_t port);
};

/* The real one. */
extern const struct lk_kernel lk_the_kernel;
