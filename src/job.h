/*
 * What this run of vcat is for: how its sockets are made, and what is done
 * with a connection. Its other side is stdin and stdout, a target or a
 * command; or the socket is passed on.
 */
#ifndef VCAT_JOB_H
#define VCAT_JOB_H

#include <signal.h>

#include "address.h"
#include "dial.h"
#include "options.h"
#include "session.h"
#include "socket.h"
#include "stream.h"

struct job {
	const struct options *options; /* borrowed */
	struct socket_choice choice;
	struct stream stdio; /* if it is a side */
	sigset_t signals;    /* the mask that we were started with */
};

/* Takes stdin and stdout over, if they are a side. */
void job_init(struct job *job, const struct options *options);

/* What it takes to connect there. dial_forget() it. */
struct dial_target job_target(
    const struct job *job, const struct address *address);

/* Connects, and does what is to be done. */
enum session_status job_connect(struct job *job);

/* Does it with a connection to that peer. The socket is closed, or given away.
 */
enum session_status job_use(
    struct job *job, int fd, const struct address *peer);

/* The status for errno, when a target could not be had. */
enum session_status job_dial_failure(void);

#endif
