/* Where a peer connects or listens: vsock:CID:PORT or unix:PATH. */
#ifndef PLACE_H
#define PLACE_H

#include <linux/vm_sockets.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

union place {
	struct sockaddr any;
	struct sockaddr_vm vm;
	struct sockaddr_un un;
};

/* Reads text into *place; false when it is no address. */
bool place_parse(const char *text, union place *place);

/*
 * Connects a new socket of the type, from source_port on vsock unless that is
 * VMADDR_PORT_ANY. Returns it, or -1 with errno.
 */
int place_connect(const union place *place, int type, unsigned int source_port);

/* Listens with a new socket of the type. Returns it, or -1 with errno. */
int place_listen(const union place *place, int type);

/* The VM socket port that fd is bound to; VMADDR_PORT_ANY when there is none.
 */
unsigned int place_port(int fd);

/* Removes the file that place_listen made for a unix place. */
void place_forget(const union place *place);

#endif
