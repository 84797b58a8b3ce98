#include "progress.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "log.h"
#include "text.h"

#define FIRST_SECONDS 0.5
#define EVERY_SECONDS 0.2

/* The rate is that of the last one or two of these. */
#define WINDOW_NS 3000000000LL
#define NS_PER_S  1000000000LL

/* Time left that is longer is none that anybody can rely on. */
#define LONGEST_SECONDS (100 * 3600.0)

/* Between the parts of a line, and for the beginning of a name that is cut. */
#define GAP "  "
#define CUT "..."

/* With fewer columns, a name says nothing. */
#define NAME_LEAST 8

/* What follows the name. */
enum part { AMOUNT, PERCENT, RATE, TIME, PARTS };
#define PART_SIZE 48

char *progress_bytes(uint64_t bytes, char text[PROGRESS_SIZE])
{
	static const char units[] = "KMGTPE";
	int unit = -1;
	unsigned rest = 0; /* 1/1024 of the unit */

	while (bytes >= 1024) {
		rest = bytes % 1024;
		bytes /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, PROGRESS_SIZE, "%" PRIu64 " B", bytes);
	else if (bytes < 100)
		snprintf(text, PROGRESS_SIZE, "%" PRIu64 ".%u %ciB", bytes,
		    rest * 10 / 1024, units[unit]);
	else
		snprintf(text, PROGRESS_SIZE, "%" PRIu64 " %ciB", bytes,
		    units[unit]);
	return text;
}

static void put_time(uint64_t seconds, char text[PART_SIZE])
{
	unsigned rest = seconds % 60;
	uint64_t minutes = seconds / 60;

	if (minutes < 60)
		snprintf(text, PART_SIZE, "%" PRIu64 ":%02u", minutes, rest);
	else
		snprintf(text, PART_SIZE, "%" PRIu64 ":%02u:%02u", minutes / 60,
		    (unsigned)(minutes % 60), rest);
}

static uint64_t moved_of(const struct progress *progress)
{
	return progress->bytes > progress->kept
		   ? progress->bytes - progress->kept
		   : 0;
}

/* In bytes per second. */
static double rate_of(const struct progress *progress, int64_t now)
{
	const struct progress_mark *mark = &progress->marks[0];
	uint64_t moved = moved_of(progress);

	if (now <= mark->at || moved <= mark->moved)
		return 0;
	return (double)(moved - mark->moved) * (double)NS_PER_S /
	       (double)(now - mark->at);
}

/* Of a total that is known: 100 for nothing less than all. */
static int percent_of(uint64_t bytes, uint64_t total)
{
	int percent;

	if (bytes == total)
		return 100;
	percent = (int)((double)bytes * 100 / (double)total);
	return percent < 100 ? percent : 99;
}

/* Rounded up: the last second ends with the last byte. */
static void put_time_left(uint64_t bytes, double rate, char text[PART_SIZE])
{
	double left = 0;
	uint64_t seconds;

	if (bytes > 0)
		left = rate > 0 ? (double)bytes / rate : LONGEST_SECONDS;
	if (left < LONGEST_SECONDS) {
		seconds = (uint64_t)left;
		put_time(seconds + ((double)seconds < left), text);
	} else {
		strlcpy(text, "-:--", PART_SIZE);
	}
	strlcat(text, " left", PART_SIZE);
}

/* What was more than the total shows that there is none. */
static void put_parts(
    const struct progress *progress, int64_t now, char parts[PARTS][PART_SIZE])
{
	uint64_t bytes = progress->bytes;
	uint64_t total = progress->total;
	double rate = rate_of(progress, now);
	uint64_t elapsed = now > progress->began
			       ? (uint64_t)(now - progress->began) / NS_PER_S
			       : 0;
	char text[PROGRESS_SIZE];

	strlcpy(parts[AMOUNT], progress_bytes(bytes, text), PART_SIZE);
	progress_bytes(rate < 1e18 ? (uint64_t)rate : UINT64_MAX, text);
	snprintf(parts[RATE], PART_SIZE, "%s/s", text);
	parts[PERCENT][0] = '\0';
	if (total == PROGRESS_UNKNOWN || bytes > total) {
		put_time(elapsed, parts[TIME]);
		return;
	}
	strlcat(parts[AMOUNT], " of ", PART_SIZE);
	strlcat(parts[AMOUNT], progress_bytes(total, text), PART_SIZE);
	snprintf(parts[PERCENT], PART_SIZE, "%d%%", percent_of(bytes, total));
	put_time_left(total - bytes, rate, parts[TIME]);
}

