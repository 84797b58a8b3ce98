/*
 * What the kernel says about VM sockets on this machine, learned by trying:
 * socket(2), bind(2), the nodes in /dev, /sys and /proc. No packet is sent. As
 * with any first use of VM sockets, asking can make the kernel load modules.
 */
#ifndef VCAT_PROBE_H
#define VCAT_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/utsname.h>

#define PROBE_NAME_SIZE 32

/* A node in /dev. Errors are errno, 0 for none. */
struct probe_node {
	int minor;   /* of the driver registered for it; -1: no driver */
	int missing; /* why stat(2) fails */
	mode_t mode;
	gid_t gid;
	char owner[PROBE_NAME_SIZE];
	char group[PROBE_NAME_SIZE];
	int refused; /* why this user cannot open it. Not tried without a
			driver, as that might load one: 0 then */
};

/* Errors are errno, 0 for none. */
struct probe {
	struct utsname kernel;
	char user[PROBE_NAME_SIZE];
	int socket;           /* creating a socket */
	int loopback;         /* binding to CID 1 */
	int host;             /* binding to CID 2 */
	int local;            /* learning the local CID */
	uint32_t cid;         /* the local CID */
	unsigned int devices; /* virtio vsock devices of this machine */
	unsigned int driven;  /* those of them that have a driver */
	bool hyperv;          /* Hyper-V's driver is on its bus */
	bool vmci;            /* VMware's transport is loaded */
	char newly_loaded[PROBE_NAME_SIZE]; /* a module, by asking; or "" */
	struct probe_node vsock_node;
	struct probe_node vhost_node;
	char ns_mode[16];       /* "global", "local"; "" before Linux 7.0 */
	char child_ns_mode[16]; /* the mode of new namespaces, or "" */
};

/* Asks everything. */
void probe_machine(struct probe *probe);

#endif
