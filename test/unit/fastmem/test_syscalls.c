/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Counts the system calls of the calling thread, which go through all the same.
 * A seccomp filter turns each into SIGSYS, but for those from one instruction: the handler
 * counts and then makes the call from there. */

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "test_syscalls.h"

#ifdef __x86_64__

long
test_syscalls_pass(long number, long a, long b, long c, long d, long e, long f);
extern const char test_syscalls_passed[];

__asm__(".text\n"
	".globl test_syscalls_pass\n"
	"test_syscalls_pass:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	syscall\n"
	".globl test_syscalls_passed\n"
	"test_syscalls_passed:\n"
	"	ret\n");

static __thread volatile bool counting;
static __thread volatile unsigned int nb_calls;
static __thread volatile long first_call;

static void
on_syscall(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	if (counting && nb_calls++ == 0)
		first_call = info->si_syscall;
	r[REG_RAX] = test_syscalls_pass(info->si_syscall, r[REG_RDI], r[REG_RSI], r[REG_RDX],
					r[REG_R10], r[REG_R8], r[REG_R9]);
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_HIGH(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field) + 4)
#define SKIP_UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (n))
#define ALLOW		      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ALLOW_NUMBER(number)  SKIP_UNLESS((number), 1), ALLOW

bool
test_syscalls_watch(void)
{
	uint64_t passed = (uintptr_t)test_syscalls_passed;
	struct sock_filter filter[] = {
		LOAD(instruction_pointer),
		SKIP_UNLESS((uint32_t)passed, 3),
		LOAD_HIGH(instruction_pointer),
		SKIP_UNLESS((uint32_t)(passed >> 32), 1),
		ALLOW,
		LOAD(nr),
		/* None survives a detour over a handler: they end it, change the mask that its
		 * end restores, or are made with all signals blocked while a thread ends. */
		ALLOW_NUMBER(__NR_rt_sigreturn),
		ALLOW_NUMBER(__NR_rt_sigprocmask),
		ALLOW_NUMBER(__NR_madvise),
		ALLOW_NUMBER(__NR_exit),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };
	struct sigaction action = { .sa_sigaction = on_syscall,
				    .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	return sigaction(SIGSYS, &action, NULL) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

void
test_syscalls_begin(void)
{
	nb_calls = 0;
	first_call = -1;
	counting = true;
}

unsigned int
test_syscalls_end(void)
{
	counting = false;
	return nb_calls;
}

long
test_syscalls_first(void)
{
	return first_call;
}

#else

bool
test_syscalls_watch(void)
{
	return false;
}

void
test_syscalls_begin(void)
{
}

unsigned int
test_syscalls_end(void)
{
	return 0;
}

long
test_syscalls_first(void)
{
	return -1;
}

#endif
