/*
 * Where a peer connects or listens: vsock:CID:PORT, unix:PATH, or
 * tcp:ADDRESS:PORT with an IPv4 address in numbers.
 */
#ifndef PLACE_H
#define PLACE_H

#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

union place {
	struct sockaddr any;
	struct sockaddr_vm vm;
	struct sockaddr_un un;
	struct sockaddr_in in;
};

/* Reads text into *place; false if it is not an address. */
bool place_parse(const char *text, union place *place);

/* The size of its address, as bind(2) and connect(2) want it. */
socklen_t place_size(const union place *place);

/*
 * Connects a new socket of the type, from source_port on vsock unless that is
 * VMADDR_PORT_ANY. Returns it, or -1 with errno.
 */
int place_connect(const union place *place, int type, unsigned int source_port);

/* Listens with a new socket of the type. Returns it, or -1 with errno. */
int place_listen(const union place *place, int type);

/* The VM socket or TCP port that fd is bound to; VMADDR_PORT_ANY: none.
 */
unsigned int place_port(int fd);

/* Removes the file that place_listen made for a unix place. */
void place_forget(const union place *place);

#endif
