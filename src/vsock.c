#include "vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

/* after sys/socket.h */
#include <linux/vm_sockets.h>

/* The kernel's connect timer may have at most LONG_MAX jiffies. */
#define TIMER_MAX_S 1000000000L

/* svm_zero is zero: older kernels check it. */
static struct sockaddr_vm to_sockaddr(uint32_t cid, uint32_t port)
{
	return (struct sockaddr_vm){
		.svm_family = AF_VSOCK,
		.svm_cid = cid,
		.svm_port = port,
	};
}

static void read_name(const struct sockaddr_storage *name, socklen_t length,
    struct address *address)
{
	const struct sockaddr_vm *vm = (const struct sockaddr_vm *)name;

	(void)length;
	address->cid = vm->svm_cid;
	address->port = vm->svm_port;
}

/*
 * A socket with our buffer, which accepted sockets inherit. The maximum is set
 * first, as the size is clamped to it. Both ends' buffers bound what is in
 * flight; a kernel that refuses leaves a smaller, working one.
 */
static int open_socket(struct socket_attempt *attempt)
{
	uint64_t size = attempt->choice->vsock_buffer;

	if (socket_open(attempt, AF_VSOCK) < 0)
		return -1;
	setsockopt(attempt->fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &size,
	    sizeof size);
	setsockopt(attempt->fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size,
	    sizeof size);
	return 0;
}

/*
 * The kernel gives up after 2 s of its own, non-blocking or not. Its timer is
 * set past our limit, so that ours decides.
 */
static void set_connect_timeout(int fd, struct deadline limit)
{
	int ms = deadline_poll_ms(limit);
	struct timeval timer = {
		.tv_sec = ms < 0 ? TIMER_MAX_S : ms / 1000 + 1,
	};

	setsockopt(
	    fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &timer, sizeof timer);
}

static int bind_source(struct socket_attempt *attempt)
{
	struct sockaddr_vm vm = to_sockaddr(
	    attempt->choice->source_cid, attempt->choice->source_port);

	attempt->fault.step = "bind source";
	if (vm.svm_cid == VMADDR_CID_ANY && vm.svm_port == VMADDR_PORT_ANY)
		return 0;
	return bind(attempt->fd, (struct sockaddr *)&vm, sizeof vm);
}

static int begin(struct socket_attempt *attempt, const struct address *peer)
{
	struct sockaddr_vm vm = to_sockaddr(peer->cid, peer->port);
	bool sibling = attempt->choice->sibling;
	int result;

	if (open_socket(attempt) < 0)
		return -1;
	set_connect_timeout(attempt->fd, attempt->limit);
	if (bind_source(attempt) < 0)
		return -1;
	if (sibling)
		vm.svm_flags = VMADDR_FLAG_TO_HOST;
	result = socket_connect(attempt, (struct sockaddr *)&vm, sizeof vm);
	if (result < 0 && errno == ENODEV && sibling &&
	    peer->cid > ADDRESS_CID_HOST)
		attempt->fault.step = "connect sibling";
	return result;
}

static int start_listening(
    struct socket_attempt *attempt, const struct address *at)
{
	struct sockaddr_vm vm = to_sockaddr(at->cid, at->port);

	if (open_socket(attempt) < 0)
		return -1;
	return socket_listen(attempt, (struct sockaddr *)&vm, sizeof vm);
}

int vsock_try_bind(uint32_t cid)
{
	struct sockaddr_vm vm = to_sockaddr(cid, VMADDR_PORT_ANY);
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&vm, sizeof vm);

	socket_abandon(fd);
	return result;
}

/* The node's driver knows best; "any" is its word for none. */
static int ask_device(uint32_t *cid)
{
	int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, cid) < 0)
		return socket_abandon(fd);
	close(fd);
	errno = ENODEV;
	return *cid == VMADDR_CID_ANY ? -1 : 0;
}

bool vsock_has_driver(void)
{
	glob_t found = { 0 };
	bool any = glob("/sys/bus/virtio/drivers/vmw_vsock_virtio_transport/"
			"virtio[0-9]*",
		       GLOB_NOSORT, NULL, &found) == 0;

	globfree(&found);
	return any;
}

int vsock_local_cid(uint32_t *cid)
{
	int error;

	if (ask_device(cid) == 0)
		return 0;
	error = errno;
	if (vsock_try_bind(VMADDR_CID_ANY) < 0 && errno == EAFNOSUPPORT)
		return -1;
	/* a guest's CID comes first, and no bind(2) tells which one it is */
	if (error == ENODEV || !vsock_has_driver())
		for (*cid = VMADDR_CID_HOST; *cid >= VMADDR_CID_LOCAL; --*cid)
			if (vsock_try_bind(*cid) == 0)
				return 0;
	errno = error;
	return -1;
}

