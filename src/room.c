#include "room.h"

void room_open(struct room *room, int most, int servers)
{
	int share = most / servers / 2;

	if (share == 0 && most > servers)
		share = 1;
	*room = (struct room){
		.most = most,
		.share = share,
		.kept = share * servers,
	};
}

bool room_has_place(struct room *room, int running)
{
	int others = running < room->share ? 0 : room->kept;
	bool free = room->taken + others < room->most;

	room->refused = room->refused || !free;
	return free;
}

void room_enter(struct room *room, int *running)
{
	if (*running < room->share)
		room->kept--;
	++*running;
	room->taken++;
}

void room_leave(struct room *room, int *running)
{
	--*running;
	if (*running < room->share)
		room->kept++;
	room->taken--;
}