/* How many columns the parts take, each with a gap before it. */
static int width_of_parts(char parts[PARTS][PART_SIZE])
{
	size_t width = 0;

	for (int i = 0; i < PARTS; i++)
		if (parts[i][0] != '\0')
			width += strlen(GAP) + strlen(parts[i]);
	return (int)width;
}

/*
 * The text after its first character, and how many columns that takes: for one
 * that the C library does not know, as many as it can.
 */
static const char *skip_character(const char *text, int *columns)
{
	uint32_t code;
	size_t length = text_decode(text, &code);

	*columns = length > 1 ? wcwidth((wchar_t)code) : 1;
	if (*columns < 0)
		*columns = 2;
	return text + (length > 0 ? length : 1);
}

static int width_of(const char *text)
{
	int width = 0;
	int columns;

	for (; *text != '\0'; width += columns)
		text = skip_character(text, &columns);
	return width;
}

/* As much of the end of the name as fits; no accent without its letter. */
static void put_name(const char *name, int room, char *text)
{
	int width = width_of(name);
	const char *next;
	int columns;

	if (width > room && room < NAME_LEAST)
		return;
	if (width > room) {
		strlcpy(text, CUT, PROGRESS_LINE_SIZE);
		room -= (int)strlen(CUT);
		for (; *name != '\0'; name = next, width -= columns) {
			next = skip_character(name, &columns);
			if (width <= room && columns > 0)
				break;
		}
	}
	strlcat(text, name, PROGRESS_LINE_SIZE);
}

void progress_format(const struct progress *progress, int64_t now, int columns,
    char text[PROGRESS_LINE_SIZE])
{
	static const enum part dropped[] = { RATE, TIME, AMOUNT, PERCENT };
	/* wcwidth(3) asks it; "C" has no letters but ASCII's */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = uselocale(utf8);
	char parts[PARTS][PART_SIZE];
	int room = columns > 1 ? columns - 1 : 0;
	int gap = (int)strlen(GAP); /* there is none before the first */

	put_parts(progress, now, parts);
	for (int i = 0; i < PARTS && width_of_parts(parts) - gap > room; i++)
		parts[dropped[i]][0] = '\0';
	text[0] = '\0';
	put_name(progress->name, room - width_of_parts(parts), text);
	for (int i = 0; i < PARTS; i++) {
		if (text[0] != '\0' && parts[i][0] != '\0')
			strlcat(text, GAP, PROGRESS_LINE_SIZE);
		strlcat(text, parts[i], PROGRESS_LINE_SIZE);
	}
	uselocale(before);
	if (utf8 != (locale_t)0)
		freelocale(utf8);
}

void progress_begin(struct progress *progress, bool wanted, uint64_t total)
{
	int64_t now = deadline_now();
	bool shown = wanted && isatty(STDERR_FILENO) != 0;

	*progress = (struct progress){
		.shown = shown,
		.total = total,
		.began = now,
		.marks = { { .at = now }, { .at = now } },
		.next = shown ? deadline_in(FIRST_SECONDS) : deadline_never(),
	};
}

void progress_name(struct progress *progress, const char *name)
{
	const size_t most = sizeof progress->name - sizeof CUT;
	size_t length = strlen(name);
	bool cut = length >= sizeof progress->name;

	if (cut)
		name += length - most;
	while (cut && (*name & 0xc0) == 0x80) /* not the first of its bytes */
		name++;
	snprintf(progress->name, sizeof progress->name, "%s%s", cut ? CUT : "",
	    name);
	text_tame(progress->name);
}

static void draw(struct progress *progress)
{
	struct progress_mark *marks = progress->marks;
	int64_t now = deadline_now();
	int columns = log_columns();
	char text[PROGRESS_LINE_SIZE];

	progress->next = deadline_in(EVERY_SECONDS);
	if (now - marks[1].at >= WINDOW_NS) {
		marks[0] = marks[1];
		marks[1] = (struct progress_mark){ now, moved_of(progress) };
	}
	if (columns == 0)
		return;
	progress_format(progress, now, columns, text);
	log_progress(text);
}

void progress_add(struct progress *progress, uint64_t bytes)
{
	progress->bytes += bytes;
	if (deadline_passed(progress->next))
		draw(progress);
}

void progress_hide(struct progress *progress)
{
	if (progress->shown)
		log_progress("");
}

bool progress_end(struct progress *progress)
{
	progress_hide(progress);
	progress->next = deadline_never();
	return progress->shown && log_columns() > 0;
}
