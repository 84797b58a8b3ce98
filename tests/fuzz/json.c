/*
 * libFuzzer: a JSON object of members whose kinds, names and values are the
 * input's. What is written must be one line of strict JSON in valid UTF-8, and
 * must say the same when it is read: strings as they were, but for bytes that
 * were no UTF-8.
 */
#include "fuzz.h"
#include "json.h"

#include <math.h>

#define MEMBERS_MOST 8
#define TEXT_MOST    4096

enum kind { STRING, NUMBER, BOOLEAN, KINDS };

struct member {
	enum kind kind;
	char *key;
	char *text;
	double number;
	bool yes;
};

/* The length of the character that valid UTF-8 has here, by the table of well-
 * formed sequences in the Unicode standard; 0: none. */
static size_t character(const unsigned char *s, size_t left)
{
	static const unsigned char rows[][5] = {
		/* first byte from, to; second from, to; length */
		{ 0x00, 0x7f, 0x00, 0xff, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const unsigned char *row = rows[i];
		size_t n = 1;

		if (s[0] < row[0] || s[0] > row[1] || left < row[4])
			continue;
		if (row[4] > 1 && (s[1] < row[2] || s[1] > row[3]))
			continue;
		while (n < row[4] && (s[n] & 0xc0) == 0x80)
			n++;
		if (n == row[4])
			return n;
	}
	return 0;
}

/* The text as it must be read: each byte that is no UTF-8 is U+FFFD. */
static size_t expected(const char *text, char *to)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t left = strlen(text);
	char *at = to;

	while (left > 0) {
		size_t n = character(s, left);

		if (n == 0)
			at = stpcpy(at, "\xef\xbf\xbd");
		else
			at = mempcpy(at, s, n);
		s += n == 0 ? 1 : n;
		left -= n == 0 ? 1 : n;
	}
	return (size_t)(at - to);
}

/* What is left of the text to read. */
struct reader {
	const char *at;
	const char *end;
};

static void take(struct reader *reader, const char *word)
{
	size_t n = strlen(word);

	must((size_t)(reader->end - reader->at) >= n &&
		 memcmp(reader->at, word, n) == 0,
	    "what JSON needs here");
	reader->at += n;
}

static unsigned hex(const char *digits)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++) {
		const char *known = "0123456789abcdef";
		const char *found = strchr(known, digits[i]);

		must(digits[i] != '\0' && found != NULL, "a \\u");
		code = code * 16 + (unsigned)(found - known);
	}
	return code;
}

/* Reads what follows a backslash. */
static char *escape(struct reader *reader, char *to)
{
	unsigned code;

	if (*reader->at != 'u') {
		must(strchr("\"\\/bfnrt", *reader->at) != NULL, "an escape");
		must(*reader->at == '"' || *reader->at == '\\',
		    "an escape that is not needed");
		*to++ = *reader->at++;
		return to;
	}
	must(reader->end - reader->at > 5, "a \\u");
	code = hex(reader->at + 1);
	reader->at += 5;
	must(code == 0xfffd || code < 0x20 || code == 0x7f, "a \\u");
	if (code == 0xfffd)
		return stpcpy(to, "\xef\xbf\xbd");
	*to++ = (char)code;
	return to;
}

/* Reads a string, and returns its length. */
static size_t string(struct reader *reader, char *to)
{
	char *at = to;

	take(reader, "\"");
	while (reader->at < reader->end && *reader->at != '"') {
		const unsigned char *s = (const unsigned char *)reader->at;
		size_t n = character(s, (size_t)(reader->end - reader->at));

		must(n > 0, "no UTF-8");
		must(*s >= 0x20 && *s != 0x7f, "a control character");
		if (*s == '\\') {
			reader->at++;
			at = escape(reader, at);
			continue;
		}
		at = mempcpy(at, s, n);
		reader->at += n;
	}
	take(reader, "\"");
	return (size_t)(at - to);
}

