/*
 * The exit statuses of vcat, as its manual lists them.
 */
#ifndef VCAT_STATUS_H
#define VCAT_STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_TIMEOUT = 3,
};

#endif
