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
	bool whole_request; /* a request in two writes is dropped */
	bool short_request; /* a request has at most 32 bytes */
	bool more_words;    /* words after the port are ignored */
	bool loses_payload; /* that comes in one write with the request */
	bool says_port;     /* answers OK with the guest's port */
	bool half_closes;   /* passes half-closes on, both ways */
	bool keeps_silent;  /* if nobody serves the guest's port on the host */
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

/* The style or the fault of that name; NULL or -1 if none has it. */
const struct muxer_style *muxer_style(const char *name);
int muxer_fault(const char *name);

/* Prints all names, and what they mean. */
void muxer_help(void);

/* Serves the host's new connection to its end, and closes it. */
void muxer_from_host(const struct muxer *muxer, int host);

/* The same for a connection of the guest to that port of the host. */
void muxer_from_guest(const struct muxer *muxer, int guest, uint32_t port);

#endif
