#include "sums.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sha256.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/param.h>
#include <sys/queue.h>
#include <unistd.h>

/* Bytes that are read at once; fewer wait, unless they are the file's last. */
#define SUMS_CHUNK (256UL * 1024)

/* Fewer bytes are hashed sooner than another thread wakes up. */
#define SUMS_SMALL (8UL * 1024)

enum sums_state {
	SUMS_LISTED,  /* in the list; nobody is reading it */
	SUMS_READING, /* in the list; one thread is reading it */
	SUMS_DROPPED, /* not in it; who is reading it shall free it */
	SUMS_DONE,    /* not in it; it has its sum, or an error */
};

struct sums_file {
	TAILQ_ENTRY(sums_file) entry;
	struct sums *sums;
	enum sums_state state;
	int fd;
	int error;        /* errno's, once it is done */
	bool complete;    /* `reached` is its size */
	uint64_t reached; /* may be read up to here */
	uint64_t offset;  /* has been read up to here */
	SHA256_CTX context;
};

struct sums {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the thread: there is some, or `closing` */
	pthread_cond_t done; /* for the user: a file is */
	TAILQ_HEAD(sums_list, sums_file) files;
	bool closing;
	unsigned char threads_chunk[SUMS_CHUNK];
	unsigned char users_chunk[SUMS_CHUNK];
};

static void sums_free(struct sums_file *file)
{
	close(file->fd);
	free(file);
}

/* Reads the next piece, n bytes or fewer. Returns how many, or -1. */
static ssize_t sums_read(struct sums_file *file, unsigned char *chunk, size_t n)
{
	ssize_t got;

	do {
		got = pread(file->fd, chunk, n, (off_t)file->offset);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		SHA256Update(&file->context, chunk, (size_t)got);
	return got;
}

/* Called with the lock, which it lets go while it reads. */
static void sums_step(struct sums_file *file, unsigned char *chunk)
{
	struct sums *sums = file->sums;
	size_t wanted = MIN(SUMS_CHUNK, file->reached - file->offset);
	ssize_t n;
	int error;

	file->state = SUMS_READING;
	pthread_mutex_unlock(&sums->lock);
	n = sums_read(file, chunk, wanted);
	error = n < 0 ? errno : ENODATA;
	pthread_mutex_lock(&sums->lock);
	if (file->state == SUMS_DROPPED)
		return;
	file->state = SUMS_LISTED;
	if (n > 0)
		file->offset += (uint64_t)n;
	if (file->complete && file->offset == file->reached)
		error = 0;
	else if (n > 0)
		return;
	file->state = SUMS_DONE;
	file->error = error;
	TAILQ_REMOVE(&sums->files, file, entry);
	pthread_cond_signal(&sums->done);
}

static bool sums_has_work(const struct sums_file *file)
{
	return file->state == SUMS_LISTED &&
	       (file->complete || file->reached - file->offset >= SUMS_CHUNK);
}

/* The oldest file with something to do for the thread, or NULL. */
static struct sums_file *sums_find(struct sums *sums)
{
	struct sums_file *file = TAILQ_FIRST(&sums->files);

	while (file != NULL && !sums_has_work(file))
		file = TAILQ_NEXT(file, entry);
	return file;
}

static void *sums_run(void *arg)
{
	struct sums *sums = arg;

	pthread_mutex_lock(&sums->lock);
	while (!sums->closing) {
		struct sums_file *file = sums_find(sums);

		if (file == NULL) {
			pthread_cond_wait(&sums->work, &sums->lock);
			continue;
		}
		sums_step(file, sums->threads_chunk);
		if (file->state == SUMS_DROPPED)
			sums_free(file);
	}
	pthread_mutex_unlock(&sums->lock);
	return NULL;
}

/* The thread inherits the mask: signals are the user's. */
static int sums_start(struct sums *sums)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&sums->thread, NULL, sums_run, sums);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return errno == 0 ? 0 : -1;
}

struct sums *sums_open(void)
{
	struct sums *sums = calloc(1, sizeof *sums);

	if (sums == NULL)
		return NULL;
	pthread_mutex_init(&sums->lock, NULL);
	pthread_cond_init(&sums->work, NULL);
	pthread_cond_init(&sums->done, NULL);
	TAILQ_INIT(&sums->files);
	if (sums_start(sums) == 0)
		return sums;
	free(sums);
	return NULL;
}

struct sums_file *sums_begin(struct sums *sums, int fd)
{
	struct sums_file *file = calloc(1, sizeof *file);

	if (file == NULL)
		return NULL;
	file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (file->fd < 0) {
		free(file);
		return NULL;
	}
	file->sums = sums;
	SHA256Init(&file->context);
	pthread_mutex_lock(&sums->lock);
	TAILQ_INSERT_TAIL(&sums->files, file, entry);
	pthread_mutex_unlock(&sums->lock);
	return file;
}

/* Wakes the thread up if so many bytes are left for it. */
static void sums_advance(
    struct sums_file *file, uint64_t bytes, bool complete, uint64_t enough)
{
	struct sums *sums = file->sums;

	pthread_mutex_lock(&sums->lock);
	file->reached = bytes;
	file->complete = complete;
	if (bytes - file->offset >= enough)
		pthread_cond_signal(&sums->work);
	pthread_mutex_unlock(&sums->lock);
}

void sums_reached(struct sums_file *file, uint64_t bytes)
{
	sums_advance(file, bytes, false, SUMS_CHUNK);
}

void sums_complete(struct sums_file *file, uint64_t bytes)
{
	sums_advance(file, bytes, true, SUMS_SMALL);
}

bool sums_ready(struct sums_file *file)
{
	bool done, small;

	pthread_mutex_lock(&file->sums->lock);
	done = file->state == SUMS_DONE;
	small = file->state == SUMS_LISTED && file->complete &&
		file->reached - file->offset < SUMS_SMALL;
	pthread_mutex_unlock(&file->sums->lock);
	return done || small;
}

int sums_take(struct sums_file *file, char text[SUMS_TEXT_SIZE])
{
	struct sums *sums = file->sums;
	int error;

	pthread_mutex_lock(&sums->lock);
	while (file->state != SUMS_DONE) {
		if (file->state == SUMS_LISTED)
			sums_step(file, sums->users_chunk);
		else
			pthread_cond_wait(&sums->done, &sums->lock);
	}
	pthread_mutex_unlock(&sums->lock);
	SHA256End(&file->context, text);
	error = file->error;
	sums_free(file);
	errno = error;
	return error == 0 ? 0 : -1;
}

void sums_drop(struct sums_file *file)
{
	struct sums *sums = file->sums;
	enum sums_state state;

	pthread_mutex_lock(&sums->lock);
	state = file->state;
	if (state != SUMS_DONE)
		TAILQ_REMOVE(&sums->files, file, entry);
	file->state = SUMS_DROPPED;
	pthread_mutex_unlock(&sums->lock);
	if (state != SUMS_READING)
		sums_free(file);
}

void sums_close(struct sums *sums)
{
	pthread_mutex_lock(&sums->lock);
	sums->closing = true;
	pthread_cond_signal(&sums->work);
	pthread_mutex_unlock(&sums->lock);
	pthread_join(sums->thread, NULL);
	pthread_cond_destroy(&sums->work);
	pthread_cond_destroy(&sums->done);
	pthread_mutex_destroy(&sums->lock);
	free(sums);
}
