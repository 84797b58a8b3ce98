#include "tally.h"

#include <time.h>

#include "deadline.h"

#define NS_PER_S  1000000000
#define NS_PER_MS INT64_C(1000000)

uint64_t tally_cpu(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t tally_since(uint64_t cpu)
{
	uint64_t now = tally_cpu();

	return now > cpu ? now - cpu : 0;
}

void tally_begin(struct tally *tally, uint32_t warm_up_ms)
{
	tally->state = TALLY_WARMING;
	tally->next = deadline_now() + warm_up_ms * NS_PER_MS;
}

bool tally_turn(struct tally *tally, const struct tally_house *house,
    uint32_t time_ms, bool some)
{
	struct measure_report *report = &tally->report;
	int64_t now;

	if (tally->state != TALLY_WARMING && tally->state != TALLY_COUNTING)
		return false;
	now = deadline_now();
	if (tally->state == TALLY_COUNTING)
		report->time = (uint64_t)(now - tally->from);
	if (now < tally->next ||
	    (tally->state == TALLY_COUNTING && report->bytes == 0 && some))
		return false;
	if (tally->state == TALLY_WARMING) {
		tally->state = TALLY_COUNTING;
		tally->from = now;
		tally->next = now + time_ms * NS_PER_MS;
		tally->cpu = tally_cpu();
		tally->before = house->began - house->running;
	} else {
		tally->state = TALLY_DONE;
		report->cpu = tally_since(tally->cpu);
		report->connections = (uint32_t)(house->began - tally->before);
	}
	return true;
}

void tally_add(struct tally *tally, uint64_t bytes)
{
	if (tally->state == TALLY_COUNTING)
		tally->report.bytes += bytes;
}