/* The causes were measured on Linux 6.1 to 7.2. */
static const struct hint hints[] = {
	{ "socket", EAFNOSUPPORT, NULL,
	    "no vsock module is loaded: on a host, modprobe vhost_vsock; for "
	    "tests, modprobe vsock_loopback; a guest needs a vsock device" },
	{ "socket", ECHILD, NULL,
	    "the process that makes sockets for --netns was killed: start vcat "
	    "again" },
	{ "cid", ENODEV, NULL,
	    "no vsock transport is loaded: vcat --doctor shows what to load" },
	{ "cid", EACCES, NULL,
	    "only /dev/vsock knows a guest's CID: chmod 0666 /dev/vsock" },
	{ "cid", EPERM, NULL,
	    "to know a guest's CID, a container needs --device /dev/vsock" },
	{ "cid", ENOENT, NULL,
	    "to know a guest's CID, a container needs --device /dev/vsock" },
	{ NULL, ESOCKTNOSUPPORT, NULL,
	    "this vsock device has no SEQPACKET: leave out --seqpacket" },
	{ "connect", ENODEV, "hypervisor",
	    "CID 0 exists only under VMware; the host is CID 2" },
	{ "connect", ENODEV, "local",
	    "the loopback is not loaded: modprobe vsock_loopback" },
	{ "connect", ENODEV, "vm",
	    "no running VM has that CID: is the VM up, with that guest-cid? if "
	    "the host lacks the vhost driver: modprobe vhost_vsock; to reach a "
	    "guest's own CID from inside: modprobe vsock_loopback" },
	{ "connect", ENODEV, NULL,
	    "this machine has no vsock transport to that CID: in a guest, does "
	    "the VM have a vsock device? on a host: modprobe vsock_loopback" },
	{ "connect sibling", ENODEV, "vm",
	    "--sibling goes through this machine's host: is this a VM with a "
	    "vsock device? to reach a VM that runs here, leave out --sibling" },
	{ "connect", ECONNREFUSED, NULL,
	    "nobody listens on port {port} there, the backlog is full, or only "
	    "one end uses --seqpacket; to listen there: vcat -l {port}" },
	{ "connect", ETIMEDOUT, "hypervisor",
	    "CID 0 exists only under VMware; the host is CID 2" },
	{ "connect", ETIMEDOUT, "local",
	    "the loopback may not be loaded here: modprobe vsock_loopback" },
	{ "connect", ETIMEDOUT, "vm",
	    "the VM may be booting or paused, or have no vsock driver; inside "
	    "a guest, the CID may not exist{retry}" },
	{ "connect", ETIMEDOUT, NULL,
	    "nobody answered: some VMMs stay silent if nobody listens{retry}" },
	{ "connect", EHOSTUNREACH, NULL,
	    "the guest's vsock driver is not up yet{retry}" },
	{ "connect", ENETUNREACH, NULL,
	    "this network namespace has its own vsock: give --netns the peer's "
	    "(see /proc/sys/net/vsock/ns_mode)" },
	{ "bind", EADDRNOTAVAIL, "local",
	    "no loopback: modprobe vsock_loopback, or use vcat -l {port}" },
	{ "bind", EADDRNOTAVAIL, NULL,
	    "that CID is not this machine's: listen with vcat -l {port}" },
	{ "bind", EACCES, NULL,
	    "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one, "
	    "or \"any\", a free one" },
	{ "bind", EADDRINUSE, NULL,
	    "another process uses port {port}: ss --vsock -a -p shows which" },
	{ "bind source", EADDRNOTAVAIL, NULL,
	    "the CID given with -s is not this machine's: leave out -s" },
	{ "bind source", EACCES, NULL,
	    "-p below 1024 needs CAP_NET_BIND_SERVICE: choose a higher port" },
	{ "bind source", EADDRINUSE, NULL,
	    "the port given with -p is in use; it may stay so for up to 8 s" },
	{ "read", EMSGSIZE, NULL,
	    "the peer's message is longer than vcat's buffer: raise --buffer" },
	{ "write", EMSGSIZE, NULL,
	    "too long for the peer's buffer: raise --buffer on both ends" },
	{ "write", ENOMEM, NULL,
	    "too long for the peer's buffer: raise --buffer on both ends" },
	{ .text = NULL },
};

const struct family vsock_family = {
	.domains = { AF_VSOCK },
	.begin = begin,
	.listen = start_listening,
	.read_name = read_name,
	.local_cid = vsock_local_cid,
	.refuses_by_reset = true,
	.hints = { hints },
};
