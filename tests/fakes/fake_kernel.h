/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that tests make up: configfs-tsm with its order of things, the devices of TDX and SEV-SNP,
 * and a host's quoting service. It judges strictly what it is asked. Its clock does not wait.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "attestation/kernel.h"
#include "attestation/tsm.h"
#include "core/crypto.h"
#include "core/deadline.h"

#define FAKE_ERRORS 8

static struct fake_kernel {
	/* configfs-tsm */
	bool has_tsm;
	const char *provider; /* NULL: nobody registered */
	const char *floor;    /* of privlevel; NULL: no such attribute */
	uint8_t blob[16384];  /* what outblob is made from ... */
	size_t blob_n;
	size_t data_at; /* ... by putting the request's data here */
	uint8_t aux[4096];
	size_t aux_n; /* 0: no such attribute */
	int make_errors[FAKE_ERRORS], out_errors[FAKE_ERRORS], aux_error;
	unsigned foreign_writes; /* how many requests somebody else writes into as well */
	bool lose_data;		 /* what is written to inblob gets lost behind close() ... */
	bool report_anyway;	 /* ... and a report is made all the same */
	/* devices */
	const char *device; /* the only one there is */
	int device_errors[FAKE_ERRORS];
	uint32_t vmm_errors[FAKE_ERRORS];
	uint32_t snp_status;
	/* quoting service */
	int host_error;
	uint8_t answer[16384];
	size_t answer_n;
	size_t answer_pieces; /* bytes at a time; 0: all at once */
	/* /etc/tdx-attest.conf and other files */
	const char *file_path[4];
	const uint8_t *file[4];
	size_t file_n[4];

	/* measurement registers of TDX: those that are there, and what is in them */
	bool has_rtmr[4];
	uint8_t rtmr[4][48];

	/* what happened */
	char dir[256];
	bool stored;
	uint8_t data[64];
	unsigned long generation, level_writes, requests, device_calls, makes;
	unsigned long last_command;
	uint32_t port;
	uint8_t request[2048];
	size_t request_n;
	int64_t slept;
	int complaints;
} fake;

static void fake_complain(const char *what)
{
	printf("# the fake kernel complains: %s\n", what);
	fake.complaints++;
}

int64_t lk_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + fake.slept;
}

void lk_clock_sleep(int64_t ms)
{
	fake.slept += ms;
}

int64_t lk_clock_wall(void)
{
	return (int64_t)time(NULL);
}

bool lk_clock_plausible(void)
{
	return true;
}

/* The next of a list of errors; 0 at its end. */
static int fake_next(int *errors)
{
	const int error = errors[0];

	memmove(errors, errors + 1, (FAKE_ERRORS - 1) * sizeof(errors[0]));
	errors[FAKE_ERRORS - 1] = 0;
	return -error;
}

static int fake_make_dir(const char *path)
{
	static const char begin[] = LK_TSM_ROOT "/latchkey-";
	int error;

	fake.makes++;
	if (!fake.has_tsm)
		return -ENOENT;
	if (!fake.provider)
		return -ENXIO;
	error = fake_next(fake.make_errors);
	if (error)
		return error;
	if (strncmp(path, begin, strlen(begin)) != 0 || strlen(path) < strlen(begin) + 16)
		fake_complain("a name that may not be unique");
	if (fake.dir[0])
		fake_complain("a second request while one is there");
	(void)snprintf(fake.dir, sizeof(fake.dir), "%s", path);
	fake.stored = false;
	fake.generation = 0;
	return 0;
}

static int fake_remove_dir(const char *path)
{
	if (strcmp(path, fake.dir) != 0)
		fake_complain("another directory is removed");
	fake.dir[0] = '\0';
	return 0;
}

