/*
 * Command lines that measure a peer, and those of the peers made for it.
 */
#include "options_read.h"

#include "arguments.h"
#include "test.h"

static void test_ping(void)
{
	const struct options *o = arguments_good("--ping 3:1");

	CHECK_INT(o->action, OPTIONS_PING);
	CHECK_INT(o->pings, 0);
	CHECK(o->interval == 1);
	o = arguments_good("--ping=7 --interval 0.25 -w 3 --json tcp:h:1");
	CHECK_INT(o->pings, 7);
	CHECK(o->interval == 0.25);
	CHECK(o->timeout == 3);
	CHECK(o->json);
	CHECK(arguments_good("--ping --interval 0 unix:s")->interval == 0);
	CHECK_INT(arguments_good("--ping 3 22")->address.port, 22);
}

static void test_echo(void)
{
	const struct options *o = arguments_good("-l -k --echo 1 -m 5 -i 3");

	CHECK_INT(o->action, OPTIONS_LISTEN);
	CHECK(o->echo && !o->sink);
	CHECK(arguments_good("-l --echo --accept-timeout 3 -")->echo);
	CHECK(arguments_good("-l -k --echo --exit-idle 9 unix:s")->echo);
	CHECK(arguments_good("-l --sink --allow 3 1")->sink);
}

static void test_bench(void)
{
	const struct options *o = arguments_good("--bench 3:1");

	CHECK_INT(o->action, OPTIONS_BENCH);
	CHECK(o->bench && !o->both);
	CHECK(o->bench_time == 5);
	o = arguments_good(
	    "--bench=0.5 --both --buffer 64K -w 3 --json -v 3 1");
	CHECK(o->bench_time == 0.5);
	CHECK(o->both);
	CHECK_INT(o->address.port, 1);
	CHECK(arguments_good("--bench=86400 mux:s:1")->bench_time == 86400);
}

static void test_wrong_bench(void)
{
	static const struct arguments_row rows[] = {
		{ "--bench=0 3:1", "--bench" },
		{ "--bench=86401 3:1", "at most a day" },
		{ "--bench=x 3:1", "not a number of seconds" },
		{ "--bench", "address" },
		{ "--bench -", "stdin and stdout are one side already" },
		{ "--bench -l 3:1", "" },
		{ "--bench --ping 3:1", "" },
		{ "--bench -k 3:1", "-k does not work with --bench" },
		{ "--bench -i 3 3:1", "-i does not work with --bench" },
		{ "--bench --retry 3:1", "--retry does not work" },
		{ "--bench --seqpacket 3:1", "--seqpacket does not work" },
		{ "--bench --interval 3 3:1", "--interval" },
		{ "--both 3:1", "--both requires --bench" },
		{ "--ping --both 3:1", "--both does not work with --ping" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

static void test_wrong(void)
{
	static const struct arguments_row rows[] = {
		{ "--ping=0 3:1", "--ping" },
		{ "--ping=x 3:1", "--ping" },
		{ "--ping", "address" },
		{ "--ping any:1", "" },
		{ "--ping -", "stdin and stdout are one side already" },
		{ "--ping -l 3:1", "" },
		{ "--ping -z 3:1", "" },
		{ "--ping -k 3:1", "-k does not work with --ping" },
		{ "--ping -i 3 3:1", "-i does not work with --ping" },
		{ "--ping -t 3:2 3:1", "-t does not work with --ping" },
		{ "--ping -p 9 3:1", "-p does not work with --ping" },
		{ "--ping --retry 3:1", "--retry does not work" },
		{ "--ping --seqpacket 3:1", "--seqpacket does not work" },
		{ "--interval 1 3:1", "--interval requires --ping" },
		{ "--ping --interval -1 3:1", "--interval" },
		{ "--echo 3:1", "--echo requires -l" },
		{ "--sink 3:1", "--sink requires -l" },
		{ "-z --echo 3:1", "--echo does not work with -z" },
		{ "-l --echo --sink 1", "exclude each other" },
		{ "-l --echo 1 -t 3:1", "they exclude -t" },
		{ "-l --sink 1 -e cat", "they exclude -t, -e" },
		{ "-l -k -d --lines --echo 1", "" },
		{ "-l --echo --files f 1", "they exclude" },
		{ "-l --sink --into d 1", "they exclude" },
		{ "-l --echo --verified 1", "they exclude" },
		{ "-l --echo -d 1", "neither stdin nor stdout" },
		{ "-l --echo -q 1 1", "neither stdin nor stdout" },
		{ "-l --sink --send-only 1", "neither stdin nor stdout" },
		{ "-l --sink --recv-only 1", "neither stdin nor stdout" },
		{ "-l --echo --no-shutdown 1", "neither stdin nor stdout" },
		{ "-l --echo --strict 1", "exclude --strict" },
		{ "-l --sink --progress 1", "exclude --strict, --progress" },
		{ "-l --echo -x 1", "exclude --strict, --progress and -x" },
		{ "-l --echo --seqpacket 1", "--seqpacket does not work" },
		{ "-l -k --echo --proxy-header 1 1",
		    "--proxy-header requires" },
		{ "-l --echo -m 2 1", "-m requires -l -k" },
		{ "-l --echo --exit-idle 2 1", "--exit-idle requires -k" },
		{ "-l --echo --retry 1", "require -t" },
		{ "-l --echo --json 1", "--json requires" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

static const struct test tests[] = {
	{ "options: --ping has a count, an interval and a time limit",
	    test_ping },
	{ "options: --bench has a time, and a second direction", test_bench },
	{ "options: what does not go with --bench is refused",
	    test_wrong_bench },
	{ "options: --echo and --sink are listeners of their own", test_echo },
	{ "options: what does not go with --ping, --echo and --sink is refused",
	    test_wrong },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
