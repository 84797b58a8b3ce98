/*
 * The seccomp filters, which filters/generate.c makes when vcat is built.
 */
#ifndef VCAT_FILTERS_H
#define VCAT_FILTERS_H

#include <linux/filter.h>

struct filter {
	unsigned needs; /* of enum sandbox_need, exactly */
	unsigned short length;
	const struct sock_filter *code;
};

/* Up to one without code. */
extern const struct filter filters[];

#endif
