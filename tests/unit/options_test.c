/*
 * The command line: what each option and each form of an address comes to.
 */
#include "options_read.h"

#include <ctype.h>

#include "arguments.h"
#include "options_table.h"
#include "test.h"

static void test_defaults(void)
{
	const struct options *o = arguments_good("3:1234");

	CHECK_INT(o->action, OPTIONS_CONNECT);
	CHECK_INT(o->address.kind, ADDRESS_VSOCK);
	CHECK_INT(o->address.cid, 3);
	CHECK_INT(o->address.port, 1234);
	CHECK_INT(o->target.kind, ADDRESS_STDIO);
	CHECK(!o->has_target && !o->keep_open && !o->detach_stdin);
	CHECK(!o->send_only && !o->recv_only && !o->strict && !o->verbose);
	CHECK(!o->progress);
	CHECK(!o->files && o->operands == NULL && o->into == NULL);
	CHECK(!o->verified && !o->sums && !o->json);
	CHECK(!o->overwrite && !o->resume && !o->no_sync);
	CHECK_INT(o->max_size, 0);
	CHECK(!o->seqpacket && !o->sibling);
	CHECK(o->command == NULL && !o->pass_fd && !o->has_mode);
	CHECK(o->allow.cids.count == 0 && !o->allow.privileged);
	CHECK_INT(o->max_conns, 0);
	CHECK_INT(o->mode, 0600);
	CHECK_INT(o->half_close, OPTIONS_HALF_CLOSE_DEFAULT);
	CHECK_INT(o->source_cid, ADDRESS_ANY);
	CHECK_INT(o->source_port, ADDRESS_ANY);
	CHECK_INT(o->buffer, 1024 * 1024);
	CHECK(o->quit_after < 0);
	CHECK(o->timeout == 10);
	CHECK(o->idle_timeout == 0);
	CHECK(o->retry < 0);
}

static void test_switches(void)
{
	CHECK_INT(arguments_good("-l 1")->action, OPTIONS_LISTEN);
	CHECK_INT(arguments_good("--listen 1")->action, OPTIONS_LISTEN);
	CHECK(arguments_good("-l -k 1")->keep_open);
	CHECK(arguments_good("-lk 1")->keep_open);
	CHECK(arguments_good("--keep-open --listen 1")->keep_open);
	CHECK(arguments_good("-d 3:1")->detach_stdin);
	CHECK(arguments_good("--detach-stdin 3:1")->detach_stdin);
	CHECK(arguments_good("-v 3:1")->verbose);
	CHECK(arguments_good("--verbose 3:1")->verbose);
	CHECK(arguments_good("--send-only 3:1")->send_only);
	CHECK(arguments_good("--recv-only 3:1")->recv_only);
	CHECK(arguments_good("--strict 3:1")->strict);
	CHECK(arguments_good("--progress 3:1")->progress);
	CHECK(arguments_good("--progress -l -k 1")->progress);
	CHECK(arguments_good("--progress -l 1 -t 3:1")->progress);
	CHECK(arguments_good("--sibling 3:1")->sibling);
	CHECK(arguments_good("--seqpacket 3:1")->seqpacket);
	CHECK_INT(
	    arguments_good("-N 3:1")->half_close, OPTIONS_HALF_CLOSE_DEFAULT);
	CHECK_INT(arguments_good("--shutdown 3:1")->half_close,
	    OPTIONS_HALF_CLOSE_YES);
	CHECK_INT(arguments_good("--no-shutdown 3:1")->half_close,
	    OPTIONS_HALF_CLOSE_NO);
}

static void test_questions(void)
{
	CHECK_INT(arguments_good("--cid")->action, OPTIONS_CID);
	CHECK(arguments_good("--cid -v")->verbose);
	CHECK_INT(arguments_good("--doctor")->action, OPTIONS_DOCTOR);
	CHECK(!arguments_good("--doctor")->json);
	CHECK_INT(arguments_good("--json --doctor")->action, OPTIONS_DOCTOR);
	CHECK(arguments_good("--doctor --json")->json);
	CHECK_INT(arguments_good("--doctor -h")->action, OPTIONS_HELP);
}

