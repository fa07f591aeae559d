/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/memwatch/memprof_sites.c: workers look for stacks, whose places in the table are the same
 * few slots, and add those that they do not find.
 *
 * Run: spin -a memprof_sites.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m3000000  (no error expected)
 *      spin -DWORKERS=3 -DSTEPS=2 ... more workers
 * What must hold: a site is one worker's until it is in a slot, and is whole then; whoever finds a stack
 * finds the same site; a slot that was set stays.
 * Planted defects, each of which must be found:
 *      -DPUT_BY_STORE      a slot is set by a store
 *      -DPUT_EARLY         a slot is set before the site is whole (S1 made relaxed)
 *      -DTAKE_BY_STORE     a site is taken by a store
 *      -DBACK_BY_STORE     a site is given back whoever took others meanwhile
 *      -DBACK_EARLY        a site is given back before it was written (T1 made relaxed)
 *      -DNO_COMPARE        who was second goes on to the next slot
 * Sequentially consistent, so what an order permits is planted as the steps' exchange.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef STEPS
#define STEPS	3
#endif
#define STACKS	3
#define SITES	3 /* numbers from 1; 0: none */
#define SLOTS	4

byte slot[SLOTS], used = 0;
byte lower[SITES + 1], upper[SITES + 1];

/* What nothing of the code knows: whose a site is, whether it is in a slot, and what was found. */
byte site_owner[SITES + 1], found[STACKS + 1];
bool is_put[SITES + 1];
byte done = 0;

inline take()
{
#ifdef TAKE_BY_STORE
	n = used;
	if
	:: n == SITES -> mine = 0
	:: else -> used = n + 1; mine = n + 1
	fi;
	n = 0;
	atomic {
		if
		:: mine != 0 -> assert(site_owner[mine] == 0 && !is_put[mine]); site_owner[mine] = _pid
		:: else
		fi
	}
#else
	atomic {
		if
		:: used == SITES -> mine = 0
		:: else ->
			used++;
			mine = used;
			assert(site_owner[mine] == 0 && !is_put[mine]);
			site_owner[mine] = _pid
		fi
	}
#endif
}

inline write_lower() { atomic { assert(site_owner[mine] == _pid); lower[mine] = s } }
inline write_upper() { atomic { assert(site_owner[mine] == _pid); upper[mine] = s } }

inline give_back()
{
	atomic {
		site_owner[mine] = 0;
#ifdef BACK_BY_STORE
		used = mine - 1
#else
		if
		:: used == mine -> used = mine - 1
		:: else
		fi
#endif
	}
#ifdef BACK_EARLY
	;
	write_upper()
#endif
}

/* number becomes 0 if the slot is set to ours. */
inline put()
{
	atomic {
		if
#ifdef PUT_BY_STORE
		:: true ->
#else
		:: slot[at] == 0 ->
#endif
			assert(slot[at] == 0);
#ifdef BACK_EARLY
			upper[mine] = s;
#endif
			slot[at] = mine;
			is_put[mine] = true;
			site_owner[mine] = 0;
			number = 0
		:: else -> number = slot[at]
		fi
	}
#ifdef PUT_EARLY
	;
	if
	:: number == 0 -> upper[mine] = s
	:: else
	fi
#endif
}

inline see(which)
{
	atomic {
		assert(found[s] == 0 || found[s] == which);
		found[s] = which
	}
}

proctype worker()
{
	byte left = STEPS, s, at, number, mine, n;

	do
	:: left == 0 -> break
	:: else ->
		left--;
		if
		:: s = 1
		:: s = 2
		:: s = 3
		fi;
		at = 0;
		mine = 0;
		do
		:: true ->
			assert(at < SLOTS);
			number = slot[at];
			if
			:: number == 0 ->
				if
				:: mine == 0 ->
					take();
					if
					:: mine == 0 -> goto no_place
					:: else
					fi;
					write_lower();
#if !defined(PUT_EARLY) && !defined(BACK_EARLY)
					write_upper()
#endif
				:: else
				fi;
				put();
				if
				:: number == 0 -> see(mine); break
				:: else
				fi
#ifdef NO_COMPARE
				;
				at++
				;
				goto on
#endif
			:: else
			fi;
			/* It is whole, and stays so. */
			assert(lower[number] == upper[number]);
			if
			:: lower[number] == s ->
				see(number);
				if
				:: mine != 0 -> give_back()
				:: else
				fi;
				break
			:: else -> at++
			fi;
on:			skip
		od;
		goto next;
no_place:	/* It had no place, so nobody had found one for it. */
		skip;
next:		number = 0; at = 0; mine = 0; s = 0
	od;
	done++
}

init
{
	byte i = 0;

	atomic {
		do
		:: i == WORKERS -> break
		:: else -> run worker(); i++
		od
	};
	done == WORKERS
}
