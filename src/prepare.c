#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "netns.h"
#include "trouble.h"

/* Returns 0, or -1 with errno after a message. */
static int look_up(const struct options *o, struct dial_target *target)
{
	struct socket_fault fault = { .step = "resolve" };
	bool waits =
	    o->action != OPTIONS_LISTEN && (target->retry >= 0 || o->keep_open);

	if (dial_resolve(target, &fault) == 0 ||
	    (waits && trouble_passes(errno)))
		return 0;
	trouble_report(&target->address, &fault, errno);
	return -1;
}

int prepare_netns(
    const struct options *o, struct dial_target *far, struct dial_target *near)
{
	int helper = 0;

	if (o->netns != NULL)
		helper = netns_open(o->netns, !o->no_sandbox);
	far->choice.netns = helper;
	near->choice.netns = helper;
	return helper < 0 ? -1 : 0;
}

int prepare_names(
    const struct options *o, struct dial_target *far, struct dial_target *near)
{
	if (prepare_netns(o, far, near) < 0) {
		errno = ECANCELED; /* not a time limit */
		return -1;
	}
	if (o->action != OPTIONS_LISTEN && look_up(o, far) < 0)
		return -1;
	return o->has_target ? look_up(o, near) : 0;
}

/* Whether it will be looked up again. */
static bool is_followed(
    const struct options *o, const struct dial_target *target)
{
	bool lasts = o->keep_open || target->retry >= 0;

	return dial_has_name(target) &&
	       (target->names == NULL || (lasts && !o->resolve_once));
}

/* Returns 0, or -1 after a message. */
static int follow(const struct options *o, struct resolver **resolver,
    struct dial_target *target)
{
	if (!is_followed(o, target))
		return 0;
	if (*resolver == NULL)
		*resolver = resolver_start(!o->no_sandbox);
	if (*resolver != NULL)
		target->followed = resolver_follow(*resolver, &target->address,
		    target->names, o->resolve_once);
	if (target->followed != NULL)
		return 0;
	trouble_at(&target->address, "fork", errno);
	return -1;
}

int prepare_following(const struct options *o, struct resolver **resolver,
    struct dial_target *far, struct dial_target *near)
{
	if (o->action != OPTIONS_LISTEN && follow(o, resolver, far) < 0)
		return -1;
	return o->has_target ? follow(o, resolver, near) : 0;
}

/* Nothing but the listener was to be a VM socket. */
static void leave_netns(
    const struct options *o, const struct socket_choice *choice)
{
	if (choice->netns > 0 && !address_has(o->target.kind, ADDRESS_CID))
		close(choice->netns);
}

int prepare_listener(const struct options *o,
    const struct socket_choice *choice, struct listener *listener)
{
	char text[ADDRESS_TEXT_SIZE];

	if (o->address.kind == ADDRESS_STDIO)
		return listener_adopt(listener);
	if (listener_open(listener, &o->address, choice) < 0)
		return -1;
	if (o->verbose || listener->address.port != o->address.port)
		log_line("listening on %s",
		    address_format(&listener->address, text));
	leave_netns(o, choice);
	return 0;
}

int prepare_files(const struct options *o, struct beneath *into)
{
	struct stat st;

	for (int i = 0; o->files && o->operands[i] != NULL; i++) {
		if (lstat(o->operands[i], &st) == 0)
			continue;
		log_error("%s: %s", o->operands[i], strerror(errno));
		return -1;
	}
	if (o->into == NULL ||
	    (beneath_open(into, o->into) == 0 &&
		faccessat(into->root, ".", W_OK | X_OK, AT_EACCESS) == 0))
		return 0;
	log_error("%s: %s", o->into, strerror(errno));
	return -1;
}