/* The attribute's name if path lies in the request's directory. */
static const char *fake_attribute(const char *path)
{
	const size_t n = strlen(fake.dir);

	return n && strncmp(path, fake.dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static int fake_extend(const char *name, const void *data, size_t n)
{
	const int i = name[0] - '0';
	struct lk_error err = { 0 };
	uint8_t all[96], hash[LK_HASH_MAX];

	if (i < 0 || i > 3 || strcmp(name + 1, ":sha384") != 0 || !fake.has_rtmr[i])
		return -ENOENT;
	if (n != 48)
		return -EINVAL;
	memcpy(all, fake.rtmr[i], 48);
	memcpy(all + 48, data, 48);
	if (lk_hash(LK_SHA384, all, sizeof(all), hash, &err))
		return -EIO;
	memcpy(fake.rtmr[i], hash, 48);
	return 0;
}

static int fake_put(const char *path, const void *data, size_t n)
{
	static const char registers[] = "/sys/devices/virtual/misc/tdx_guest/measurements/rtmr";
	const char *attribute = fake_attribute(path);

	if (strncmp(path, registers, strlen(registers)) == 0)
		return fake_extend(path + strlen(registers), data, n);
	if (!attribute)
		return -ENOENT;
	fake.generation++;
	if (strcmp(attribute, "privlevel") == 0) {
		fake.level_writes++;
		return n == 1 && fake.floor && *(const char *)data >= fake.floor[0] &&
				       *(const char *)data <= '3'
			       ? 0
			       : -EINVAL;
	}
	if (strcmp(attribute, "inblob") != 0)
		return -ENOENT;
	if (n > 64)
		return -EFBIG;
	if (fake.lose_data) {
		fake.generation--;
		return 0;
	}
	fake.stored = n == 64;
	memcpy(fake.data, data, n);
	if (fake.foreign_writes) {
		fake.foreign_writes--;
		fake.generation++;
	}
	return 0;
}

static ssize_t fake_give(const void *bytes, size_t n, size_t max, uint8_t **ret)
{
	if (n > max)
		return -EFBIG;
	*ret = malloc(n + 1);
	memcpy(*ret, bytes, n);
	(*ret)[n] = 0;
	return (ssize_t)n;
}

static ssize_t fake_outblob(size_t max, uint8_t **ret)
{
	const int error = fake_next(fake.out_errors);

	fake.requests++;
	if (error)
		return error;
	if (!fake.stored && !fake.report_anyway)
		return -EINVAL;
	if (fake.blob_n >= fake.data_at + 64)
		memcpy(fake.blob + fake.data_at, fake.data, 64);
	return fake_give(fake.blob, fake.blob_n, max, ret);
}

static ssize_t fake_get(const char *path, size_t max, uint8_t **ret)
{
	const char *attribute = fake_attribute(path);
	char text[64] = "";
	size_t i;

	for (i = 0; i < 4; i++)
		if (fake.file_path[i] && strcmp(path, fake.file_path[i]) == 0)
			return fake_give(fake.file[i], fake.file_n[i], max, ret);
	if (!attribute)
		return -ENOENT;
	if (strcmp(attribute, "provider") == 0)
		(void)snprintf(text, sizeof(text), "%s\n", fake.provider);
	else if (strcmp(attribute, "privlevel_floor") == 0 && fake.floor)
		(void)snprintf(text, sizeof(text), "%s\n", fake.floor);
	else if (strcmp(attribute, "generation") == 0)
		(void)snprintf(text, sizeof(text), "%lu\n", fake.generation);
	else if (strcmp(attribute, "outblob") == 0)
		return fake_outblob(max, ret);
	else if (strcmp(attribute, "auxblob") == 0 && (fake.aux_n || fake.aux_error))
		return fake.aux_error ? -fake.aux_error : fake_give(fake.aux, fake.aux_n, max, ret);
	else
		return -ENOENT;
	return fake_give(text, strlen(text), max, ret);
}

static int fake_open_device(const char *path)
{
	if (!fake.device || strcmp(path, fake.device) != 0)
		return -ENOENT;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* linux/tdx-guest.h, linux/sev-guest.h */
struct fake_tdx {
	uint8_t data[64];
	uint8_t report[1024];
};

struct fake_snp {
	uint8_t version;
	uint8_t pad[7];
	uint64_t request, response;
	uint32_t firmware_error, vmm_error;
};

struct fake_snp_request {
	uint8_t data[64];
	uint32_t vmpl;
	uint8_t zero[28];
	uint64_t certs;
	uint32_t certs_size;
};

static int fake_tdx_report(struct fake_tdx *r)
{
	memcpy(r->report, fake.blob, sizeof(r->report));
	memcpy(r->report + 128, r->data, sizeof(r->data));
	return 0;
}

static int fake_snp_report(unsigned long command, struct fake_snp *g, uint32_t vmm_error)
{
	const struct fake_snp_request *q = (const struct fake_snp_request *)(uintptr_t)g->request;
	uint8_t *response = (uint8_t *)(uintptr_t)g->response;
	static const uint8_t zero[28];
	const uint32_t size = (uint32_t)fake.blob_n;

	if (g->version != 1 || g->firmware_error || g->vmm_error || q->vmpl ||
	    memcmp(q->zero, zero, sizeof(zero)) != 0)
		fake_complain("a request to the SEV device that is not one");
	g->vmm_error = vmm_error;
	if (vmm_error)
		return -EIO;
	if (command == 0xc0205302ul) {
		if (q->certs % 4096 || q->certs_size % 4096 || q->certs_size > 0x4000)
			fake_complain("certificates go to a place that is no page");
		memcpy((uint8_t *)(uintptr_t)q->certs, fake.aux, fake.aux_n);
	}
	memset(response, 0, 32);
	memcpy(response, &fake.snp_status, 4);
	memcpy(response + 4, &size, 4);
	if (size <= 4000 - 32) {
		memcpy(response + 32, fake.blob, size);
		memcpy(response + 32 + fake.data_at, q->data, 64);
	}
	return 0;
}

static int fake_device(int fd, unsigned long command, void *argument)
{
	const int error = fake_next(fake.device_errors);
	const uint32_t vmm_error = fake.vmm_errors[0];

	(void)fd;
	memmove(fake.vmm_errors, fake.vmm_errors + 1,
		(FAKE_ERRORS - 1) * sizeof(fake.vmm_errors[0]));
	fake.device_calls++;
	fake.last_command = command;
	if (error)
		return error;
	if (command == 0xc4405401ul && strcmp(fake.device, "/dev/tdx_guest") == 0)
		return fake_tdx_report(argument);
	if ((command == 0xc0205300ul || command == 0xc0205302ul) &&
	    strcmp(fake.device, "/dev/sev-guest") == 0)
		return fake_snp_report(command, argument, vmm_error);
	return -ENOTTY;
}

/* The quoting service: reads one request, and answers with what the test has prepared. */
static void *fake_service(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	const size_t piece = fake.answer_pieces ? fake.answer_pieces : fake.answer_n;
	size_t done, at;
	ssize_t n;

	while (fake.request_n < 4 + 1048) {
		n = read(fd, fake.request + fake.request_n, sizeof(fake.request) - fake.request_n);
		if (n <= 0)
			break;
		fake.request_n += (size_t)n;
	}
	for (at = 0; at < fake.answer_n; at += done) {
		done = fake.answer_n - at < piece ? fake.answer_n - at : piece;
		if (send(fd, fake.answer + at, done, MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
	return NULL;
}

static pthread_t fake_thread;
static bool fake_thread_runs;

static int fake_connect_host(uint32_t port)
{
	int pair[2];

	fake.port = port;
	if (fake.host_error)
		return -fake.host_error;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ||
	    pthread_create(&fake_thread, NULL, fake_service, (void *)(intptr_t)pair[1]))
		abort();
	fake_thread_runs = true;
	return pair[0];
}

static const struct lk_kernel fake_kernel = {
	.make_dir = fake_make_dir,
	.remove_dir = fake_remove_dir,
	.put = fake_put,
	.get = fake_get,
	.open_device = fake_open_device,
	.device = fake_device,
	.connect_host = fake_connect_host,
};

/* Ends the service; true if nothing was left behind and nothing complained about. */
__attribute__((unused)) static bool fake_kernel_ends(void)
{
	if (fake_thread_runs)
		pthread_join(fake_thread, NULL);
	fake_thread_runs = false;
	return !fake.dir[0] && !fake.complaints;
}

/* A fixture of real evidence: its length, at most max bytes. */
__attribute__((unused)) static size_t fake_fixture(const char *name, uint8_t *out, size_t max)
{
	char path[512];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/evidence/%s", LK_SOURCE_DIR, name);
	f = fopen(path, "rb");
	if (!f)
		abort();
	n = fread(out, 1, max, f);
	fclose(f);
	return n;
}
