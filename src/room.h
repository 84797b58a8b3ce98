/*
 * How many connections there may be at once, when several servers share one
 * limit. Half of all places are kept, the same number for each server, so that
 * a busy one cannot shut the others out; or one for each where half of all is
 * too few.
 */
#ifndef VCAT_ROOM_H
#define VCAT_ROOM_H

#include <stdbool.h>

struct room {
	int most;     /* places in all */
	int taken;    /* now */
	int share;    /* places that are kept for each server */
	int kept;     /* of these, how many are free now */
	bool refused; /* somebody found no place since this was last cleared */
};

/* A room for that many servers, none of which has taken a place. */
void room_open(struct room *room, int most, int servers);

/* Whether a server that has taken so many places may take one more. */
bool room_has_place(struct room *room, int running);

/* Takes a place, or gives one back, and counts it in *running. */
void room_enter(struct room *room, int *running);
void room_leave(struct room *room, int *running);

#endif
