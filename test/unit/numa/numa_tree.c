/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: finding the machines of test/data/sysfs, and temporary copies to break.
 * Must not: change the machines themselves.
 * Called by: the tests of lib/numa.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "numa_tree.h"

static void
shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
shell(const char *format, ...)
{
	va_list args;
	char *command;

	va_start(args, format);
	assert_true(vasprintf(&command, format, args) > 0);
	va_end(args);
	assert_int_equal(system(command), 0);
	free(command);
}

char *
tree_path(const char *root, const char *file)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", root, file) > 0);
	return path;
}

static char *
machine_root(const char *machine)
{
	const char *data = getenv("FASTMEM_TEST_SYSFS");

	if (data == NULL)
		fail_msg("FASTMEM_TEST_SYSFS must name the folder test/data/sysfs");
	return tree_path(data, machine);
}

struct rte_numa_topology *
tree_load(const char *machine)
{
	char *root = machine_root(machine);
	struct rte_numa_topology *topo = NULL;

	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	assert_non_null(topo);
	free(root);
	return topo;
}

char *
tree_copy(const char *machine)
{
	const char *tmp = getenv("TMPDIR");
	char *root = tree_path(tmp != NULL ? tmp : "/tmp", "fastmem-numa-XXXXXX");
	char *from;

	assert_non_null(mkdtemp(root));
	assert_int_equal(chmod(root, 0755), 0);
	if (machine != NULL) {
		from = machine_root(machine);
		shell("cp -r --no-preserve=mode '%s/.' '%s'", from, root);
		free(from);
	}
	return root;
}

void
tree_remove(char *root)
{
	shell("rm -rf '%s'", root);
	free(root);
}

void
tree_write(const char *root, const char *file, const char *text, size_t len)
{
	char *path = tree_path(root, file);
	FILE *f;

	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	free(path);
}

void
tree_delete(const char *root, const char *file)
{
	shell("rm -r '%s/%s'", root, file);
}
