/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the server that Prometheus scrapes; libmicrohttpd speaks HTTP for it.
 * Must not: know what is in an answer.
 * Called by: prometheus.c.
 */

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "listen.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define IDLE_SEC     30
#define MAX_CLIENTS  16

struct server {
	listen_fn fn;
	void *arg;
};

static enum MHD_Result
reply(struct MHD_Connection *connection, unsigned int status, const char *type, char *body,
      size_t size, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, body, mode);
	enum MHD_Result done;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	done = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return done;
}

static enum MHD_Result
say(struct MHD_Connection *connection, unsigned int status, const char *text)
{
	return reply(connection, status, "text/plain", (char *)(uintptr_t)text, strlen(text),
		     MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result
answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
       const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct server *server = cls;
	size_t size = 0;
	char *body;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET /metrics\n");
	if (strcmp(url, "/metrics") != 0)
		return say(connection, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n");
	body = server->fn(&size, server->arg);
	if (body == NULL)
		return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			   "the program does not answer\n");
	return reply(connection, MHD_HTTP_OK, METRICS_TYPE, body, size, MHD_RESPMEM_MUST_FREE);
}

/* getaddrinfo() would take what is beyond modulo 65536. */
static bool
is_port(const char *text)
{
	char *end;

	return *text >= '0' && *text <= '9' && strtoul(text, &end, 10) <= UINT16_MAX &&
	       *end == '\0';
}

/* "[host]:port" or "host:port". */
static struct addrinfo *
look_up(const char *address)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(address, ':');
	struct addrinfo *found = NULL;
	char host[64];
	size_t len;

	len = colon == NULL ? 0 : (size_t)(colon - address);
	if (len > 1 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host) || !is_port(colon + 1))
		return NULL;
	memcpy(host, address, len);
	host[len] = '\0';
	return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

static struct MHD_Daemon *
start(const struct addrinfo *at, struct server *server)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD;

	if (at->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	return MHD_start_daemon(flags, 0, NULL, NULL, answer, server, MHD_OPTION_SOCK_ADDR,
				at->ai_addr, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SEC,
				MHD_OPTION_CONNECTION_LIMIT, MAX_CLIENTS, MHD_OPTION_END);
}

int
listen_at(const char *address, listen_fn fn, void *arg)
{
	struct server server = { fn, arg };
	struct addrinfo *at = look_up(address);
	struct MHD_Daemon *daemon;
	sigset_t signals;
	int got;

	if (at == NULL) {
		fprintf(stderr,
			"fastmem-info: \"%s\" is no address to listen at; say one such as 127.0.0.1:9464 "
			"or [::1]:9464\n",
			address);
		return -1;
	}
	/* Before the server's thread begins, so that it inherits that. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	daemon = start(at, &server);
	freeaddrinfo(at);
	if (daemon == NULL) {
		fprintf(stderr, "fastmem-info: cannot listen at %s: %s\n", address,
			errno != 0 ? strerror(errno) : "the server does not start");
		return -1;
	}
	printf("metrics at %s, port %u\n", address,
	       MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	sigwait(&signals, &got);
	MHD_stop_daemon(daemon);
	return 0;
}
