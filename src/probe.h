/*
 * What the kernel tells of VM sockets on this machine, asked of the things
 * themselves: socket(2), bind(2), the nodes in /dev, /sys and /proc. No packet
 * is sent. As any first use of VM sockets does, asking may load modules.
 */
#ifndef VCAT_PROBE_H
#define VCAT_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Those of /sys/module; what is built into a kernel may not be there. */
enum probe_module {
	PROBE_LOOPBACK, /* vsock_loopback */
	PROBE_VIRTIO,   /* vmw_vsock_virtio_transport */
	PROBE_VHOST,    /* vhost_vsock */
	PROBE_VMCI,     /* vmw_vsock_vmci_transport */
	PROBE_HYPERV,   /* hv_sock */
	PROBE_MODULES,
};

/* A module's name, as modprobe(8) takes it. */
const char *probe_module_name(enum probe_module module);

/* Errors are errno, 0 for none. */
struct probe_node {
	int minor; /* of the driver that has registered for it; -1: none has */
	int missing; /* why stat(2) does not find it */
	mode_t mode;
	gid_t gid;
	char owner[64]; /* "root:kvm" */
	int refused; /* why this user cannot open it; not tried with no driver,
			as that might load one: 0 then */
};

/* Errors are errno, 0 for none. */
struct probe {
	char release[65]; /* the kernel's */
	char user[32];
	int socket;           /* making a socket */
	int loopback;         /* binding to CID 1 */
	int host;             /* binding to CID 2 */
	int local;            /* learning the local CID */
	uint32_t cid;         /* the local one */
	unsigned int devices; /* virtio-vsock devices of this machine */
	unsigned int driven;  /* those of them that a driver has */
	bool hyperv;          /* Hyper-V's driver has its bus */
	struct probe_node vsock_node;
	struct probe_node vhost_node;
	char ns_mode[16];       /* "global", "local"; "" before Linux 7.0 */
	char child_ns_mode[16]; /* that of new namespaces, or "" */
	bool loaded[PROBE_MODULES];
	bool loaded_before[PROBE_MODULES]; /* before anything was asked */
};

/* Asks everything. */
void probe_machine(struct probe *probe);

#endif
