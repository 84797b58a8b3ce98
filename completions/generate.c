/*
 * generate bash|zsh|fish: the options as that shell's completions want them,
 * from the table that the program itself has. The Makefile puts this in the
 * place of the line "# @OPTIONS@" of vcat.bash and so on.
 */
#include <stdio.h>
#include <string.h>

#include "options_table.h"

/* Within single quotes; `escape` is how the shell writes one in them. */
static void put_quoted(const char *text, const char *escape)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs(escape, stdout);
		else
			putchar(*text);
	}
}

static void put_forms(const struct options_row *row, const char *between)
{
	if (row->letter != NULL)
		fputs(row->letter, stdout);
	if (row->letter != NULL && row->word != NULL)
		fputs(between, stdout);
	if (row->word != NULL)
		fputs(row->word, stdout);
}

/* The words, and for those with a value what kind it is of. */
static void print_bash(void)
{
	const struct options_row *row;

	puts("_vcat_options=(");
	for (row = options_table; row->help != NULL; row++) {
		putchar('\t');
		put_forms(row, " ");
		putchar('\n');
	}
	puts(")\n\n_vcat_kind_of() {\n\tcase $1 in");
	for (row = options_table; row->help != NULL; row++) {
		if (row->argument != required_argument)
			continue;
		putchar('\t');
		put_forms(row, " | ");
		printf(") echo %s ;;\n", row->value_name);
	}
	puts("\tesac\n}");
}

/* A specification for _arguments: one for each form, that rule out the other.
 */
static void print_zsh_form(
    const struct options_row *row, const char *form, const char *glue)
{
	fputs("\t'(", stdout);
	put_forms(row, " ");
	printf(")%s%s[", form, glue);
	put_quoted(row->help, "'\\''");
	putchar(']');
	if (row->value_name != NULL)
		printf("%s%s:_vcat_value %s",
		    row->argument == optional_argument ? "::" : ":",
		    row->value_name, row->value_name);
	puts("'");
}

static void print_zsh_row(const struct options_row *row)
{
	static const char *const glue[] = { [no_argument] = "",
		[required_argument] = "=",
		[optional_argument] = "=-" };

	if (row->letter != NULL)
		print_zsh_form(row, row->letter,
		    row->argument == required_argument ? "+" : "");
	if (row->word != NULL)
		print_zsh_form(row, row->word, glue[row->argument]);
}

static void print_zsh(void)
{
	const struct options_row *row;

	puts("_vcat_options=(");
	for (row = options_table; row->help != NULL; row++)
		print_zsh_row(row);
	puts(")");
}

static void print_fish(void)
{
	const struct options_row *row;

	for (row = options_table; row->help != NULL; row++) {
		fputs("complete -c vcat", stdout);
		if (row->letter != NULL)
			printf(" -s %s", row->letter + strlen("-"));
		if (row->word != NULL)
			printf(" -l %s", row->word + strlen("--"));
		if (row->argument == required_argument)
			printf(" -x -a '(__vcat_value %s)'", row->value_name);
		fputs(" -d '", stdout);
		put_quoted(row->help, "\\'");
		puts("'");
	}
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {
		{ "bash", print_bash },
		{ "zsh", print_zsh },
		{ "fish", print_fish },
	};

	for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof shells[0];
	     i++) {
		if (strcmp(argv[1], shells[i].shell) == 0) {
			shells[i].print();
			return fflush(stdout) == 0 ? 0 : 1;
		}
	}
	fputs("usage: generate bash|zsh|fish\n", stderr);
	return 2;
}
