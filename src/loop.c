#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* As many events as one turn takes; the others come in the next. */
#define EVENTS 256

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT &&
		   EPOLLERR == POLLERR && EPOLLHUP == POLLHUP &&
		   EPOLLRDHUP == POLLRDHUP,
    "epoll(7)'s events are poll(2)'s");

static int compare_times(const struct loop_task *a, const struct loop_task *b)
{
	if (a->queued.at != b->queued.at)
		return a->queued.at < b->queued.at ? -1 : 1;
	return (a > b) - (a < b);
}

/* RB_GENERATE_STATIC needs a macro that libbsd does not define on Linux */
/* cppcheck-suppress unknownMacro */
RB_GENERATE_INTERNAL(loop_times, loop_task, by_time, compare_times,
    __attribute__((__unused__)) static)

int loop_init(struct loop *loop)
{
	loop->polled = NULL;
	RB_INIT(&loop->times);
	TAILQ_INIT(&loop->ready);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -1 : 0;
}

void loop_free(struct loop *loop)
{
	close(loop->epoll);
}

void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *))
{
	*task = (struct loop_task){
		.run = run,
		.wake = deadline_never(),
		.queued = deadline_never(),
	};
	for (int i = 0; i < LOOP_FDS; i++) {
		task->fds[i].fd = -1;
		task->watches[i] =
		    (struct loop_watch){ .task = task, .fd = -1 };
	}
}

/* All events that the task wants of that descriptor, or -1: it wants none. */
static int events_wanted(const struct loop_task *task, int fd)
{
	int events = -1;

	for (int i = 0; i < LOOP_FDS; i++)
		if (task->fds[i].fd == fd)
			events = (events < 0 ? 0 : events) |
				 (uint16_t)task->fds[i].events;
	return events;
}

static int control(
    struct loop *loop, int operation, struct loop_watch *watch, int events)
{
	struct epoll_event event = {
		.events = (uint32_t)events,
		.data.ptr = watch,
	};

	watch->events = events;
	return epoll_ctl(loop->epoll, operation, watch->fd, &event);
}

/* Makes what is watched agree with what is wanted, but for new descriptors. */
static int update_watches(struct loop *loop, struct loop_task *task)
{
	for (int i = 0; i < LOOP_FDS; i++) {
		struct loop_watch *watch = &task->watches[i];
		int events;

		if (watch->fd < 0)
			continue;
		events = events_wanted(task, watch->fd);
		if (events == watch->events)
			continue;
		if (events >= 0) {
			if (control(loop, EPOLL_CTL_MOD, watch, events) < 0)
				return -1;
			continue;
		}
		/* a hang-up would be reported for ever */
		control(loop, EPOLL_CTL_DEL, watch, 0);
		watch->fd = -1;
	}
	return 0;
}

/* The watch of that descriptor, or else a free one: there is one for each. */
static struct loop_watch *find_watch(struct loop_task *task, int fd)
{
	struct loop_watch *unused = NULL;

	for (int i = 0; i < LOOP_FDS; i++) {
		if (task->watches[i].fd == fd)
			return &task->watches[i];
		if (task->watches[i].fd < 0)
			unused = &task->watches[i];
	}
	return unused;
}

static int add_watches(struct loop *loop, struct loop_task *task)
{
	for (int i = 0; i < LOOP_FDS; i++) {
		int fd = task->fds[i].fd;
		struct loop_watch *watch = find_watch(task, fd);

		if (fd < 0 || watch->fd == fd)
			continue;
		watch->fd = fd;
		if (control(loop, EPOLL_CTL_ADD, watch,
			events_wanted(task, fd)) == 0)
			continue;
		watch->fd = -1;
		return -1;
	}
	return 0;
}

static void set_time(
    struct loop *loop, struct loop_task *task, struct deadline at)
{
	if (!deadline_is_never(task->queued))
		RB_REMOVE(loop_times, &loop->times, task);
	task->queued = at;
	if (!deadline_is_never(at))
		RB_INSERT(loop_times, &loop->times, task);
}

int loop_update(struct loop *loop, struct loop_task *task)
{
	if (task->polled)
		loop->polled = task;
	else if (update_watches(loop, task) < 0 || add_watches(loop, task) < 0)
		return -1;
	/* a time put off, as with each byte under -i, is looked at only when
	   the earlier one has come */
	if (task->wake.at < task->queued.at)
		set_time(loop, task, task->wake);
	return 0;
}

