/*
 * needs: loopback
 *
 * Landlock's rules: what each allows, and that all else is refused.
 */
#include "landlock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "test.h"

/* LeakSanitizer opens files at the end, which it then cannot. */
const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
	return "detect_leaks=0";
}

/* The version of Landlock that knows abstract names. */
#define VERSION_SCOPE 6

static void restrict_to(const struct landlock_rules *rules)
{
	if (landlock_version() < 0)
		exit(TEST_SKIPPED);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CHECK_INT(landlock_restrict(rules), 0);
}

/* In a new directory: the directories a and b, with a file each. */
static void make_files(void)
{
	char path[] = "/tmp/vcat.XXXXXX";

	if (mkdtemp(path) == NULL || chdir(path) < 0)
		exit(1);
	for (const char *name = "ab"; *name != '\0'; name++) {
		const char directory[] = { *name, '\0' };
		const char file[] = { *name, '/', 'f', '\0' };

		mkdir(directory, 0700);
		close(open(file, O_CREAT | O_WRONLY, 0600));
	}
}

/* Returns in a child; the test itself removes the files when that has ended. */
static void leave_files(void)
{
	pid_t child = fork();
	char path[64];
	int status;

	if (child == 0)
		return;
	waitpid(child, &status, 0);
	unlink("a/f");
	unlink("a/new");
	unlink("b/f");
	unlink("c");
	rmdir("a");
	rmdir("b");
	if (getcwd(path, sizeof path) != NULL)
		rmdir(path);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static int error_of_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int error_of(int result)
{
	return result < 0 ? errno : 0;
}

static void test_nothing(void)
{
	int kept;
	make_files();
	leave_files();
	kept = open("a/f", O_RDWR | O_CLOEXEC);
	restrict_to(&(struct landlock_rules){ .directory = -1 });
	CHECK_INT(error_of_open("a/f", O_RDONLY), EACCES);
	CHECK_INT(error_of_open("/", O_RDONLY), EACCES);
	CHECK_INT(error_of_open("a/new", O_CREAT | O_WRONLY), EACCES);
	CHECK_INT(error_of(unlink("a/f")), EACCES);
	CHECK_INT(error_of(mkdir("c", 0700)), EACCES);
	CHECK_INT(error_of(rmdir("a")), EACCES);
	/* what is open stays so */
	CHECK_INT(write(kept, "x", 1), 1);
	close(kept);
}

static void test_operands(void)
{
	static char a[] = "a";
	static char none[] = "none";
	char *const operands[] = { none, a, NULL };
	make_files();
	leave_files();
	restrict_to(&(struct landlock_rules){
	    .reads = true, .operands = operands, .directory = -1 });
	CHECK_INT(error_of_open("a/f", O_RDONLY), 0);
	CHECK_INT(error_of_open("a", O_RDONLY | O_DIRECTORY), 0);
	CHECK_INT(error_of_open("a/f", O_WRONLY), EACCES);
	CHECK_INT(error_of_open("b/f", O_RDONLY), EACCES);
	CHECK_INT(error_of(unlink("a/f")), EACCES);
}

static void test_directory(void)
{
	int fd;
	make_files();
	leave_files();
	fd = open("a", O_PATH | O_CLOEXEC);
	restrict_to(&(struct landlock_rules){ .directory = fd });
	CHECK_INT(error_of_open("a/new", O_CREAT | O_EXCL | O_RDWR), 0);
	CHECK_INT(error_of(rename("a/new", "a/f")), 0);
	CHECK_INT(error_of(mkdir("a/d", 0700)), 0);
	CHECK_INT(error_of(rmdir("a/d")), 0);
	CHECK_INT(error_of(symlink("/", "a/l")), 0);
	CHECK_INT(error_of(unlink("a/l")), 0);
	CHECK_INT(error_of(mkfifo("a/p", 0600)), EACCES);
	CHECK_INT(error_of_open("b/f", O_RDONLY), EACCES);
	CHECK(error_of(rename("a/f", "b/f")) != 0);
	CHECK(error_of(link("b/f", "a/l")) != 0);
}

#define FILES(path) ((const char *const[]){ path })

static void test_socket_file(void)
{
	make_files();
	leave_files();
	restrict_to(&(struct landlock_rules){
	    .socket_files = FILES("a/s"), .files = 1, .directory = -1 });
	CHECK_INT(error_of_open("a/f", O_RDONLY), EACCES);
	CHECK_INT(error_of(unlink("b/f")), EACCES);
	CHECK_INT(error_of(unlink("a/f")), 0);
	CHECK_INT(error_of_open("a/f", O_CREAT | O_WRONLY), EACCES);
}

static void test_socket_link(void)
{
	make_files();
	leave_files();
	CHECK_INT(symlink("a", "c"), 0);
	restrict_to(&(struct landlock_rules){
	    .socket_files = FILES("c/s"), .files = 1, .directory = -1 });
	CHECK_INT(error_of(unlink("b/f")), EACCES);
	CHECK_INT(error_of(unlink("c/f")), 0);
}

/* The error of a connection to that port, where nobody listens. */
static int error_of_port(uint16_t port)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error =
	    error_of(connect(fd, (const struct sockaddr *)&to, sizeof to));

	close(fd);
	return error;
}

static void test_ports(void)
{
	struct landlock_rules rules = { .directory = -1 };

	if (!landlock_knows_ports(landlock_version()))
		exit(TEST_SKIPPED);
	rules.tcp_ports.list[0] = (struct range){ 1, 2 };
	rules.tcp_ports.count = 1;
	restrict_to(&rules);
	CHECK_INT(error_of_port(1), ECONNREFUSED);
	CHECK_INT(error_of_port(2), ECONNREFUSED);
	CHECK_INT(error_of_port(3), EACCES);
}

static void test_many_ports(void)
{
	struct landlock_rules rules = { .directory = -1 };

	rules.tcp_ports.list[0] = (struct range){ 1000, 65535 };
	rules.tcp_ports.count = 1;
	restrict_to(&rules);
	CHECK_INT(error_of_port(1), ECONNREFUSED);
}

/* The error of a connection to an abstract name that our parent listens at. */
static int error_of_abstract(bool allowed)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof to;

	/* the kernel finds a name */
	CHECK_INT(
	    bind(listener, (const struct sockaddr *)&to, sizeof(sa_family_t)),
	    0);
	CHECK_INT(listen(listener, 1), 0);
	CHECK_INT(getsockname(listener, (struct sockaddr *)&to, &size), 0);
	restrict_to(
	    &(struct landlock_rules){ .directory = -1, .abstract = allowed });
	return error_of(connect(fd, (const struct sockaddr *)&to, size));
}

static void test_abstract(void)
{
	if (landlock_version() < VERSION_SCOPE)
		exit(TEST_SKIPPED);
	CHECK_INT(error_of_abstract(false), EPERM);
}

static void test_abstract_allowed(void)
{
	CHECK_INT(error_of_abstract(true), 0);
}

int main(void)
{
	static const struct test tests[] = {
		{ "nothing: no file can be opened, made or removed",
		    test_nothing },
		{ "operands: what they are can be read", test_operands },
		{ "directory: files can be made in it, and stay there",
		    test_directory },
		{ "socket file: its directory can lose files",
		    test_socket_file },
		{ "socket: its directory may be reached by a link",
		    test_socket_link },
		{ "ports: those can be connected to", test_ports },
		{ "ports: too many are not restricted", test_many_ports },
		{ "abstract: names can be refused", test_abstract },
		{ "abstract: names can be allowed", test_abstract_allowed },
	};

	return test_run(tests, LENGTH(tests));
}
