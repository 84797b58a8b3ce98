/*
 * Sockets that whoever started us has opened and passed on: sd_listen_fds(3).
 */
#ifndef VCAT_ACTIVATION_H
#define VCAT_ACTIVATION_H

/*
 * The one socket that was passed, made close-on-exec, and the variables that
 * said so removed from the environment. Returns it, or -1 with a static
 * sentence in *why.
 */
int activation_socket(const char **why);

#endif
