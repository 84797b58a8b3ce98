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
#include <sys/utsname.h>
#include <unistd.h>

#include "address.h"
#include "vsock.h"

/* virtio's number for vsock devices, VIRTIO_ID_VSOCK. */
#define VSOCK_DEVICE "0x0013"

static const char *const module_names[PROBE_MODULES] = {
	[PROBE_LOOPBACK] = "vsock_loopback",
	[PROBE_VIRTIO] = "vmw_vsock_virtio_transport",
	[PROBE_VHOST] = "vhost_vsock",
	[PROBE_VMCI] = "vmw_vsock_vmci_transport",
	[PROBE_HYPERV] = "hv_sock",
};

const char *probe_module_name(enum probe_module module)
{
	return module_names[module];
}

static void find_modules(bool loaded[PROBE_MODULES])
{
	for (int i = 0; i < PROBE_MODULES; i++) {
		char path[64];

		snprintf(path, sizeof path, "/sys/module/%s", module_names[i]);
		loaded[i] = access(path, F_OK) == 0;
	}
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

/* The virtio devices that are vsock devices, and those that a driver has. */
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
	FILE *file = fopen("/proc/misc", "re");
	char minor[16];
	char found[64];
	int result = -1;

	if (file == NULL)
		return -1;
	while (result < 0 && fscanf(file, "%15s %63s", minor, found) == 2)
		if (strcmp(found, name) == 0)
			result = (int)strtonum(minor, 0, INT_MAX, NULL);
	fclose(file);
	return result;
}

static void name_owner(struct probe_node *node, uid_t uid)
{
	const struct passwd *user = getpwuid(uid);
	const struct group *group = getgrgid(node->gid);
	char number[2][16];

	snprintf(number[0], sizeof number[0], "%u", uid);
	snprintf(number[1], sizeof number[1], "%u", node->gid);
	snprintf(node->owner, sizeof node->owner, "%.30s:%.30s",
	    user != NULL ? user->pw_name : number[0],
	    group != NULL ? group->gr_name : number[1]);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void look_at_node(struct probe_node *node, const char *path, int flags)
{
	struct stat status;

	*node = (struct probe_node){ .minor = find_driver(path + 5) };
	if (stat(path, &status) < 0) {
		node->missing = errno;
		return;
	}
	node->mode = status.st_mode & 07777;
	node->gid = status.st_gid;
	name_owner(node, status.st_uid);
	if (node->minor >= 0)
		node->refused = try_open(path, flags);
}

/* 0, or errno. */
static int try_bind(uint32_t cid)
{
	return vsock_try_bind(cid) < 0 ? errno : 0;
}

static void name_user_and_kernel(struct probe *probe)
{
	const struct passwd *user = getpwuid(geteuid());
	struct utsname name;

	if (uname(&name) == 0)
		snprintf(
		    probe->release, sizeof probe->release, "%s", name.release);
	if (user != NULL)
		snprintf(probe->user, sizeof probe->user, "%s", user->pw_name);
	else
		snprintf(probe->user, sizeof probe->user, "%u", geteuid());
}

void probe_machine(struct probe *probe)
{
	*probe = (struct probe){ .cid = ADDRESS_ANY };
	name_user_and_kernel(probe);
	find_modules(probe->loaded_before);
	probe->socket = try_bind(ADDRESS_ANY);
	probe->loopback = try_bind(ADDRESS_CID_LOCAL);
	probe->host = try_bind(ADDRESS_CID_HOST);
	if (vsock_local_cid(&probe->cid) < 0)
		probe->local = errno;
	find_devices(probe);
	probe->hyperv = access("/sys/bus/vmbus/drivers/hv_sock", F_OK) == 0;
	look_at_node(&probe->vsock_node, "/dev/vsock", O_RDONLY);
	look_at_node(&probe->vhost_node, "/dev/vhost-vsock", O_RDWR);
	read_word("/proc/sys/net/vsock/ns_mode", probe->ns_mode);
	read_word("/proc/sys/net/vsock/child_ns_mode", probe->child_ns_mode);
	find_modules(probe->loaded);
}
