/*
 * For LD_PRELOAD: what strace cannot inject into vcat. ROUGH says what:
 *	short		reads and writes move a part of what was asked for
 *	close:N		the Nth close(2) of a regular file that was written says
 *			EIO, after it has closed
 *	malloc:N	the Nth malloc(3), calloc(3) or realloc(3) fails
 * The Nth call makes the file ROUGH_MARK. Other programs than vcat, such as a
 * command that it has started, are left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* A request of a handshake, or a message, that a kernel always takes whole. */
#define WHOLE 128

#define PIECES 8

/* glibc's own, under the names that nobody takes. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static const char *wanted(const char *what)
{
	const char *rough = getenv("ROUGH");
	size_t length = strlen(what);

	if (rough == NULL || strcmp(program_invocation_short_name, "vcat") != 0)
		return NULL;
	return strncmp(rough, what, length) == 0 ? rough + length : NULL;
}

/* Whether this is the Nth call, and so to fail. */
static bool is_due(const char *what, atomic_long *calls)
{
	const char *number = wanted(what);
	const char *mark = getenv("ROUGH_MARK");

	if (number == NULL || atomic_fetch_add(calls, 1) + 1 != atol(number))
		return false;
	if (mark != NULL)
		syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, mark,
				       O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return true;
}

static bool memory_fails(void)
{
	static atomic_long calls;

	if (!is_due("malloc:", &calls))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return memory_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return memory_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return memory_fails() ? NULL : __libc_realloc(old, size);
}

int close(int fd)
{
	static atomic_long calls;
	struct stat st;
	bool written = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		       (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
	long result = syscall(SYS_close, fd);

	if (!written || result < 0 || !is_due("close:", &calls))
		return (int)result;
	errno = EIO;
	return -1;
}

/* Whether the kernel may move a part: no message, no counter, no line. */
static bool may_cut(int fd)
{
	struct stat st;
	int type;
	socklen_t length = sizeof type;

	if (wanted("short") == NULL || fd == STDERR_FILENO ||
	    fstat(fd, &st) < 0)
		return false;
	if (S_ISSOCK(st.st_mode))
		return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) ==
			   0 &&
		       type == SOCK_STREAM;
	return S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode);
}

/* So many bytes instead of as many as were asked for, but not below least. */
static size_t cut(int fd, size_t length, size_t least)
{
	static const size_t sizes[] = { 1, 40, 4097, 3, 65535, 1000 };
	static atomic_uint turn;
	size_t size;

	if (length <= least || !may_cut(fd))
		return length;
	size = sizes[atomic_fetch_add(&turn, 1) %
		     (sizeof sizes / sizeof sizes[0])];
	if (size < least)
		size = least;
	return size < length ? size : length;
}

static size_t sum(const struct iovec *piece, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += piece[i].iov_len;
	return total;
}

/* The first bytes of the pieces. Returns in how many pieces they are. */
static size_t first(struct iovec *to, const struct iovec *from, size_t bytes)
{
	size_t n = 0;

	for (; bytes > 0 && n < PIECES; n++) {
		to[n] = from[n];
		if (to[n].iov_len > bytes)
			to[n].iov_len = bytes;
		bytes -= to[n].iov_len;
	}
	return n;
}

ssize_t read(int fd, void *to, size_t length)
{
	return syscall(SYS_read, fd, to, cut(fd, length, 1));
}

ssize_t write(int fd, const void *from, size_t length)
{
	return syscall(SYS_write, fd, from, cut(fd, length, WHOLE));
}

ssize_t readv(int fd, const struct iovec *piece, int n)
{
	struct iovec some[PIECES];
	size_t bytes = cut(fd, sum(piece, (size_t)n), 1);

	return syscall(SYS_readv, fd, some, first(some, piece, bytes));
}

ssize_t writev(int fd, const struct iovec *piece, int n)
{
	struct iovec some[PIECES];
	size_t bytes = cut(fd, sum(piece, (size_t)n), WHOLE);

	return syscall(SYS_writev, fd, some, first(some, piece, bytes));
}

#ifdef SYS_pread64
ssize_t pread(int fd, void *to, size_t length, off_t at)
{
	return syscall(SYS_pread64, fd, to, cut(fd, length, 1), at);
}

ssize_t pwrite(int fd, const void *from, size_t length, off_t at)
{
	return syscall(SYS_pwrite64, fd, from, cut(fd, length, 1), at);
}
#endif

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct iovec some[PIECES];
	struct msghdr part = *message;
	size_t bytes = cut(fd, sum(message->msg_iov, message->msg_iovlen), 1);
	ssize_t n;

	part.msg_iov = some;
	part.msg_iovlen = first(some, message->msg_iov, bytes);
	n = syscall(SYS_recvmsg, fd, &part, flags);
	message->msg_flags = part.msg_flags;
	message->msg_controllen = part.msg_controllen;
	return n;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct iovec some[PIECES];
	struct msghdr part = *message;
	size_t bytes =
	    cut(fd, sum(message->msg_iov, message->msg_iovlen), WHOLE);

	part.msg_iov = some;
	part.msg_iovlen = first(some, message->msg_iov, bytes);
	return syscall(SYS_sendmsg, fd, &part, flags);
}