void loop_remove(struct loop *loop, struct loop_task *task)
{
	for (int i = 0; i < LOOP_FDS; i++) {
		task->fds[i].fd = -1;
		task->fds[i].revents = 0;
	}
	update_watches(loop, task);
	loop_forget(loop, task);
}

void loop_forget(struct loop *loop, struct loop_task *task)
{
	if (loop->polled == task)
		loop->polled = NULL;
	set_time(loop, task, deadline_never());
	if (task->ready)
		TAILQ_REMOVE(&loop->ready, task, next_ready);
	task->ready = false;
}

static void make_ready(struct loop *loop, struct loop_task *task)
{
	if (!task->ready)
		TAILQ_INSERT_TAIL(&loop->ready, task, next_ready);
	task->ready = true;
}

/* The same events for each of the task's entries, as poll(2) has it. */
static void note_events(
    struct loop *loop, const struct loop_watch *watch, uint32_t events)
{
	struct loop_task *task = watch->task;

	for (int i = 0; i < LOOP_FDS; i++) {
		struct pollfd *entry = &task->fds[i];

		if (entry->fd == watch->fd)
			entry->revents =
			    (short)(events & ((uint16_t)entry->events |
						 EPOLLERR | EPOLLHUP));
	}
	make_ready(loop, task);
}

static void note_times(struct loop *loop)
{
	struct loop_task *task;

	while ((task = RB_MIN(loop_times, &loop->times)) != NULL &&
	       deadline_passed(task->queued)) {
		bool due = deadline_passed(task->wake);

		set_time(loop, task, due ? deadline_never() : task->wake);
		if (due)
			make_ready(loop, task);
	}
}

static void run_ready(struct loop *loop)
{
	struct loop_task *task;

	while ((task = TAILQ_FIRST(&loop->ready)) != NULL) {
		TAILQ_REMOVE(&loop->ready, task, next_ready);
		task->ready = false;
		task->run(task);
	}
}

/*
 * Waits for the polled task, and for the others through epoll's descriptor.
 * Returns how many events epoll has, or -1 with errno.
 */
static int wait_polled(struct loop *loop, struct epoll_event *events, int ms)
{
	struct pollfd *fds = loop->polled->fds;
	struct pollfd *epoll = &fds[LOOP_FDS];
	int due;

	*epoll = (struct pollfd){ .fd = loop->epoll, .events = POLLIN };
	due = poll(fds, LOOP_FDS + 1, ms);
	if (due <= 0)
		return due;
	if (epoll->revents == 0 || due > 1)
		make_ready(loop, loop->polled);
	return epoll->revents == 0 ? 0
				   : epoll_wait(loop->epoll, events, EVENTS, 0);
}

int loop_turn(struct loop *loop)
{
	struct loop_task *first = RB_MIN(loop_times, &loop->times);
	struct epoll_event events[EVENTS];
	int ms = first == NULL ? -1 : deadline_poll_ms(first->queued);
	int count = loop->polled != NULL
			? wait_polled(loop, events, ms)
			: epoll_wait(loop->epoll, events, EVENTS, ms);

	if (count < 0 && errno != EINTR)
		return -1;
	for (int i = 0; i < count; i++)
		note_events(loop, events[i].data.ptr, events[i].events);
	note_times(loop);
	run_ready(loop);
	return 0;
}

int loop_watch_signals(struct loop *loop, struct loop_task *bell, bool children)
{
	static const int wanted[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1 };
	struct sigaction action;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		sigaction(wanted[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			sigaddset(&set, wanted[i]);
	}
	if (children) {
		sigaddset(&set, SIGCHLD);
		signal(SIGCHLD, SIG_DFL); /* ignored, it would never come */
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -1;
	bell->fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return loop_update(loop, bell);
}

int loop_next_signal(struct loop_task *bell)
{
	struct signalfd_siginfo signal;
	ssize_t n = read(bell->fds[0].fd, &signal, sizeof signal);

	bell->fds[0].revents = 0;
	return n == (ssize_t)sizeof signal ? (int)signal.ssi_signo : 0;
}

void loop_die(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
