/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of next touch: what a touch does to a marked page, and what else the handler may
 *     not do.
 * Must not: take the library's word for where a page is.
 * Called by: meson test.
 */

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>

#include "test_witness.h"

#define SIZE (16 * PAGE)

/* The protection of a page as the kernel shows it: "rw-p". */
static const char *
protection_at(const void *addr)
{
	static char found[5];
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[4352], prot[5];

	assert_non_null(file);
	strcpy(found, "none");
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, prot) == 3 &&
		    start <= (uintptr_t)addr && (uintptr_t)addr < end)
			strcpy(found, prot);
	}
	fclose(file);
	return found;
}

/*
 * cmocka sets a handler of its own before each test, and so replaces the one of the first mark. It
 * is put back; what it does not deal with still gets to cmocka's.
 */
static void
keep_handler(void)
{
	static struct sigaction installed;
	static bool known;
	void *page;

	if (known) {
		assert_int_equal(sigaction(SIGSEGV, &installed, NULL), 0);
		return;
	}
	page = map(PAGE);
	assert_ret(rte_membind_next_touch(page, PAGE), 0);
	assert_int_equal(sigaction(SIGSEGV, NULL, &installed), 0);
	known = true;
	assert_ret(rte_membind_next_touch_cancel(page, PAGE), 0);
	unmap(page, PAGE);
}

static void
a_touch_gives_one_page_back(void **state)
{
	char *addr = map(SIZE);
	struct rte_membind_location location;

	(void)state;
	keep_handler();
	for (int i = 0; i < 16; i++)
		addr[i * PAGE + 9] = i + 1;
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	assert_string_equal(protection_at(addr), "---p");
	/* Reading and writing are touches alike, and find what was there. */
	assert_int_equal(addr[3 * PAGE + 9], 4);
	assert_string_equal(protection_at(addr + 2 * PAGE), "---p");
	assert_string_equal(protection_at(addr + 3 * PAGE), "rw-p");
	assert_string_equal(protection_at(addr + 4 * PAGE), "---p");
	addr[7 * PAGE] = 77;
	assert_string_equal(protection_at(addr + 7 * PAGE), "rw-p");
	/* Neither is looking a touch. */
	assert_ret(rte_membind_locate(addr, SIZE, &location), 0);
	/* Older kernels do not tell where a page without access is, and this library says so. */
	assert_int_equal(location.present + location.other, SIZE);
	assert_string_equal(protection_at(addr), "---p");
	for (int i = 0; i < 16; i++)
		assert_int_equal(addr[i * PAGE + 9], i + 1);
	assert_int_equal(addr[7 * PAGE], 77);
	assert_string_equal(protection_at(addr), "rw-p");
	unmap(addr, SIZE);
}

static void
a_cancel_gives_back_what_is_left(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	keep_handler();
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	addr[5 * PAGE] = 1;
	assert_ret(rte_membind_next_touch_cancel(addr + 4 * PAGE, 4 * PAGE), 0);
	assert_string_equal(protection_at(addr + 3 * PAGE), "---p");
	assert_string_equal(protection_at(addr + 4 * PAGE), "rw-p");
	assert_string_equal(protection_at(addr + 7 * PAGE), "rw-p");
	assert_string_equal(protection_at(addr + 8 * PAGE), "---p");
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	assert_string_equal(protection_at(addr), "rw-p");
	assert_string_equal(protection_at(addr + SIZE - 1), "rw-p");
	/* Nothing is marked any more, and that is fine. */
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	unmap(addr, SIZE);
}

static void
each_part_gets_its_own_protection_back(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	keep_handler();
	touch(addr, SIZE);
	assert_int_equal(mprotect(addr + 4 * PAGE, 4 * PAGE, PROT_READ), 0);
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	assert_string_equal(protection_at(addr + 4 * PAGE), "---p");
	assert_int_equal(addr[4 * PAGE], 1);
	assert_int_equal(addr[8 * PAGE], 1);
	assert_string_equal(protection_at(addr + 4 * PAGE), "r--p");
	assert_string_equal(protection_at(addr + 8 * PAGE), "rw-p");
	/* Marked anew, over pages that are marked and such that are not. */
	assert_ret(rte_membind_next_touch(addr + 2 * PAGE, 8 * PAGE), 0);
	assert_string_equal(protection_at(addr + 4 * PAGE), "---p");
	assert_string_equal(protection_at(addr + 8 * PAGE), "---p");
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	for (int i = 0; i < 16; i++)
		assert_string_equal(protection_at(addr + i * PAGE),
				    i >= 4 && i < 8 ? "r--p" : "rw-p");
	unmap(addr, SIZE);
}

