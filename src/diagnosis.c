/*
 * Each finding is a row of a table. A check has several rows, one after the
 * other; the first row whose facts are all true becomes its finding. In the
 * texts, a {word} is replaced by what the probe found.
 */
#include "diagnosis.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

/* The NODE facts are about /dev/vhost-vsock in its check, else /dev/vsock. */
enum fact {
	ALWAYS,
	SOCKET,         /* this process can create a VM socket */
	NO_FAMILY,      /* the kernel does not know AF_VSOCK */
	FORBIDDEN,      /* creating or binding a socket is not permitted */
	NEWLY_LOADED,   /* the kernel loaded a module because it was asked */
	LOOPBACK,       /* CID 1 can be bound */
	HOST,           /* CID 2 can be bound */
	CID,            /* the local CID is known */
	NO_TRANSPORT,   /* no transport is there to provide a local CID */
	GUEST,          /* a driver connects this machine to a host */
	GUEST_CID,      /* the local CID is a VM's */
	DEVICE,         /* there is a virtio vsock device */
	VHOST,          /* vhost_vsock is loaded */
	VMCI,           /* VMware's transport is loaded */
	NS_MODES,       /* network namespaces have a vsock mode (Linux 7.0) */
	NS_LOCAL,       /* this one has CIDs and ports of its own */
	NODE_NO_DRIVER, /* no driver serves the node */
	NODE_MISSING,   /* the node does not exist */
	NODE_REFUSED,   /* this user cannot open it */
	NODE_DENIED,    /* ... because of its mode */
	NODE_GROUP,     /* its group, other than root's, can open it */
	FACTS,
};

/* Texts of several rows. */
static const char supported[] = "Linux {release} supports AF_VSOCK";
static const char no_socket[] =
    "cannot create a VM socket on Linux {release}: {socket error}";
static const char no_loopback[] = "cannot bind to CID 1: {loopback error}";
static const char no_host[] = "cannot bind to CID 2: {host error}";
static const char for_hosts[] = "only a machine that runs VMs needs this";
static const char for_vmms[] = "needed to start VMs, not to use VM sockets";
static const char no_driver[] = "its driver is not loaded";
static const char usable_node[] =
    "mode {mode}, {owner}:{group}; user {user} can open it";
static const char closed_node[] =
    "mode {mode}, {owner}:{group}; user {user} cannot open it: {refused}";
static const char in_container[] =
    "for a container: start it with --device /dev/vsock";
static const char replace_vmci[] =
    "modprobe -r vmw_vsock_vmci_transport && modprobe vhost_vsock";
static const char leave_namespace[] = "nsenter --net=/proc/1/ns/net vcat ...";

