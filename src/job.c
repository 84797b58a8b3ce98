#include "job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "exec.h"
#include "fd.h"
#include "log.h"
#include "pass.h"
#include "splice.h"

/* Clients beyond the one that is being served wait, or are refused. */
#define BACKLOG_ONCE 1
#define BACKLOG_KEEP 128

/* What may be on its way through a VM socket, of a stream and unless --buffer
 * says otherwise. The kernel's default of 256 KiB makes both ends wait. */
#define VSOCK_BUFFER (4096UL * 1024)

static struct socket_choice choice_for(const struct options *options)
{
	return (struct socket_choice){
		.seqpacket = options->seqpacket,
		.sibling = options->sibling,
		.source_cid = options->source_cid,
		.source_port = options->source_port,
		.buffer = options->buffer,
		.vsock_buffer = options->has_buffer || options->seqpacket
				    ? options->buffer
				    : VSOCK_BUFFER,
		.backlog = options->keep_open ? BACKLOG_KEEP : BACKLOG_ONCE,
		.mode = options->mode,
	};
}

void job_init(struct job *job, const struct options *options)
{
	*job = (struct job){
		.options = options,
		.choice = choice_for(options),
	};
	sigprocmask(SIG_BLOCK, NULL, &job->signals);
	if (options->target.kind == ADDRESS_STDIO && options->command == NULL &&
	    !options->pass_fd && options->action != OPTIONS_SCAN)
		stream_from_stdio(&job->stdio, options->keep_open);
}

struct dial_target job_target(
    const struct job *job, const struct address *address)
{
	return (struct dial_target){
		.address = *address,
		.choice = job->choice,
		.timeout = job->options->timeout,
		.retry = job->options->retry,
	};
}

/* A socket that is connected to the address, or -1 with errno. */
static int dial(const struct job *job, const struct address *address)
{
	struct dial_target target = job_target(job, address);
	char name[ADDRESS_TEXT_SIZE];
	int fd = endpoint_dial(&target);
	int saved = errno;

	dial_forget(&target);
	errno = saved;
	if (fd >= 0 && job->options->verbose)
		log_error("%s: connected", address_name(address, name));
	return fd;
}

enum session_status job_dial_failure(void)
{
	return errno == ETIMEDOUT ? SESSION_TIMEOUT : SESSION_FAILED;
}

/* Opens the target of -t. */
static enum session_status open_target(struct job *job, struct stream *near)
{
	const struct address *target = &job->options->target;
	int fd = dial(job, target);

	if (fd < 0)
		return job_dial_failure();
	return endpoint_open(near, fd, target, job->choice.buffer) < 0
		   ? SESSION_FAILED
		   : SESSION_OK;
}

/* Relays between the far side and stdin and stdout, or the target. */
static enum session_status relay_far(
    struct job *job, struct stream *far, const struct address *peer)
{
	struct session session = {
		.near = &job->stdio, .far = far, .peer = peer
	};
	struct splice_pool pipes;
	struct stream target;
	enum session_status status;

	if (job->options->target.kind == ADDRESS_STDIO)
		return session_run(&session, job->options);
	status = open_target(job, &target);
	if (status != SESSION_OK) {
		far->broken = true; /* a TCP peer is told so by a reset */
		return status;
	}
	splice_pool_init(&pipes);
	session.near = &target;
	session.pipes = &pipes;
	status = session_run(&session, job->options);
	splice_pool_free(&pipes);
	stream_close(&target);
	return status;
}

static enum session_status run_command(
    const struct job *job, int fd, const struct address *peer)
{
	struct address local;
	const struct exec exec = {
		.command = job->options->command,
		.peer = peer,
		.local = &local,
		.accepted = job->options->action == OPTIONS_LISTEN,
		.signals = &job->signals,
	};

	endpoint_local(fd, peer, &local);
	exec_become(&exec, fd);
	log_error("sh: %s", strerror(errno));
	return SESSION_FAILED;
}

static enum session_status pass(int fd)
{
	if (fd_set_blocking(fd) == 0 && pass_fd(STDOUT_FILENO, fd) == 0)
		return SESSION_OK;
	log_error("stdout: pass the socket: %s", strerror(errno));
	log_hint("-F is for a program that takes a descriptor over its "
		 "ProxyCommand's stdout: ssh -o ProxyUseFdpass=yes");
	return SESSION_FAILED;
}

enum session_status job_use(struct job *job, int fd, const struct address *peer)
{
	struct stream far;
	enum session_status status;

	if (job->options->command != NULL)
		return run_command(job, fd, peer);
	if (job->options->pass_fd)
		return pass(fd);
	if (endpoint_open(&far, fd, peer, job->choice.buffer) < 0)
		return SESSION_FAILED;
	status = relay_far(job, &far, peer);
	stream_close(&far);
	return status;
}

enum session_status job_connect(struct job *job)
{
	const struct address *peer = &job->options->address;
	int fd = dial(job, peer);

	return fd < 0 ? job_dial_failure() : job_use(job, fd, peer);
}