/* Run the calling thread on a CPU of a node, or skip the test if there is none. */
static void
run_on(int node_id)
{
	char path[64], text[4096];
	cpu_set_t cpus;
	FILE *file;
	int cpu = 0;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node_id);
	file = fopen(path, "r");
	assert_non_null(file);
	if (fgets(text, sizeof(text), file) == NULL || sscanf(text, "%d", &cpu) != 1) {
		fclose(file);
		skip_because("the node has no CPUs");
	}
	fclose(file);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0)
		skip_because("this process may not run on the node's CPUs");
}

static void
hugepages_are_marked_as_a_whole(void **state)
{
	char *addr = map_huge(4 * MIB);
	cpu_set_t before;

	(void)state;
	keep_handler();
	addr[5] = 1;
	addr[2 * MIB + 5] = 2;
	/* A page that goes to a node without free hugepages takes its place in the pool along. */
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	run_on(node_at(addr));
	assert_refused(rte_membind_next_touch(addr + PAGE, PAGE), -EINVAL, "2097152");
	assert_ret(rte_membind_next_touch(addr, 4 * MIB), 0);
	assert_string_equal(protection_at(addr), "---p");
	assert_int_equal(addr[2 * MIB + 5], 2);
	assert_string_equal(protection_at(addr), "---p");
	assert_string_equal(protection_at(addr + 4 * MIB - 1), "rw-p");
	assert_int_equal(addr[5], 1);
	assert_ret(rte_membind_next_touch(addr, 4 * MIB), 0);
	assert_ret(rte_membind_next_touch_cancel(addr, 1), 0);
	assert_string_equal(protection_at(addr + 2 * MIB - 1), "rw-p");
	assert_string_equal(protection_at(addr + 2 * MIB), "---p");
	assert_ret(rte_membind_next_touch_cancel(addr, 4 * MIB), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	unmap(addr, 4 * MIB);
}

static void
the_page_goes_to_the_toucher(void **state)
{
	int from = usable_node(0), to = usable_node(1);
	struct rte_numa_mask here = mask_of_node(from);
	char *addr = map(SIZE);

	(void)state;
	keep_handler();
	run_on(to);
	assert_ret(rte_membind_set_range(addr, SIZE, RTE_MEMBIND_BIND, &here, 0), 0);
	touch(addr, SIZE - PAGE);
	assert_int_equal(node_at(addr), from);
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	addr[3 * PAGE] = 5;
	assert_int_equal(node_at(addr + 3 * PAGE), to);
	assert_int_equal(addr[8 * PAGE], 1);
	assert_int_equal(node_at(addr + 8 * PAGE), to);
	/* The next touch, and that only. */
	run_on(from);
	addr[3 * PAGE] = 6;
	assert_int_equal(node_at(addr + 3 * PAGE), to);
	addr[4 * PAGE] = 6;
	assert_int_equal(node_at(addr + 4 * PAGE), from);
	/* A page that was not there comes from where the policy says. */
	run_on(to);
	addr[SIZE - PAGE] = 1;
	assert_int_equal(node_at(addr + SIZE - PAGE), from);
	assert_string_equal(policy_shown(0, addr), shown_as("bind", &here));
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	assert_int_equal(node_at(addr + 2 * PAGE), from);
	unmap(addr, SIZE);
}

#define NB_THREADS 4
#define NB_SHARED  128

static int nb_rounds;
static char *shared;
static _Atomic int round_nb, nb_ready;

static void *
touch_all(void *arg)
{
	for (int round = 1; round <= nb_rounds; round++) {
		atomic_fetch_add(&nb_ready, 1);
		while (atomic_load(&round_nb) < round)
			sched_yield();
		/* All in the same order: they meet on the same pages. */
		for (int i = 0; i < NB_SHARED; i++)
			__atomic_fetch_add((int *)(void *)(shared + i * PAGE), 1, __ATOMIC_RELAXED);
	}
	return arg;
}

static void
threads_may_meet_on_a_page(void **state)
{
	pthread_t threads[NB_THREADS];

	(void)state;
	/* test/vm sets it: a round takes a second in an emulated machine. */
	nb_rounds = getenv("FASTMEM_MACHINE") != NULL ? 6 : 60;
	keep_handler();
	shared = map(NB_SHARED * PAGE);
	touch(shared, NB_SHARED * PAGE);
	memset(shared, 0, NB_SHARED * PAGE);
	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, touch_all, NULL), 0);
	for (int round = 1; round <= nb_rounds; round++) {
		while (atomic_load(&nb_ready) < round * NB_THREADS)
			sched_yield();
		assert_ret(rte_membind_next_touch(shared, NB_SHARED * PAGE), 0);
		atomic_store(&round_nb, round);
		/* Now and then a cancel and a new mark come between. */
		if (round % 3 == 0)
			assert_ret(rte_membind_next_touch_cancel(shared, NB_SHARED / 2 * PAGE), 0);
		if (round % 5 == 0)
			assert_ret(rte_membind_next_touch(shared, NB_SHARED * PAGE), 0);
	}
	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_ret(rte_membind_next_touch_cancel(shared, NB_SHARED * PAGE), 0);
	for (int i = 0; i < NB_SHARED; i++)
		assert_int_equal(*(int *)(void *)(shared + i * PAGE), nb_rounds * NB_THREADS);
	unmap(shared, NB_SHARED * PAGE);
}

