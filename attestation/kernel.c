/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel as it is: what attesters ask of it. */
#include "attestation/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

#define FIRST_READ 4096

static int make_dir(const char *path)
{
	return mkdir(path, 0700) ? -errno : 0;
}

static int remove_dir(const char *path)
{
	return rmdir(path) ? -errno : 0;
}

static int put(const char *path, const void *data, size_t n)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t done;
	int status = 0;

	if (fd < 0)
		return -errno;
	done = write(fd, data, n);
	if (done < 0)
		status = -errno;
	else if ((size_t)done != n)
		status = -EIO;
	if (close(fd) && !status)
		status = -errno;
	return status;
}

static ssize_t get(const char *path, size_t max, uint8_t **ret)
{
	LK_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	LK_FREE uint8_t *bytes = NULL;
	size_t cap = 0, n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -errno;
	while (got > 0) {
		if (n == cap) {
			const size_t more = cap ? 2 * cap : FIRST_READ;
			uint8_t *grown = realloc(bytes, more + 1);

			if (!grown)
				return -ENOMEM;
			bytes = grown;
			cap = more;
		}
		got = read(fd, bytes + n, cap - n);
		if (got < 0)
			return -errno;
		n += (size_t)got;
		if (n > max)
			return -EFBIG;
	}
	bytes[n] = 0;
	*ret = lk_take(bytes);
	return (ssize_t)n;
}

static int open_device(const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static int device(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

static int connect_host(uint32_t port)
{
	const struct sockaddr_vm host = { .svm_family = AF_VSOCK,
					  .svm_cid = VMADDR_CID_HOST,
					  .svm_port = port };
	LK_FD int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* the kernel gives up after two seconds: SO_VM_SOCKETS_CONNECT_TIMEOUT's default */
	if (fd < 0 || connect(fd, (const struct sockaddr *)&host, sizeof(host)))
		return -errno;
	return lk_take_fd(fd);
}

const struct lk_kernel lk_the_kernel = {
	.make_dir = make_dir,
	.remove_dir = remove_dir,
	.put = put,
	.get = get,
	.open_device = open_device,
	.device = device,
	.connect_host = connect_host,
};