static const struct row {
	const char *check;
	enum fact facts[3];
	enum finding_status status;
	const char *text;
	const char *fix;
	const char *note;
	bool usable; /* there is a peer to connect to, or may be */
} rows[] = {
	{ "kernel", { SOCKET, NEWLY_LOADED }, FINDING_OK, .text = supported,
	    .note = "this check made the kernel load {loaded}, as any first "
		    "use of VM sockets does" },
	{ "kernel", { SOCKET }, FINDING_OK, .text = supported },
	{ "kernel", { FORBIDDEN }, FINDING_NO, .text = no_socket,
	    .note = "a container's seccomp filter may forbid it: start the "
		    "container with a profile that allows AF_VSOCK" },
	{ "kernel", { NO_FAMILY }, FINDING_NO, .text = no_socket,
	    .fix = "modprobe vsock",
	    .note = "if there is no such module, this kernel was built "
		    "without VM sockets" },
	{ "kernel", { ALWAYS }, FINDING_NO, .text = no_socket,
	    .note = "nothing else works until this does" },

	{ "loopback", { LOOPBACK }, FINDING_OK, .usable = true,
	    .text = "CID 1 reaches this machine itself" },
	{ "loopback", { FORBIDDEN }, FINDING_NO, .text = no_loopback,
	    .note = "a permission is missing, not a module" },
	{ "loopback", { ALWAYS }, FINDING_NO, .text = no_loopback,
	    .fix = "modprobe vsock_loopback" },

	{ "guest", { GUEST, SOCKET, NS_LOCAL }, FINDING_NO,
	    .text = "this network namespace cannot reach the host",
	    .fix = leave_namespace },
	{ "guest", { GUEST, SOCKET, GUEST_CID }, FINDING_OK, .usable = true,
	    .text =
		"this VM is CID {cid}, its host is CID 2 (driver: {driver})" },
	{ "guest", { GUEST, SOCKET }, FINDING_OK, .usable = true,
	    .text = "the host of this VM is CID 2 (driver: {driver})" },
	{ "guest", { GUEST }, FINDING_NO,
	    .text = "there is a vsock device, but no VM socket can be created",
	    .note = "see kernel above" },
	{ "guest", { DEVICE }, FINDING_NO,
	    .text = "there is a vsock device, but no driver is bound to it",
	    .fix = "modprobe vmw_vsock_virtio_transport" },
	{ "guest", { ALWAYS }, FINDING_NO,
	    .text = "this machine has no vsock device",
	    .note = "if this is a VM, its host must give it one; with QEMU: "
		    "-device vhost-vsock-pci,guest-cid=3" },

	{ "host", { HOST }, FINDING_OK, .usable = true,
	    .text = "this machine is CID 2, its VMs have CIDs from 3 up "
		    "(driver: {host driver})" },
	{ "host", { FORBIDDEN }, FINDING_NO, .text = no_host,
	    .note = for_hosts },
	{ "host", { ALWAYS }, FINDING_NO, .text = no_host,
	    .fix = "modprobe vhost_vsock", .note = for_hosts },

	{ "cid", { CID }, FINDING_OK, .text = "{cid} ({cid name})" },
	{ "cid", { NO_TRANSPORT }, FINDING_NO,
	    .text = "this machine has no CID: {cid error}",
	    .note = "it gets one when loopback, guest or host is ok" },
	{ "cid", { ALWAYS }, FINDING_NO,
	    .text =
		"a guest's CID can only be read from /dev/vsock: {cid error}",
	    .note = "see /dev/vsock below" },

	{ "/dev/vsock", { NODE_NO_DRIVER }, FINDING_NO, .text = no_driver,
	    .fix = "modprobe vsock" },
	{ "/dev/vsock", { NODE_MISSING }, FINDING_NO, .text = "{missing}",
	    .fix = "mknod -m 0666 /dev/vsock c 10 {minor}",
	    .note = in_container },
	{ "/dev/vsock", { NODE_DENIED }, FINDING_NO, .text = closed_node,
	    .fix = "chmod 0666 /dev/vsock",
	    .note = "to make this permanent, add to a file in "
		    "/etc/udev/rules.d: KERNEL==\"vsock\", MODE=\"0666\"" },
	{ "/dev/vsock", { NODE_REFUSED }, FINDING_NO, .text = closed_node,
	    .note = in_container },
	{ "/dev/vsock", { ALWAYS }, FINDING_OK, .text = usable_node },

	{ "/dev/vhost-vsock", { NODE_NO_DRIVER, HOST }, FINDING_NO,
	    .text = no_driver, .fix = replace_vmci, .note = for_vmms },
	{ "/dev/vhost-vsock", { NODE_NO_DRIVER }, FINDING_NO, .text = no_driver,
	    .fix = "modprobe vhost_vsock", .note = for_vmms },
	{ "/dev/vhost-vsock", { NODE_MISSING }, FINDING_NO, .text = "{missing}",
	    .fix = "mknod -m 0660 /dev/vhost-vsock c 10 {minor}",
	    .note = for_vmms },
	{ "/dev/vhost-vsock", { NODE_DENIED, NODE_GROUP }, FINDING_NO,
	    .text = closed_node, .fix = "usermod -a -G {group} {user}",
	    .note = for_vmms },
	{ "/dev/vhost-vsock", { NODE_DENIED }, FINDING_NO, .text = closed_node,
	    .fix = "chmod 0666 /dev/vhost-vsock", .note = for_vmms },
	{ "/dev/vhost-vsock", { NODE_REFUSED }, FINDING_NO, .text = closed_node,
	    .note = for_vmms },
	{ "/dev/vhost-vsock", { ALWAYS }, FINDING_OK, .text = usable_node },

	/* It takes CID 2 with the first VM that VMware runs, and keeps it. */
	{ "vmci", { VMCI, VHOST }, FINDING_NOTE,
	    .text = "VMware's transport is loaded, but vhost_vsock has "
		    "CID 2" },
	{ "vmci", { VMCI, HOST }, FINDING_NO,
	    .text = "VMware's transport has CID 2: vhost_vsock cannot be "
		    "loaded",
	    .fix = replace_vmci,
	    .note = "stop VMware's VMs first: they use this transport" },
	{ "vmci", { VMCI }, FINDING_NOTE,
	    .text = "VMware's transport is loaded: once VMware has run a VM, "
		    "vhost_vsock cannot be loaded",
	    .fix = replace_vmci },

	{ "namespace", { SOCKET, NS_LOCAL }, FINDING_NOTE,
	    .text = "local: CIDs, ports and VMs are private to this network "
		    "namespace",
	    .fix = leave_namespace,
	    .note = "the mode of a namespace cannot be changed; "
		    "/proc/sys/net/vsock/child_ns_mode sets it for new ones" },
	{ "namespace", { SOCKET, NS_MODES }, FINDING_OK,
	    .text = "global: CIDs and ports are shared with all other global "
		    "namespaces; new namespaces are {new mode}" },
	{ "namespace", { SOCKET }, FINDING_NOTE,
	    .text = "network namespaces share all CIDs and ports (Linux 7.0 "
		    "can separate them)" },
};

