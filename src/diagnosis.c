#include "diagnosis.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

/* VMware's transport takes CID 2 with its first VM, and keeps it. */
static const char replace_vmci[] =
    "modprobe -r vmw_vsock_vmci_transport && modprobe vhost_vsock";

static struct finding *__attribute__((format(printf, 4, 5)))
add(struct diagnosis *diagnosis, const char *check, enum finding_status status,
    const char *format, ...)
{
	struct finding *finding = &diagnosis->findings[diagnosis->count++];
	va_list args;

	*finding = (struct finding){ .check = check, .status = status };
	va_start(args, format);
	vsnprintf(finding->text, sizeof finding->text, format, args);
	va_end(args);
	return finding;
}

static void __attribute__((format(printf, 2, 3)))
set(char text[DIAGNOSIS_TEXT_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, DIAGNOSIS_TEXT_SIZE, format, args);
	va_end(args);
}

static bool is_forbidden(int error)
{
	return error == EPERM || error == EACCES;
}

static bool is_cut_off(const struct probe *probe)
{
	return strcmp(probe->ns_mode, "local") == 0;
}

static bool knows_cid(const struct probe *probe)
{
	return probe->local == 0;
}

/* A driver of a device that leads to a host, of whatever kind it is. */
static bool is_guest(const struct probe *probe)
{
	return probe->driven > 0 || probe->hyperv ||
	       (knows_cid(probe) && probe->cid > ADDRESS_CID_HOST);
}

/* A module that the kernel did not have before it was asked. */
static void note_loading(struct finding *finding, const struct probe *probe)
{
	for (int i = 0; i < PROBE_MODULES; i++)
		if (probe->loaded[i] && !probe->loaded_before[i])
			set(finding->note,
			    "asking has loaded %s, as any first use does",
			    probe_module_name((enum probe_module)i));
}

static void check_kernel(struct diagnosis *diagnosis, const struct probe *probe)
{
	const char *why = strerror(probe->socket);
	struct finding *finding;

	if (probe->socket == 0) {
		finding = add(diagnosis, "kernel", FINDING_OK,
		    "Linux %s has AF_VSOCK", probe->release);
		note_loading(finding, probe);
	} else if (is_forbidden(probe->socket)) {
		finding = add(diagnosis, "kernel", FINDING_NO,
		    "this process may not make VM sockets: %s", why);
		set(finding->note,
		    "a container's seccomp filter may forbid it: start the "
		    "container with a profile that allows AF_VSOCK");
	} else {
		finding = add(diagnosis, "kernel", FINDING_NO,
		    "Linux %s: socket: %s", probe->release, why);
		if (probe->socket == EAFNOSUPPORT)
			set(finding->mend, "modprobe vsock");
		set(finding->note,
		    "a kernel without that module has no VM sockets at all");
	}
}

static void check_loopback(
    struct diagnosis *diagnosis, const struct probe *probe)
{
	struct finding *finding;

	if (probe->loopback == 0) {
		add(diagnosis, "loopback", FINDING_OK,
		    "CID 1 reaches this machine itself");
		return;
	}
	finding = add(diagnosis, "loopback", FINDING_NO,
	    "cannot bind to CID 1: %s", strerror(probe->loopback));
	if (!is_forbidden(probe->loopback))
		set(finding->mend, "modprobe vsock_loopback");
	else
		set(finding->note, "nothing works without a socket");
}

static const char *guest_driver(const struct probe *probe)
{
	if (probe->driven > 0)
		return probe_module_name(PROBE_VIRTIO);
	return probe_module_name(probe->hyperv ? PROBE_HYPERV : PROBE_VMCI);
}

static void check_no_guest(
    struct diagnosis *diagnosis, const struct probe *probe)
{
	struct finding *finding;

	if (is_guest(probe)) {
		finding = add(diagnosis, "guest", FINDING_NO,
		    "there is a vsock device, but no socket");
		set(finding->note, "nothing works without a socket");
		return;
	}
	if (probe->devices > 0) {
		finding = add(diagnosis, "guest", FINDING_NO,
		    "there is a vsock device, but no driver has it");
		set(finding->mend, "modprobe %s",
		    probe_module_name(PROBE_VIRTIO));
		return;
	}
	finding = add(diagnosis, "guest", FINDING_NO, "no vsock device here");
	set(finding->note,
	    "only the host can give a VM one, as QEMU does by -device "
	    "vhost-vsock-pci,guest-cid=3");
}

