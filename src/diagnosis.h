/*
 * What the kernel's answers mean: findings in plain words, each with a fix
 * where there is one, and the verdict. Pure.
 */
#ifndef VCAT_DIAGNOSIS_H
#define VCAT_DIAGNOSIS_H

#include <stddef.h>

#include "probe.h"

#define DIAGNOSIS_MAX       10
#define DIAGNOSIS_TEXT_SIZE 200

enum finding_status {
	FINDING_OK,
	FINDING_NO,   /* not usable: the finding has a fix, a note, or both */
	FINDING_NOTE, /* neither good nor bad */
};

struct finding {
	const char *check; /* its name: one word */
	enum finding_status status;
	char text[DIAGNOSIS_TEXT_SIZE];
	char fix[DIAGNOSIS_TEXT_SIZE];  /* a command for root, or "" */
	char note[DIAGNOSIS_TEXT_SIZE]; /* advice that is no command, or "" */
};

struct diagnosis {
	struct finding findings[DIAGNOSIS_MAX];
	size_t count;
	struct finding verdict; /* FINDING_OK: vsock is usable here */
};

/* Fills in all of *diagnosis. */
void diagnosis_make(struct diagnosis *diagnosis, const struct probe *probe);

#endif