static bool is_forbidden(int error)
{
	return error == EPERM || error == EACCES;
}

static const struct probe_node *node_of(
    const struct row *row, const struct probe *probe)
{
	return strcmp(row->check, "/dev/vhost-vsock") == 0 ? &probe->vhost_node
							   : &probe->vsock_node;
}

/* Whether all facts of the row are true. */
static bool fits(const struct row *row, const struct probe *probe)
{
	const struct probe_node *node = node_of(row, probe);
	bool guest_cid = probe->local == 0 && probe->cid > ADDRESS_CID_HOST;
	const bool facts[FACTS] = {
		[ALWAYS] = true,
		[SOCKET] = probe->socket == 0,
		[NO_FAMILY] = probe->socket == EAFNOSUPPORT,
		[FORBIDDEN] =
		    is_forbidden(probe->socket) || is_forbidden(probe->host),
		[NEWLY_LOADED] = probe->newly_loaded[0] != '\0',
		[LOOPBACK] = probe->loopback == 0,
		[HOST] = probe->host == 0,
		[CID] = probe->local == 0,
		[NO_TRANSPORT] =
		    probe->local == ENODEV || probe->local == EAFNOSUPPORT,
		[GUEST] = probe->driven > 0 || probe->hyperv || guest_cid,
		[GUEST_CID] = guest_cid,
		[DEVICE] = probe->devices > 0,
		[VHOST] = probe->vhost_node.minor >= 0,
		[VMCI] = probe->vmci,
		[NS_MODES] = probe->ns_mode[0] != '\0',
		[NS_LOCAL] = strcmp(probe->ns_mode, "local") == 0,
		[NODE_NO_DRIVER] = node->minor < 0,
		[NODE_MISSING] = node->missing != 0,
		[NODE_REFUSED] = node->refused != 0,
		[NODE_DENIED] = node->refused == EACCES,
		[NODE_GROUP] = (node->mode & 0060) == 0060 && node->gid != 0,
	};

	return facts[row->facts[0]] && facts[row->facts[1]] &&
	       facts[row->facts[2]];
}

