#include "options_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int options_wrong(struct options_reading *reading, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reading->why, OPTIONS_WHY_SIZE, format, args);
	va_end(args);
	return -1;
}

int options_read_address(struct options_reading *reading, const char *text,
    enum address_role role, struct address *address)
{
	const char *why;

	if (address_parse(text, role, address, &why) < 0)
		return options_wrong(reading, "%s: %s", text, why);
	return 0;
}

/* As netcats have it: -l -p PORT, with or without -s CID. */
static int listen_on_source(struct options_reading *reading)
{
	struct options *o = reading->options;

	if (!reading->listen || !reading->source)
		return options_wrong(reading, "%s",
		    reading->listen ? "no address to listen on"
				    : "no address to connect to");
	o->address = (struct address){
		.kind = ADDRESS_VSOCK,
		.cid = o->source_cid,
		.port = o->source_port,
	};
	/* they were the listener's: not for dialling -t's address */
	o->source_cid = ADDRESS_ANY;
	o->source_port = ADDRESS_ANY;
	return 0;
}

static int read_pair(struct options_reading *reading, char *words[])
{
	enum address_role role =
	    reading->listen ? ADDRESS_BIND : ADDRESS_CONNECT;
	const char *why;

	if (address_parse_pair(
		words[0], words[1], role, &reading->options->address, &why) < 0)
		return options_wrong(
		    reading, "%s %s: %s", words[0], words[1], why);
	return 0;
}

/* An address in one word. With -l, - is a socket that was passed to us. */
static int read_far_address(struct options_reading *reading, const char *word)
{
	struct address *address = &reading->options->address;
	enum address_role role =
	    reading->listen ? ADDRESS_BIND : ADDRESS_CONNECT;

	if (options_read_address(reading, word, role, address) < 0)
		return -1;
	if (address->kind == ADDRESS_STDIO && !reading->listen)
		return options_wrong(reading,
		    "-: stdin and stdout are one side already; "
		    "give the other side's address");
	return 0;
}

/* What is left of the command line: ADDRESS, or CID PORT. */
static int read_words(struct options_reading *reading, char *words[], int count)
{
	struct options *o = reading->options;

	if (count == 0)
		return listen_on_source(reading);
	if (count > 2)
		return options_wrong(
		    reading, "%s: one address too many", words[2]);
	if (reading->listen && reading->source && !o->has_target)
		return options_wrong(
		    reading, "with -l, give an address or -s and -p, not both");
	return count == 2 ? read_pair(reading, words)
			  : read_far_address(reading, words[0]);
}

static int read_with_port(
    struct options_reading *reading, const char *prefix, uint32_t port)
{
	char text[OPTIONS_WHY_SIZE];

	snprintf(text, sizeof text, "%s:%u", prefix, port);
	return options_read_address(
	    reading, text, ADDRESS_CONNECT, &reading->options->address);
}

/* An address with a list of ports: PREFIX:LIST. */
static int read_ports(
    struct options_reading *reading, const char *prefix, const char *list)
{
	struct options *o = reading->options;
	struct ranges *ports = &o->ports;
	uint64_t last;
	const char *why;

	if (value_ports(list, ports, &why) < 0)
		return options_wrong(reading, "%s:%s: %s", prefix, list, why);
	last = value_ports_count(ports) - 1;
	/* what holds for the highest and the lowest, holds for all */
	return read_with_port(reading, prefix, value_ports_at(ports, last)) < 0
		   ? -1
		   : read_with_port(reading, prefix, value_ports_at(ports, 0));
}

/* What -z is to look at: ADDRESS with a list of ports, or CID LIST. */
static int read_scan_words(
    struct options_reading *reading, char *words[], int count)
{
	struct options *o = reading->options;
	char *colon;

	o->action = OPTIONS_SCAN;
	if (reading->listen)
		return options_wrong(reading, "-z excludes -l: it connects");
	if (count == 0)
		return options_wrong(reading, "no address to connect to");
	if (count > 2)
		return options_wrong(
		    reading, "%s: one address too many", words[2]);
	if (count == 2)
		return read_ports(reading, words[0], words[1]);
	colon = strrchr(words[0], ':');
	if (colon == NULL || strncmp(words[0], "unix:", 5) == 0) {
		o->ports.count = 1; /* it has no ports: one look is all */
		return read_far_address(reading, words[0]);
	}
	*colon = '\0';
	return read_ports(reading, words[0], colon + 1);
}

/* What only asks this machine has none. */
static int read_no_words(struct options_reading *reading, int count)
{
	if (count == 0 && !reading->beside)
		return 0;
	return options_wrong(reading,
	    "--cid and --doctor stand alone: with no address, and of the "
	    "other options --cid takes -v, --doctor --json");
}

int options_read_words(
    struct options_reading *reading, char *words[], int count)
{
	if (reading->question)
		return read_no_words(reading, count);
	return reading->scan ? read_scan_words(reading, words, count)
			     : read_words(reading, words, count);
}
