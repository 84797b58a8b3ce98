/*
 * Each finding is a row of a table. In a row, a {word} stands for something
 * that the probe has found. Some words have no value on some machines: a row
 * that uses such a word does not fit. A check has several rows, one after the
 * other; the first row that fits becomes its finding.
 */
#include "diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "text.h"

/* Texts of several rows. */
static const char vhost_node[] = "/dev/vhost-vsock";
static const char supported[] = "Linux {release} supports AF_VSOCK";
static const char no_socket[] =
    "cannot create a VM socket on Linux {release}: {socket error}";
static const char no_loopback[] = "cannot bind to CID 1: {loopback error}";
static const char no_host[] = "cannot bind to CID 2: {host error}";
static const char for_hosts[] = "only a machine that runs VMs needs this";
static const char for_vmms[] = "needed to start VMs, not to use VM sockets";
static const char no_driver[] = "its driver is not loaded";
static const char usable_node[] = "mode {mode}; user {user} can open it";
static const char closed_node[] =
    "mode {mode}; user {user} cannot open it: {refused}";
static const char in_container[] =
    "for a container: start it with --device /dev/vsock";
static const char replace_vmci[] =
    "modprobe -r vmw_vsock_vmci_transport && modprobe vhost_vsock";
static const char leave_namespace[] = "nsenter --net=/proc/1/ns/net vcat ...";

