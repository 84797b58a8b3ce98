#include "serve.h"

int serve_run(struct endpoint_listener *listener,
    const struct socket_choice *choice, bool once, serve_handler *handler,
    void *context)
{
	bool more = true;

	while (more) {
		struct address peer;
		struct stream far;

		if (endpoint_accept(listener, choice, &far, &peer) < 0)
			return -1;
		if (once)
			endpoint_close(listener);
		more = handler(context, &far, &peer) && !once;
		stream_close(&far);
	}
	return 0;
}
