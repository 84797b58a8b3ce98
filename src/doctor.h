/*
 * vcat --doctor and --cid: what VM sockets are good for on this machine.
 * Both print on stdout and leave it to be flushed. No packet is sent.
 */
#ifndef VCAT_DOCTOR_H
#define VCAT_DOCTOR_H

#include <stdbool.h>

/*
 * Prints what there is and what is missing, or an object of JSON for each.
 * Returns whether VM sockets are usable here.
 */
bool doctor_report(bool json);

/*
 * Prints the local CID; if verbose, with what it is the CID of. Returns 0, or
 * -1 after an error was said.
 */
int doctor_print_cid(bool verbose);

#endif
