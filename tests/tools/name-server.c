/*
 * A name server, RFC 1035, for tests: UDP on 127.0.0.1:53, of a network
 * namespace.
 *
 *	name-server DIRECTORY
 *
 * A file of the directory, with the name of a name, is read anew for each
 *question and says what to do with it: "drop", "servfail", or a list of IPv4
 *and IPv6 addresses, after "slow SECONDS" if the answer is to come late. A name
 * without a file does not exist. Each question is printed: its name and type.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PORT = 53,
	HEADER = 12,
	MESSAGE_MOST = 1400,
	NAME_MOST = 255,
	TYPE_A = 1,
	TYPE_AAAA = 28,
	CLASS_IN = 1,
	CODE_SERVFAIL = 2,
	CODE_NXDOMAIN = 3,
};

struct message {
	uint8_t bytes[MESSAGE_MOST];
	size_t size;
	int type; /* of the question */
	char name[NAME_MOST + 1];
};

static void put_16(struct message *message, unsigned number)
{
	message->bytes[message->size++] = (uint8_t)(number >> 8);
	message->bytes[message->size++] = (uint8_t)number;
}

/* Cuts the message after its question. Returns whether there is one. */
static bool read_question(struct message *message)
{
	size_t at = HEADER, to = 0;

	while (at < message->size && message->bytes[at] != 0) {
		size_t length = message->bytes[at++];

		if (at + length >= message->size || to + length + 1 > NAME_MOST)
			return false;
		for (; length > 0; length--)
			message->name[to++] =
			    (char)tolower(message->bytes[at++]);
		message->name[to++] = '.';
	}
	if (to == 0 || at + 5 > message->size)
		return false;
	message->name[to - 1] = '\0';
	message->type = message->bytes[at + 1] << 8 | message->bytes[at + 2];
	message->size = at + 5;
	return strchr(message->name, '/') == NULL;
}

static void add_address(struct message *message, const char *text)
{
	bool six = strchr(text, ':') != NULL;
	uint8_t address[16];
	size_t length = six ? 16 : 4;

	if (message->type != (six ? TYPE_AAAA : TYPE_A) ||
	    inet_pton(six ? AF_INET6 : AF_INET, text, address) != 1 ||
	    message->size + 12 + length > MESSAGE_MOST)
		return;
	put_16(message, 0xc000 | HEADER); /* the question's name */
	put_16(message, (unsigned)message->type);
	put_16(message, CLASS_IN);
	put_16(message, 0); /* to be kept for no time */
	put_16(message, 0);
	put_16(message, (unsigned)length);
	memcpy(message->bytes + message->size, address, length);
	message->size += length;
	message->bytes[7]++; /* answers */
}

/* Makes the answer of the question. Returns whether to send it. */
static bool make_answer(struct message *message, const char *directory)
{
	char path[4096], word[64];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, message->name);
	file = fopen(path, "r");
	message->bytes[2] = 0x84 | (message->bytes[2] & 1);
	message->bytes[3] = 0x80 | (file == NULL ? CODE_NXDOMAIN : 0);
	memset(message->bytes + 6, 0, 6); /* no answers, and no more */
	while (file != NULL && fscanf(file, "%63s", word) == 1) {
		if (strcmp(word, "drop") == 0)
			return false;
		if (strcmp(word, "servfail") == 0)
			message->bytes[3] |= CODE_SERVFAIL;
		else if (strcmp(word, "slow") == 0 &&
			 fscanf(file, "%63s", word) == 1)
			sleep((unsigned)atoi(word));
		else
			add_address(message, word);
	}
	if (file != NULL)
		fclose(file);
	return true;
}

int main(int argc, char *argv[])
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 2 || fd < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		perror("name-server");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	setlinebuf(stdout);
	puts("ready");
	for (;;) {
		struct message message = { .size = 0 };
		struct sockaddr_in from;
		socklen_t length = sizeof from;
		ssize_t n = recvfrom(fd, message.bytes, sizeof message.bytes, 0,
		    (struct sockaddr *)&from, &length);

		message.size = n > 0 ? (size_t)n : 0;
		if (!read_question(&message))
			continue;
		printf("%s %s\n", message.name,
		    message.type == TYPE_A ? "A" : "AAAA");
		if (fork() != 0)
			continue;
		if (make_answer(&message, argv[1]))
			sendto(fd, message.bytes, message.size, 0,
			    (struct sockaddr *)&from, length);
		_exit(0);
	}
}
