/*
 * Streams on stdin and stdout: the caller's descriptors stay as they were.
 */
#include "ends.h"
#include "stream.h"
#include "test.h"

/* Runs a part of a test with other descriptors at 0 and 1. No CHECK there:
 * stdout is not ours. */
struct stage {
	struct stream stream;
	int aside[2];
};

static void stage_enter(struct stage *stage, int in, int out)
{
	fflush(stdout);
	for (int fd = 0; fd < 2; fd++)
		stage->aside[fd] =
		    ends_must(fcntl(fd, F_DUPFD_CLOEXEC, 100), "F_DUPFD");
	dup2(in, 0);
	dup2(out, 1);
	stream_from_stdio(&stage->stream, false);
}

static void stage_leave(struct stage *stage)
{
	for (int fd = 0; fd < 2; fd++) {
		dup2(stage->aside[fd], fd);
		close(stage->aside[fd]);
	}
}

/* What was seen on the stage, to be checked after it. */
struct seen {
	struct stage stage;
	ssize_t empty, some, full;
	int empty_error, full_error;
	size_t taken;
	char text[16];
};

/* Reads when nothing is there, then something; writes until it is full. */
static void watch(struct seen *seen, int in, int out, int in_far)
{
	static const char zeros[3000];
	struct stream *stream = &seen->stage.stream;

	*seen = (struct seen){ .full = 1 };
	stage_enter(&seen->stage, in, out);
	if (!stream->in.blocks)
		seen->empty = ends_read_stream(stream, seen->text, 15);
	seen->empty_error = errno;
	ends_say(in_far, "typed");
	seen->some = ends_read_stream(stream, seen->text, 15);
	while (seen->full > 0 && seen->taken < 4 * MIB) {
		if (stream->out.blocks &&
		    !ends_ready(stream->out.fd, POLLOUT, 0)) {
			seen->full = -1;
			errno = EAGAIN;
			break;
		}
		seen->full = ends_write_stream(stream, zeros, sizeof zeros);
		seen->taken += seen->full > 0 ? (size_t)seen->full : 0;
	}
	seen->full_error = errno;
	stage_leave(&seen->stage);
}

static void check_seen(const struct seen *seen)
{
	if (!seen->stage.stream.in.blocks) {
		CHECK_INT(seen->empty, -1);
		CHECK_INT(seen->empty_error, EAGAIN);
	}
	CHECK_INT(seen->some, 5);
	CHECK_STR(seen->text, "typed");
	CHECK_INT(seen->full, -1);
	CHECK_INT(seen->full_error, EAGAIN);
	CHECK(seen->taken > 0);
}

static void test_pipes(void)
{
	int in[2];
	int out[2];
	struct seen seen;

	ends_must(pipe(in), "pipe");
	ends_must(pipe(out), "pipe");
	watch(&seen, in[0], out[1], in[1]);
	check_seen(&seen);
	CHECK(!seen.stage.stream.in.blocks && !seen.stage.stream.out.blocks);
	CHECK(!ends_is_nonblocking(in[0]));
	CHECK(!ends_is_nonblocking(out[1]));
	CHECK_INT(ends_waiting(out[0]), seen.taken);
}

static void test_sockets(void)
{
	int in[2];
	int out[2];
	struct seen seen;

	ends_must(socketpair(AF_UNIX, SOCK_STREAM, 0, in), "socketpair");
	ends_must(socketpair(AF_UNIX, SOCK_STREAM, 0, out), "socketpair");
	watch(&seen, in[0], out[0], in[1]);
	check_seen(&seen);
	CHECK(!seen.stage.stream.socket); /* it is not vcat's to half-close */
	CHECK(!ends_is_nonblocking(in[0]));
	CHECK(!ends_is_nonblocking(out[0]));
	CHECK_INT(ends_waiting(out[1]), seen.taken);
}

static void test_terminal(void)
{
	struct seen seen;
	int slave;
	int master = ends_terminal(&slave);

	seen = (struct seen){ 0 };
	stage_enter(&seen.stage, slave, slave);
	seen.empty = ends_read_stream(&seen.stage.stream, seen.text, 15);
	seen.empty_error = errno;
	ends_say(master, "typed\n");
	ends_ready(0, POLLIN, 1000);
	seen.some = ends_read_stream(&seen.stage.stream, seen.text, 15);
	stage_leave(&seen.stage);
	CHECK_INT(seen.empty, -1);
	CHECK_INT(seen.empty_error, EAGAIN);
	CHECK_INT(seen.some, 6);
	CHECK(!ends_is_nonblocking(slave));
	CHECK(!ends_is_nonblocking(master));
}

