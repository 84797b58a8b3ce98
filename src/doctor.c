#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "diagnosis.h"
#include "json.h"
#include "log.h"
#include "sandbox.h"
#include "trouble.h"
#include "vsock.h"

/* The first word of a file; "" if there is none. */
static void read_word(const char *path, char word[DIAGNOSIS_NAME_SIZE])
{
	FILE *file = fopen(path, "re");

	if (file == NULL || fscanf(file, "%64s", word) != 1)
		word[0] = '\0';
	if (file != NULL)
		fclose(file);
}

/* Whether this machine has a virtio vsock device, with a driver or without. */
static bool has_device(void)
{
	const char *vsock = "0x0013"; /* VIRTIO_ID_VSOCK */
	char id[DIAGNOSIS_NAME_SIZE] = "";
	glob_t found;

	if (glob("/sys/bus/virtio/devices/*/device", 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && strcmp(id, vsock) != 0; i++)
		read_word(found.gl_pathv[i], id);
	globfree(&found);
	return strcmp(id, vsock) == 0;
}

static void look_at_node(struct probe_node *node, const char *name, int flags)
{
	char path[64];
	char numbers[DIAGNOSIS_NAME_SIZE]; /* major and minor: "10:123" */
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "/sys/class/misc/%s/dev", name);
	read_word(path, numbers);
	sscanf(numbers, "10:%64s", node->minor);
	snprintf(path, sizeof path, "/dev/%s", name);
	if (stat(path, &st) < 0) {
		node->missing = errno;
		return;
	}
	node->mode = st.st_mode & 07777;
	strlcpy(node->owner, user_from_uid(st.st_uid, 0), sizeof node->owner);
	strlcpy(node->group, group_from_gid(st.st_gid, 0), sizeof node->group);
	if (node->minor[0] == '\0')
		return;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		node->refused = errno;
	else
		close(fd);
}

/* Returns 0, or errno. */
static int try_bind(uint32_t cid)
{
	return vsock_try_bind(cid) < 0 ? errno : 0;
}

/*
 * Creates and binds sockets, and notes a module that this has loaded: the
 * newest comes first in /proc/modules.
 */
static void try_sockets(struct probe *probe)
{
	char newest[DIAGNOSIS_NAME_SIZE];

	read_word("/proc/modules", newest);
	probe->socket = try_bind(ADDRESS_ANY);
	probe->loopback = try_bind(ADDRESS_CID_LOCAL);
	probe->host = try_bind(ADDRESS_CID_HOST);
	probe->local = vsock_local_cid(&probe->cid) < 0 ? errno : 0;
	read_word("/proc/modules", probe->newly_loaded);
	if (strcmp(probe->newly_loaded, newest) == 0 ||
	    strstr(probe->newly_loaded, "sock") == NULL)
		probe->newly_loaded[0] = '\0';
}

/*
 * Asks the kernel everything. As with any first use of VM sockets, this can
 * make it load modules.
 */
static struct probe look_around(void)
{
	const struct sandbox_kernel kernel = sandbox_ask();
	struct probe probe = {
		.cid = ADDRESS_ANY,
		.boxed = kernel.no_seccomp == 0 && kernel.no_landlock == 0,
	};
	char text[SANDBOX_TEXT_SIZE];

	read_word("/proc/sys/kernel/osrelease", probe.release);
	strlcpy(probe.user, user_from_uid(geteuid(), 0), sizeof probe.user);
	try_sockets(&probe);
	probe.vmci = access("/sys/module/vmw_vsock_vmci_transport", F_OK) == 0;
	probe.device = has_device();
	probe.driven = vsock_has_driver();
	probe.hyperv = access("/sys/bus/vmbus/drivers/hv_sock", F_OK) == 0;
	look_at_node(&probe.vsock_node, "vsock", O_RDONLY);
	look_at_node(&probe.vhost_node, "vhost-vsock", O_RDWR);
	read_word("/proc/sys/net/vsock/ns_mode", probe.ns_mode);
	read_word("/proc/sys/net/vsock/child_ns_mode", probe.child_ns_mode);
	strlcpy(probe.sandbox, sandbox_describe(kernel, text),
	    sizeof probe.sandbox);
	return probe;
}

static const struct {
	const char *word;
	const char *colour;
} looks[] = {
	[FINDING_OK] = { "ok", "\x1b[32m" },
	[FINDING_USABLE] = { "ok", "\x1b[32m" },
	[FINDING_NO] = { "no", "\x1b[31m" },
	[FINDING_NOTE] = { "note", "\x1b[33m" },
};

/* no-color.org: NO_COLOR counts if it is set and not empty. */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

static void print_text(const struct finding *finding, bool colour)
{
	printf("%s%-4s%s  %-16s  %s\n",
	    colour ? looks[finding->status].colour : "",
	    looks[finding->status].word, colour ? "\x1b[0m" : "",
	    finding->check, finding->text);
	if (finding->fix[0] != '\0')
		printf("%24sfix: %s\n", "", finding->fix);
	if (finding->note[0] != '\0')
		printf("%24snote: %s\n", "", finding->note);
}

static void print_json(const struct finding *finding, uint32_t cid)
{
	bool ok = finding->status == FINDING_OK;
	struct json json;

	json_open(&json, stdout);
	json_string(&json, "check", finding->check);
	json_string(&json, "status", looks[finding->status].word);
	json_string(&json, "text", finding->text);
	if (ok && strcmp(finding->check, "cid") == 0)
		json_number(&json, "cid", cid);
	if (finding->fix[0] != '\0')
		json_string(&json, "fix", finding->fix);
	if (finding->note[0] != '\0')
		json_string(&json, "note", finding->note);
	if (strcmp(finding->check, "verdict") == 0)
		json_bool(&json, "usable", ok);
	json_close(&json);
}

bool doctor_report(bool json)
{
	const struct probe probe = look_around();
	const bool colour = !json && wants_colour();
	struct finding findings[DIAGNOSIS_MAX];
	const size_t last = diagnosis_make(findings, &probe) - 1;

	for (size_t i = 0; i <= last; i++) {
		if (json)
			print_json(&findings[i], probe.cid);
		else if (i < last)
			print_text(&findings[i], colour);
		else
			puts(findings[i].text);
	}
	return findings[last].status == FINDING_OK;
}

int doctor_print_cid(bool verbose)
{
	const struct address any = { .cid = ADDRESS_ANY, .port = ADDRESS_ANY };
	struct socket_fault fault = { .step = "cid" };
	uint32_t cid;
	bool none;

	if (vsock_local_cid(&cid) == 0) {
		printf("%u%s%s\n", cid, verbose ? " " : "",
		    verbose ? address_cid_name(cid) : "");
		return 0;
	}
	none = errno == EAFNOSUPPORT;
	if (none)
		fault.step = "socket";
	log_error("%s: %s: %s", none ? "vsock" : "/dev/vsock", fault.step,
	    strerror(errno));
	trouble_hint(&any, &fault, errno);
	return -1;
}