static void check_string(struct reader *reader, const char *text)
{
	static char wanted[3 * TEXT_MOST];
	static char got[6 * TEXT_MOST];
	size_t length = expected(text, wanted);

	must(string(reader, got) == length && memcmp(got, wanted, length) == 0,
	    "another string");
}

static size_t digits(const char *at)
{
	return strspn(at, "0123456789");
}

/* The length of a number as RFC 8259 has it. */
static size_t number_length(const char *text)
{
	const char *at = text + (text[0] == '-');
	size_t whole = digits(at);

	must(whole > 0 && (whole == 1 || at[0] != '0'), "a number");
	at += whole;
	if (*at == '.') {
		must(digits(at + 1) > 0, "a fraction");
		at += 1 + digits(at + 1);
	}
	if (*at == 'e' || *at == 'E') {
		at += 1 + (at[1] == '+' || at[1] == '-');
		must(digits(at) > 0, "an exponent");
		at += digits(at);
	}
	return (size_t)(at - text);
}

/* Of a number, 15 digits remain; those that are not so long remain whole. */
static void check_number(struct reader *reader, double number)
{
	double got;
	size_t length;

	if (!isfinite(number)) {
		take(reader, "null");
		return;
	}
	length = number_length(reader->at);
	got = strtod(reader->at, NULL);
	reader->at += length;
	if (rint(number) == number && fabs(number) < 1e15)
		must(got == number, "another whole number");
	/* the highest ones are rounded to infinity */
	else if (isfinite(got))
		must(fabs(got - number) <= fabs(number) * 1e-14, "a number");
}

static void check(
    const char *text, size_t length, const struct member *members, size_t count)
{
	struct reader reader = { text, text + length };

	take(&reader, "{");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			take(&reader, ",");
		check_string(&reader, members[i].key);
		take(&reader, ":");
		if (members[i].kind == STRING)
			check_string(&reader, members[i].text);
		else if (members[i].kind == NUMBER)
			check_number(&reader, members[i].number);
		else
			take(&reader, members[i].yes ? "true" : "false");
	}
	take(&reader, "}\n");
	must(reader.at == reader.end, "more than the object");
}

static struct member read_member(struct fuzz *fuzz)
{
	unsigned byte = fuzz_byte(fuzz);
	struct member member = { .kind = (enum kind)(byte % KINDS),
		.yes = byte > 127 };
	unsigned char number[sizeof member.number];

	member.key = fuzz_text(fuzz, '\0');
	if (member.kind == STRING)
		member.text = fuzz_text(fuzz, '\0');
	for (size_t i = 0; member.kind == NUMBER && i < sizeof number; i++)
		number[i] = (unsigned char)fuzz_byte(fuzz);
	if (member.kind == NUMBER)
		memcpy(&member.number, number, sizeof number);
	if (member.kind == NUMBER && member.yes) /* as counts and ports are */
		member.number = number[0] * 256.0 + number[1];
	return member;
}

static void write_member(struct json *json, const struct member *member)
{
	if (member->kind == STRING)
		json_string(json, member->key, member->text);
	else if (member->kind == NUMBER)
		json_number(json, member->key, member->number);
	else
		json_bool(json, member->key, member->yes);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz fuzz = { data, size < TEXT_MOST ? size : TEXT_MOST };
	struct member members[MEMBERS_MOST];
	static FILE *to;
	static char *text;
	static size_t length;
	size_t count = 0;
	struct json json;

	if (to == NULL)
		to = open_memstream(&text, &length);
	rewind(to);
	json_open(&json, to);
	while (count < MEMBERS_MOST && fuzz.left > 0) {
		members[count] = read_member(&fuzz);
		write_member(&json, &members[count++]);
	}
	json_close(&json);
	fflush(to);
	check(text, length, members, count);
	for (size_t i = 0; i < count; i++) {
		free(members[i].key);
		free(members[i].text);
	}
	return 0;
}
