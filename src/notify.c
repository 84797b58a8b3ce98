#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "unix.h"

/* Between two statuses, at least. */
#define STATUS_SECONDS 1.0

#define US_PER_S 1e6

/* All that one message can have. */
#define MESSAGE_SIZE (NOTIFY_STATUS_SIZE + 64)

/* Returns a descriptor, or -1 with errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un un;
	socklen_t length;
	int fd;

	errno = EAFNOSUPPORT;
	if (path[0] != '/' && path[0] != '@')
		return -1;
	errno = ENAMETOOLONG;
	if (strlen(path) >= sizeof un.sun_path)
		return -1;
	length = unix_sockaddr(path, &un);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&un, length) < 0)
		return socket_abandon(fd);
	return fd;
}

/* Half of the time after which we would be taken for dead; 0: never. */
static double watchdog_interval(void)
{
	const char *limit = getenv("WATCHDOG_USEC");
	const char *whose = getenv("WATCHDOG_PID");
	const char *wrong;

	if (limit == NULL ||
	    (whose != NULL && strtonum(whose, 1, INT_MAX, &wrong) != getpid()))
		return 0;
	return (double)strtonum(limit, 1, LLONG_MAX, &wrong) / US_PER_S / 2;
}

/* With errno. */
static void give_up(struct notify *notify, const char *step)
{
	if (notify->verbose)
		log_error("NOTIFY_SOCKET: %s: %s", step, strerror(errno));
	notify_close(notify);
}

void notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL) {
		notify->interval = watchdog_interval();
		notify->fd = connect_to(path);
		notify->wanted = notify->fd >= 0;
	}
	if (path != NULL && !notify->wanted)
		give_up(notify, path);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static bool has_news(const struct notify *notify)
{
	return strcmp(notify->status, notify->sent) != 0;
}

/* Waits for the next thing to send; if there was no room, for room. */
static void watch(struct notify *notify, bool full)
{
	struct loop_task *task = &notify->task;

	task->fds[0] = (struct pollfd){
		.fd = full ? notify->fd : -1,
		.events = POLLOUT,
	};
	if (full)
		task->wake = deadline_never();
	else if (has_news(notify))
		task->wake = deadline_first(notify->alive, notify->quiet);
	else
		task->wake = notify->alive;
	if (loop_update(notify->loop, task) < 0)
		give_up(notify, "epoll");
}

/* Sends all that is due, in one message. */
static void tell(struct notify *notify)
{
	bool alive = deadline_passed(notify->alive);
	bool status = has_news(notify) && deadline_passed(notify->quiet);
	char message[MESSAGE_SIZE];
	int length = snprintf(message, sizeof message, "%s%s%s%s%s%s",
	    notify->ready ? "READY=1\n" : "",
	    notify->stopping ? "STOPPING=1\n" : "", alive ? "WATCHDOG=1\n" : "",
	    status ? "STATUS=" : "", status ? notify->status : "",
	    status ? "\n" : "");
	bool full = length > 0 &&
		    send(notify->fd, message, (size_t)length, MSG_NOSIGNAL) < 0;

	if (full && errno != EAGAIN && errno != ENOBUFS) {
		give_up(notify, "send");
		return;
	}
	if (!full) {
		notify->ready = false;
		notify->stopping = false;
	}
	if (!full && alive)
		notify->alive = deadline_in(notify->interval);
	if (!full && status) {
		strlcpy(notify->sent, notify->status, sizeof notify->sent);
		notify->quiet = deadline_in(STATUS_SECONDS);
	}
	watch(notify, full);
}

static void run_task(struct loop_task *task)
{
	tell(loop_owner(task, struct notify, task));
}

void notify_ready(struct notify *notify, struct loop *loop)
{
	if (!notify->wanted)
		return;
	notify->loop = loop;
	loop_task_init(&notify->task, run_task);
	notify->ready = true;
	notify->alive = notify->interval > 0 ? deadline_in(notify->interval)
					     : deadline_never();
	tell(notify);
}

void notify_status(struct notify *notify, const char *text)
{
	if (!notify->wanted)
		return;
	strlcpy(notify->status, text, sizeof notify->status);
	if (notify->loop != NULL)
		tell(notify);
}

void notify_connections(struct notify *notify, int open, uint64_t accepted)
{
	char text[NOTIFY_STATUS_SIZE];

	if (!notify->wanted)
		return;
	snprintf(text, sizeof text, "%d connection%s, %" PRIu64 " accepted",
	    open, open == 1 ? "" : "s", accepted);
	notify_status(notify, text);
}

void notify_stopping(struct notify *notify)
{
	if (!notify->wanted || notify->loop == NULL)
		return;
	notify->stopping = true;
	tell(notify);
}

void notify_close(struct notify *notify)
{
	if (!notify->wanted)
		return;
	if (notify->loop != NULL)
		loop_remove(notify->loop, &notify->task);
	close(notify->fd);
	notify->wanted = false;
}
