/*
 * vcat: netcat for VM sockets.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "fd.h"
#include "job.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "options_table.h"
#include "scan.h"
#include "signals.h"

static enum session_status run_scan(const struct options *options)
{
	struct job job;
	struct scan scan = {
		.ports = options->ports,
		.verbose = options->verbose,
		.json = options->json,
	};
	enum scan_verdict verdict;
	int number;

	job_init(&job, options);
	scan.target = job_target(&job, &options->address);
	verdict = scan_run(&scan, &number);
	dial_forget(&scan.target);
	if (number != 0)
		signals_die(number);
	return (enum session_status)verdict;
}

static enum session_status run_streams(const struct options *options)
{
	struct job job;

	job_init(&job, options);
	signal(SIGPIPE, SIG_IGN);
	return options->action == OPTIONS_LISTEN ? listen_run(&job)
						 : job_connect(&job);
}

/* Text for stdout that must arrive, or be a failure. */
static enum session_status flush_text(bool good)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return good ? SESSION_OK : SESSION_FAILED;
	log_error("stdout: write: %s", strerror(errno));
	return SESSION_FAILED;
}

static enum session_status run(const struct options *options)
{
	switch (options->action) {
	case OPTIONS_HELP:
		options_table_help(stdout);
		return flush_text(true);
	case OPTIONS_VERSION:
		printf("vcat %s\n", VCAT_VERSION);
		return flush_text(true);
	case OPTIONS_SCAN:
		return run_scan(options);
	case OPTIONS_CID:
		return flush_text(doctor_print_cid(options->verbose) == 0);
	case OPTIONS_DOCTOR:
		return flush_text(doctor_report(options->json));
	case OPTIONS_CONNECT:
	case OPTIONS_LISTEN:
		break;
	}
	return run_streams(options);
}

int main(int argc, char *argv[])
{
	struct options options;
	enum session_status status;

	if (fd_fill_standard() < 0)
		return SESSION_FAILED;
	log_open();
	options_parse(argc, argv, &options);
	status = run(&options);
	return status == SESSION_STDOUT_GONE ? SESSION_FAILED : (int)status;
}