/* More separate pages than there may be mappings: marks are given up, memory is not. */
static void
when_mappings_run_out_the_rest_is_given_back(void **state)
{
	size_t limit = 0, used = 0;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	char *addr, *filler;

	(void)state;
	keep_handler();
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%zu", &limit), 1);
	fclose(file);
	if (limit > 100000)
		skip_because("vm.max_map_count is too high to be reached");
	addr = map(256 * PAGE);
	touch(addr, 256 * PAGE);
	/* Every other page of it a mapping of its own, until there is none left. */
	filler = map(limit * 2 * PAGE);
	while (mprotect(filler + used * PAGE, PAGE, PROT_READ) == 0)
		used += 2;
	assert_int_equal(errno, ENOMEM);
	/* Room for some of the pages below. */
	assert_int_equal(munmap(filler, 100 * PAGE), 0);
	assert_ret(rte_membind_next_touch(addr, 256 * PAGE), 0);
	for (int i = 0; i < 256; i += 2)
		assert_int_equal(addr[i * PAGE], 1);
	unmap(filler, limit * 2 * PAGE);
	assert_string_equal(protection_at(addr + PAGE), "rw-p");
	assert_string_equal(protection_at(addr + 255 * PAGE), "rw-p");
	unmap(addr, 256 * PAGE);
}

static void
bad_arguments_mark_nothing(void **state)
{
	char *addr = map(SIZE), on_stack[3 * PAGE];
	char *stack_page = (char *)(((uintptr_t)on_stack + PAGE) & ~(PAGE - 1));

	(void)state;
	keep_handler();
	assert_ret(rte_membind_next_touch(NULL, SIZE), -EINVAL);
	assert_ret(rte_membind_next_touch(addr, 0), -EINVAL);
	assert_ret(rte_membind_next_touch(addr, SIZE_MAX), -EINVAL);
	assert_ret(rte_membind_next_touch(addr + 1, PAGE), -EINVAL);
	assert_ret(rte_membind_next_touch_cancel(NULL, SIZE), -EINVAL);
	assert_ret(rte_membind_next_touch_cancel(addr, 0), -EINVAL);
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE_MAX), -EINVAL);
	assert_ret(rte_membind_next_touch_cancel(addr + 1, PAGE), -EINVAL);
	assert_refused(rte_membind_next_touch(stack_page, PAGE), -EINVAL, "stack");
	/* What nobody can touch: in all, or in part, beside pages that are marked. */
	assert_int_equal(mprotect(addr + 4 * PAGE, PAGE, PROT_NONE), 0);
	assert_refused(rte_membind_next_touch(addr, SIZE), -EACCES, "cannot be read");
	assert_string_equal(protection_at(addr), "rw-p");
	assert_ret(rte_membind_next_touch(addr + 5 * PAGE, PAGE), 0);
	assert_refused(rte_membind_next_touch(addr, SIZE), -EACCES, "cannot be read");
	assert_string_equal(protection_at(addr), "rw-p");
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	assert_string_equal(protection_at(addr + 4 * PAGE), "---p");
	assert_string_equal(protection_at(addr + 5 * PAGE), "rw-p");
	unmap(addr + 4 * PAGE, PAGE);
	assert_ret(rte_membind_next_touch(addr, SIZE), -EFAULT);
	assert_string_equal(protection_at(addr), "rw-p");
	unmap(addr, SIZE);
}

