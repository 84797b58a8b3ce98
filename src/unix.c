#include "unix.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "owner.h"

/* How long to wait for whoever else is replacing a file in that directory. */
#define LOCK_SECONDS 2.0
#define LOCK_MS      10

socklen_t unix_sockaddr(const char *path, struct sockaddr_un *un)
{
	size_t length = strlen(path);

	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	strlcpy(un->sun_path, path, sizeof un->sun_path);
	if (path[0] != '@')
		return sizeof *un;
	un->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* A socket without a name has an empty path. */
static void read_name(const struct sockaddr_storage *name, socklen_t length,
    struct address *address)
{
	const char *path = ((const struct sockaddr_un *)name)->sun_path;
	size_t used = length - offsetof(struct sockaddr_un, sun_path);

	memset(address->path, 0, sizeof address->path);
	memcpy(address->path, path, MIN(used, sizeof address->path - 1));
	/* an abstract name begins with a NUL, and ends with its length */
	if (used > 0 && path[0] == '\0')
		address->path[0] = '@';
}

/* Lets so much be on its way out; no message can be longer. */
void unix_prepare(int fd, const struct socket_choice *choice)
{
	int size = (int)choice->buffer;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* For the kernel it is the same whether a socket is dead or a file is none. */
static bool is_other_file(const char *path)
{
	struct stat st;

	return path[0] != '@' && stat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

int unix_begin(struct socket_attempt *attempt, const struct address *to)
{
	struct sockaddr_un un;
	socklen_t length = unix_sockaddr(to->path, &un);
	int result;

	if (attempt->fd < 0) {
		if (socket_open(attempt, AF_UNIX) < 0)
			return -1;
		unix_prepare(attempt->fd, attempt->choice);
	}
	result = socket_connect(attempt, (struct sockaddr *)&un, length);
	if (result < 0 && errno == ECONNREFUSED)
		errno = is_other_file(to->path) ? ENOTSOCK : ECONNREFUSED;
	return result;
}

/* Asks about the file of that path. An abstract name has none. */
static bool look_at(const char *path, struct stat *st)
{
	return path[0] != '@' && lstat(path, st) == 0;
}

/*
 * Whether the file is a socket that nobody has any more. Asked with a type
 * that a stream listener refuses, EPROTOTYPE, so that no connection comes of
 * it: a listener for just one would take it for that.
 */
static bool is_stale(const char *path)
{
	struct stat st;
	struct sockaddr_un un;
	socklen_t length = unix_sockaddr(path, &un);
	int fd;
	bool stale;

	if (!look_at(path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	stale = connect(fd, (struct sockaddr *)&un, length) < 0 &&
		errno == ECONNREFUSED;
	socket_abandon(fd);
	return stale;
}

/*
 * Between the test of a stale file and its removal another vcat could put its
 * own in that place; and a file looks stale from bind(2) to listen(2). So only
 * one vcat at a time may do that in a directory. The lock leaves nothing
 * behind. Returns a descriptor to close, or -1 if there is nothing to lock.
 */
static int lock_directory(const char *path)
{
	struct deadline limit = deadline_in(LOCK_SECONDS);
	char copy[ADDRESS_PATH_SIZE];
	int fd;

	if (path[0] == '@')
		return -1;
	strlcpy(copy, path, sizeof copy);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 &&
	       errno == EWOULDBLOCK && !deadline_passed(limit))
		poll(NULL, 0, LOCK_MS);
	return fd;
}

static int listen_or_replace(struct socket_attempt *attempt, const char *path)
{
	struct sockaddr_un un;
	socklen_t length = unix_sockaddr(path, &un);
	int result = socket_listen(attempt, (struct sockaddr *)&un, length);

	if (result == 0 || errno != EADDRINUSE)
		return result;
	if (is_stale(path) && unlink(path) == 0)
		return socket_listen(attempt, (struct sockaddr *)&un, length);
	errno = EADDRINUSE;
	return -1;
}

/* Keeps in mind which file it is; if it is to be another user's, gives it. */
static int note_file(struct socket_attempt *attempt, const char *path)
{
	const struct socket_choice *choice = attempt->choice;

	if (!look_at(path, &attempt->file->as_made))
		return choice->owner == NULL ? 0 : -1;
	strlcpy(attempt->file->path, path, sizeof attempt->file->path);
	return choice->owner == NULL ? 0
				     : owner_give(path, choice->owner,
					   choice->mode, &attempt->fault.step);
}

int unix_listen(struct socket_attempt *attempt, const struct address *at)
{
	/* nobody may come before the file has its owner */
	mode_t mode =
	    attempt->choice->owner == NULL ? attempt->choice->mode : 0;
	mode_t mask;
	int lock;
	int result;

	if (socket_open(attempt, AF_UNIX) < 0 || fchmod(attempt->fd, mode) < 0)
		return -1;
	lock = lock_directory(at->path);
	/* Linux gives the file the socket's own mode, less the umask */
	mask = umask(0);
	result = listen_or_replace(attempt, at->path);
	umask(mask);
	if (result == 0)
		result = note_file(attempt, at->path);
	socket_abandon(lock);
	return result;
}

void unix_remove(const struct socket_file *file)
{
	struct stat now;

	if (file->path[0] != '\0' && lstat(file->path, &now) == 0 &&
	    now.st_dev == file->as_made.st_dev &&
	    now.st_ino == file->as_made.st_ino)
		unlink(file->path);
}

const struct hint unix_hints[] = {
	{ "connect", ENOENT, NULL,
	    "there is no such socket: its server may not be up{retry}" },
	{ "connect", ECONNREFUSED, NULL,
	    "nobody listens on that socket: its server may not be up{retry}" },
	{ "connect", ENOTSOCK, NULL,
	    "that path is a file or a directory: give the path of a socket" },
	{ "connect", EACCES, NULL,
	    "the socket belongs to another user: see ls -l" },
	{ "connect", EPROTOTYPE, NULL,
	    "the socket has the other type: add --seqpacket, or leave it out" },
	{ "read", EMSGSIZE, NULL,
	    "the peer's message is longer than vcat's buffer: raise --buffer" },
	{ "write", EMSGSIZE, NULL,
	    "the message is too long: raise --buffer and net.core.wmem_max" },
	{ "bind", EADDRINUSE, NULL,
	    "another process listens there (ss -x -l -p shows which), or the "
	    "file is not a socket" },
	{ "chown", EPERM, NULL,
	    "only root may give a file to another user, or to a group that "
	    "it is not in itself" },
	{ .text = NULL },
};

const struct family unix_family = {
	.domains = { AF_UNIX },
	.begin = unix_begin,
	.listen = unix_listen,
	.prepare = unix_prepare,
	.read_name = read_name,
	.hints = { unix_hints },
};
