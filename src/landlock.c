#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is newer than Debian 12's headers: landlock(7). */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif

/* LANDLOCK_RULE_NET_PORT */
#define RULE_NET_PORT 2

/* The versions of its interface that brought what we use. */
enum landlock_abi {
	ABI_REFER = 2, /* before, no file can be linked elsewhere at all */
	ABI_TRUNCATE = 3,
	ABI_NET = 4,
	ABI_IOCTL_DEV = 5,
	ABI_SCOPE = 6,
};

/* More ports than that are not worth a rule each. */
#define PORTS_MAX 1024

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAKING                                                                 \
	(READING | LANDLOCK_ACCESS_FS_WRITE_FILE |                             \
	    LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_DIR |      \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |     \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |        \
	    LANDLOCK_ACCESS_FS_REFER)

/* What a rule may say of a file that is no directory. */
#define OF_FILES                                                               \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_EXECUTE |         \
	    LANDLOCK_ACCESS_FS_IOCTL_DEV)

/* struct landlock_ruleset_attr and struct landlock_net_port_attr of today. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};
struct net_port {
	uint64_t access;
	uint64_t port;
};

int landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

bool landlock_knows_ports(int version)
{
	return version >= ABI_NET;
}

static size_t ruleset_size(int abi)
{
	if (abi >= ABI_SCOPE)
		return sizeof(struct ruleset);
	return abi >= ABI_NET ? offsetof(struct ruleset, scoped)
			      : offsetof(struct ruleset, net);
}

/* All that this kernel can restrict. */
static struct ruleset handled(const struct landlock_rules *rules, int abi)
{
	bool many = value_ports_count(&rules->tcp_ports) > PORTS_MAX;
	struct ruleset all = {
		.fs = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1,
		.net = LANDLOCK_ACCESS_NET_BIND_TCP |
		       (many ? 0 : LANDLOCK_ACCESS_NET_CONNECT_TCP),
		.scoped =
		    LANDLOCK_SCOPE_SIGNAL |
		    (rules->abstract ? 0 : LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET),
	};

	if (abi >= ABI_REFER)
		all.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		all.fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= ABI_IOCTL_DEV)
		all.fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return all;
}

/* Returns 0, or -1 with errno. */
static int add_rule(int ruleset, int type, const void *rule)
{
	return (int)syscall(SYS_landlock_add_rule, ruleset, type, rule, 0);
}

/* Allows that beneath what is open there. */
static int allow_beneath(int ruleset, int fd, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.parent_fd = fd,
		.allowed_access = access,
	};
	struct stat st;

	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	return rule.allowed_access == 0
		   ? 0
		   : add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule);
}

/* What is not there needs no rule; but there may be no descriptor left. */
static int allow_path(int ruleset, const char *path, int flags, uint64_t access)
{
	int fd = open(path, O_PATH | O_CLOEXEC | flags);
	int result;

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM
			   ? -1
			   : 0;
	result = allow_beneath(ruleset, fd, access);
	close(fd);
	return result;
}

/* The right to remove a file is one of its directory, which may be reached by
 * a symbolic link. */
static int allow_removal(int ruleset, const char *file)
{
	char directory[ADDRESS_PATH_SIZE];

	strlcpy(directory, file, sizeof directory);
	return allow_path(
	    ruleset, dirname(directory), 0, LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

/* An operand that is a symbolic link is sent as such, unless it ends in '/'. */
static int allow_reading(int ruleset, char *const *operands)
{
	if (operands == NULL)
		return allow_path(ruleset, "/", 0, READING);
	for (; *operands != NULL; operands++)
		if (allow_path(ruleset, *operands, O_NOFOLLOW, READING) < 0)
			return -1;
	return 0;
}

static int allow_ports(int ruleset, const struct ranges *ports)
{
	uint64_t count = value_ports_count(ports);

	for (uint64_t i = 0; i < count && count <= PORTS_MAX; i++) {
		const struct net_port rule = {
			.access = LANDLOCK_ACCESS_NET_CONNECT_TCP,
			.port = value_ports_at(ports, i),
		};

		if (add_rule(ruleset, RULE_NET_PORT, &rule) < 0)
			return -1;
	}
	return 0;
}

/* All rules, for what the ruleset handles. Returns 0, or -1 with errno. */
static int add_rules(int ruleset, const struct landlock_rules *rules, int abi)
{
	uint64_t making = handled(rules, abi).fs & MAKING;

	for (size_t i = 0; i < rules->files; i++)
		if (allow_removal(ruleset, rules->socket_files[i]) < 0)
			return -1;
	if (rules->reads && allow_reading(ruleset, rules->operands) < 0)
		return -1;
	if (rules->directory >= 0 &&
	    allow_beneath(ruleset, rules->directory, making) < 0)
		return -1;
	return abi < ABI_NET ? 0 : allow_ports(ruleset, &rules->tcp_ports);
}

int landlock_restrict(const struct landlock_rules *rules)
{
	int abi = landlock_version();
	struct ruleset all = handled(rules, abi);
	int ruleset;
	int result = -1;
	int saved;

	if (abi < 0)
		return -1;
	errno = EOPNOTSUPP;
	if (abi < ABI_REFER && rules->directory >= 0)
		return -1;
	ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, &all, ruleset_size(abi), 0);
	if (ruleset < 0)
		return -1;
	if (add_rules(ruleset, rules, abi) == 0)
		result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	saved = errno;
	close(ruleset);
	errno = saved;
	return result;
}
