/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: running a program with some system calls refused, as a container's seccomp filter does:
 *   refusing [denying:]CALL,CALL... PROGRAM [ARG...]
 *   denying: they are said not to be there, instead of not permitted.
 * Must not: need a right or a library for it.
 * Called by: test_doctor.py.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "refuse.h"

static const struct {
	const char *name;
	int number;
} known[] = {
	{ "mbind", SYS_mbind },
	{ "set_mempolicy", SYS_set_mempolicy },
	{ "get_mempolicy", SYS_get_mempolicy },
	{ "move_pages", SYS_move_pages },
};

int
main(int argc, char **argv)
{
	static const char denying[] = "denying:";
	int calls[4], error = EPERM;
	unsigned int n = 0;

	if (argc < 3)
		return 125;
	if (strncmp(argv[1], denying, strlen(denying)) == 0) {
		error = ENOSYS;
		argv[1] += strlen(denying);
	}
	for (char *name = strtok(argv[1], ","); name != NULL; name = strtok(NULL, ",")) {
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && n < 4; i++) {
			if (strcmp(name, known[i].name) == 0)
				calls[n++] = known[i].number;
		}
	}
	if (refuse_calls(calls, n, error) < 0) {
		perror("no seccomp filter");
		return 77;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}
