/*
 * Places for connections, shared by servers.
 */
#include "room.h"

#include "test.h"

/* Takes places while there are any. Returns how many. */
static int fill(struct room *room, int *running)
{
	int taken = 0;

	for (; room_has_place(room, *running); taken++)
		room_enter(room, running);
	return taken;
}

static void test_alone(void)
{
	struct room room;
	int running = 0;

	room_open(&room, 7, 1);
	CHECK_INT(fill(&room, &running), 7);
	CHECK(room.refused);
	room_leave(&room, &running);
	CHECK_INT(fill(&room, &running), 1);
	CHECK_INT(running, 7);
}

static void test_greedy(void)
{
	struct room room;
	int running[4] = { 0 };

	room_open(&room, 40, 4);
	CHECK_INT(fill(&room, &running[0]), 25); /* 40 - 3 x 5 */
	for (int i = 1; i < 4; i++)
		CHECK_INT(fill(&room, &running[i]), 5);
	CHECK_INT(room.taken, 40);
	/* what it gives back may be anybody's, beyond what is kept */
	room_leave(&room, &running[0]);
	CHECK_INT(fill(&room, &running[2]), 1);
	/* of the kept ones it gets none */
	room_leave(&room, &running[1]);
	CHECK_INT(fill(&room, &running[0]), 0);
	CHECK_INT(fill(&room, &running[1]), 1);
}

static void test_narrow(void)
{
	struct room room;
	int running[4] = { 0 };

	room_open(&room, 3, 4);
	CHECK_INT(fill(&room, &running[0]), 3);
	CHECK_INT(fill(&room, &running[1]), 0);
	room_leave(&room, &running[0]);
	CHECK_INT(fill(&room, &running[1]), 1);
}

/* Half of all would be less than one for each. */
static void test_scarce(void)
{
	struct room room;
	int running[4] = { 0 };

	room_open(&room, 6, 4);
	CHECK_INT(fill(&room, &running[0]), 3);
	for (int i = 1; i < 4; i++)
		CHECK_INT(fill(&room, &running[i]), 1);
}

static void test_refused(void)
{
	struct room room;
	int running = 0;

	room_open(&room, 1, 1);
	CHECK(room_has_place(&room, running));
	CHECK(!room.refused);
	room_enter(&room, &running);
	CHECK(!room_has_place(&room, running));
	CHECK(room.refused);
}

/* Whatever comes and goes, a server with less than its share finds a place. */
static void test_random(void)
{
	struct room room;
	int running[8] = { 0 };
	unsigned seed = 1;

	room_open(&room, 64, 8);
	for (int i = 0; i < 100000; i++) {
		int *one = &running[rand_r(&seed) % 8];
		bool poor = *one < room.share;
		bool place = room_has_place(&room, *one);

		CHECK(place || !poor);
		CHECK(room.taken <= room.most && room.kept >= 0);
		if (rand_r(&seed) % 3 > 0 && place)
			room_enter(&room, one);
		else if (*one > 0)
			room_leave(&room, one);
	}
	for (int i = 0; i < 8; i++)
		while (running[i] > 0)
			room_leave(&room, &running[i]);
	CHECK_INT(room.taken, 0);
	CHECK_INT(room.kept, room.share * 8);
}

static const struct test tests[] = {
	{ "room: one server may take all places", test_alone },
	{ "room: a greedy server leaves the others theirs", test_greedy },
	{ "room: with less places than servers, none is kept", test_narrow },
	{ "room: with few places, one is kept for each server", test_scarce },
	{ "room: who finds no place is noted", test_refused },
	{ "room: places come and go, and none is lost", test_random },
};

int main(void)
{
	return test_run(tests, LENGTH(tests));
}
