/*
 * dead-guest CID SECS: for SECS, CID belongs to a virtual machine whose driver
 * never comes up. Needs vhost_vsock and the right to open /dev/vhost-vsock.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "number.h"

/* The descriptor holds the CID until it is closed. */
static int claim(uint64_t cid)
{
	int fd = open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "/dev/vhost-vsock");
	if (ioctl(fd, VHOST_SET_OWNER) < 0)
		err(1, "VHOST_SET_OWNER");
	if (ioctl(fd, VHOST_VSOCK_SET_GUEST_CID, &cid) < 0)
		err(1, "VHOST_VSOCK_SET_GUEST_CID");
	return fd;
}

int main(int argc, char **argv)
{
	unsigned int left;
	int fd;

	if (argc != 3) {
		fputs("usage: dead-guest CID SECS\n", stderr);
		return 2;
	}
	left = (unsigned int)number_of(argv[2], 0, UINT32_MAX);
	fd = claim((uint64_t)number_of(argv[1], 0, UINT32_MAX));
	puts("ready");
	fflush(stdout);
	while (left > 0)
		left = sleep(left);
	close(fd);
	return 0;
}
