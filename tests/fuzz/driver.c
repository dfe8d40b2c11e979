/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without a fuzzing engine: every seed as it is, then a fixed count of
 * mutations that are the same on every run. The same target links with clang's libFuzzer.
 *
 *	fuzz_NAME [-runs=COUNT] SEEDS...     files, or folders of files
 *
 * An input that crashes the target is left in crash-NAME in the working folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_RUNS 5000
#define SEED_MAX     (16u << 20)
#define GROWTH_MAX   256
#define STACKED_MAX  4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct seed {
	uint8_t *data;
	size_t size;
};

static struct seed *seeds;
static size_t n_seeds;
static struct seed current;
static char crash_path[256];

/* --- the input at hand, kept for when the target falls over --------------------------------- */

static void keep_input(void)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	if (write(fd, current.data, current.size) == (ssize_t)current.size)
		(void)dprintf(STDERR_FILENO, "the input is in %s\n", crash_path);
	close(fd);
}

static void on_signal(int sig)
{
	keep_input();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* In a block of its own size, so that reading past it is noticed. */
static void run(const uint8_t *data, size_t size)
{
	current.data = malloc(size ? size : 1);
	current.size = size;
	if (!current.data)
		abort();
	if (size)
		memcpy(current.data, data, size);
	if (LLVMFuzzerTestOneInput(current.data, size) != 0)
		abort();
	free(current.data);
	current = (struct seed){ 0 };
}

/* --- seeds ---------------------------------------------------------------------------------- */

static void add_file(const char *path)
{
	struct seed s = { 0 };
	struct stat sb;
	FILE *f = fopen(path, "rb");

	if (!f || fstat(fileno(f), &sb) != 0 || sb.st_size > SEED_MAX) {
		(void)fprintf(stderr, "%s: %s\n", path, f ? "too large" : strerror(errno));
		exit(2);
	}
	s.data = malloc((size_t)sb.st_size + 1);
	seeds = realloc(seeds, (n_seeds + 1) * sizeof(*seeds));
	if (!s.data || !seeds)
		abort();
	s.size = fread(s.data, 1, (size_t)sb.st_size, f);
	seeds[n_seeds++] = s;
	(void)fclose(f);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void add_path(const char *path)
{
	struct dirent **entries;
	char name[4096];
	int i, n;

	n = scandir(path, &entries, visible, alphasort);
	if (n < 0) {
		add_file(path);
		return;
	}
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		add_file(name);
		free(entries[i]);
	}
	free(entries);
}

/* --- mutations ------------------------------------------------------------------------------ */

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t below(size_t n)
{
	/* xorshift64*: the same numbers everywhere */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return n ? (size_t)((state * 0x2545f4914f6cdd1du) >> 16) % n : 0;
}

static uint8_t odd_byte(void)
{
	static const uint8_t odd[] = { 0,   1,	 0x7f, 0x80, 0xff, '"',	 '\\', '{',  '}', '[', ']',
				       ',', ':', '0',  '-',  '=',  '\n', ' ',  '\t', '.', 'e', '/' };

	return below(4) ? odd[below(sizeof(odd))] : (uint8_t)below(256);
}

static size_t remove_range(uint8_t *p, size_t size)
{
	size_t at = below(size), n = 1 + below(below(4) ? 4 : size);

	if (n > size - at)
		n = size - at;
	memmove(p + at, p + at + n, size - at - n);
	return size - n;
}

/* Put n bytes into p at a random place; p has room for GROWTH_MAX more per call. */
static size_t insert(uint8_t *p, size_t size, const uint8_t *from, size_t n)
{
	uint8_t copy[GROWTH_MAX];
	size_t at = below(size + 1);

	memcpy(copy, from, n); /* from may lie in p */
	memmove(p + at + n, p + at, size - at);
	memcpy(p + at, copy, n);
	return size + n;
}

static size_t insert_piece_of(uint8_t *p, size_t size, const struct seed *s)
{
	size_t n = 1 + below(GROWTH_MAX);

	if (!s->size)
		return size;
	if (n > s->size)
		n = s->size;
	return insert(p, size, s->data + below(s->size - n + 1), n);
}

static size_t mutate(uint8_t *p, size_t size)
{
	uint8_t byte = odd_byte();

	switch (size ? below(8) : 6) {
	case 0:
		p[below(size)] ^= (uint8_t)(1u << below(8));
		return size;
	case 1:
	case 2:
		p[below(size)] = byte;
		return size;
	case 3:
		return remove_range(p, size);
	case 4:
		return below(size);
	case 5: /* repeat a piece of itself */
		return insert_piece_of(p, size, &(struct seed){ p, size });
	case 6:
		return insert(p, size, &byte, 1);
	default:
		return insert_piece_of(p, size, &seeds[below(n_seeds)]);
	}
}

static void run_mutation(void)
{
	const struct seed *s = &seeds[below(n_seeds)];
	uint8_t *p = malloc(s->size + (size_t)STACKED_MAX * GROWTH_MAX);
	size_t size = s->size, n = 1 + below(STACKED_MAX);

	if (!p)
		abort();
	memcpy(p, s->data, size);
	while (n--)
		size = mutate(p, size);
	run(p, size);
	free(p);
}

/* -------------------------------------------------------------------------------------------- */

static void watch(const char *program)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM };
	const char *name = strrchr(program, '/');
	size_t i;

	(void)snprintf(crash_path, sizeof(crash_path), "crash-%s", name ? name + 1 : program);
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(keep_input);
		return;
	}
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
}

int main(int argc, char **argv)
{
	unsigned long runs = DEFAULT_RUNS, r;
	size_t s;
	int i;

	watch(argv[0]);
	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-runs=", 6) == 0)
			runs = strtoul(argv[i] + 6, NULL, 10);
		else
			add_path(argv[i]);
	}
	if (!n_seeds) {
		(void)fprintf(stderr, "no seeds\n");
		return 2;
	}
	for (s = 0; s < n_seeds; s++)
		run(seeds[s].data, seeds[s].size);
	for (r = 0; r < runs; r++)
		run_mutation();
	printf("%zu seeds, %lu mutations\n", n_seeds, runs);
	for (s = 0; s < n_seeds; s++)
		free(seeds[s].data);
	free(seeds);
	return 0;
}
