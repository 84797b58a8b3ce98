/*
 * Command lines of verified transfers: --files, --into and --verified.
 */
#include "options_read.h"

#include "arguments.h"
#include "test.h"

/* The operands are these words, one after the other. */
static void check_operands(
    const char *words, const char *const *wanted, size_t count)
{
	const struct options *o = arguments_good(words);
	int before = test_failures;

	CHECK(o->files);
	if (!CHECK(o->operands != NULL))
		return;
	for (size_t i = 0; i < count && CHECK(o->operands[i] != NULL); i++)
		CHECK_STR(o->operands[i], wanted[i]);
	if (test_failures == before)
		CHECK(o->operands[count] == NULL);
	CHECK_INT(o->address.kind, ADDRESS_VSOCK);
	CHECK_INT(o->address.port, 700);
	if (test_failures != before)
		printf("# of: vcat %s\n", words);
}

static void test_operands(void)
{
	static const char *const one[] = { "disk.img" };
	static const char *const three[] = { "disk.img", "3", "unix:x" };
	static const char *const dashed[] = { "-v", "--files" };

	check_operands("--files disk.img 3:700", one, 1);
	check_operands("disk.img 3:700 --files", one, 1);
	check_operands("disk.img --files 3:700 -v", one, 1);
	check_operands("-l --files disk.img 700", one, 1);
	check_operands("-l disk.img -k 3:700 -i 5 --files", one, 1);
	/* whatever they look like */
	check_operands("--files disk.img 3 unix:x 3:700", three, 3);
	check_operands("disk.img --files -v 3 unix:x -w 5 3:700", three, 3);
	check_operands("--files -- -v --files 3:700", dashed, 2);
}

static void test_choices(void)
{
	const struct options *o = arguments_good("--into d --overwrite "
						 "--resume --no-sync 3:1");

	CHECK_STR(o->into, "d");
	CHECK(o->overwrite && o->resume && o->no_sync && !o->files);
	CHECK_STR(arguments_good("--into=. -l 1")->into, ".");
	CHECK(arguments_good("--verified 3:1")->verified);
	CHECK(arguments_good("--verified -l 1 --send-only")->send_only);
	CHECK(arguments_good("--verified 3:1 --recv-only")->recv_only);
	CHECK(arguments_good("--verified 3:1 -d")->detach_stdin);
	CHECK(arguments_good("--into d --sums 3:1")->sums);
	CHECK(arguments_good("--files f --sums 3:1")->sums);
	CHECK(arguments_good("--into d --json 3:1")->json);
	CHECK(arguments_good("--files f --json 3:1")->json);
	CHECK_INT(arguments_good("-l -k 1 --into d -m 7")->max_conns, 7);
	CHECK_INT(arguments_good("-l -k --files f -m 7 1")->max_conns, 7);
	arguments_good("--into d -i 5 -w 5 --retry=5 -s 1 -p 5 -v 3:1");
	arguments_good("--files f -i 5 --progress --buffer 1M 3:1");
	arguments_good("--verified -i 5 --progress -v 3:1");
}

static void test_conflicts(void)
{
	static const char *const forms[] = { "--files f 3:1", "--into d 3:1",
		"--verified 3:1" };
	static const char *const useless[] = { "-t unix:/x", "-e cat", "-F",
		"--seqpacket", "--shutdown", "--no-shutdown", "--strict",
		"-q 5" };
	static const struct arguments_row rows[] = {
		{ "--files f --into d 3:1", "exclude each other" },
		{ "--files f --verified 3:1", "exclude each other" },
		{ "--into d --verified 3:1", "exclude each other" },
		{ "--files", "--files requires files and an address" },
		{ "--files 3:1", "--files requires files and an address" },
		{ "-l --files f", "--files requires files and an address" },
		{ "--files f 700", "700: a port alone" },
		{ "--files f 3 700", "700: a port alone" },
		{ "--files=f 3:1", "--files: takes no value" },
		{ "--into d f 3:1", "f 3:1: two words must be a CID" },
		{ "--into= 3:1", "--into: the value is empty" },
		{ "--files f 3:1 --send-only", "give the direction already" },
		{ "--into d 3:1 --recv-only", "give the direction already" },
		{ "-l -k --verified 1", "-k does not work with --verified" },
		{ "-l --into d 1 -m 3", "-m requires -l -k" },
		{ "--overwrite 3:1", "require --into" },
		{ "--resume --files f 3:1", "require --into" },
		{ "--no-sync --verified 3:1", "require --into" },
		{ "--max-size 1 --files f 3:1", "require --into" },
		{ "--sums 3:1", "--sums requires --files or --into" },
		{ "--sums --verified 3:1", "--sums requires --files" },
		{ "--json --verified 3:1", "--json requires" },
		{ "--files f --cid", "--files does not work with --cid" },
		{ "--into d --doctor", "--into does not work with --doctor" },
	};

	arguments_check_rows(rows, LENGTH(rows));
	for (size_t i = 0; i < LENGTH(forms) * LENGTH(useless); i++) {
		char words[64];

		snprintf(words, sizeof words, "%s %s",
		    useless[i / LENGTH(forms)], forms[i % LENGTH(forms)]);
		if (!CHECK(strstr(arguments_wrong(words), "--into") != NULL))
			printf("# vcat %s\n", words);
	}
}

static const struct test tests[] = {
	{ "options: with --files, the words before the last are files",
	    test_operands },
	{ "options: verified transfers, and what goes with them",
	    test_choices },
	{ "options: what does not go with a verified transfer is refused",
	    test_conflicts },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
