/*
 * vcat: netcat for VM sockets.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "confine.h"
#include "doctor.h"
#include "fd.h"
#include "forwards.h"
#include "gather.h"
#include "log.h"
#include "loop.h"
#include "options_read.h"
#include "options_table.h"
#include "ping.h"
#include "plan.h"
#include "prepare.h"
#include "run.h"
#include "scan.h"
#include "status.h"
#include "trouble.h"

/* All that is needed to dial it. Returns 0, or -1 after a message. */
static int prepare_target(
    const struct options *options, struct dial_target *target)
{
	struct socket_fault fault = { .step = "resolve" };

	if (prepare_netns(options, target, target) < 0)
		return -1;
	if (dial_resolve(target, &fault) < 0) {
		trouble_report(&options->address, &fault, errno);
		return -1;
	}
	confine_opening(options, "", -1);
	return 0;
}

static enum status run_scan(const struct options *options)
{
	struct scan scan = {
		.target = plan_target(options, &options->address),
		.ports = options->ports,
		.verbose = options->verbose,
		.json = options->json,
		.banner = options->banner ? options->banner_text : NULL,
	};
	enum status status;

	if (prepare_target(options, &scan.target) < 0)
		return STATUS_FAILED;
	status = scan_run(&scan);
	dial_forget(&scan.target);
	if (scan.signal != 0)
		loop_die(scan.signal);
	return status;
}

static enum status run_ping(const struct options *options)
{
	struct ping ping = {
		.target = plan_target(options, &options->address),
		.count = (uint64_t)options->pings,
		.interval = options->interval,
		.json = options->json,
	};
	char name[ADDRESS_TEXT_SIZE];
	enum status status;

	if (prepare_target(options, &ping.target) < 0)
		return STATUS_FAILED;
	if (options->address.kind == ADDRESS_MUX)
		log_error("%s: each ping is a connection through the monitor, "
			  "unless a vcat with --echo answers",
		    address_name(&options->address, name));
	status = ping_run(&ping);
	dial_forget(&ping.target);
	if (ping.signal != 0)
		loop_die(ping.signal);
	return status;
}

/* Text for stdout that must arrive, or be a failure. */
static enum status flush_text(bool good)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return good ? STATUS_OK : STATUS_FAILED;
	log_error("stdout: write: %s", strerror(errno));
	return STATUS_FAILED;
}

static enum status run_bench(const struct options *options)
{
	int number;
	enum status status = bench_run(options, &number);
	enum status written = flush_text(true);

	if (number != 0)
		loop_die(number);
	return status != STATUS_OK ? status : written;
}

static enum status run(const struct options *options)
{
	switch (options->action) {
	case OPTIONS_CONNECT:
	case OPTIONS_LISTEN:
		return options->lines ? gather_lines(options)
				      : run_streams(options);
	case OPTIONS_SCAN:
		return run_scan(options);
	case OPTIONS_PING:
		return run_ping(options);
	case OPTIONS_BENCH:
		return run_bench(options);
	case OPTIONS_FORWARDS:
		return forwards_run(options);
	case OPTIONS_CID:
		return flush_text(doctor_print_cid(options->verbose) == 0);
	case OPTIONS_DOCTOR:
		return flush_text(doctor_report(options->json));
	case OPTIONS_HELP:
		options_table_help(stdout);
		return flush_text(true);
	case OPTIONS_VERSION:
		printf("vcat %s\n", VCAT_VERSION);
		return flush_text(true);
	}
	return STATUS_FAILED;
}

int main(int argc, char *argv[])
{
	struct options options;
	char why[OPTIONS_WHY_SIZE];

	if (fd_fill_standard() < 0)
		return STATUS_FAILED;
	log_open();
	if (options_read(argc, argv, &options, why) == 0)
		return (int)run(&options);
	log_error("%s (see vcat --help)", why);
	return STATUS_USAGE;
}