static char *
page_of(const void *what)
{
	return (char *)((uintptr_t)what & ~(PAGE - 1));
}

/* Without these the first touch would be the end: of the program, or of the handler itself. */
static void
what_the_handler_needs_is_refused(void **state)
{
	char *addr = map(SIZE), *code = page_of((void *)what_the_handler_needs_is_refused);
	char *of_libc = page_of(stdout), *of_thread = page_of(&errno);

	(void)state;
	keep_handler();
	assert_refused(rte_membind_next_touch(code, PAGE), -EINVAL, "code");
	assert_string_equal(protection_at(code), "r-xp");
	assert_refused(rte_membind_next_touch(page_of((void *)getpid), PAGE), -EINVAL, "code");
	assert_refused(rte_membind_next_touch(of_libc, PAGE), -EINVAL, "a library's variables");
	assert_string_equal(protection_at(of_libc), "rw-p");
	assert_refused(rte_membind_next_touch(of_thread, PAGE), -EINVAL, "the thread's own");
	assert_string_equal(protection_at(of_thread), "rw-p");
	/* Nor is anything marked that lies before it. */
	assert_int_equal(mprotect(addr + 8 * PAGE, PAGE, PROT_READ | PROT_EXEC), 0);
	assert_refused(rte_membind_next_touch(addr, SIZE), -EINVAL, "code");
	assert_string_equal(protection_at(addr), "rw-p");
	assert_ret(rte_membind_next_touch(addr, 8 * PAGE), 0);
	touch(addr, 8 * PAGE);
	unmap(addr, SIZE);
}

static void
what_was_unmapped_can_be_cancelled(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	keep_handler();
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	unmap(addr + 4 * PAGE, 4 * PAGE);
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	assert_string_equal(protection_at(addr), "rw-p");
	assert_string_equal(protection_at(addr + SIZE - 1), "rw-p");
	/* What comes there then is not marked. */
	assert_true(mmap(addr + 4 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0) != MAP_FAILED);
	assert_string_equal(protection_at(addr + 4 * PAGE), "---p");
	unmap(addr, SIZE);
}

static void
a_system_call_fails_as_it_is_written(void **state)
{
	char *addr = map(SIZE);
	int fds[2];

	(void)state;
	keep_handler();
	touch(addr, SIZE);
	assert_int_equal(pipe(fds), 0);
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	assert_int_equal(write(fds[1], addr, 1), -1);
	assert_int_equal(errno, EFAULT);
	addr[0] = 1;
	assert_int_equal(write(fds[1], addr, 1), 1);
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	assert_int_equal(write(fds[1], addr + PAGE, 1), 1);
	close(fds[0]);
	close(fds[1]);
	unmap(addr, SIZE);
}

/* What a child does to itself; the status it ends with. */
static int
in_child(void (*run)(char *), char *addr)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		/* What a sanitizer or cmocka has to say about it is expected. */
		dup2(null, STDERR_FILENO);
		dup2(null, STDOUT_FILENO);
		run(addr);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
restore_default(void)
{
	signal(SIGSEGV, SIG_DFL);
}

static void
fault_elsewhere(char *addr)
{
	restore_default();
	if (rte_membind_next_touch(addr, SIZE) != 0)
		_exit(1);
	addr[0] = 1;
	*(_Atomic char *)(addr + SIZE + PAGE) = 1;
}

static void
write_to_read_only(char *addr)
{
	restore_default();
	if (mprotect(addr, SIZE, PROT_READ) != 0 || rte_membind_next_touch(addr, SIZE) != 0)
		_exit(1);
	/* The touch is granted, the write is not. */
	*(_Atomic char *)addr = 1;
}

static void
be_sent_a_signal(char *addr)
{
	restore_default();
	if (rte_membind_next_touch(addr, SIZE) != 0)
		_exit(1);
	raise(SIGSEGV);
}

