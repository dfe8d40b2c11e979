/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name server lists of other programs, and the kernel's route messages: the first byte says
 * which. What is kept of a list is an address in canonical form, fit for a comma-separated list.
 */
#include <stdlib.h>
#include <string.h>

#include "core/nameservers.h"
#include "core/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct lk_nameservers *list)
{
	char joined[LK_NAMESERVERS_TEXT];
	struct lk_nameservers again = { 0 };
	size_t i;

	if (list->n > LK_NAMESERVERS)
		abort();
	for (i = 0; i < list->n; i++) {
		if (strpbrk(list->addr[i], ", \t\n;") || !list->addr[i][0])
			abort();
		if (!lk_nameservers_add(&again, list->addr[i], strlen(list->addr[i])))
			abort();
	}
	lk_nameservers_join(list, joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lk_nameservers list = { 0 };
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] == 'n') {
		(void)lk_route_parse(data + 1, size - 1);
		return 0;
	}
	if (data[0] == 's')
		lk_nameservers_parse_systemd(&list, text, size - 1);
	else if (data[0] == 'r')
		lk_nameservers_parse_resolv(&list, text, size - 1);
	else
		(void)lk_nameservers_add(&list, text, size - 1);
	check(&list);
	return 0;
}
