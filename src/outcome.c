#include "outcome.h"

#include <errno.h>

/* Without a transport no CID leads anywhere; with one, that VM is not there. */
static enum outcome_kind no_device(const struct address *address)
{
	return address->cid > ADDRESS_CID_HOST ? OUTCOME_NO_VM
					       : OUTCOME_NO_VSOCK;
}

enum outcome_kind outcome_of(const struct dial *dial)
{
	if (dial->state == DIAL_CONNECTED)
		return OUTCOME_OPEN;
	switch (dial->error) {
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ENODEV:
		return no_device(&dial->target->address);
	case EAFNOSUPPORT:
		return OUTCOME_NO_VSOCK;
	case ENOENT:
		return OUTCOME_NO_SOCKET;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return OUTCOME_UNREACHABLE;
	case ETIMEDOUT:
		return OUTCOME_TIMED_OUT;
	case EACCES:
	case EPERM:
		return OUTCOME_NOT_PERMITTED;
	default:
		return OUTCOME_FAILED;
	}
}

const char *outcome_name(enum outcome_kind kind)
{
	static const char *const names[OUTCOME_KINDS] = {
		[OUTCOME_UNKNOWN] = "unknown",
		[OUTCOME_OPEN] = "open",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_NO_VM] = "no such VM",
		[OUTCOME_NO_VSOCK] = "no vsock here",
		[OUTCOME_NO_SOCKET] = "no such socket",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_TIMED_OUT] = "timed out",
		[OUTCOME_NOT_PERMITTED] = "not permitted",
		[OUTCOME_FAILED] = "failed",
	};

	return names[kind];
}
