#include "unix.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* How long to wait for whoever else is replacing a file in that directory. */
#define LOCK_SECONDS 2.0
#define LOCK_MS      10

/* The address of a path that is known to fit. Returns its length. */
static socklen_t to_sockaddr(const char *path, struct sockaddr_un *un)
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

void unix_local(int fd, struct address *local)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t length = sizeof un;
	size_t used;

	*local = (struct address){ .kind = ADDRESS_UNIX };
	if (getsockname(fd, (struct sockaddr *)&un, &length) < 0)
		return;
	used = length - offsetof(struct sockaddr_un, sun_path);
	if (used >= sizeof local->path)
		used = sizeof local->path - 1;
	memcpy(local->path, un.sun_path, used);
	/* an abstract name begins with a NUL, and ends with its length */
	if (used > 0 && un.sun_path[0] == '\0')
		local->path[0] = '@';
}

void unix_set_buffer(int fd, size_t bytes)
{
	int size = (int)bytes;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* For the kernel it is the same whether a socket is dead or a file is none. */
static bool is_other_file(const char *path)
{
	struct stat st;
	bool other =
	    path[0] != '@' && stat(path, &st) == 0 && !S_ISSOCK(st.st_mode);

	errno = ECONNREFUSED;
	return other;
}

int unix_begin(struct socket_attempt *attempt, const char *path)
{
	struct sockaddr_un un;
	socklen_t length = to_sockaddr(path, &un);

	attempt->fault.step = "socket";
	if (attempt->fd < 0) {
		attempt->fd = socket_open(AF_UNIX, attempt->choice);
		if (attempt->fd < 0)
			return -1;
		unix_set_buffer(attempt->fd, attempt->choice->buffer);
	}
	attempt->fault.step = "connect";
	if (socket_begin(attempt, (struct sockaddr *)&un, length) == 0)
		return 0;
	if (errno == EAGAIN)
		return -1;
	if (errno == ECONNREFUSED && is_other_file(path))
		errno = ENOTSOCK;
	return socket_drop(attempt);
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
	socklen_t length = to_sockaddr(path, &un);
	int fd;
	bool stale;

	if (path[0] == '@' || lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (struct sockaddr *)&un, length) < 0 &&
		errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/* Linux gives the new file the socket's own mode, less the umask. */
static int bind_file(int fd, const char *path)
{
	struct sockaddr_un un;
	socklen_t length = to_sockaddr(path, &un);
	mode_t mask = umask(0);
	int result = bind(fd, (struct sockaddr *)&un, length);

	umask(mask);
	return result;
}

/*
 * Between the test of a stale file and its removal another vcat could put its
 * own in that place; and a file that bind(2) has just made looks stale for a
 * moment. So only one vcat at a time may bind in a directory. The lock leaves
 * nothing behind. Returns a descriptor to close, or -1 if the directory cannot
 * be locked.
 */
static int lock_directory(const char *path)
{
	struct deadline limit = deadline_in(LOCK_SECONDS);
	char copy[ADDRESS_PATH_SIZE + 16];
	int fd;

	strlcpy(copy, path, sizeof copy);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 &&
	       errno == EWOULDBLOCK && !deadline_passed(limit))
		poll(NULL, 0, LOCK_MS);
	return fd;
}

static int replace_stale(int fd, const char *path)
{
	if (bind_file(fd, path) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!is_stale(path) || unlink(path) < 0) {
		errno = EADDRINUSE;
		return -1;
	}
	return bind_file(fd, path);
}

static int bind_path(int fd, const char *path, mode_t mode)
{
	int lock;
	int result;

	if (fchmod(fd, mode) < 0)
		return -1;
	lock = path[0] == '@' ? -1 : lock_directory(path);
	result = replace_stale(fd, path);
	if (lock >= 0)
		socket_abandon(lock);
	return result;
}

static bool identify(struct unix_file *file)
{
	struct stat st;

	if (file->path[0] == '@' || lstat(file->path, &st) < 0)
		return false;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	return true;
}

int unix_listen(const char *path, const struct socket_choice *choice,
    struct unix_file *file, struct socket_fault *fault)
{
	int fd = socket_open(AF_UNIX, choice);

	fault->step = "socket";
	if (fd < 0)
		return -1;
	fault->step = "bind";
	if (bind_path(fd, path, choice->mode) < 0)
		return socket_abandon(fd);
	strlcpy(file->path, path, sizeof file->path);
	identify(file);
	fault->step = "listen";
	if (listen(fd, choice->backlog) == 0)
		return fd;
	unix_remove(file);
	return socket_abandon(fd);
}

void unix_remove(const struct unix_file *file)
{
	struct unix_file now = *file;

	if (file->path[0] != '\0' && identify(&now) &&
	    now.device == file->device && now.inode == file->inode)
		unlink(file->path);
}
