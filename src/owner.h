/*
 * Who is to own a file, as chown(1) takes it: USER, USER:GROUP, USER: for the
 * user's login group, or :GROUP. Names and numbers; a number is looked up only
 * for its login group.
 */
#ifndef VCAT_OWNER_H
#define VCAT_OWNER_H

#include <sys/types.h>

/* What is to stay as it is, is -1. */
struct owner {
	uid_t user;
	gid_t group;
};

/*
 * Reads it into a struct owner. Returns NULL, or a static sentence that says
 * what is wrong with the text.
 */
const char *owner_read(const char *text, void *field);

/*
 * Gives the socket file of that path to the owner, and then this mode. It must
 * be a socket; a symbolic link in its place is not followed. Returns 0, or -1
 * with errno and in *step the call that failed.
 */
int owner_give(const char *path, const struct owner *owner, mode_t mode,
    const char **step);

#endif
