/*
 * vcat --doctor and --cid: what this machine can do with VM sockets. Both
 * print on stdout and leave flushing it to the caller. No packet is sent.
 */
#ifndef VCAT_DOCTOR_H
#define VCAT_DOCTOR_H

#include <stdbool.h>

/*
 * Prints all findings and the verdict, as text or as one JSON object per line.
 * Returns whether VM sockets are usable here.
 */
bool doctor_report(bool json);

/*
 * Prints the local CID; if verbose, also whose it is: "3 vm". Returns 0, or -1
 * after printing the error.
 */
int doctor_print_cid(bool verbose);

#endif
