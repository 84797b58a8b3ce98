/*
 * generate bash|zsh|fish: the options as that shell's completions want them,
 * from the table that the program itself has. The Makefile puts this in the
 * place of the line "# @OPTIONS@" of vcat.bash and so on.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "options_table.h"

static bool has_letter(const struct options_row *row)
{
	return row->id <= UCHAR_MAX;
}

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
	if (has_letter(row))
		printf("-%c%s", row->id, row->word != NULL ? between : "");
	if (row->word != NULL)
		printf("--%s", row->word);
}

/* The words, and for those with a value what kind it is of. */
static void print_bash(const struct options_row *rows, size_t count)
{
	puts("_vcat_options=(");
	for (size_t i = 0; i < count; i++) {
		putchar('\t');
		put_forms(&rows[i], " ");
		putchar('\n');
	}
	puts(")\n\n_vcat_kind_of() {\n\tcase $1 in");
	for (size_t i = 0; i < count; i++) {
		if (rows[i].value != VALUE_NEEDED)
			continue;
		putchar('\t');
		put_forms(&rows[i], " | ");
		printf(") echo %s ;;\n", rows[i].value_name);
	}
	puts("\tesac\n}");
}

/* A specification for _arguments: one for each form, that rule out the other.
 */
static void print_zsh_form(const struct options_row *row, const char *form)
{
	fputs("\t'(", stdout);
	put_forms(row, " ");
	printf(")%s[", form);
	put_quoted(row->help, "'\\''");
	putchar(']');
	if (row->value != VALUE_NONE)
		printf("%s%s:_vcat_value %s",
		    row->value == VALUE_OPTIONAL ? "::" : ":", row->value_name,
		    row->value_name);
	puts("'");
}

static void print_zsh_row(const struct options_row *row)
{
	static const char *const glue[] = {
		[VALUE_NONE] = "", [VALUE_NEEDED] = "=", [VALUE_OPTIONAL] = "=-"
	};
	char form[OPTIONS_NAME_SIZE + 4];

	if (has_letter(row)) {
		snprintf(form, sizeof form, "-%c%s", row->id,
		    row->value == VALUE_NEEDED ? "+" : "");
		print_zsh_form(row, form);
	}
	if (row->word != NULL) {
		snprintf(
		    form, sizeof form, "--%s%s", row->word, glue[row->value]);
		print_zsh_form(row, form);
	}
}

static void print_zsh(const struct options_row *rows, size_t count)
{
	puts("_vcat_options=(");
	for (size_t i = 0; i < count; i++)
		print_zsh_row(&rows[i]);
	puts(")");
}

static void print_fish(const struct options_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct options_row *row = &rows[i];

		fputs("complete -c vcat", stdout);
		if (has_letter(row))
			printf(" -s %c", row->id);
		if (row->word != NULL)
			printf(" -l %s", row->word);
		if (row->value == VALUE_NEEDED)
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
		void (*print)(const struct options_row *, size_t);
	} shells[] = {
		{ "bash", print_bash },
		{ "zsh", print_zsh },
		{ "fish", print_fish },
	};
	size_t count;
	const struct options_row *rows = options_table_rows(&count);

	for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof shells[0];
	     i++) {
		if (strcmp(argv[1], shells[i].shell) == 0) {
			shells[i].print(rows, count);
			return fflush(stdout) == 0 ? 0 : 1;
		}
	}
	fputs("usage: generate bash|zsh|fish\n", stderr);
	return 2;
}
