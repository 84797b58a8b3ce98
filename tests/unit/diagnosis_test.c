/*
 * Findings for machines that the test machine cannot be: guests of VMware and
 * Hyper-V, containers with filters. All others are in tests/doctor-*.bats.
 */
#include "diagnosis.h"

#include <errno.h>

#include "address.h"
#include "test.h"

/* A host of VMs on which all is well. */
static struct probe good(void)
{
	return (struct probe){
		.release = "6.1.0",
		.user = "ann",
		.cid = ADDRESS_CID_HOST,
		.vsock_node = { .minor = "7",
		    .mode = 0666,
		    .owner = "root",
		    .group = "root" },
		.vhost_node = { .minor = "9",
		    .mode = 0660,
		    .owner = "root",
		    .group = "kvm" },
	};
}

static struct finding found[DIAGNOSIS_MAX];
static size_t count;

/* Returns whether VM sockets are usable. Every {word} must be filled in. */
static bool diagnose(struct probe probe)
{
	count = diagnosis_make(found, &probe);
	for (size_t i = 0; i < count; i++) {
		CHECK(strpbrk(found[i].text, "{}") == NULL);
		CHECK(strpbrk(found[i].fix, "{}") == NULL);
		CHECK(strpbrk(found[i].note, "{}") == NULL);
	}
	CHECK_STR(found[count - 1].check, "verdict");
	return found[count - 1].status == FINDING_OK;
}

static const struct finding *find(const char *check)
{
	static const struct finding none;

	for (size_t i = 0; i < count; i++)
		if (strcmp(found[i].check, check) == 0)
			return &found[i];
	printf("# no finding called %s\n", check);
	test_failures++;
	return &none;
}

static void check_has(const char *text, const char *words)
{
	if (!CHECK(strstr(text, words) != NULL))
		printf("# no '%s' in: %s\n", words, text);
}

static void test_good(void)
{
	struct probe probe = good();

	CHECK(diagnose(probe));
	CHECK_STR(
	    find("verdict")->text, "vsock is usable here: loopback, host");
	CHECK_INT(find("kernel")->status, FINDING_OK);
	CHECK_STR(find("kernel")->note, "");
	CHECK_STR(find("cid")->text, "2 (host)");
	CHECK_INT(find("/dev/vhost-vsock")->status, FINDING_OK);
}

static void test_filter(void)
{
	struct probe probe = good();

	probe.socket = probe.loopback = probe.host = probe.local = EPERM;
	CHECK(!diagnose(probe));
	CHECK_STR(find("verdict")->text, "vsock is not usable here");
	CHECK_INT(find("kernel")->status, FINDING_NO);
	check_has(find("kernel")->note, "seccomp");
	/* no module fixes that */
	CHECK_STR(find("kernel")->fix, "");
	CHECK_STR(find("loopback")->fix, "");
	CHECK_STR(find("host")->fix, "");
	probe.device = probe.driven = true;
	diagnose(probe);
	CHECK_INT(find("guest")->status, FINDING_NO);
	CHECK_STR(find("guest")->fix, "");
}

static void test_container_rules(void)
{
	struct probe probe = good();

	probe.vsock_node.refused = EPERM;
	diagnose(probe);
	CHECK_INT(find("/dev/vsock")->status, FINDING_NO);
	CHECK_STR(find("/dev/vsock")->fix, "");
	check_has(find("/dev/vsock")->note, "--device /dev/vsock");
	probe.local = EPERM;
	diagnose(probe);
	check_has(find("cid")->note, "see /dev/vsock");
	check_has(find("/dev/vsock")->note, "--device /dev/vsock");
}

