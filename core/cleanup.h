/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-exit helpers: every owner is initialised where it is declared and released when its
 * scope ends, so that functions leave early. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LK_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Defines fn_p() for use with LK_CLEANUP on a variable of `type` (a pointer). */
#define LK_DEFINE_CLEANUP(type, fn)                                                                \
	static inline void fn##_p(type *p)                                                         \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}

/* Hand ownership over: yields the pointer and nulls the variable. */
#define lk_take(p)                                                                                 \
	__extension__({                                                                            \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})
/* The same for descriptors, with -1. */
#define lk_take_fd(fd)                                                                             \
	__extension__({                                                                            \
		int taken_ = (fd);                                                                 \
		(fd) = -1;                                                                         \
		taken_;                                                                            \
	})

static inline void lk_free_p(void *p)
{
	free(*(void **)p);
}

static inline void lk_close_p(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void lk_fclose_p(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define LK_FREE	  LK_CLEANUP(lk_free_p)	 /* LK_FREE char *path = NULL; */
#define LK_FD	  LK_CLEANUP(lk_close_p) /* LK_FD int fd = -1; */
#define LK_FILE	  LK_CLEANUP(lk_fclose_p)
#define LK_SECRET LK_CLEANUP(lk_secret_wipe) struct lk_secret /* with core/secret.h */