struct word {
	const char *word; /* with its braces; NULL ends a list */
	const char *by;   /* what it is replaced by */
};

/* The word that the text begins with, or NULL. */
static const struct word *find_word(const struct word *words, const char *text)
{
	for (; words->word != NULL; words++)
		if (strncmp(text, words->word, strlen(words->word)) == 0)
			return words;
	return NULL;
}

/* Writes the text with its words replaced; for NULL, "". */
static void fill_in(
    char to[DIAGNOSIS_TEXT_SIZE], const char *text, const struct word *words)
{
	to[0] = '\0';
	while (text != NULL && *text != '\0') {
		const struct word *word = find_word(words, text);
		const char plain[] = { *text, '\0' };

		strlcat(
		    to, word != NULL ? word->by : plain, DIAGNOSIS_TEXT_SIZE);
		text += word != NULL ? strlen(word->word) : 1;
	}
}

static const char *guest_driver(const struct probe *probe)
{
	if (probe->driven > 0)
		return "vmw_vsock_virtio_transport";
	return probe->hyperv ? "hv_sock" : "vmw_vsock_vmci_transport";
}

static void fill_finding(
    struct finding *finding, const struct row *row, const struct probe *probe)
{
	const struct probe_node *node = node_of(row, probe);
	char cid[16];
	char mode[16];
	char minor[16];
	const struct word words[] = {
		{ "{release}", probe->kernel.release },
		{ "{user}", probe->user },
		{ "{loaded}", probe->newly_loaded },
		{ "{socket error}", strerror(probe->socket) },
		{ "{loopback error}", strerror(probe->loopback) },
		{ "{host error}", strerror(probe->host) },
		{ "{cid error}", strerror(probe->local) },
		{ "{cid}", cid },
		{ "{cid name}", address_cid_name(probe->cid) },
		{ "{driver}", guest_driver(probe) },
		{ "{host driver}", probe->vhost_node.minor >= 0
				       ? "vhost_vsock"
				       : "vmw_vsock_vmci_transport" },
		{ "{new mode}", probe->child_ns_mode },
		{ "{mode}", mode },
		{ "{owner}", node->owner },
		{ "{group}", node->group },
		{ "{minor}", minor },
		{ "{missing}", strerror(node->missing) },
		{ "{refused}", strerror(node->refused) },
		{ NULL, NULL },
	};

	snprintf(cid, sizeof cid, "%u", probe->cid);
	snprintf(mode, sizeof mode, "%04o", node->mode);
	snprintf(minor, sizeof minor, "%d", node->minor);
	finding->check = row->check;
	finding->status = row->status;
	fill_in(finding->text, row->text, words);
	fill_in(finding->fix, row->fix, words);
	fill_in(finding->note, row->note, words);
}

/* It names the checks that found a peer to connect to. */
static void extend_verdict(struct finding *verdict, const char *check)
{
	bool first = verdict->status != FINDING_OK;

	strlcat(verdict->text, first ? ": " : ", ", sizeof verdict->text);
	strlcat(verdict->text, check, sizeof verdict->text);
	verdict->status = FINDING_OK;
}

void diagnosis_make(struct diagnosis *diagnosis, const struct probe *probe)
{
	struct finding *verdict = &diagnosis->verdict;
	const char *done = "";

	diagnosis->count = 0;
	*verdict = (struct finding){ "verdict", FINDING_NO,
		.text = "vsock is usable here" };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];

		if (strcmp(row->check, done) == 0 || !fits(row, probe))
			continue;
		done = row->check;
		fill_finding(
		    &diagnosis->findings[diagnosis->count++], row, probe);
		if (row->usable)
			extend_verdict(verdict, row->check);
	}
	if (verdict->status != FINDING_OK)
		strlcpy(verdict->text, "vsock is not usable here",
		    sizeof verdict->text);
}
