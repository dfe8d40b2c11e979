/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/fstab: fields lie within the text, lines are counted, escapes end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fstab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(const char *p, size_t n, const char *text, size_t size)
{
	if (p < text || p > text + size || n > (size_t)(text + size - p) || memchr(p, '\n', n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const text = (const char *)data;
	const char *at = text;
	struct lk_fstab_line line;
	char unit[LK_FSTAB_UNIT];
	unsigned number = 0, last = 0;

	while (lk_fstab_next(&at, text + size, &number, &line)) {
		if (line.number <= last || line.number != number || at > text + size)
			abort();
		last = line.number;
		if (strnlen(line.spec, sizeof(line.spec)) == sizeof(line.spec))
			abort();
		within(line.file, line.file_len, text, size);
		within(line.type, line.type_len, text, size);
		within(line.options, line.options_len, text, size);
		(void)lk_fstab_mapping(&line);
		(void)lk_fstab_is_swap(&line);
		(void)lk_fstab_has(&line, "_netdev");
		if (lk_fstab_mount_unit(&line, unit) &&
		    (strnlen(unit, sizeof(unit)) == sizeof(unit) || strchr(unit, '/')))
			abort();
	}
	return 0;
}
