/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The primary's side of what peer.h says: starts secondaries, sends requests, waits for replies
 * and, when none comes, for no longer than a while. */

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "test_setup.h"

#define PATIENCE_S 60

extern char **environ;

static const char *program;

void
peer_program(const char *path)
{
	program = path;
}

struct peer
peer_start(unsigned int number)
{
	struct peer peer = { .lcore = PEER_LCORE + number };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	posix_spawn_file_actions_t actions;
	char prefix[128], lcores[64];
	char *argv[] = { (char *)(uintptr_t)program,
			 prefix,
			 lcores,
			 (char[]){ "--proc-type=secondary" },
			 (char[]){ "--no-telemetry" },
			 (char[]){ "--no-pci" },
			 NULL };
	int ends[2];

	snprintf(prefix, sizeof(prefix), "%s", test_eal_prefix());
	snprintf(lcores, sizeof(lcores), "--lcores=%u@%d", peer.lcore, test_eal_cpu());
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], PEER_FD);
	assert_int_equal(posix_spawn(&peer.pid, program, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	peer.fd = ends[0];
	setsockopt(peer.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* It says that EAL is up. */
	assert_int_equal(peer_receive(&peer).value, 0);
	return peer;
}

void
peer_send(struct peer *peer, struct peer_request request)
{
	assert_int_equal(send(peer->fd, &request, sizeof(request), MSG_NOSIGNAL), sizeof(request));
}

struct peer_reply
peer_receive(struct peer *peer)
{
	struct peer_reply reply;

	if (recv(peer->fd, &reply, sizeof(reply), 0) != sizeof(reply))
		fail_msg("the secondary on lcore %u hangs or is gone", peer->lcore);
	return reply;
}

struct peer_reply
peer_call(struct peer *peer, struct peer_request request)
{
	peer_send(peer, request);
	return peer_receive(peer);
}

void
peer_leave(struct peer *peer)
{
	int status;

	peer_call(peer, (struct peer_request){ .op = PEER_DEINIT });
	peer_send(peer, (struct peer_request){ .op = PEER_EXIT });
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(peer->fd);
}

void
peer_kill(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	assert_int_equal(waitpid(peer->pid, NULL, 0), peer->pid);
	close(peer->fd);
}
