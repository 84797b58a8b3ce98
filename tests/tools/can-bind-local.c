/*
 * Succeeds if this machine has vsock loopback: a bind(2) to CID 1 and any
 * free port works only then (vsock(7), vsock_find_cid() in Linux), and sends
 * nothing.
 */
#include <sys/socket.h>
#include <linux/vm_sockets.h>

int main(void)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VMADDR_PORT_ANY,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 1;
	return bind(fd, (struct sockaddr *)&vm, sizeof vm) < 0;
}