static void test_group(void)
{
	struct probe probe = good();

	probe.vhost_node.refused = EACCES;
	diagnose(probe);
	CHECK_STR(find("/dev/vhost-vsock")->fix, "usermod -a -G kvm ann");
	strcpy(probe.vhost_node.group, "root");
	diagnose(probe);
	CHECK_STR(find("/dev/vhost-vsock")->fix, "chmod 0666 /dev/vhost-vsock");
	strcpy(probe.vhost_node.group, "kvm");
	probe.vhost_node.mode = 0600;
	diagnose(probe);
	CHECK_STR(find("/dev/vhost-vsock")->fix, "chmod 0666 /dev/vhost-vsock");
}

static void test_vmware_guest(void)
{
	struct probe probe = good();

	probe.cid = 4000000000;
	probe.host = probe.loopback = EADDRNOTAVAIL;
	probe.vmci = true;
	probe.vhost_node.minor[0] = '\0';
	diagnose(probe);
	CHECK_STR(find("verdict")->text, "vsock is usable here: guest");
	CHECK_STR(find("cid")->text, "4000000000 (vm)");
	check_has(find("guest")->text, "vmw_vsock_vmci_transport");
	CHECK_INT(find("vmci")->status, FINDING_NOTE);
}

static void test_hyperv(void)
{
	struct probe probe = good();

	probe.hyperv = true;
	probe.local = ENODEV;
	probe.cid = ADDRESS_ANY;
	probe.host = probe.loopback = EADDRNOTAVAIL;
	diagnose(probe);
	CHECK_STR(find("verdict")->text, "vsock is usable here: guest");
	check_has(find("guest")->text, "hv_sock");
	CHECK_INT(find("cid")->status, FINDING_NO);
}

static void test_driverless(void)
{
	struct probe probe = good();

	probe.device = true;
	diagnose(probe);
	CHECK_INT(find("guest")->status, FINDING_NO);
	CHECK_STR(find("guest")->fix, "modprobe vmw_vsock_virtio_transport");
	probe.driven = true;
	probe.cid = 3;
	diagnose(probe);
	CHECK_INT(find("guest")->status, FINDING_USABLE);
}

static void test_loading(void)
{
	struct probe probe = good();

	strcpy(probe.newly_loaded, "vsock_loopback");
	diagnose(probe);
	check_has(find("kernel")->note, "made the kernel load vsock_loopback");
}

/* Whatever the probe found: each "no" comes with a fix or a note. */
static void test_advice(void)
{
	static const int errors[] = { 0, ENODEV, EACCES, EPERM, ENOENT,
		EAFNOSUPPORT, EADDRNOTAVAIL, EMFILE };

	for (unsigned int i = 0; i < 4096; i++) {
		struct probe probe = good();

		probe.socket = errors[i & 7];
		probe.loopback = probe.socket ? probe.socket : EADDRNOTAVAIL;
		probe.host = probe.socket ? probe.socket : errors[i >> 3 & 7];
		probe.local = errors[i >> 6 & 7];
		probe.vsock_node.missing = i & 512 ? ENOENT : 0;
		probe.vhost_node.refused = i & 1024 ? EPERM : EACCES;
		if (i & 2048)
			probe.vhost_node.minor[0] = '\0';
		diagnose(probe);
		for (size_t j = 0; j < count - 1; j++)
			if (found[j].status == FINDING_NO)
				CHECK(found[j].fix[0] != '\0' ||
				      found[j].note[0] != '\0');
	}
}

static const struct test tests[] = {
	{ "diagnosis: a host on which all is well", test_good },
	{ "diagnosis: no module fixes a filter that forbids the socket",
	    test_filter },
	{ "diagnosis: a container's device rules are fixed from outside",
	    test_container_rules },
	{ "diagnosis: a user who cannot open a group's node can join the group",
	    test_group },
	{ "diagnosis: a guest of VMware", test_vmware_guest },
	{ "diagnosis: a guest of Hyper-V, which has no CID", test_hyperv },
	{ "diagnosis: a device without a driver: the fix names the driver",
	    test_driverless },
	{ "diagnosis: a module loaded by the check itself is named",
	    test_loading },
	{ "diagnosis: what is not usable comes with a fix or a note",
	    test_advice },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