static void
other_faults_are_deadly_as_ever(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	assert_true(WIFSIGNALED(in_child(fault_elsewhere, addr)));
	assert_int_equal(WTERMSIG(in_child(fault_elsewhere, addr)), SIGSEGV);
	assert_int_equal(WTERMSIG(in_child(write_to_read_only, addr)), SIGSEGV);
	assert_int_equal(WTERMSIG(in_child(be_sent_a_signal, addr)), SIGSEGV);
	unmap(addr, SIZE);
}

static void
own_handler(int sig)
{
	(void)sig;
	_exit(42);
}

static void
own_handler_with_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	_exit(sig == SIGSEGV && info->si_code == SEGV_ACCERR ? 43 : 1);
}

static void
have_a_handler_with_info(char *addr)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = own_handler_with_info;
	sigaction(SIGSEGV, &action, NULL);
	if (rte_membind_next_touch(addr, SIZE) != 0)
		_exit(1);
	addr[0] = 1;
	*(_Atomic char *)(addr + SIZE + PAGE) = 1;
}

static void
replace_the_handler(char *addr)
{
	if (rte_membind_next_touch(addr, SIZE) != 0 ||
	    rte_membind_next_touch_cancel(addr, SIZE) != 0)
		_exit(1);
	signal(SIGSEGV, own_handler);
	_exit(rte_membind_next_touch(addr, SIZE) == -EBUSY ? 44 : 1);
}

/* The children of this test must be the first to mark, and so to install the handler. */
static void
an_earlier_handler_gets_what_is_not_ours(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	assert_int_equal(WEXITSTATUS(in_child(have_a_handler_with_info, addr)), 43);
	assert_int_equal(WEXITSTATUS(in_child(replace_the_handler, addr)), 44);
	unmap(addr, SIZE);
}

static void
have_a_plain_handler(char *addr)
{
	signal(SIGSEGV, own_handler);
	if (rte_membind_next_touch(addr, SIZE) != 0)
		_exit(1);
	addr[0] = 1;
	*(_Atomic char *)(addr + SIZE + PAGE) = 1;
}

static void
a_plain_handler_too(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	assert_int_equal(WEXITSTATUS(in_child(have_a_plain_handler, addr)), 42);
	unmap(addr, SIZE);
}

static void
touch_in_child(char *addr)
{
	for (int i = 0; i < 16; i++) {
		if (addr[i * PAGE] != 1)
			_exit(1);
	}
	_exit(rte_membind_next_touch(addr, SIZE) == 0 && addr[0] == 1 ? 45 : 2);
}

static void
a_child_inherits_the_marks(void **state)
{
	char *addr = map(SIZE);

	(void)state;
	keep_handler();
	touch(addr, SIZE);
	assert_ret(rte_membind_next_touch(addr, SIZE), 0);
	assert_int_equal(WEXITSTATUS(in_child(touch_in_child, addr)), 45);
	assert_string_equal(protection_at(addr), "---p");
	assert_int_equal(addr[5 * PAGE], 1);
	assert_ret(rte_membind_next_touch_cancel(addr, SIZE), 0);
	unmap(addr, SIZE);
}

int
main(void)
{
	/* First those whose children install the handler themselves. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_faults_are_deadly_as_ever),
		cmocka_unit_test(an_earlier_handler_gets_what_is_not_ours),
		cmocka_unit_test(a_plain_handler_too),
		cmocka_unit_test(a_touch_gives_one_page_back),
		cmocka_unit_test(a_cancel_gives_back_what_is_left),
		cmocka_unit_test(each_part_gets_its_own_protection_back),
		cmocka_unit_test(hugepages_are_marked_as_a_whole),
		cmocka_unit_test(threads_may_meet_on_a_page),
		cmocka_unit_test(when_mappings_run_out_the_rest_is_given_back),
		cmocka_unit_test(bad_arguments_mark_nothing),
		cmocka_unit_test(what_the_handler_needs_is_refused),
		cmocka_unit_test(what_was_unmapped_can_be_cancelled),
		cmocka_unit_test(a_system_call_fails_as_it_is_written),
		cmocka_unit_test(a_child_inherits_the_marks),
		cmocka_unit_test(the_page_goes_to_the_toucher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