static void check_guest(struct diagnosis *diagnosis, const struct probe *probe)
{
	const char *driver = guest_driver(probe);
	struct finding *finding;

	if (probe->socket != 0 || !is_guest(probe)) {
		check_no_guest(diagnosis, probe);
	} else if (is_cut_off(probe)) {
		finding = add(diagnosis, "guest", FINDING_NO,
		    "this network namespace has no way to the host");
		set(finding->mend, "nsenter --net=/proc/1/ns/net vcat ...");
	} else if (knows_cid(probe) && probe->cid > ADDRESS_CID_HOST) {
		add(diagnosis, "guest", FINDING_OK,
		    "CID %u, with a host at CID 2, by %s", probe->cid, driver);
	} else {
		add(diagnosis, "guest", FINDING_OK, "a host at CID 2, by %s",
		    driver);
	}
}

static void check_host(struct diagnosis *diagnosis, const struct probe *probe)
{
	bool vhost = probe->vhost_node.minor >= 0;
	struct finding *finding;

	if (probe->host == 0) {
		finding = add(diagnosis, "host", FINDING_OK,
		    "CID 2, with VMs at CIDs from 3 on, by %s",
		    probe_module_name(vhost ? PROBE_VHOST : PROBE_VMCI));
		if (is_cut_off(probe))
			set(finding->note,
			    "only VMs that were started in this network "
			    "namespace");
		return;
	}
	finding = add(diagnosis, "host", FINDING_NO, "cannot bind to CID 2: %s",
	    strerror(probe->host));
	if (!is_forbidden(probe->host))
		set(finding->mend, "modprobe vhost_vsock");
	set(finding->note, "only a machine that runs VMs needs it");
}

/* The command that lets everybody ask /dev/vsock, if there is one. */
static void mend_vsock_node(struct finding *finding, const struct probe *probe)
{
	const struct probe_node *node = &probe->vsock_node;

	if (node->minor < 0) {
		set(finding->mend, "modprobe vsock");
	} else if (node->missing != 0) {
		set(finding->mend, "mknod -m 0666 /dev/vsock c 10 %d",
		    node->minor);
		set(finding->note,
		    "a container gets it from outside: --device /dev/vsock");
	} else if (node->refused == EACCES) {
		set(finding->mend, "chmod 0666 /dev/vsock");
		set(finding->note,
		    "to keep that, in a file of /etc/udev/rules.d: "
		    "KERNEL==\"vsock\", MODE=\"0666\"");
	} else {
		set(finding->note,
		    "a container may open it if started with --device "
		    "/dev/vsock");
	}
}

static void check_cid(struct diagnosis *diagnosis, const struct probe *probe)
{
	struct finding *finding;

	if (knows_cid(probe)) {
		add(diagnosis, "cid", FINDING_OK, "%u (%s)", probe->cid,
		    address_cid_name(probe->cid));
		return;
	}
	finding = add(
	    diagnosis, "cid", FINDING_NO, "none: %s", strerror(probe->local));
	if (probe->local == ENODEV || probe->local == EAFNOSUPPORT) {
		set(finding->note,
		    "loopback, guest and host bring one each, once mended");
		return;
	}
	set(finding->text, "only /dev/vsock tells it: %s",
	    strerror(probe->local));
	mend_vsock_node(finding, probe);
	if (finding->mend[0] != '\0')
		finding->note[0] = '\0'; /* the node has it */
}

/* What a node is like, and whether this user may open it. */
static struct finding *add_node(struct diagnosis *diagnosis, const char *path,
    const struct probe *probe, const struct probe_node *node)
{
	if (node->missing != 0)
		return add(
		    diagnosis, path, FINDING_NO, "%s", strerror(node->missing));
	if (node->minor < 0)
		return add(diagnosis, path, FINDING_NO,
		    "mode %04o, %s; its driver is not loaded", node->mode,
		    node->owner);
	if (node->refused != 0)
		return add(diagnosis, path, FINDING_NO,
		    "mode %04o, %s; user %s may not open it: %s", node->mode,
		    node->owner, probe->user, strerror(node->refused));
	return add(diagnosis, path, FINDING_OK,
	    "mode %04o, %s; user %s may open it", node->mode, node->owner,
	    probe->user);
}

static void check_vsock_node(
    struct diagnosis *diagnosis, const struct probe *probe)
{
	struct finding *finding =
	    add_node(diagnosis, "/dev/vsock", probe, &probe->vsock_node);

