#include "transfer.h"

#include <stdio.h>

#include "channel.h"
#include "deadline.h"
#include "log.h"
#include "receipt.h"
#include "sender.h"

/* For the hello, where there is no limit for connecting. */
#define HELLO_SECONDS 10.0

/* Why these two do not go together, or NULL. */
static const char *compare_roles(enum frame_role ours, enum frame_role theirs)
{
	if (ours == FRAME_STREAMS || theirs == FRAME_STREAMS)
		return ours == theirs ? NULL
				      : "one side sends a stream, the other "
					"files: --verified must be used on "
					"both sides or on neither";
	if (ours == theirs)
		return ours == FRAME_SENDS
			   ? "both sides send: one of them must use --into"
			   : "both sides receive: one of them must use --files";
	return NULL;
}

/* The peer has not said hello as a vcat does. */
static enum status complain_of_peer(struct channel *channel, double seconds)
{
	char why[64];

	if (channel->status == STATUS_OK) {
		snprintf(why, sizeof why, "the peer sent no hello within %g s",
		    seconds);
		channel_complain(channel, why);
		channel->status = STATUS_TIMEOUT;
	}
	if (!channel->in.framed)
		log_hint("the peer must also be a vcat with --files, --into "
			 "or --verified");
	return channel->status;
}

/* Both say hello. Returns the channel's status, STATUS_OK if they match. */
static enum status greet(const struct transfer *transfer,
    struct channel *channel, const struct frame_hello *ours,
    struct frame_hello *theirs)
{
	double seconds =
	    transfer->timeout > 0 ? transfer->timeout : HELLO_SECONDS;
	unsigned char hello[FRAME_HELLO_MAX];
	struct frame frame = { .type = FRAME_HELLO };
	const unsigned char *payload;
	const char *why = NULL;
	int got;

	frame.length = (uint32_t)frame_put_hello(hello, ours);
	channel->limit = deadline_in(seconds);
	channel_put(channel, frame, hello);
	while ((got = channel_take(channel, &frame, &payload)) == 0 &&
	       !deadline_passed(channel->limit) &&
	       channel_turn(channel, NULL, 0) == 0)
		;
	if (got <= 0)
		return complain_of_peer(channel, seconds);
	channel->limit = deadline_never();
	if (frame.type != FRAME_HELLO || frame.at != 0 ||
	    !frame_get_hello(payload, frame.length, theirs))
		why = "the peer's hello is not valid";
	else
		why = compare_roles(ours->role, theirs->role);
	if (why != NULL)
		channel_fail(channel, why);
	return channel->status;
}

static enum status move_files(struct transfer *transfer,
    struct channel *channel, struct frame_hello *ours)
{
	bool sends = transfer->role == FRAME_SENDS;
	struct receipt receipt = {
		.peer = channel->peer,
		.sends = sends,
		.json = transfer->json,
		.wants_sums = transfer->sums,
		.verbose = transfer->verbose,
		.meter = transfer->meter,
	};
	struct frame_hello theirs = { 0 };
	bool complete = false;

	if (sends)
		ours->total = sender_total(transfer->operands);
	if (greet(transfer, channel, ours, &theirs) != STATUS_OK)
		return channel->status;
	if (receipt_open(&receipt, sends ? ours->total : theirs.total) == 0)
		complete =
		    sends ? sender_run(channel, &receipt, transfer->operands)
			  : receiver_run(channel, &receipt, &transfer->into,
				&transfer->receiving);
	if (!complete && channel->status == STATUS_OK)
		channel->status = STATUS_FAILED;
	return receipt_close(&receipt, channel->status);
}

enum status transfer_run(
    struct transfer *transfer, int fd, const struct address *peer)
{
	struct channel channel = {
		.fd = fd,
		.peer = peer,
		.idle = transfer->idle,
	};
	struct frame_hello ours = {
		.role = transfer->role,
		.durable = transfer->receiving.sync,
		.total = FRAME_UNKNOWN,
	};
	struct frame_hello theirs = { 0 };
	enum status status = STATUS_FAILED;

	if (channel_open(&channel) < 0)
		;
	else if (transfer->role != FRAME_STREAMS)
		status = move_files(transfer, &channel, &ours);
	else if (greet(transfer, &channel, &ours, &theirs) != STATUS_OK ||
		 !verified_run(&channel, transfer->stdio, &transfer->streaming))
		status = channel.status;
	else
		status = STATUS_OK;
	channel_close(&channel);
	return status;
}
