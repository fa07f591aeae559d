/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What a primary has a secondary do, one request and one reply at a time. */

#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_fastmem.h>
#include <rte_fastmem_walk.h>

/* The secondary's end of the connection. */
#define PEER_FD 3

/* The lcore that secondary number 0 has; the next ones have the next. */
#define PEER_LCORE 8

enum peer_op {
	PEER_INIT, /* -> value */
	PEER_DEINIT,
	PEER_ALLOC,    /* size, flags -> ptr, error */
	PEER_FREE,     /* ptr */
	PEER_REALLOC,  /* ptr, size -> ptr, error */
	PEER_FILL,     /* ptr, size, seed */
	PEER_INTACT,   /* ptr, size, seed -> value */
	PEER_OWNS,     /* ptr -> value */
	PEER_USABLE,   /* ptr -> value */
	PEER_NODE_OF,  /* ptr -> value */
	PEER_IOVA,     /* ptr -> value */
	PEER_MEMSEG,   /* ptr -> value: its IO address, as EAL's lists have it */
	PEER_EXTERNAL, /* -> value: bytes of external memory that a walk of EAL's meets */
	PEER_LOOKUP,   /* size -> value: the handle; error */
	PEER_HALLOC,   /* handle -> ptr, error */
	PEER_HFREE,    /* handle, ptr */
	PEER_RESERVE,  /* size -> value */
	PEER_RESERVED, /* -> value */
	PEER_LIMIT,    /* size -> value */
	PEER_FLUSH,
	PEER_TRIM,    /* -> value */
	PEER_STATS,   /* -> stats, node */
	PEER_AUDIT,   /* -> value, audit */
	PEER_EXHAUST, /* size -> value: blocks, which it keeps */
	PEER_RELEASE, /* frees those */
	PEER_PIN,     /* -> value */
	PEER_SAMPLE,  /* each allocation, from now on -> value */
	PEER_CHURN,   /* seed, size: rounds -> value: contents that were wrong */
	PEER_POOL,    /* ptr: a mempool; seed, size: rounds -> value: as of pool_churn() */
	PEER_OWN,     /* makes a mempool, uses and frees it -> value likewise */
	PEER_EXIT,    /* through exit(): no reply */
};

struct peer_request {
	enum peer_op op;
	unsigned int flags;
	rte_fastmem_handle_t handle;
	void *ptr;
	size_t size;
	uint64_t seed;
};

struct peer_reply {
	int64_t value;
	int error;
	void *ptr;
	struct rte_fastmem_stats stats;
	struct rte_fastmem_node_stats node;
	struct rte_fastmem_audit audit;
};

struct peer {
	pid_t pid;
	int fd;
	unsigned int lcore;
};

/* Where the program of a secondary is. */
void
peer_program(const char *path);

/* Start a secondary; all fail the test where they cannot do what they should. */
struct peer
peer_start(unsigned int number);

/* Have it do something; peer_send() does not wait for the reply. */
struct peer_reply
peer_call(struct peer *peer, struct peer_request request);
void
peer_send(struct peer *peer, struct peer_request request);
struct peer_reply
peer_receive(struct peer *peer);

/* End it: by way of rte_fastmem_deinit(), or at whichever instruction it is. */
void
peer_leave(struct peer *peer);
void
peer_kill(struct peer *peer);

#endif