	if (finding->status == FINDING_NO)
		mend_vsock_node(finding, probe);
}

/* A group that may open the node is to be joined; else nobody's way is. */
static void mend_vhost_access(
    struct finding *finding, const struct probe *probe)
{
	const struct probe_node *node = &probe->vhost_node;
	const char *group = strchr(node->owner, ':') + 1;

	if ((node->mode & 0060) == 0060 && node->gid != 0)
		set(finding->mend, "usermod -a -G %s %s", group, probe->user);
	else
		set(finding->mend, "chmod 0666 /dev/vhost-vsock");
}

static void check_vhost_node(
    struct diagnosis *diagnosis, const struct probe *probe)
{
	const struct probe_node *node = &probe->vhost_node;
	struct finding *finding =
	    add_node(diagnosis, "/dev/vhost-vsock", probe, node);

	if (finding->status == FINDING_OK)
		return;
	set(finding->note, "whoever starts VMs needs it; sockets do not");
	if (node->minor < 0)
		set(finding->mend, "%s",
		    probe->host == 0 ? replace_vmci : "modprobe vhost_vsock");
	else if (node->missing != 0)
		set(finding->mend, "mknod -m 0660 /dev/vhost-vsock c 10 %d",
		    node->minor);
	else if (node->refused == EACCES)
		mend_vhost_access(finding, probe);
}

static void check_vmci(struct diagnosis *diagnosis, const struct probe *probe)
{
	bool vhost = probe->vhost_node.minor >= 0;
	struct finding *finding;

	if (!probe->loaded[PROBE_VMCI])
		return;
	if (vhost) {
		add(diagnosis, "vmci", FINDING_NOTE,
		    "VMware's transport is loaded, but vhost_vsock has CID 2");
		return;
	}
	finding = probe->host == 0
		      ? add(diagnosis, "vmci", FINDING_NO,
			    "VMware's transport has CID 2: vhost_vsock cannot")
		      : add(diagnosis, "vmci", FINDING_NOTE,
			    "VMware's transport is loaded: once VMware has run "
			    "a VM, vhost_vsock cannot be");
	set(finding->mend, "%s", replace_vmci);
	if (probe->host == 0)
		set(finding->note, "end VMware's VMs first: they use it");
}

static void check_namespace(
    struct diagnosis *diagnosis, const struct probe *probe)
{
	struct finding *finding;

	if (probe->socket != 0)
		return;
	if (probe->ns_mode[0] == '\0') {
		add(diagnosis, "namespace", FINDING_NOTE,
		    "not before Linux 7.0: containers share all ports");
	} else if (!is_cut_off(probe)) {
		add(diagnosis, "namespace", FINDING_OK,
		    "%s: ports are shared with the other global ones; new "
		    "ones are %s",
		    probe->ns_mode, probe->child_ns_mode);
	} else {
		finding = add(diagnosis, "namespace", FINDING_NOTE,
		    "%s: ports and CIDs of this network namespace only",
		    probe->ns_mode);
		set(finding->mend, "nsenter --net=/proc/1/ns/net vcat ...");
		set(finding->note,
		    "a namespace's mode is for good: "
		    "/proc/sys/net/vsock/child_ns_mode is for new ones");
	}
}

/* The verdict names the transports that are there. */
static void conclude(struct diagnosis *diagnosis)
{
	char *text = diagnosis->verdict;

	set(text, "vsock is usable here:");
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct finding *finding = &diagnosis->findings[i];
		size_t used = strlen(text);

		if (finding->status != FINDING_OK ||
		    (strcmp(finding->check, "loopback") != 0 &&
			strcmp(finding->check, "guest") != 0 &&
			strcmp(finding->check, "host") != 0))
			continue;
		snprintf(text + used, DIAGNOSIS_TEXT_SIZE - used, "%s %s",
		    diagnosis->usable ? "," : "", finding->check);
		diagnosis->usable = true;
	}
	if (!diagnosis->usable)
		set(text, "vsock is not usable here");
}

void diagnosis_make(struct diagnosis *diagnosis, const struct probe *probe)
{
	static void (*const checks[])(
	    struct diagnosis *, const struct probe *) = {
		check_kernel,
		check_loopback,
		check_guest,
		check_host,
		check_cid,
		check_vsock_node,
		check_vhost_node,
		check_vmci,
		check_namespace,
	};

	*diagnosis = (struct diagnosis){ .count = 0 };
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		checks[i](diagnosis, probe);
	conclude(diagnosis);
}