static const struct row {
	const char *check;
	enum finding_status status;
	const char *when; /* words that need a value, too */
	const char *text;
	const char *fix;
	const char *note;
} rows[] = {
	{ "kernel", FINDING_NO, "{forbidden}", no_socket,
	    .note = "a container's seccomp profile must allow AF_VSOCK" },
	{ "kernel", FINDING_NO, "{no family}", no_socket,
	    .fix = "modprobe vsock",
	    .note = "if that fails, the kernel was built without VM sockets" },
	{ "kernel", FINDING_NO, .text = no_socket,
	    .note = "nothing else works until this does" },
	{ "kernel", FINDING_OK, .text = supported,
	    .note = "using VM sockets made the kernel load {loaded}" },
	{ "kernel", FINDING_OK, .text = supported },

	{ "loopback", FINDING_NO, "{forbidden}", no_loopback,
	    .note = "a permission is missing, not a module" },
	{ "loopback", FINDING_NO, .text = no_loopback,
	    .fix = "modprobe vsock_loopback" },
	{ "loopback", FINDING_USABLE,
	    .text = "CID 1 reaches this machine itself" },

	{ "guest", FINDING_NO, "{driver}{socket error}",
	    "there is a vsock device, but no VM socket can be created",
	    .note = "see kernel above" },
	{ "guest", FINDING_NO, "{driver}{local mode}",
	    "this network namespace cannot reach the host",
	    .fix = leave_namespace },
	{ "guest", FINDING_USABLE,
	    .text = "the host of this VM is CID 2 (driver: {driver})" },
	{ "guest", FINDING_NO, "{device}",
	    "there is a vsock device, but no driver is bound to it",
	    .fix = "modprobe vmw_vsock_virtio_transport" },
	{ "guest", FINDING_NO, .text = "this machine has no vsock device",
	    .note = "if this is a VM, its host must give it one; with QEMU: "
		    "-device vhost-vsock-pci,guest-cid=3" },

	{ "host", FINDING_NO, "{forbidden}", no_host, .note = for_hosts },
	{ "host", FINDING_NO, .text = no_host, .fix = "modprobe vhost_vsock",
	    .note = for_hosts },
	{ "host", FINDING_USABLE,
	    .text = "this machine is CID 2, its VMs have CIDs from 3 up "
		    "(driver: {host driver})" },

	{ "cid", FINDING_OK, .text = "{cid}" },
	{ "cid", FINDING_NO, "{no transport}",
	    "this machine has no CID: {cid error}",
	    .note = "it gets one when loopback, guest or host is ok" },
	{ "cid", FINDING_NO,
	    .text = "only /dev/vsock knows a guest's CID: {cid error}",
	    .note = "see /dev/vsock below" },

	{ "/dev/vsock", FINDING_NO, "{no driver}", no_driver,
	    .fix = "modprobe vsock" },
	{ "/dev/vsock", FINDING_NO, .text = "{missing}",
	    .fix = "mknod -m 0666 /dev/vsock c 10 {minor}",
	    .note = in_container },
	{ "/dev/vsock", FINDING_NO, "{denied}", closed_node,
	    .fix = "chmod 0666 /dev/vsock",
	    .note = "to make this permanent, add to a file in "
		    "/etc/udev/rules.d: KERNEL==\"vsock\", MODE=\"0666\"" },
	{ "/dev/vsock", FINDING_NO, .text = closed_node, .note = in_container },
	{ "/dev/vsock", FINDING_OK, .text = usable_node },

	{ vhost_node, FINDING_NO, "{no driver}{host driver}", no_driver,
	    .fix = replace_vmci, .note = for_vmms },
	{ vhost_node, FINDING_NO, "{no driver}", no_driver,
	    .fix = "modprobe vhost_vsock", .note = for_vmms },
	{ vhost_node, FINDING_NO, .text = "{missing}",
	    .fix = "mknod -m 0660 /dev/vhost-vsock c 10 {minor}",
	    .note = for_vmms },
	{ vhost_node, FINDING_NO, "{denied}{open to group}", closed_node,
	    .fix = "usermod -a -G {group} {user}", .note = for_vmms },
	{ vhost_node, FINDING_NO, "{denied}", closed_node,
	    .fix = "chmod 0666 /dev/vhost-vsock", .note = for_vmms },
	{ vhost_node, FINDING_NO, .text = closed_node, .note = for_vmms },
	{ vhost_node, FINDING_OK, .text = usable_node },

	/* It takes CID 2 with the first VM that VMware runs, and keeps it. */
	{ "vmci", FINDING_NOTE, "{vmci}{vhost}",
	    .text = "VMware's transport is loaded, but vhost_vsock has CID 2" },
	{ "vmci", FINDING_NO, "{vmci}{host driver}",
	    "VMware's transport has CID 2: vhost_vsock cannot be loaded",
	    .fix = replace_vmci,
	    .note = "stop VMware's VMs first: they use this transport" },
	{ "vmci", FINDING_NOTE, "{vmci}",
	    "VMware's transport is loaded: once VMware has run a VM, "
	    "vhost_vsock cannot be loaded",
	    .fix = replace_vmci },

	{ "namespace", FINDING_NOTE, "{socket}{local mode}",
	    "local: CIDs, ports and VMs are private to this network namespace",
	    .fix = leave_namespace,
	    .note = "the mode of a namespace cannot be changed; "
		    "/proc/sys/net/vsock/child_ns_mode sets it for new ones" },
	{ "namespace", FINDING_OK, "{socket}",
	    .text = "global: CIDs and ports are shared with all other global "
		    "namespaces; new namespaces are {new mode}" },
	{ "namespace", FINDING_NOTE, "{socket}",
	    .text = "before Linux 7.0, all namespaces share CIDs and ports" },

	{ "sandbox", FINDING_OK, "{boxed}", .text = "{sandbox}" },
	{ "sandbox", FINDING_NOTE, .text = "{sandbox}",
	    .note = "vcat works without it, with less protection from "
		    "hostile peers" },

	{ "verdict", FINDING_OK, .text = "vsock is usable here: {usable}" },
	{ "verdict", FINDING_NO, .text = "vsock is not usable here" },
};

/* The value of a word that is only a condition. */
static const char *yes(bool fact)
{
	return fact ? "yes" : "";
}

static const char *error_text(int error)
{
	return error != 0 ? strerror(error) : "";
}

