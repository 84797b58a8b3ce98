/*
 * hold-vmci CID SECS: for SECS, CID belongs to a virtual machine of VMware's,
 * as far as the kernel can tell: VMCI's host side is in use. Needs vmw_vmci,
 * and the right to open /dev/vmci.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "number.h"

/* The kernel's include/linux/vmw_vmci_defs.h; no header of ours has them. */
#define IOCTL_VMCI_INIT_CONTEXT _IO(7, 0xa0)
#define IOCTL_VMCI_VERSION2     _IO(7, 0xa7)
#define VMCI_VERSION_HOSTQP     0x90000

struct init_block {
	uint32_t cid;
	uint32_t flags;
};

int main(int argc, char **argv)
{
	struct init_block block = { 0 };
	int version = VMCI_VERSION_HOSTQP;
	unsigned int left;
	int fd;

	if (argc != 3) {
		fputs("usage: hold-vmci CID SECS\n", stderr);
		return 2;
	}
	left = (unsigned int)number_of(argv[2], 0, UINT32_MAX);
	block.cid = (uint32_t)number_of(argv[1], 0, UINT32_MAX);
	fd = open("/dev/vmci", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/vmci");
	if (ioctl(fd, IOCTL_VMCI_VERSION2, &version) < 0)
		err(1, "IOCTL_VMCI_VERSION2");
	if (ioctl(fd, IOCTL_VMCI_INIT_CONTEXT, &block) < 0)
		err(1, "IOCTL_VMCI_INIT_CONTEXT");
	puts("ready");
	fflush(stdout);
	while (left > 0)
		left = sleep(left);
	close(fd);
	return 0;
}
