/*
 * Wrong command lines: all are refused, and the reason names the word.
 */
#include "options_read.h"

#include "arguments.h"
#include "test.h"

static void test_unknown(void)
{
	static const struct arguments_row rows[] = {
		{ "-X 3:1", "-X: unknown option" },
		{ "-vX 3:1", "-X: unknown option" },
		{ "-vXd 3:1", "-X: unknown option" },
		{ "--strict -Xv 3:1", "-X: unknown option" },
		{ "3:1 -X", "-X: unknown option" },
		{ "--bogus 3:1", "--bogus: unknown option" },
		{ "--bogus=5 3:1", "--bogus" },
		{ "3:1 --bogus", "--bogus" },
		{ "-v --bogus -d 3:1", "--bogus" },
		{ "--s 3:1", "--s" },
		{ "-2 3:1", "-2" },
		{ "-v1 3:1", "-1: unknown option" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

static void test_values_missing(void)
{
	static const struct arguments_row rows[] = {
		{ "3:1 -t", "-t: needs a value" },
		{ "3:1 --strict -t", "-t: needs a value" },
		{ "3:1 --to", "--to: needs a value" },
		{ "3:1 --buffer", "--buffer: needs a value" },
		{ "3:1 -q", "-q: needs a value" },
		{ "3:1 -vq", "-q: needs a value" },
		{ "3:1 -w", "-w: needs a value" },
		{ "3:1 -i", "-i: needs a value" },
		{ "3:1 -s", "-s: needs a value" },
		{ "-l -p", "-p: needs a value" },
		{ "3:1 --into", "--into: needs a value" },
		{ "--into d 3:1 --max-size", "--max-size: needs a value" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

static void test_values_unwanted(void)
{
	static const struct arguments_row rows[] = {
		{ "--strict=5 3:1", "--strict" },
		{ "--listen=1234", "--listen" },
	};

	arguments_check_rows(rows, LENGTH(rows));
	CHECK(strstr(arguments_wrong("--strict=5 3:1"), "unknown") == NULL);
	CHECK_STR(arguments_wrong("--to= 3:1"), "--to: the value is empty");
	CHECK_STR(arguments_wrong("-e '' 3:1"), "-e: the value is empty");
}

static void test_seconds(void)
{
	static const char *const bad[] = { "-w x 3:1", "-w -5 3:1", "-w 1s 3:1",
		"-w 0x1 3:1", "-w 1e3 3:1", "-w inf 3:1", "-w nan 3:1",
		"-w . 3:1", "-w 1.2.3 3:1", "-w +1 3:1", "-w '' 3:1",
		"-w 1,5 3:1", "-w 99999999999 3:1" };
	static const struct arguments_row rows[] = {
		{ "-q x 3:1", "-q: x" },
		{ "--quit-after x 3:1", "x" },
		{ "-i 5m 3:1", "-i: 5m" },
		{ "--retry=x 3:1", "--retry: x" },
		{ "--retry= 3:1", "--retry" },
		{ "-q -1 3:1", "-q: -1" },
	};

	for (size_t i = 0; i < LENGTH(bad); i++)
		CHECK(strstr(arguments_wrong(bad[i]), "-w: ") != NULL);
	arguments_check_rows(rows, LENGTH(rows));
}

static void test_sizes(void)
{
	static const char *const bad[] = { "0", "1", "1023", "0KiB", "-4096",
		"+4096", "x", "KiB", "4kib", "4KB", "1.5MiB", "0x1000", "2GiB",
		"1TiB", "1025MiB", "1073741825", "4096 KiB", "4096KiBx",
		"18446744073709551616", "99999999999999999999999",
		"18014398509481984KiB", "''" };
	static const char *const limits[] = { "0", "0GiB", "-1", "x", "1.5GiB",
		"1GB", "8388608TiB", "18446744073709551616", "''" };

	for (size_t i = 0; i < LENGTH(bad); i++) {
		char words[64];

		snprintf(words, sizeof words, "3:1 --buffer %s", bad[i]);
		CHECK(strlen(arguments_wrong(words)) > 0);
	}
	for (size_t i = 0; i < LENGTH(limits); i++) {
		char words[64];

		snprintf(words, sizeof words, "--into d 3:1 --max-size %s",
		    limits[i]);
		CHECK(strstr(arguments_wrong(words), "--max-size: ") != NULL);
	}
	CHECK(strstr(arguments_wrong("--buffer x 3:1"), "--buffer: x") != NULL);
}

static void test_counts_modes_and_lists(void)
{
	static const struct arguments_row rows[] = {
		{ "-l -k 1 -t 3:1 -m 0", "-m: 0" },
		{ "-l -k 1 -t 3:1 -m -1", "-m: -1" },
		{ "-l -k 1 -t 3:1 -m x", "-m: x" },
		{ "-l -k 1 -t 3:1 --max-conns 2147483648", "2147483648" },
		{ "-l unix:/x --mode 8", "--mode: 8" },
		{ "-l unix:/x --mode 1777", "--mode: 1777" },
		{ "-l 1 --allow x", "--allow: x" },
		{ "-l 1 --allow 9-5", "--allow: 9-5" },
		{ "-l 1 --allow any", "--allow: any" },
		{ "-l 1 --allow", "--allow: needs a value" },
		{ "3:1 -e", "-e: needs a value" },
		{ "-l -k 1 -t 3:1 -m", "-m: needs a value" },
		{ "--allow-privileged=1 -l 1", "--allow-privileged" },
		{ "--pass-fd=1 3:1", "--pass-fd" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

static void test_listening_conflicts(void)
{
	static const struct arguments_row rows[] = {
		{ "3:1 -m 2", "-m" },
		{ "-l 1 -m 2", "-m" },
		{ "-l -k 1 -m 2", "-m" },
		{ "-l 1 -t 3:1 -m 2", "-m" },
		{ "-l -k 1 -t 3:1 --progress", "one connection at a time" },
		{ "3:1 --allow 3", "--allow" },
		{ "3:1 --allow-privileged", "--allow" },
		{ "-l unix:/x --allow 3", "other peers have no CID" },
		{ "-l mux:/x:1 --allow 3", "other peers have no CID" },
		{ "-l tcp:1 --allow 3", "other peers have no CID" },
		{ "-l unix:/x --allow-privileged", "other peers have no port" },
		{ "-l mux:/x:1 --allow-privileged",
		    "other peers have no port" },
		{ "unix:/x --mode 660", "--mode" },
		{ "-l 1 --mode 660", "--mode" },
		{ "-l tcp:1 --mode 660", "--mode" },
		{ "-l unix:@x --mode 660", "--mode" },
		{ "unix:/x --owner 5", "--owner" },
		{ "-l 1 --owner 5", "--owner" },
		{ "-l tcp:1 --owner 5", "--owner" },
		{ "-l unix:@x --owner 5", "--owner" },
	};

	arguments_check_rows(rows, LENGTH(rows));
	arguments_good("-l -k 1 -t 3:1 -m 2");
	arguments_good("-l -k 1 -e cat -m 2");
	arguments_good("-l tcp:1 --allow-privileged");
	arguments_good("-l mux:/x:1 --mode 666");
	arguments_good("-l mux:/x:1 --owner 5:6 --mode 660");
}

static void test_giving_conflicts(void)
{
	static const char *const relaying[] = { "-d", "-i 5", "-q 5",
		"--send-only", "--recv-only", "--strict", "--shutdown",
		"--no-shutdown", "--progress" };
	static const struct arguments_row rows[] = {
		{ "-l 1 -e cat -t 3:1", "-e and -t" },
		{ "3:1 -F -e cat", "-F excludes" },
		{ "3:1 -F -t unix:/x", "-F excludes" },
		{ "-l 1 -F", "-F does not work with -l" },
	};
	char words[64];

	arguments_check_rows(rows, LENGTH(rows));
	for (size_t i = 0; i < LENGTH(relaying); i++) {
		snprintf(words, sizeof words, "3:1 -e cat %s", relaying[i]);
		CHECK(strstr(arguments_wrong(words), "moves no bytes") != NULL);
		snprintf(words, sizeof words, "3:1 -F %s", relaying[i]);
		CHECK(strstr(arguments_wrong(words), "moves no bytes") != NULL);
	}
	/* the grace of a listener that a signal ends */
	arguments_good("-l -k 1 -e cat -q 5");
	arguments_good("-l -k 1 -t 3:1 -q 5");
}

static void test_scanning_conflicts(void)
{
	static const char *const useless[] = { "-d", "-i 5", "-q 5",
		"--send-only", "--recv-only", "--strict", "--shutdown",
		"--no-shutdown", "-p 5", "-t 3:1", "-e cat", "-F", "-k", "-m 2",
		"--allow 3", "--allow-privileged", "--mode 600", "--files",
		"--into d", "--verified", "--overwrite", "--sums" };
	char words[64];

	for (size_t i = 0; i < LENGTH(useless); i++) {
		snprintf(words, sizeof words, "-z 3:1 %s", useless[i]);
		if (!CHECK(strstr(arguments_wrong(words),
			       "does not work with -z") != NULL))
			printf("# vcat %s\n", words);
	}
	arguments_good("-z 3:1 -w 1 -s 1 -v --json --retry --sibling "
		       "--seqpacket");
}

static void test_conflicts(void)
{
	static const struct arguments_row rows[] = {
		{ "-k --into d 3:1", "-k without -l does not work" },
		{ "-k -F 3:1", "-k without -l does not work" },
		{ "-k -m 3 3:1 -t tcp:1", "-m requires -l" },
		{ "-l -k --lines 1", "--lines requires -l -k -d" },
		{ "-l -k --lines 1 -t 2:2", "--lines writes to stdout: it" },
		{ "-l -k -d --tag 1", "--tag requires --lines" },
		{ "-l -k -d --lines --verified 1", "" },
		{ "--proxy-header 1 3:1", "--proxy-header requires -l" },
		{ "-l --exit-idle 1 1", "--exit-idle requires -k" },
		{ "-f a 3:1", "-f, --cid and --doctor take no address" },
		{ "-f a -t 3:1", "-t does not work with -f" },
		{ "-f a -l", "-l does not work with -f: the options of a" },
		{ "-f a -z", "-z does not work with -f" },
		{ "--check 3:1", "--check requires -f" },
		{ "--banner 3:1", "--banner requires -z" },
		{ "--send-only --recv-only 3:1", "exclude" },
		{ "--send-only -d 3:1", "exclude" },
		{ "-d -t unix:/x 3:1", "exclude" },
		{ "-l --retry 1", "--retry" },
		{ "-l --sibling 1", "--sibling" },
		{ "-l -p 1 1234", "-p" },
		{ "-l -s 1 1234", "-s" },
		{ "-s 0 3:1", "-s" },
		{ "-s 1 unix:a", "connecting to a VM socket" },
		{ "-p 5 tcp:1", "connecting to a VM socket" },
		{ "--sibling mux:v:1", "connecting to a VM socket" },
		{ "-l 5 -p 1 -t tcp:1", "connecting to a VM socket" },
		{ "--seqpacket tcp:1", "does not work with TCP" },
		{ "--retry 60 3 80", "write --retry=60" },
		{ "--retry 60 tcp:1", "--retry=60" },
		{ "localhost 80", "for TCP use tcp:HOST:PORT" },
		{ "127.0.0.1:80", "for TCP use tcp:HOST:PORT" },
		{ "-l 1234 -t localhost:80", "for TCP use tcp:HOST:PORT" },
		{ "-s hypervisor 3:1", "-s" },
	};

	arguments_check_rows(rows, LENGTH(rows));
	/* with a target, the listener dials as well */
	arguments_good("-l --retry 1 -t 3:1");
	arguments_good("-l --sibling 1 -t 3:1");
}

static void test_questions(void)
{
	static const struct arguments_row rows[] = {
		{ "--cid 3:1", "3:1: -f, --cid and --doctor take no address" },
		{ "3:1 --doctor", "take no address" },
		{ "-l --doctor", "-l does not work with --doctor" },
		{ "--cid -z 3:1", "--cid does not work with -z" },
		{ "-z --doctor", "-z does not work with --doctor" },
		{ "-z -l 3:1", "-z does not work with -l" },
		{ "-z -", "stdin and stdout are one side" },
		{ "-l -k -m 3 unix:a -t -", "-m requires -l -k" },
		{ "--cid -q 1", "-q does not work with --cid" },
		{ "-k --doctor", "-k does not work with --doctor" },
		{ "--doctor -e cat", "-e does not work with --doctor" },
		{ "--cid --doctor", "--cid does not work with --doctor" },
		{ "--doctor --cid", "--doctor does not work with --cid" },
		{ "--doctor -v", "-v does not work with --doctor" },
		{ "--cid --json", "--json does not work with --cid" },
		{ "--json 3:1", "--json requires -z, --ping, --bench, "
				"--doctor, --files or --into" },
	};

	arguments_check_rows(rows, LENGTH(rows));
}

static void test_long_word(void)
{
	char words[3000];
	const char *why;

	memset(words, 'x', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	why = arguments_wrong(words);
	CHECK(strlen(why) > 0);
	CHECK(strlen(why) < OPTIONS_WHY_SIZE);
	memcpy(words, "--", 2);
	CHECK(strlen(arguments_wrong(words)) > 0);
}

static const struct test tests[] = {
	{ "options: an unknown option is named", test_unknown },
	{ "options: an option without its value is named",
	    test_values_missing },
	{ "options: a value that an option does not take is not ignored",
	    test_values_unwanted },
	{ "options: what is no number of seconds is refused", test_seconds },
	{ "options: what is no size, or a mad one, is refused", test_sizes },
	{ "options: options that exclude each other are refused",
	    test_conflicts },
	{ "options: --cid and --doctor go with no connection", test_questions },
	{ "options: -z takes only what is about connecting",
	    test_scanning_conflicts },
	{ "options: what is no count, no mode or no list of CIDs is refused",
	    test_counts_modes_and_lists },
	{ "options: what is for another kind of listener is refused",
	    test_listening_conflicts },
	{ "options: nothing about moving bytes goes with -e or -F",
	    test_giving_conflicts },
	{ "options: a word of any length is refused whole", test_long_word },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
