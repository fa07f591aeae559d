/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns what processes say to each other about external memory: secondaries ask the primary for it
 * over EAL's channel, the primary tells those that use fastmem, over a line to each, what has changed.
 * Must not map anything; must not wait for a process longer than PATIENCE_S.
 * Called by external.c.
 *
 * EAL's channel alone would not do for the second: a request of the primary goes to all secondaries,
 * and one that does not use fastmem gives no answer. Its thread that reads the channel must not take
 * EAL's memory lock, since who holds that may be waiting for an answer: hence the threads here.
 */

#include "fastmem_external_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include <dpdk_compat.h>

#define CHANNEL	   "fastmem_external"
#define MAX_PEERS  256
#define PATIENCE_S 5			 /* as EAL's own for its memory */
#define CLEAR_RATE (UINT64_C(256) << 20) /* bytes a second that the kernel clears at least */

enum op {
	OP_JOIN,  /* with a socket: -> files of areas */
	OP_FILES, /* from -> further files */
	OP_ADD,	  /* node, size, page_size, meta */
	OP_SWEEP, /* node */
};

struct request {
	uint32_t op;
	uint32_t node;
	uint64_t size;
	uint64_t page_size;
	uint32_t meta;
	uint32_t from;
};

struct reply {
	int32_t rc;
	uint32_t nb_files;
};

/* Over a socket: what the secondary is to follow, and whether it could. */
struct notice {
	uint64_t number;
	int32_t rc;
};

static struct {
	pthread_mutex_t lock; /* of the entries' coming and going */
	int fd[MAX_PEERS];    /* the primary's end + 1 */
	bool late[MAX_PEERS]; /* it gave no answer in time: no more waiting for it until it does */
	uint64_t number;      /* of the last notice */
	const int *files;
	uint32_t nb_files;
	bool open;
} primary = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
	const struct fm_state *st;
	int fd;
	bool joined;
	pthread_t thread;
} secondary;

/* ---- notices */

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
drop_peer(unsigned int i)
{
	pthread_mutex_lock(&primary.lock);
	close(primary.fd[i] - 1);
	primary.fd[i] = 0;
	pthread_mutex_unlock(&primary.lock);
}

/* Wait for a peer to have followed; 0 also if it is gone. */
static int
await(unsigned int i, uint64_t deadline)
{
	struct pollfd p = { .fd = primary.fd[i] - 1, .events = POLLIN };
	struct notice answer = { 0 };
	uint64_t now;
	int n;

	/* A late answer to an earlier notice is of no interest any more. */
	while (answer.number != primary.number) {
		now = primary.late[i] ? deadline : now_ms();
		n = poll(&p, 1, now < deadline ? (int)(deadline - now) : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			primary.late[i] = true;
			return -ETIMEDOUT;
		}
		if (recv(p.fd, &answer, sizeof(answer), MSG_DONTWAIT) != sizeof(answer)) {
			drop_peer(i); /* its end is closed: it ended, was killed, or left */
			return 0;
		}
		primary.late[i] = false;
	}
	return answer.rc;
}

int
fm_peer_sync(void)
{
	struct notice notice = { .number = ++primary.number };
	uint64_t deadline = now_ms() + PATIENCE_S * 1000;
	int rc = 0, one;
	unsigned int i;

	/* First to all, so that they work at once. */
	for (i = 0; i < MAX_PEERS; i++)
		if (primary.fd[i] != 0)
			send(primary.fd[i] - 1, &notice, sizeof(notice),
			     MSG_NOSIGNAL | MSG_DONTWAIT);
	for (i = 0; i < MAX_PEERS; i++) {
		if (primary.fd[i] == 0)
			continue;
		one = await(i, deadline);
		rc = rc == 0 ? one : rc;
	}
	return rc;
}

/* A secondary's thread: follows until the socket is closed at either end. */
static void *
follow(void *arg)
{
	struct notice notice;

	(void)arg;
	while (recv(secondary.fd, &notice, sizeof(notice), 0) == sizeof(notice)) {
		notice.rc = fm_external_follow(secondary.st);
		if (send(secondary.fd, &notice, sizeof(notice), MSG_NOSIGNAL) != sizeof(notice))
			break;
	}
	return NULL;
}

/* ---- requests */

static int
ask(const struct request *q, int fd, unsigned int seconds, struct rte_mp_msg *answer)
{
	struct timespec patience = { .tv_sec = seconds };
	struct rte_mp_msg msg = { .len_param = sizeof(*q) };
	struct rte_mp_reply replies;
	struct reply reply;

	strncpy(msg.name, CHANNEL, sizeof(msg.name) - 1);
	memcpy(msg.param, q, sizeof(*q));
	if (fd >= 0) {
		msg.fds[0] = fd;
		msg.num_fds = 1;
	}
	if (rte_mp_request_sync(&msg, &replies, &patience) != 0)
		return -rte_errno;
	if (replies.nb_received != 1) /* the primary is gone */
		return -ECONNREFUSED;
	*answer = replies.msgs[0];
	free(replies.msgs);
	memcpy(&reply, answer->param, sizeof(reply));
	return reply.rc;
}

static void
respond(const char *peer, int rc, const int *files, unsigned int nb_files)
{
	struct reply reply = { .rc = rc, .nb_files = nb_files };
	struct rte_mp_msg msg = { .len_param = sizeof(reply), .num_fds = (int)nb_files };

	strncpy(msg.name, CHANNEL, sizeof(msg.name) - 1);
	memcpy(msg.param, &reply, sizeof(reply));
	memcpy(msg.fds, files, nb_files * sizeof(*files));
	rte_mp_reply(&msg, peer);
}

