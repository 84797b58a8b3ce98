/*
 * From the options to what those want to know who dial, relay, serve and
 * transfer.
 */
#ifndef VCAT_PLAN_H
#define VCAT_PLAN_H

#include "address.h"
#include "collector.h"
#include "connection.h"
#include "dial.h"
#include "options.h"
#include "relay.h"
#include "server.h"
#include "service.h"
#include "stream.h"
#include "transfer.h"

/* What it takes to connect to that address. dial_forget() it. */
struct dial_target plan_target(
    const struct options *o, const struct address *address);

struct relay_rules plan_rules(const struct options *o);

/* Connections that these options describe. Who they belong to, what they meet
 * and who hears of their end is for the owner to set. */
struct connections plan_connections(const struct options *o);

/* The same for the senders of --lines. */
struct collector plan_collector(const struct options *o);

/* The same for a server: what it does with a connection is the owner's. */
struct server plan_server(const struct options *o);

/* A service of that one server. */
struct service plan_service(const struct options *o);

/* Whether vcat itself answers each connection: neither stdin and stdout nor a
 * target is at the other side. */
bool plan_answers(const struct options *o);

/* Of our descriptors, those that a connection needs for long. */
int plan_descriptors(const struct options *o);

/* Whether a verified transfer is to be done with each connection. */
bool plan_transfers(const struct options *o);

/* A transfer of files, or of stdin and stdout as that stream. Its directory is
 * not open yet. */
struct transfer plan_transfer(const struct options *o, struct stream *stdio);

#endif
