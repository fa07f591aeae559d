/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the library's system calls.
 * Must not: know what is in a file, or why somebody waits.
 * Called by: memwatch_read.c, memwatch_round.c, memwatch_thread.c, memprof.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "memwatch_priv.h"

int
mw_os_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0)
			ret = errno != EINTR ? -errno : 0;
		else
			len += (size_t)n;
	} while (ret == 0 && n != 0 && len < size - 1);
	close(fd);
	text[len] = '\0';
	return ret;
}

uint64_t
mw_os_now_ms(void)
{
	struct timespec now;

	/* The coarse clock costs no reading of the TSC, and is as fine as periods are. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int
mw_os_wait_open(struct mw_wait *wait)
{
	wait->n = 0;
	wait->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return wait->wake < 0 ? -errno : 0;
}

void
mw_os_wait_close(struct mw_wait *wait)
{
	for (unsigned int i = 0; i < wait->n; i++)
		close(wait->on[i].fd);
	close(wait->wake);
	wait->n = 0;
	wait->wake = -1;
}

void
mw_os_wait_stall(struct mw_wait *wait, const char *path, unsigned int stall_us,
		 unsigned int window_us)
{
	char text[64];
	int fd;

	if (wait->n == MW_WAIT_MAX)
		return;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	snprintf(text, sizeof(text), "some %u %u", stall_us, window_us);
	/* The kernel takes the text with its end. */
	if (write(fd, text, strlen(text) + 1) < 0) {
		close(fd);
		return;
	}
	wait->on[wait->n].fd = fd;
	wait->on[wait->n++].stall = true;
}

/* It is only from a read on that the kernel tells of a change. */
static void
read_again(int fd)
{
	char text[512];
	ssize_t n;

	n = pread(fd, text, sizeof(text), 0);
	(void)n;
}

void
mw_os_wait_change(struct mw_wait *wait, const char *path)
{
	int fd;

	if (wait->n == MW_WAIT_MAX)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	read_again(fd);
	wait->on[wait->n].fd = fd;
	wait->on[wait->n++].stall = false;
}

/* A trigger whose cgroup is gone says so for ever. */
static void
forget(struct mw_wait *wait, unsigned int i)
{
	close(wait->on[i].fd);
	wait->on[i] = wait->on[--wait->n];
}

bool
mw_os_wait(struct mw_wait *wait, unsigned int ms)
{
	struct pollfd fds[MW_WAIT_MAX + 1] = { { .fd = wait->wake, .events = POLLIN } };
	bool stalled = false;
	uint64_t count;
	ssize_t n;

	for (unsigned int i = 0; i < wait->n; i++)
		fds[i + 1] = (struct pollfd){ .fd = wait->on[i].fd, .events = POLLPRI };
	if (poll(fds, wait->n + 1, (int)ms) <= 0)
		return false;
	if (fds[0].revents != 0) {
		n = read(wait->wake, &count, sizeof(count));
		(void)n;
	}
	/* From the last on, as the last takes the place of one that is forgotten. */
	for (unsigned int i = wait->n; i-- > 0;) {
		short events = fds[i + 1].revents;

		if (events == 0)
			continue;
		if ((events & POLLPRI) == 0)
			forget(wait, i);
		else if (wait->on[i].stall)
			stalled = true;
		else
			read_again(wait->on[i].fd);
	}
	return stalled;
}

void
mw_os_wake(const struct mw_wait *wait)
{
	uint64_t one = 1;
	ssize_t n = write(wait->wake, &one, sizeof(one));

	(void)n;
}
