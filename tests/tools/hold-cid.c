/*
 * Holds a CID for some seconds, as a virtual machine would. Two names:
 *	dead-guest CID SECS	a guest whose driver never comes up
 *	hold-vmci CID SECS	a guest of VMware's
 * dead-guest needs vhost_vsock and the right to open /dev/vhost-vsock,
 * hold-vmci needs vmw_vmci and the right to open /dev/vmci.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "number.h"

/* The kernel's include/linux/vmw_vmci_defs.h; no installed header has them. */
#define IOCTL_VMCI_INIT_CONTEXT _IO(7, 0xa0)
#define IOCTL_VMCI_VERSION2     _IO(7, 0xa7)
#define VMCI_VERSION_HOSTQP     0x90000

struct vmci_init_block {
	uint32_t cid;
	uint32_t flags;
};

/* The descriptor holds the CID until it is closed. */
static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void claim_vhost(uint32_t number)
{
	uint64_t cid = number;
	int fd = open_device("/dev/vhost-vsock");

	if (ioctl(fd, VHOST_SET_OWNER) < 0)
		err(1, "VHOST_SET_OWNER");
	if (ioctl(fd, VHOST_VSOCK_SET_GUEST_CID, &cid) < 0)
		err(1, "VHOST_VSOCK_SET_GUEST_CID");
}

static void claim_vmci(uint32_t cid)
{
	struct vmci_init_block block = { .cid = cid };
	int version = VMCI_VERSION_HOSTQP;
	int fd = open_device("/dev/vmci");

	if (ioctl(fd, IOCTL_VMCI_VERSION2, &version) < 0)
		err(1, "IOCTL_VMCI_VERSION2");
	if (ioctl(fd, IOCTL_VMCI_INIT_CONTEXT, &block) < 0)
		err(1, "IOCTL_VMCI_INIT_CONTEXT");
}

int main(int argc, char **argv)
{
	const char *name = program_invocation_short_name;
	unsigned int left;
	uint32_t cid;

	if (argc != 3)
		errx(2, "usage: %s CID SECS", name);
	cid = (uint32_t)number_of(argv[1], 0, UINT32_MAX);
	left = (unsigned int)number_of(argv[2], 0, UINT32_MAX);
	if (strcmp(name, "hold-vmci") == 0)
		claim_vmci(cid);
	else
		claim_vhost(cid);
	puts("ready");
	fflush(stdout);
	while (left > 0)
		left = sleep(left);
	return 0;
}