static void test_values(void)
{
	CHECK(arguments_good("-t unix:/x 3:1")->has_target);
	CHECK_STR(arguments_good("-t unix:/x 3:1")->target.path, "/x");
	CHECK(!arguments_good("-t - 3:1")->has_target);
	CHECK(arguments_good("-d -t - 3:1")->detach_stdin);
	CHECK_STR(arguments_good("--to=unix:/x 3:1")->target.path, "/x");
	CHECK_INT(arguments_good("-l 1 -t tcp:22")->target.port, 22);
	CHECK_INT(arguments_good("-l 1 -t 3:4")->target.cid, 3);
	CHECK_INT(arguments_good("-l 1 -t 3:4")->action, OPTIONS_LISTEN);
	CHECK(arguments_good("-q 5 3:1")->quit_after == 5);
	CHECK(arguments_good("-q0 3:1")->quit_after == 0);
	CHECK(arguments_good("--quit-after 0.5 3:1")->quit_after == 0.5);
	CHECK(arguments_good("-w 2.5 3:1")->timeout == 2.5);
	CHECK(arguments_good("-w 0 3:1")->timeout == 0);
	CHECK(arguments_good("--timeout=3 3:1")->timeout == 3);
	CHECK(arguments_good("-i .5 3:1")->idle_timeout == 0.5);
	CHECK(arguments_good("--idle-timeout 60 3:1")->idle_timeout == 60);
	CHECK(arguments_good("--retry 3:1")->retry == 0);
	CHECK(arguments_good("--retry=30 3:1")->retry == 30);
	CHECK_INT(arguments_good("-s 1 3:1")->source_cid, 1);
	CHECK_INT(arguments_good("--source host 3:1")->source_cid, 2);
	CHECK_INT(arguments_good("-s any 3:1")->source_cid, ADDRESS_ANY);
	CHECK_INT(arguments_good("-p 1023 3:1")->source_port, 1023);
	CHECK_INT(
	    arguments_good("--source-port 65536 3:1")->source_port, 65536);
	CHECK_INT(arguments_good("-p 0 3:1")->source_port, 0);
	CHECK_INT(arguments_good("-p -1 3:1")->source_port, ADDRESS_ANY);
}

static void test_serving(void)
{
	CHECK_STR(arguments_good("-e cat 3:1")->command, "cat");
	CHECK_STR(arguments_good("3 1 --exec=cat")->command, "cat");
	CHECK(arguments_good("-F 3:1")->pass_fd);
	CHECK(arguments_good("--pass-fd 3 1")->pass_fd);
	CHECK_INT(arguments_good("-lk 1 -e cat -m 7")->max_conns, 7);
	CHECK_INT(arguments_good("-lk 1 -t 3:1 --max-conns=7")->max_conns, 7);
	CHECK(arguments_good("-l 1 --allow-privileged")->allow.privileged);
	CHECK_INT(arguments_good("-l 1 --allow 3,5-9")->allow.cids.count, 2);
	CHECK_INT(
	    arguments_good("-l 1 --allow 3 --allow=7")->allow.cids.count, 2);
	CHECK(!arguments_good("-l unix:/x")->has_owner);
	CHECK(arguments_good("-l unix:/x --owner 5:6")->has_owner);
	CHECK_INT(arguments_good("-l unix:/x --owner 5:6")->owner.user, 5);
	CHECK_INT(arguments_good("-l mux:/x:1 --owner=:6")->owner.group, 6);
	CHECK_INT(arguments_good("-l unix:/x --mode 660")->mode, 0660);
	CHECK_INT(arguments_good("-l mux:/x:1 --mode=0666")->mode, 0666);
}

static void test_passed_socket(void)
{
	const struct options *o = arguments_good("-l -");

	CHECK_INT(o->action, OPTIONS_LISTEN);
	CHECK_INT(o->address.kind, ADDRESS_STDIO);
	arguments_good("-l - -k -t 3:1 -m 5");
	arguments_good("-l -k - -e cat --allow 3");
	arguments_good("- -l --allow-privileged");
	arguments_good("- -l --into d");
}

static void test_sizes(void)
{
	CHECK_INT(arguments_good("--buffer 1024 3:1")->buffer, 1024);
	CHECK_INT(arguments_good("--buffer=4KiB 3:1")->buffer, 4096);
	CHECK_INT(arguments_good("--buffer 1K 3:1")->buffer, 1024);
	CHECK_INT(arguments_good("--buffer 1MiB 3:1")->buffer, 1 << 20);
	CHECK_INT(arguments_good("--buffer 1M 3:1")->buffer, 1 << 20);
	CHECK_INT(arguments_good("--buffer 1024MiB 3:1")->buffer, 1 << 30);
	CHECK_INT(arguments_good("--buffer 1GiB 3:1")->buffer, 1 << 30);
	CHECK_INT(arguments_good("--into d --max-size 1 3:1")->max_size, 1);
	CHECK_INT(arguments_good("--into d --max-size=10GiB 3:1")->max_size,
	    10LL << 30);
	CHECK_INT(
	    arguments_good("--into d --max-size 2T 3:1")->max_size, 2LL << 40);
	CHECK_INT(arguments_good("--buffer 100001 3:1")->buffer, 100001);
}

