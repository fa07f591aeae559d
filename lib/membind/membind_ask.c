/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the signal by which another thread of this process is asked to set its own policy.
 * Must not: wait for a thread without end before that has taken the request, or take a signal that
 *     the program uses.
 * Called by: membind_thread.c, membind_process.c, membind_caps.c; the kernel, for the handler.
 *
 * One request at a time, in static memory: a handler may come late, when nobody waits any more, and
 * must still find it. A request is known by its number, which the signal carries. Its state goes
 *
 *   ASKED --> TAKEN --> DONE     by the handler
 *   ASKED --> NONE               by the one who asked, when it has waited long enough
 *
 * I1. Only who moved the state from ASKED may write to the request.
 * I2. After DONE or NONE no handler looks at the request, whatever signals are still on their way:
 *     their number is another than that of the state.
 */

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "membind_priv.h"

/* How long a thread has to answer, and how often it is looked at meanwhile. */
#define PATIENCE_MS 1000
#define SLICE_MS    20

enum phase { NONE, ASKED, TAKEN, DONE };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t done;
static int signo; /* Ours; 0 until there is one. */

static struct {
	/* The request's number times 4, plus its phase. */
	_Atomic unsigned int state;
	struct membind_kernel_policy policy;
	struct membind_kernel_policy old;
	int ret;
} request;

static void
handler(int sig, siginfo_t *info, void *context)
{
	unsigned int asked = (unsigned int)info->si_value.sival_int * 4 + ASKED;
	unsigned int taken = asked - ASKED + TAKEN;
	int saved = errno;

	(void)sig;
	(void)context;
	/* A1: pairs with R1, by which the policy was written before. */
	if (info->si_code == SI_QUEUE && info->si_pid == getpid() &&
	    atomic_compare_exchange_strong_explicit(&request.state, &asked, taken,
						    memory_order_acquire, memory_order_relaxed)) {
		request.ret = membind_sys_get_self(&request.old);
		if (request.ret == 0)
			request.ret = membind_sys_set_self(&request.policy);
		/* R2: pairs with A2. */
		atomic_store_explicit(&request.state, taken - TAKEN + DONE, memory_order_release);
		sem_post(&done);
	}
	errno = saved;
}

static void
lock_before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
unlock_after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void
set_up(void)
{
	sem_init(&done, 0, 0);
	/* A child would inherit a lock that nobody in it holds. */
	pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork);
}

static bool
is_ours(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) &&
	       action.sa_sigaction == handler;
}

/* The highest real-time signal that nobody has a handler for, ours if it is still that. */
static int
find_signal(void)
{
	struct sigaction action, ours = { .sa_sigaction = handler };

	if (signo != 0 && is_ours(signo))
		return 0;
	ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
	/* Whatever else comes waits until the thread has answered. */
	sigfillset(&ours.sa_mask);
	for (int sig = SIGRTMAX; sig >= SIGRTMIN; sig--) {
		if (sigaction(sig, NULL, &action) < 0 || (action.sa_flags & SA_SIGINFO) ||
		    action.sa_handler != SIG_DFL)
			continue;
		if (sigaction(sig, &ours, NULL) == 0) {
			signo = sig;
			return 0;
		}
	}
	return membind_fail(-EBUSY, "no real-time signal is free to ask other threads by");
}

int
membind_ask_lock(void)
{
	int ret;

	pthread_once(&once, set_up);
	pthread_mutex_lock(&lock);
	ret = find_signal();
	if (ret < 0)
		pthread_mutex_unlock(&lock);
	return ret;
}

void
membind_ask_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* One slice of waiting: 1 if there is an answer. */
static int
wait_slice(void)
{
	struct timespec until;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SLICE_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	do {
		ret = sem_clockwait(&done, CLOCK_MONOTONIC, &until);
	} while (ret < 0 && errno == EINTR);
	return ret == 0;
}

/* Wait for the answer, or else take the request back: -EBUSY, or -ESRCH if the thread has ended. */
static int
wait_for(pid_t tid, unsigned int number)
{
	unsigned int asked = number * 4 + ASKED;
	int ret = 0, answered = 0;

	for (int ms = 0; !answered && ret == 0 && ms < PATIENCE_MS; ms += SLICE_MS) {
		answered = wait_slice();
		if (!answered)
			ret = membind_sys_own_thread(tid);
	}
	if (!answered) {
		/* Relaxed: if nobody has taken it, nobody has written. */
		if (atomic_compare_exchange_strong_explicit(&request.state, &asked,
							    number * 4 + NONE, memory_order_relaxed,
							    memory_order_relaxed))
			return ret < 0 ? -ESRCH : -EBUSY;
		/* It is in the handler just now, which ends by itself. */
		while (sem_wait(&done) < 0)
			;
	}
	/* A2: pairs with R2. */
	while (atomic_load_explicit(&request.state, memory_order_acquire) != number * 4 + DONE)
		;
	return 0;
}

int
membind_ask(pid_t tid, const struct membind_kernel_policy *policy,
	    struct membind_kernel_policy *old)
{
	/* Relaxed: only who holds the lock starts a request. */
	unsigned int state = atomic_load_explicit(&request.state, memory_order_relaxed);
	unsigned int number = state / 4 + 1;
	int ret;

	request.policy = *policy;
	/* R1: pairs with A1. */
	atomic_store_explicit(&request.state, number * 4 + ASKED, memory_order_release);
	ret = membind_sys_signal(tid, signo, number);
	if (ret < 0) {
		/* Relaxed: no signal was sent, so nobody looks. */
		atomic_store_explicit(&request.state, number * 4 + NONE, memory_order_relaxed);
		return ret;
	}
	ret = wait_for(tid, number);
	if (ret == 0)
		ret = request.ret;
	if (ret == 0 && old != NULL)
		*old = request.old;
	return ret;
}