static void test_nonblocking_stays(void)
{
	int in[2];
	int out[2];
	struct seen seen;

	ends_pipe(in, 0);
	ends_pipe(out, 1);
	watch(&seen, in[0], out[1], in[1]);
	check_seen(&seen);
	CHECK(ends_is_nonblocking(in[0]));
	CHECK(ends_is_nonblocking(out[1]));
}

/* A file that is gone when the test is. */
static int temporary(const char *text)
{
	char path[] = "/tmp/vcat-unit.XXXXXX";
	int fd = ends_must(mkstemp(path), "mkstemp");

	unlink(path);
	ends_say(fd, text);
	return fd;
}

static void test_files(void)
{
	int in = temporary("headbody");
	int out = temporary("before ");
	struct stage stage;
	char text[16] = "";
	ssize_t got;
	ssize_t put;

	/* as in (read head; vcat ...) <file >>file: both go on from there */
	lseek(in, 4, SEEK_SET);
	stage_enter(&stage, in, out);
	got = ends_read_stream(&stage.stream, text, 2);
	put = ends_write_stream(&stage.stream, "after", 5);
	stage_leave(&stage);
	CHECK_INT(got, 2);
	CHECK_STR(text, "bo");
	CHECK_INT(put, 5);
	CHECK_INT(lseek(in, 0, SEEK_CUR), 6);
	CHECK_INT(lseek(out, 0, SEEK_CUR), 12);
	CHECK_INT(pread(out, text, 12, 0), 12);
	CHECK_STR(text, "before after");
	CHECK(!ends_is_nonblocking(in) && !ends_is_nonblocking(out));
}

static void test_finish(void)
{
	int in[2];
	int out[2];
	struct stage stage;
	int finished;
	int kept;

	ends_must(pipe(in), "pipe");
	ends_must(pipe(out), "pipe");
	stage_enter(&stage, in[0], out[1]);
	close(out[1]);
	close(in[0]);
	ends_write_stream(&stage.stream, "all", 3);
	finished = stream_finish(&stage.stream);
	kept = fcntl(1, F_GETFD);
	stream_stop_reading(&stage.stream);
	stage_leave(&stage);
	CHECK_INT(finished, 0);
	CHECK(kept >= 0); /* no socket can be born at 1 */
	CHECK_STR(ends_hear(out[0]), "all");
	CHECK_STR(ends_hear(out[0]), "");
	CHECK(!ends_say(in[1], "x"));
	CHECK_INT(errno, EPIPE);
}

static void test_keep(void)
{
	int in[2];
	int out[2];
	struct stage stage;

	ends_must(pipe(in), "pipe");
	ends_must(pipe(out), "pipe");
	stage_enter(&stage, in[0], out[1]);
	stream_from_stdio(&stage.stream, true);
	close(out[1]);
	close(in[0]);
	stream_finish(&stage.stream);
	stream_stop_reading(&stage.stream);
	ends_write_stream(&stage.stream, "next", 4);
	stream_close(&stage.stream);
	ends_say(1, " one");
	ends_say(in[1], "x");
	stage_leave(&stage);
	CHECK_STR(ends_hear(out[0]), "next one");
}

static void test_blocking_pipe(void)
{
	int out[2];
	static const char zeros[100 * 1024];
	struct stream stream = {
		.kind = &stream_plain,
		.in.fd = -1,
		.out.blocks = true,
	};
	size_t taken = 0;

	/* as if it could not be opened again */
	ends_must(pipe(out), "pipe");
	stream.out.fd = out[1];
	while (ends_ready(out[1], POLLOUT, 0)) {
		ssize_t put = ends_write_stream(&stream, zeros, sizeof zeros);

		if (!CHECK(put > 0))
			break;
		taken += (size_t)put;
	}
	CHECK_INT(ends_waiting(out[0]), taken);
	CHECK(taken >= 60 * KIB);
}

static const struct test tests[] = {
	{ "stdio: pipes do not block vcat, and still block their caller",
	    test_pipes },
	{ "stdio: sockets do not block vcat, and still block their caller",
	    test_sockets },
	{ "stdio: a terminal does not block vcat, and is left as it was",
	    test_terminal },
	{ "stdio: what was non-blocking already stays so",
	    test_nonblocking_stays },
	{ "stdio: files are read and written from where the caller was",
	    test_files },
	{ "stdio: the end closes stdout and frees no place for a socket",
	    test_finish },
	{ "stdio: kept for the next connection, both stay open", test_keep },
	{ "stdio: a pipe that may block is given only what fits",
	    test_blocking_pipe },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