static void check_address(
    const char *words, uint32_t cid, uint32_t port, enum options_action action)
{
	const struct options *o = arguments_good(words);
	int before = test_failures;

	CHECK_INT(o->address.kind, ADDRESS_VSOCK);
	CHECK_INT(o->address.cid, cid);
	CHECK_INT(o->address.port, port);
	CHECK_INT(o->action, action);
	if (test_failures != before)
		printf("# of: vcat %s\n", words);
}

static void test_addresses(void)
{
	check_address("3 1234", 3, 1234, OPTIONS_CONNECT);
	check_address("host 1234", 2, 1234, OPTIONS_CONNECT);
	check_address("-v 3 -w 5 1234 -d", 3, 1234, OPTIONS_CONNECT);
	check_address("-- 3 1234", 3, 1234, OPTIONS_CONNECT);
	check_address("3:1234 -v", 3, 1234, OPTIONS_CONNECT);
	check_address("vsock://3:1234", 3, 1234, OPTIONS_CONNECT);
	check_address("-l 3 1234", 3, 1234, OPTIONS_LISTEN);
	check_address("-l any 1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-l 1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("1234 -l", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-l any", ADDRESS_ANY, ADDRESS_ANY, OPTIONS_LISTEN);
	check_address("-l host:any", 2, ADDRESS_ANY, OPTIONS_LISTEN);
	CHECK_STR(arguments_good("unix:@x")->address.path, "@x");
	CHECK_STR(arguments_good("-l unix:/x")->address.path, "/x");
	CHECK_INT(arguments_good("mux:/x:7")->address.port, 7);
	CHECK_STR(arguments_good("tcp:[::1]:22")->address.host, "::1");
}