static const char *guest_driver(const struct probe *probe)
{
	if (probe->driven)
		return "vmw_vsock_virtio_transport";
	if (probe->hyperv)
		return "hv_sock";
	if (probe->local != 0 || probe->cid <= ADDRESS_CID_HOST)
		return "";
	return "vmw_vsock_vmci_transport";
}

static const char *host_driver(const struct probe *probe)
{
	if (probe->host != 0)
		return "";
	return probe->vhost_node.minor[0] != '\0' ? "vhost_vsock"
						  : "vmw_vsock_vmci_transport";
}

/* Makes the row's finding. Returns whether the row fits. */
static bool fill_finding(struct finding *finding, const struct row *row,
    const struct probe *probe, const char *usable)
{
	const struct probe_node *node =
	    row->check == vhost_node ? &probe->vhost_node : &probe->vsock_node;
	const size_t size = DIAGNOSIS_TEXT_SIZE;
	char condition[DIAGNOSIS_TEXT_SIZE];
	char cid[DIAGNOSIS_NAME_SIZE] = "";
	char mode[DIAGNOSIS_TEXT_SIZE];
	const struct text_word words[] = {
		{ "{release}", probe->release },
		{ "{user}", probe->user },
		{ "{socket}", yes(probe->socket == 0) },
		{ "{socket error}", error_text(probe->socket) },
		{ "{no family}", yes(probe->socket == EAFNOSUPPORT) },
		{ "{forbidden}",
		    yes(probe->host == EPERM || probe->host == EACCES) },
		{ "{loaded}", probe->newly_loaded },
		{ "{loopback error}", error_text(probe->loopback) },
		{ "{device}", yes(probe->device) },
		{ "{driver}", guest_driver(probe) },
		{ "{host error}", error_text(probe->host) },
		{ "{host driver}", host_driver(probe) },
		{ "{vhost}", probe->vhost_node.minor },
		{ "{vmci}", yes(probe->vmci) },
		{ "{cid}", cid },
		{ "{cid error}", error_text(probe->local) },
		{ "{no transport}", yes(probe->local == ENODEV ||
					probe->local == EAFNOSUPPORT) },
		{ "{local mode}", yes(strcmp(probe->ns_mode, "local") == 0) },
		{ "{new mode}", probe->child_ns_mode },
		{ "{mode}", mode },
		{ "{group}", node->group },
		{ "{open to group}", yes((node->mode & 0060) == 0060 &&
					 strcmp(node->group, "root") != 0) },
		{ "{minor}", node->minor },
		{ "{no driver}", yes(node->minor[0] == '\0') },
		{ "{missing}", error_text(node->missing) },
		{ "{refused}", error_text(node->refused) },
		{ "{denied}", yes(node->refused == EACCES) },
		{ "{sandbox}", probe->sandbox },
		{ "{boxed}", yes(probe->boxed) },
		{ "{usable}", usable },
		{ NULL, NULL },
	};

	if (probe->local == 0)
		snprintf(cid, sizeof cid, "%u (%s)", probe->cid,
		    address_cid_name(probe->cid));
	snprintf(mode, sizeof mode, "%04o, %s:%s", node->mode, node->owner,
	    node->group);
	finding->check = row->check;
	finding->status = row->status;
	return text_fill(condition, size, row->when, words) &&
	       text_fill(finding->text, size, row->text, words) &&
	       text_fill(finding->fix, size, row->fix, words) &&
	       text_fill(finding->note, size, row->note, words);
}

size_t diagnosis_make(
    struct finding findings[DIAGNOSIS_MAX], const struct probe *probe)
{
	char usable[DIAGNOSIS_TEXT_SIZE] = ""; /* the ways to a peer */
	const char *done = "";
	size_t count = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];

		if (strcmp(row->check, done) == 0 ||
		    !fill_finding(&findings[count], row, probe, usable))
			continue;
		count++;
		done = row->check;
		if (row->status != FINDING_USABLE)
			continue;
		strlcat(usable, usable[0] != '\0' ? ", " : "", sizeof usable);
		strlcat(usable, row->check, sizeof usable);
	}
	return count;
}
