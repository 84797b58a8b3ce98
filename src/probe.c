#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "vsock.h"

/* virtio's number for vsock devices, VIRTIO_ID_VSOCK. */
#define VSOCK_DEVICE "0x0013"

/* A module that is built into the kernel may not be found. */
static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof path, "/sys/module/%s", module);
	return access(path, F_OK) == 0;
}

/* The first word of a file, "" if there is none. */
static void read_word(const char *path, char word[16])
{
	FILE *file = fopen(path, "re");

	word[0] = '\0';
	if (file == NULL)
		return;
	if (fscanf(file, "%15s", word) != 1)
		word[0] = '\0';
	fclose(file);
}

/* Counts the virtio devices that are vsock devices, and their drivers. */
static void find_devices(struct probe *probe)
{
	glob_t found;

	if (glob("/sys/bus/virtio/devices/*", GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char path[256];
		char device[16];

		snprintf(path, sizeof path, "%s/device", found.gl_pathv[i]);
		read_word(path, device);
		if (strcmp(device, VSOCK_DEVICE) != 0)
			continue;
		snprintf(path, sizeof path, "%s/driver", found.gl_pathv[i]);
		probe->devices++;
		probe->driven += access(path, F_OK) == 0;
	}
	globfree(&found);
}

/* The minor of the misc driver of that name, or -1. */
static int find_driver(const char *name)
{
	char path[64];
	char numbers[16]; /* "10:123" */

	snprintf(path, sizeof path, "/sys/class/misc/%s/dev", name);
	read_word(path, numbers);
	if (strncmp(numbers, "10:", 3) != 0)
		return -1;
	return (int)strtonum(numbers + 3, 0, INT_MAX, NULL);
}

static void look_at_node(struct probe_node *node, const char *path, int flags)
{
	struct stat status;
	int fd;

	*node = (struct probe_node){ .minor = find_driver(path + 5) };
	if (stat(path, &status) < 0) {
		node->missing = errno;
		return;
	}
	node->mode = status.st_mode & 07777;
	node->gid = status.st_gid;
	strlcpy(
	    node->owner, user_from_uid(status.st_uid, 0), sizeof node->owner);
	strlcpy(node->group, group_from_gid(node->gid, 0), sizeof node->group);
	if (node->minor < 0)
		return;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		node->refused = errno;
	else
		close(fd);
}

/* 0, or errno. */
static int try_bind(uint32_t cid)
{
	return vsock_try_bind(cid) < 0 ? errno : 0;
}

/* Creates and binds sockets, and notes a module that this has loaded. */
static void try_sockets(struct probe *probe)
{
	static const char *const modules[] = {
		"vsock_loopback",
		"vmw_vsock_virtio_transport",
		"vhost_vsock",
		"vmw_vsock_vmci_transport",
		"hv_sock",
	};
	bool before[sizeof modules / sizeof modules[0]];
	const size_t count = sizeof modules / sizeof modules[0];

	for (size_t i = 0; i < count; i++)
		before[i] = is_loaded(modules[i]);
	probe->socket = try_bind(ADDRESS_ANY);
	probe->loopback = try_bind(ADDRESS_CID_LOCAL);
	probe->host = try_bind(ADDRESS_CID_HOST);
	if (vsock_local_cid(&probe->cid) < 0)
		probe->local = errno;
	for (size_t i = 0; i < count; i++)
		if (!before[i] && is_loaded(modules[i]))
			strlcpy(probe->newly_loaded, modules[i],
			    sizeof probe->newly_loaded);
}

void probe_machine(struct probe *probe)
{
	*probe = (struct probe){ .cid = ADDRESS_ANY };
	uname(&probe->kernel);
	strlcpy(probe->user, user_from_uid(geteuid(), 0), sizeof probe->user);
	try_sockets(probe);
	probe->vmci = is_loaded("vmw_vsock_vmci_transport");
	find_devices(probe);
	probe->hyperv = access("/sys/bus/vmbus/drivers/hv_sock", F_OK) == 0;
	look_at_node(&probe->vsock_node, "/dev/vsock", O_RDONLY);
	look_at_node(&probe->vhost_node, "/dev/vhost-vsock", O_RDWR);
	read_word("/proc/sys/net/vsock/ns_mode", probe->ns_mode);
	read_word("/proc/sys/net/vsock/child_ns_mode", probe->child_ns_mode);
}