static void test_minus_one(void)
{
	check_address("-l -1:1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-1:1234 -l", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-l -1 1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-l -- -1:1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-l -- -1 -1", ADDRESS_ANY, ADDRESS_ANY, OPTIONS_LISTEN);
	check_address("-l -1", ADDRESS_ANY, ADDRESS_ANY, OPTIONS_LISTEN);
	check_address("-l 1 -1", 1, ADDRESS_ANY, OPTIONS_LISTEN);
	check_address("-l 4294967295:1", ADDRESS_ANY, 1, OPTIONS_LISTEN);
}

static void test_listen_on_source(void)
{
	check_address("-l -p 1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-lp 1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-lp1234", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-p 1234 -l", ADDRESS_ANY, 1234, OPTIONS_LISTEN);
	check_address("-l -s 1 -p 1234", 1, 1234, OPTIONS_LISTEN);
	check_address("-l -s 1", 1, ADDRESS_ANY, OPTIONS_LISTEN);
	check_address("-l -p any", ADDRESS_ANY, ADDRESS_ANY, OPTIONS_LISTEN);
}

static void test_source_of_target(void)
{
	const struct options *o = arguments_good("-l 99 -t 3:1 -p 1234");

	CHECK_INT(o->address.port, 99);
	CHECK_INT(o->source_port, 1234);
	/* taken for the listener's address: the dialler cannot bind it too */
	o = arguments_good("-l -s 1 -p 1234 -t 3:1");
	CHECK_INT(o->address.cid, 1);
	CHECK_INT(o->address.port, 1234);
	CHECK_INT(o->source_cid, ADDRESS_ANY);
	CHECK_INT(o->source_port, ADDRESS_ANY);
}

static void test_abbreviations(void)
{
	CHECK_INT(arguments_good("--lis 1")->action, OPTIONS_LISTEN);
	CHECK(arguments_good("--send 3:1")->send_only);
	CHECK(arguments_good("--recv 3:1")->recv_only);
	CHECK(arguments_good("--idle=2 3:1")->idle_timeout == 2);
	CHECK_INT(arguments_good("--buf 1M 3:1")->buffer, 1 << 20);
	CHECK_INT(
	    arguments_good("--no-sh 3:1")->half_close, OPTIONS_HALF_CLOSE_NO);
	CHECK_INT(arguments_good("--source=1 3:1")->source_cid, 1);
}

static void test_last_wins(void)
{
	CHECK(arguments_good("-w 1 -w 2 3:1")->timeout == 2);
	CHECK_INT(arguments_good("--shutdown --no-shutdown 3:1")->half_close,
	    OPTIONS_HALF_CLOSE_NO);
	CHECK_INT(arguments_good("--no-shutdown --shutdown 3:1")->half_close,
	    OPTIONS_HALF_CLOSE_YES);
	CHECK_STR(
	    arguments_good("-t unix:/a -t unix:/b 3:1")->target.path, "/b");
}

static void test_help_and_version(void)
{
	CHECK_INT(arguments_good("-h")->action, OPTIONS_HELP);
	CHECK_INT(arguments_good("--help")->action, OPTIONS_HELP);
	CHECK_INT(arguments_good("-V")->action, OPTIONS_VERSION);
	CHECK_INT(arguments_good("--version")->action, OPTIONS_VERSION);
	/* whatever else is there */
	CHECK_INT(arguments_good("-l -d -h a b c")->action, OPTIONS_HELP);
}

static void check_in_help(const char *help, const char *form)
{
	if (!CHECK(strstr(help, form) != NULL))
		printf("# the help has no '%s'\n", form);
}

static void test_help_is_whole(void)
{
	char shorts[OPTIONS_SHORTS_SIZE];
	struct option longs[OPTIONS_TABLE_MAX + 1];
	char *help = NULL;
	size_t size;
	FILE *to = open_memstream(&help, &size);
	int wide = 0;

	options_table_help(to);
	fclose(to);
	options_table_getopt(shorts, longs);
	for (const char *letter = shorts; *letter != '\0'; letter++) {
		char form[] = { '\n', ' ', ' ', '-', *letter, '\0' };

		/* but for what asks for words in order, and takes -1 */
		if (isalpha((unsigned char)*letter))
			check_in_help(help, form);
	}
	for (const struct option *word = longs; word->name != NULL; word++) {
		char form[64];

		snprintf(form, sizeof form, " --%s%s", word->name,
		    word->has_arg == required_argument   ? " "
		    : word->has_arg == optional_argument ? "[="
							 : " ");
		check_in_help(help, form);
	}
	for (const char *line = help; *line != '\0';
	     line += strcspn(line, "\n") + 1)
		wide += strcspn(line, "\n") > 80;
	CHECK_INT(wide, 0);
	free(help);
}

/* The column of what a usage line does, after the blanks behind its form. */
static size_t column_of(const char *line)
{
	const char *form = line + strlen("Usage: ");
	const char *end = form + strcspn(form, "\n");
	const char *gap = memmem(form, (size_t)(end - form), "  ", 2);

	if (gap == NULL)
		return 0;
	return (size_t)(gap - line) + strspn(gap, " ");
}

static void test_usage_is_aligned(void)
{
	char *help = NULL;
	size_t size;
	FILE *to = open_memstream(&help, &size);
	size_t columns = 0;

	options_table_help(to);
	fclose(to);
	CHECK(strncmp(help, "Usage: ", 7) == 0);
	for (const char *line = help;
	     line == help || strncmp(line, "       ", 7) == 0;
	     line += strcspn(line, "\n") + 1) {
		size_t column = column_of(line);

		if (column == 0)
			continue; /* it goes on in the next line */
		if (!CHECK_INT(column, 43))
			printf("# %.60s\n", line);
		columns++;
	}
	CHECK(columns >= 6);
	free(help);
}

static const struct test tests[] = {
	{ "options: an address alone leaves everything at its default",
	    test_defaults },
	{ "options: each switch switches, by letter and by word",
	    test_switches },
	{ "options: --cid and --doctor ask, and have no address",
	    test_questions },
	{ "options: each value is read, by letter and by word", test_values },
	{ "options: what a listener is for, and for whom", test_serving },
	{ "options: - after -l is a passed socket", test_passed_socket },
	{ "options: sizes, with and without a unit", test_sizes },
	{ "options: the address in one word or two, among options",
	    test_addresses },
	{ "options: -1 is an address, not an option", test_minus_one },
	{ "options: -l -p PORT listens, as with other netcats",
	    test_listen_on_source },
	{ "options: what -l -p took for the listener is not for the target",
	    test_source_of_target },
	{ "options: long words may be cut short", test_abbreviations },
	{ "options: of two that differ, the last counts", test_last_wins },
	{ "options: help and version, whatever else is there",
	    test_help_and_version },
	{ "options: the help has every option, in 80 columns",
	    test_help_is_whole },
	{ "options: the usage lines of the help share a column",
	    test_usage_is_aligned },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
