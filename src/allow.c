#include "allow.h"

#include <string.h>

/* CIDs at and below are written out at most so long, "hypervisor" too. */
#define CID_TEXT_SIZE 12

/* The last port that only root may have: LAST_RESERVED_PORT of the kernel. */
#define LAST_PRIVILEGED 1023

/* One CID out of the text, up to the end or one of the separators. */
static int parse_cid(
    const char **text, const char *separators, uint32_t *cid, const char **why)
{
	char word[CID_TEXT_SIZE];
	size_t length = strcspn(*text, separators);

	if (length >= sizeof word) {
		*why = "a list of CIDs is such as 3,5-9";
		return -1;
	}
	memcpy(word, *text, length);
	word[length] = '\0';
	*text += length;
	return address_parse_cid(word, ADDRESS_CONNECT, cid, why);
}

static int parse_range(const char **text, struct allow *allow, const char **why)
{
	uint32_t first;
	uint32_t last;

	if (parse_cid(text, ",-", &first, why) < 0)
		return -1;
	last = first;
	if (**text == '-') {
		++*text;
		if (parse_cid(text, ",", &last, why) < 0)
			return -1;
	}
	*why = "a range of CIDs goes from the lower to the higher";
	if (last < first)
		return -1;
	*why = "more than 64 CIDs and ranges of CIDs";
	if (allow->count == ALLOW_MAX)
		return -1;
	allow->cids[allow->count].first = first;
	allow->cids[allow->count].last = last;
	allow->count++;
	return 0;
}

int allow_parse(const char *text, struct allow *allow, const char **why)
{
	for (;;) {
		if (parse_range(&text, allow, why) < 0)
			return -1;
		if (*text == '\0')
			return 0;
		text++; /* the comma */
	}
}

static bool cid_permitted(const struct allow *allow, uint32_t cid)
{
	for (int i = 0; i < allow->count; i++)
		if (cid >= allow->cids[i].first && cid <= allow->cids[i].last)
			return true;
	return false;
}

bool allow_permits(const struct allow *allow, const struct address *peer)
{
	bool has_port =
	    peer->kind == ADDRESS_VSOCK || peer->kind == ADDRESS_TCP;

	if (allow->count > 0 &&
	    (peer->kind != ADDRESS_VSOCK || !cid_permitted(allow, peer->cid)))
		return false;
	return !allow->privileged ||
	       (has_port && peer->port <= LAST_PRIVILEGED);
}
