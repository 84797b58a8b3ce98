#include "allow.h"

/* The last port that only root may have: LAST_RESERVED_PORT of the kernel. */
#define LAST_PRIVILEGED 1023

static int read_cid(const char *word, uint32_t *cid, const char **why)
{
	return address_parse_cid(word, ADDRESS_CONNECT, cid, why);
}

static const struct ranges_kind cid_list = {
	.read = read_cid,
	.shape = "a list of CIDs is such as 3,5-9",
	.reversed = "a range of CIDs goes from the lower to the higher",
	.too_many = "more than 64 CIDs and ranges of CIDs",
};

int allow_parse(const char *text, struct allow *allow, const char **why)
{
	return ranges_add(text, &cid_list, &allow->cids, why);
}

bool allow_permits(const struct allow *allow, const struct address *peer)
{
	bool has_port =
	    peer->kind == ADDRESS_VSOCK || peer->kind == ADDRESS_TCP;

	if (allow->cids.count > 0 && (peer->kind != ADDRESS_VSOCK ||
					 !ranges_hold(&allow->cids, peer->cid)))
		return false;
	return !allow->privileged ||
	       (has_port && peer->port <= LAST_PRIVILEGED);
}