static void
respond_files(const char *peer, uint32_t from)
{
	uint32_t n = primary.nb_files - RTE_MIN(from, primary.nb_files);

	respond(peer, 0, primary.files + from, RTE_MIN(n, (uint32_t)RTE_MP_MAX_FD_NUM));
}

static int
add_peer(int fd)
{
	int rc = -EUSERS;
	unsigned int i;

	pthread_mutex_lock(&primary.lock);
	for (i = 0; i < MAX_PEERS && rc != 0; i++) {
		if (primary.fd[i] != 0)
			continue;
		primary.fd[i] = fd + 1;
		primary.late[i] = false;
		rc = 0;
	}
	pthread_mutex_unlock(&primary.lock);
	return rc;
}

/* A request that takes long, in a thread of its own. */
struct job {
	struct request q;
	pthread_t thread;
	char peer[];
};

static void *
work(void *arg)
{
	struct fm_state *st = fm_state();
	struct job *job = arg;
	int rc = -ENODEV;

	pthread_detach(pthread_self());
	if (st != NULL && job->q.node < st->nb_nodes) {
		struct fm_node *node = &st->node[job->q.node];

		rc = 0;
		if (job->q.op == OP_ADD)
			rc = fm_external_add(node, job->q.size, job->q.page_size, job->q.meta != 0);
		else
			fm_external_sweep(node);
	}
	respond(job->peer, rc, NULL, 0);
	free(job);
	return NULL;
}

static void
start_work(const struct request *q, const char *peer)
{
	struct job *job = malloc(sizeof(*job) + strlen(peer) + 1);
	pthread_t thread;

	if (job != NULL) {
		job->q = *q;
		strcpy(job->peer, peer);
		if (dpdk_ctrl_thread_create(&thread, "fastmem-add", work, job) == 0)
			return;
		free(job);
	}
	respond(peer, -ENOMEM, NULL, 0);
}

/* In EAL's thread of the primary: nothing here may wait. */
static int
on_request(const struct rte_mp_msg *msg, const void *peer)
{
	struct request q;
	int rc;

	if (msg->len_param != sizeof(q))
		return -1;
	memcpy(&q, msg->param, sizeof(q));
	switch (q.op) {
	case OP_JOIN:
		rc = msg->num_fds == 1 ? add_peer(msg->fds[0]) : -EINVAL;
		if (rc != 0) {
			if (msg->num_fds == 1)
				close(msg->fds[0]);
			respond(peer, rc, NULL, 0);
			break;
		}
		/* fall through */
	case OP_FILES:
		respond_files(peer, q.from);
		break;
	default:
		start_work(&q, peer);
		break;
	}
	return 0;
}

int
fm_peer_ask_add(const struct fm_node *node, uint64_t size, uint64_t page_size, bool meta)
{
	struct request q = {
		.op = OP_ADD,
		.node = node->index,
		.size = size,
		.page_size = page_size,
		.meta = meta,
	};
	struct rte_mp_msg answer;

	return ask(&q, -1, PATIENCE_S * 2 + (unsigned int)(size / CLEAR_RATE), &answer);
}

void
fm_peer_ask_sweep(const struct fm_node *node)
{
	struct request q = { .op = OP_SWEEP, .node = node->index };
	struct rte_mp_msg answer;

	ask(&q, -1, PATIENCE_S * 2, &answer);
}

/* ---- opening, joining, closing */

int
fm_peer_open(const int *files, uint32_t nb_files)
{
	primary.files = files;
	primary.nb_files = nb_files;
	/* Without shared files there are no secondaries. */
	if (rte_mp_action_register(CHANNEL, on_request) != 0)
		return rte_errno == ENOTSUP ? 0 : -rte_errno;
	primary.open = true;
	return 0;
}

/* The files of all areas, a few a message, of which the first is at hand. */
static int
take_files(struct rte_mp_msg *answer, int *files, uint32_t nb)
{
	struct request q = { .op = OP_FILES };
	int rc;

	for (;;) {
		memcpy(files + q.from, answer->fds, (size_t)answer->num_fds * sizeof(*files));
		q.from += (uint32_t)answer->num_fds;
		if (q.from >= nb || answer->num_fds == 0)
			return q.from == nb ? 0 : -EPROTO;
		rc = ask(&q, -1, PATIENCE_S, answer);
		if (rc != 0)
			return rc;
	}
}

int
fm_peer_join(const struct fm_state *st, int *files)
{
	struct request q = { .op = OP_JOIN };
	struct rte_mp_msg answer;
	int rc, ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	rc = ask(&q, ends[1], PATIENCE_S, &answer);
	close(ends[1]);
	if (rc == 0)
		rc = take_files(&answer, files, st->nb_areas);
	secondary.st = st;
	secondary.fd = ends[0];
	if (rc == 0)
		rc = dpdk_ctrl_thread_create(&secondary.thread, "fastmem-follow", follow, NULL);
	if (rc != 0) {
		close(ends[0]);
		return rc;
	}
	secondary.joined = true;
	return 0;
}

void
fm_peer_close(void)
{
	unsigned int i;

	if (primary.open)
		rte_mp_action_unregister(CHANNEL);
	primary.open = false;
	for (i = 0; i < MAX_PEERS; i++)
		if (primary.fd[i] != 0)
			drop_peer(i);
	if (secondary.joined) {
		shutdown(secondary.fd, SHUT_RDWR);
		pthread_join(secondary.thread, NULL);
		close(secondary.fd);
	}
	secondary.joined = false;
}
