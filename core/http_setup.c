/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's global state: memory that is wiped when freed, since it may have held a key. */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/http_internal.h"

static void wiping_free(void *p)
{
	if (p)
		lk_wipe(p, malloc_usable_size(p));
	free(p);
}

/* Never in place or by the C library, which would leave the old block as it was. */
static void *wiping_realloc(void *old, size_t size)
{
	size_t had = old ? malloc_usable_size(old) : 0;
	void *p = malloc(size ? size : 1);

	if (!p)
		return NULL;
	if (old)
		memcpy(p, old, had < size ? had : size);
	wiping_free(old);
	return p;
}

static CURLcode setup_result;

static void setup(void)
{
	setup_result = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free,
					    wiping_realloc, strdup, calloc);
}

enum lk_status lk_http_setup(struct lk_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, setup);
	if (setup_result)
		return lk_raise(err, LK_INTERNAL, "set up the HTTP library: %s",
				curl_easy_strerror(setup_result));
	return LK_OK;
}
