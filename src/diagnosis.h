/*
 * What is known about VM sockets on this machine, and what that means: findings
 * in plain words, each with a fix where there is one, and the verdict. Pure.
 */
#ifndef VCAT_DIAGNOSIS_H
#define VCAT_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DIAGNOSIS_MAX       11
#define DIAGNOSIS_TEXT_SIZE 200
#define DIAGNOSIS_NAME_SIZE 65

/* A node in /dev. Errors are errno, 0 for none. */
struct probe_node {
	char minor[DIAGNOSIS_NAME_SIZE]; /* of the driver registered for it; "":
					    no driver */
	int missing;                     /* why stat(2) fails */
	mode_t mode;
	char owner[DIAGNOSIS_NAME_SIZE];
	char group[DIAGNOSIS_NAME_SIZE];
	int refused; /* why this user cannot open it. Not tried without a
			driver, as that might load one: 0 then */
};

/* What the kernel says. Errors are errno, 0 for none. */
struct probe {
	char release[DIAGNOSIS_NAME_SIZE]; /* of the kernel */
	char user[DIAGNOSIS_NAME_SIZE];
	int socket;   /* creating a socket */
	int loopback; /* binding to CID 1 */
	int host;     /* binding to CID 2 */
	int local;    /* learning the local CID */
	uint32_t cid; /* the local CID */
	bool device;  /* this machine has a virtio vsock device */
	bool driven;  /* ... and a driver is bound to it */
	bool hyperv;  /* Hyper-V's driver is on its bus */
	bool vmci;    /* VMware's transport is loaded */
	char newly_loaded[DIAGNOSIS_NAME_SIZE]; /* a module, by asking; or "" */
	struct probe_node vsock_node;
	struct probe_node vhost_node;
	char ns_mode[DIAGNOSIS_NAME_SIZE];       /* "global", "local"; "" before
						    Linux 7.0 */
	char child_ns_mode[DIAGNOSIS_NAME_SIZE]; /* the mode of new namespaces,
						    or "" */
	char sandbox[DIAGNOSIS_TEXT_SIZE];       /* what of one there can be */
	bool boxed;                              /* all of it */
};

enum finding_status {
	FINDING_OK,
	FINDING_USABLE, /* OK, and this is a way to a peer */
	FINDING_NO,     /* not usable: the finding has a fix, a note or both */
	FINDING_NOTE,   /* neither good nor bad */
};

struct finding {
	const char *check; /* its name: one word */
	enum finding_status status;
	char text[DIAGNOSIS_TEXT_SIZE];
	char fix[DIAGNOSIS_TEXT_SIZE];  /* a command for root, or "" */
	char note[DIAGNOSIS_TEXT_SIZE]; /* advice that is no command, or "" */
};

/*
 * Makes the findings and returns how many there are. The last one is the
 * verdict: FINDING_OK if VM sockets are usable here.
 */
size_t diagnosis_make(
    struct finding findings[DIAGNOSIS_MAX], const struct probe *probe);

#endif
