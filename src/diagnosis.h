/*
 * What the kernel's answers mean: findings in plain words, each with what
 * mends it, and the verdict. Pure.
 */
#ifndef VCAT_DIAGNOSIS_H
#define VCAT_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "probe.h"

#define DIAGNOSIS_MAX       10
#define DIAGNOSIS_TEXT_SIZE 200

enum finding_status {
	FINDING_OK,
	FINDING_NO,   /* not usable: there is a mend, a note, or both */
	FINDING_NOTE, /* neither good nor bad */
};

struct finding {
	const char *check; /* a name: one word */
	enum finding_status status;
	char text[DIAGNOSIS_TEXT_SIZE];
	char mend[DIAGNOSIS_TEXT_SIZE]; /* a command for root, or "" */
	char note[DIAGNOSIS_TEXT_SIZE]; /* what no command here does, or "" */
};

struct diagnosis {
	struct finding findings[DIAGNOSIS_MAX];
	size_t count;
	bool usable; /* there is somebody to talk to, or may be */
	char verdict[DIAGNOSIS_TEXT_SIZE];
};

/* Fills the whole of *diagnosis. */
void diagnosis_make(struct diagnosis *diagnosis, const struct probe *probe);

#endif
