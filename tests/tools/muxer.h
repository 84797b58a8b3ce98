/*
 * What a VMM's vsock muxer does with one connection on its hybrid socket: the
 * three programs differ in how they read the request, in what they answer and
 * in how they end. Sources: Firecracker's muxer.rs, Cloud Hypervisor's
 * unix/muxer.rs, runs of vhost-device-vsock 0.3.0.
 */
#ifndef MUXER_H
#define MUXER_H

#include <stdbool.h>
#include <stdint.h>

struct muxer_style {
	const char *name;
	const char *help;
	bool whole_request; /* one in two writes is dropped */
	bool short_request; /* it has at most 32 bytes */
	bool more_words;    /* what follows the port does not matter */
	bool loses_payload; /* what comes in one write with the request */
	bool says_port;     /* OK and the guest's port, not one of its own */
	bool half_closes;   /* hands it on, both ways */
	bool keeps_silent;  /* to a guest, where nobody serves on the host */
};

enum muxer_fault {
	FAULT_NONE,
	FAULT_NO_OK,
	FAULT_SPLIT_OK,
	FAULT_JOINED_OK,
	FAULT_LONG_OK,
	FAULT_REFUSE,
	FAULT_RESET,
	FAULT_SILENCE,
	FAULT_FULL_CLOSE,
	FAULT_BACKLOG,
	FAULT_GARBAGE,
};

struct muxer {
	const struct muxer_style *style;
	enum muxer_fault fault;
	const char *uds;   /* the hybrid socket's path */
	const char *guest; /* a directory: the guest's ports */
};

/* The style or the fault of that name; NULL or -1 when there is none. */
const struct muxer_style *muxer_style(const char *name);
int muxer_fault(const char *name);

/* Prints all names, and what they mean. */
void muxer_help(void);

/* Serves the host's new connection to its end, and closes it. */
void muxer_from_host(const struct muxer *muxer, int host);

/* The same for the guest's, to that port of the host. */
void muxer_from_guest(const struct muxer *muxer, int guest, uint32_t port);

#endif
