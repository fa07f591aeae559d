/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the connection to a running program's telemetry, and taking its answers apart.
 * Must not: know what a figure means.
 * Called by: the verbs that look at a running program.
 *
 * The socket is of type SOCK_SEQPACKET: a packet is a command, the next one its answer
 * (doc/guides/howto/telemetry.rst of DPDK). It lies in EAL's runtime folder.
 */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "attached.h"
#include "watched.h"

#define SOCKET	     "dpdk_telemetry.v2"
#define PATIENCE_SEC 5

/* ---- finding it */

/* Where EAL has a folder for each running program: eal_create_runtime_dir() of DPDK. */
static void
runtime_folder(char *path, size_t size)
{
	const char *base = getenv("RUNTIME_DIRECTORY");

	if (base == NULL)
		base = getuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
	snprintf(path, size, "%s/dpdk", base != NULL ? base : "/tmp");
}

static int
connect_to(const char *folder, const char *prefix)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, n = snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s/" SOCKET, folder, prefix);

	if (n >= (int)sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	n = errno;
	close(fd);
	errno = n;
	return -1;
}

/* By telemetry, or as a secondary could. */
static bool
can_be_asked(const char *folder, const char *prefix, bool secondary)
{
	int fd;

	if (secondary)
		return attached_primary(folder, prefix) != 0;
	fd = connect_to(folder, prefix);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* All that can: how many, and the name of the last one; all names for a message. */
static unsigned int
find_running(const char *folder, bool secondary, char *last, size_t size, char *names,
	     size_t names_size)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	unsigned int n = 0;
	size_t used = 0;

	names[0] = '\0';
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || !can_be_asked(folder, entry->d_name, secondary))
			continue;
		n++;
		snprintf(last, size, "%s", entry->d_name);
		if (used < names_size)
			used += (size_t)snprintf(names + used, names_size - used, " %s",
						 entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

static void
say_none(struct watched *w, bool secondary)
{
	char names[512];

	if (secondary) {
		fprintf(stderr,
			"fastmem-info: no DPDK program runs here that a secondary could attach to: no "
			"primary holds a config file in a folder of %s (with --in-memory it has none)\n",
			w->folder);
		return;
	}
	fprintf(stderr,
		"fastmem-info: no DPDK program with telemetry runs here: there is no socket " SOCKET
		" in a folder of %s\n",
		w->folder);
	if (find_running(w->folder, true, w->prefix, sizeof(w->prefix), names, sizeof(names)) != 0)
		fprintf(stderr, "Without telemetry, for --secondary:%s\n", names);
}

static int
choose(struct watched *w, const char *prefix, bool secondary)
{
	char names[512];
	unsigned int n;

	if (prefix != NULL) {
		snprintf(w->prefix, sizeof(w->prefix), "%s", prefix);
		return 0;
	}
	n = find_running(w->folder, secondary, w->prefix, sizeof(w->prefix), names, sizeof(names));
	if (n == 1)
		return 0;
	if (n == 0)
		say_none(w, secondary);
	else
		fprintf(stderr,
			"fastmem-info: %u DPDK programs run here; say which with --file-prefix:%s\n",
			n, names);
	return -1;
}

/* ---- reaching it */

static int
reach_by_telemetry(struct watched *w)
{
	w->fd = connect_to(w->folder, w->prefix);
	if (w->fd >= 0)
		return 0;
	fprintf(stderr, "fastmem-info: no answer from a program at %s/%s/" SOCKET ": %s\n",
		w->folder, w->prefix, strerror(errno));
	if (can_be_asked(w->folder, w->prefix, true))
		fprintf(stderr,
			"It runs, without telemetry: fastmem-info can attach to it with --secondary\n");
	return -1;
}

static int
reach_as_secondary(struct watched *w)
{
	pid_t primary = attached_primary(w->folder, w->prefix);

	if (primary == 0) {
		fprintf(stderr,
			"fastmem-info: no DPDK program runs with --file-prefix %s, or a secondary cannot "
			"attach to it: no primary holds %s/%s/config (with --in-memory it has none)\n",
			w->prefix, w->folder, w->prefix);
		return -1;
	}
	w->fd = attached_open(w->folder, w->prefix, primary, &w->child);
	if (w->fd >= 0)
		return 0;
	fprintf(stderr, "fastmem-info: no process to attach with: %s\n", strerror(errno));
	return -1;
}

/* A packet. A signal, as of a terminal that changes its size, is nothing that went wrong. */
static ssize_t
receive(struct watched *w)
{
	ssize_t got;

	do
		got = recv(w->fd, w->text, sizeof(w->text), 0);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Why there is no answer. What ends before it has read what was sent resets the connection. */
static const char *
lost(int error)
{
	if (error == EAGAIN)
		return "it runs, and does not answer";
	return error == EPIPE || error == ECONNRESET ? "it ended" : strerror(error);
}

static int
greet(struct watched *w)
{
	ssize_t got = receive(w);
	int error = errno;
	json_t *hello = got > 0 ? json_loadb(w->text, (size_t)got, JSON_DECODE_INT_AS_REAL, NULL) :
				  NULL;
	const char *why = json_string_value(json_object_get(hello, "error"));

	w->pid = (int)watched_number(hello, "pid");
	if (w->pid == 0 && w->child != 0)
		fprintf(stderr, "fastmem-info: %s: %s\n", w->prefix,
			why != NULL ? why : "the process that was to attach to it ended");
	else if (w->pid == 0 && got <= 0)
		fprintf(stderr, "fastmem-info: %s: %s\n", w->prefix,
			got < 0 ? lost(error) : "it hung up; telemetry serves ten at a time");
	else if (w->pid == 0)
		fprintf(stderr,
			"fastmem-info: what answers at %s/%s/" SOCKET " is no DPDK telemetry\n",
			w->folder, w->prefix);
	json_decref(hello);
	return w->pid != 0 ? 0 : -1;
}

int
watched_open(struct watched *w, const struct options *opts)
{
	bool secondary = opts->value[WATCHED_SECONDARY] != NULL;

	if (strcmp(opts->sysfs, "/sys") != 0) {
		fprintf(stderr,
			"fastmem-info: --sysfs stands for a machine; this asks a running program\n");
		return -1;
	}
	w->child = 0;
	w->quiet = false;
	runtime_folder(w->folder, sizeof(w->folder));
	if (choose(w, opts->value[WATCHED_PREFIX], secondary) != 0 ||
	    (secondary ? reach_as_secondary(w) : reach_by_telemetry(w)) != 0)
		return -1;
	if (greet(w) == 0)
		return 0;
	watched_close(w);
	return -1;
}

void
watched_close(struct watched *w)
{
	close(w->fd);
	if (w->child != 0)
		attached_close(w->folder, w->prefix, w->child);
}

/* ---- asking it */

static json_t *
refused(struct watched *w, const char *command, const char *why)
{
	snprintf(w->reason, sizeof(w->reason), "%s", why);
	snprintf(w->why, sizeof(w->why), "fastmem-info: %.200s (process %d) does not tell %s: %s\n",
		 w->prefix, w->pid, command, w->reason);
	if (!w->quiet)
		fputs(w->why, stderr);
	return NULL;
}

/* Whether that is the answer: an object with one member, called as the command without its parameters. */
static bool
is_answer(const char *command, json_t *reply)
{
	const char *name = json_object_iter_key(json_object_iter(reply));
	size_t len = strcspn(command, ",");

	return name != NULL && strncmp(name, command, len) == 0 && name[len] == '\0';
}

static json_t *
unwrap(struct watched *w, const char *command, json_t *reply)
{
	json_t *answer = json_object_iter_value(json_object_iter(reply));
	const char *error = json_string_value(json_object_get(answer, "error"));

	w->no_command = false;
	if (json_is_object(answer) && error == NULL) {
		json_incref(answer);
	} else if (error != NULL) {
		answer = refused(w, command, error);
	} else {
		w->no_command = true;
		answer = refused(
			w, command,
			"it has no such command; start it with EAL's option -d librte_memwatch.so, "
			"or link that library");
	}
	json_decref(reply);
	return answer;
}

json_t *
watched_ask(struct watched *w, const char *format, ...)
{
	char command[128];
	json_t *reply = NULL;
	json_error_t error;
	va_list args;
	ssize_t got;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (send(w->fd, command, strlen(command), MSG_NOSIGNAL) < 0)
		return refused(w, command, lost(errno));
	do {
		/* What came too late for an earlier question. */
		json_decref(reply);
		got = receive(w);
		if (got <= 0)
			return refused(w, command, lost(got == 0 ? EPIPE : errno));
		reply = json_loadb(w->text, (size_t)got, JSON_DECODE_INT_AS_REAL, &error);
		if (reply == NULL)
			return refused(w, command, error.text);
	} while (!is_answer(command, reply));
	return unwrap(w, command, reply);
}

json_t *
watched_ask_all(struct watched *w, const char *command)
{
	json_t *all = NULL, *part, *column, *more;
	uint64_t first = 0, next = 0;
	const char *name;

	do {
		first = next;
		part = watched_ask(w, "%s,%" PRIu64, command, first);
		if (part == NULL) {
			json_decref(all);
			return NULL;
		}
		next = watched_number(part, "next");
		if (all == NULL) {
			all = part;
			continue;
		}
		json_object_foreach(part, name, more)
		{
			column = json_object_get(all, name);
			if (json_is_array(column) && json_is_array(more))
				json_array_extend(column, more);
		}
		json_decref(part);
	} while (next > first); /* else it would never end */
	return all;
}

/* Read as reals: jansson has no integers of 64 bits without a sign. Below 2^53 they are exact. */
uint64_t
watched_value(const json_t *value)
{
	double real = json_number_value(value);

	if (!(real > 0))
		return 0;
	return real >= 0x1p64 ? UINT64_MAX : (uint64_t)real;
}

uint64_t
watched_number(const json_t *answer, const char *name)
{
	return watched_value(json_object_get(answer, name));
}

uint64_t
watched_cell(const json_t *table, const char *column, size_t row)
{
	return watched_value(json_array_get(json_object_get(table, column), row));
}

size_t
watched_rows(const json_t *table, const char *column)
{
	return json_array_size(json_object_get(table, column));
}

bool
watched_each_node(struct watched *w, bool (*fn)(struct watched *w, int node_id, void *arg),
		  void *arg)
{
	json_t *nodes = watched_ask(w, "/fastmem/nodes"), *node;
	bool going = nodes != NULL;
	const char *name;

	if (nodes != NULL)
		json_object_foreach(nodes, name, node) if (going) going = fn(w, atoi(name), arg);
	json_decref(nodes);
	return going;
}
