/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the child process that is a secondary of a running program, and answers what is asked of that.
 * Must not: allocate of fastmem, or let what goes wrong here be felt there.
 * Called by: watched.c.
 *
 * A secondary has files in EAL's runtime folder, and a little of EAL's shared heap. So the child ends
 * when nobody is there to ask any more, in whichever way its parent ended, and takes no signal of the
 * terminal; its parent removes its files if it was killed itself.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem.h>
#include <rte_lcore.h>
#include <rte_memwatch_telemetry.h>

#include "attached.h"

#define PROFILES "/fastmem/profile"

pid_t
attached_primary(const char *folder, const char *prefix)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	char name[512];
	bool held;
	int fd;

	if (snprintf(name, sizeof(name), "%s/%s/config", folder, prefix) >= (int)sizeof(name))
		return 0;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* A primary has it locked for as long as it runs. */
	held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
	close(fd);
	return held ? lock.l_pid : 0;
}

/* ---- the child */

static void
say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(int fd, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Who is not there any more is noticed when it does not ask. */
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* One lcore, whose number no program is likely to have, wherever this process may run. */
static void
lcore_option(char *text, size_t size)
{
	cpu_set_t cpus;
	size_t used;

	used = (size_t)snprintf(text, size, "--lcores=%d@(", RTE_MAX_LCORE - 1);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) {
		CPU_ZERO(&cpus);
		CPU_SET(0, &cpus);
	}
	for (int cpu = 0; cpu < CPU_SETSIZE && used < size; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			used += (size_t)snprintf(text + used, size - used, "%d,", cpu);
	if (used < size)
		text[used - 1] = ')';
}

static int
start_eal(const char *prefix)
{
	char name[] = "fastmem-info", type[] = "--proc-type=secondary", pci[] = "--no-pci";
	char level[] = "--log-level=error", with[512], lcores[8192];
	char *argv[] = { name, type, pci, level, with, lcores, NULL };

	snprintf(with, sizeof(with), "--file-prefix=%s", prefix);
	lcore_option(lcores, sizeof(lcores));
	return rte_eal_init((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv);
}

/* Whether it is attached; the other end is told. */
static bool
attach(int fd, const char *prefix, pid_t primary)
{
	int rc;

	if (start_eal(prefix) < 0) {
		say(fd,
		    "{\"error\":\"EAL cannot attach to it, why is above: %s; a program with --no-huge or "
		    "--huge-unlink, or with another DPDK, has no memory that a secondary can map\"}",
		    strerror(rte_errno));
		return false;
	}
	rc = rte_fastmem_init();
	/* Without fastmem there, answers say so, and look for it anew. */
	if (rc != 0 && rc != -ENODEV) {
		say(fd, "{\"error\":\"its fastmem cannot be attached to: %s\"}",
		    rc == -EPROTO ? "it is of another version; use fastmem-info of the same one" :
				    strerror(-rc));
		return false;
	}
	say(fd, "{\"pid\":%d}", (int)primary);
	return true;
}

static void
answer(int fd, const char *command)
{
	int len = (int)strcspn(command, ",");
	char *text = NULL;

	if (strncmp(command, PROFILES, strlen(PROFILES)) == 0) {
		say(fd,
		    "{\"%.*s\":{\"error\":\"a profile is of the process that takes it, and cannot be "
		    "told by a secondary\"}}",
		    len, command);
		return;
	}
	if (rte_memwatch_telemetry_ask(command, &text) != 0) {
		say(fd, "{\"%.*s\":null}", len, command);
		return;
	}
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
	free(text);
}

/* Until nobody is there to ask, or to be asked about. */
static void
serve(int fd)
{
	char command[128];
	ssize_t n;

	for (;;) {
		n = recv(fd, command, sizeof(command) - 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !rte_eal_primary_proc_alive(NULL))
			return;
		command[n] = '\0';
		answer(fd, command);
	}
}

/* EAL calls them fbarray_..._<pid> and mp_socket_<pid>_<time>. */
static bool
is_of(const char *file, pid_t pid)
{
	char number[16], *end;
	const char *at;

	snprintf(number, sizeof(number), "_%d", (int)pid);
	if (strncmp(file, "mp_socket", 9) == 0)
		return strtol(file + strcspn(file, "0123456789"), &end, 10) == pid && *end == '_';
	at = strrchr(file, '_');
	return strncmp(file, "fbarray_", 8) == 0 && strcmp(at, number) == 0;
}

/* What EAL's files are there for a process that ended. */
static void
sweep(const char *folder, const char *prefix, pid_t pid)
{
	const struct dirent *entry;
	char path[512];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", folder, prefix);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (is_of(entry->d_name, pid))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

static _Noreturn void
be_secondary(int fd, const char *folder, const char *prefix, pid_t primary)
{
	static const int others[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		signal(others[i], SIG_IGN);
	if (attach(fd, prefix, primary)) {
		serve(fd);
		rte_fastmem_deinit();
		rte_eal_cleanup();
	}
	sweep(folder, prefix, getpid());
	_exit(0);
}

/* ---- its parent */

int
attached_open(const char *folder, const char *prefix, pid_t primary, pid_t *child)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	*child = fork();
	if (*child == 0) {
		close(ends[0]);
		be_secondary(ends[1], folder, prefix, primary);
	}
	error = errno;
	close(ends[1]);
	if (*child > 0)
		return ends[0];
	close(ends[0]);
	errno = error;
	return -1;
}

void
attached_close(const char *folder, const char *prefix, pid_t child)
{
	siginfo_t ended;

	/* While it is not reaped its number is nobody else's. */
	while (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		;
	sweep(folder, prefix, child);
	waitpid(child, NULL, 0);
}
