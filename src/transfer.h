/*
 * Verified transfers over a connection: files into a directory at the other
 * end, or a stream that is confirmed. vcat-frames(5) is the protocol.
 */
#ifndef VCAT_TRANSFER_H
#define VCAT_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "beneath.h"
#include "frame.h"
#include "receiver.h"
#include "status.h"
#include "stream.h"
#include "verified.h"

/* For the owner to set; what is pointed to is borrowed. */
struct transfer {
	enum frame_role role;
	double timeout; /* seconds for the peer's hello; 0: as vcat does */
	double idle;    /* seconds without a byte; 0: no limit */

	char *const *operands; /* FRAME_SENDS: NULL after the last */

	struct beneath into; /* FRAME_RECEIVES: open */
	struct receiver_rules receiving;

	/* Of these two. */
	bool json, sums; /* print this on stdout */
	bool verbose;    /* report each file, and a summary */
	bool meter;      /* show one if stderr is a terminal */

	struct stream *stdio; /* FRAME_STREAMS */
	struct verified_rules streaming;
};

/*
 * Does it over that socket, which stays the caller's, and says how it went.
 * Returns the exit status.
 */
enum status transfer_run(
    struct transfer *transfer, int fd, const struct address *peer);

#endif
