/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/fastmem/exchange.c: workers put one object at a time and get one. A slot has room for
 * one object and a chain for one, so that putting into a slot that has one makes a chain of it. Any
 * slot may be a worker's own at any time. Of the two objects each of the first workers has one, or both are
 * in chains.
 *
 * Run: spin -a exchange.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m3000000  (no error expected)
 *      spin -DSTEPS=3 ...           more operations of each worker
 *      spin -DWORKERS=3 ...         more workers
 * A get that fails, since nothing was there and nobody moved anything past it, is held against what
 * nothing of the code knows: whether there was an instant during it at which all was in hands.
 * Planted defects, each of which must be found:
 *      -DTAKE_BY_STORE     a slot is taken by a store
 *      -DGIVE_EARLY        it is given back before its object is written (R2 made relaxed)
 *      -DCLAIM_BY_STORE    a chain's bit is cleared by a store
 *      -DRELEASE_BY_STORE  ... is set by a store
 *      -DRELEASE_EARLY     ... is set before the object is written (R1 made relaxed)
 *      -DWRONG_MAP         a chain that was emptied goes to the map of full ones
 *      -DNO_VERSION        the looks compare counts alone
 *      -DNO_BUSY           ... do not mind slots that are taken
 *      -DONE_LOOK          a get fails after it has found nothing once
 * That an object is read before its slot is taken does no harm here: the version proves it.
 * Sequentially consistent, so what an order permits is planted as the steps' exchange.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef STEPS
#define STEPS	3
#endif
#define SLOTS	2
#define CHAINS	2
#define ALL	3
#define NONE	255
#define TRIES	2

/* A slot's word in its three parts, which change in one step. */
bool taken[SLOTS];
byte count[SLOTS], version[SLOTS];
byte object[SLOTS], chain[CHAINS];	/* bit o: object o */
byte fulls = 0, empties = 3;		/* bit c: chain c */

/* Who has what, which nothing of the code knows. */
byte slot_owner[SLOTS], chain_owner[CHAINS];
byte held[WORKERS + 1];
byte inside = 0;		/* objects that could be got */
bool was_empty[WORKERS + 1];	/* none could, since the worker's get began */
byte done = 0;

inline leaves(o)
{
	inside = inside & ~(o);
	if
	:: inside == 0 -> was_empty[1] = true; was_empty[2] = true;
#if WORKERS > 2
		was_empty[3] = true
#endif
	:: else
	fi
}

/* yes: slot s is ours, and had n objects; `gets`: and one will leave it. */
inline take(s, n, gets)
{
	yes = false;
	atomic { was_taken = taken[s]; n = count[s]; v = version[s] }
	if
	:: was_taken
	:: else ->
		atomic {
			if
#ifndef TAKE_BY_STORE
			:: taken[s] || count[s] != n || version[s] != v
			:: else ->
#else
			:: true ->
#endif
				taken[s] = true;
				assert(slot_owner[s] == 0);
				slot_owner[s] = _pid;
				yes = true;
				if
				:: gets && n == 1 -> leaves(object[s])
				:: else
				fi
			fi;
			was_taken = false; v = 0
		}
	fi
}

inline give(s, n)
{
	atomic {
		assert(slot_owner[s] == _pid && taken[s]);
		slot_owner[s] = 0;
		taken[s] = false;
		count[s] = n;
		version[s] = (version[s] + 1) % 16
	}
}

/* c: a chain of the map that is ours now; NONE: there was none. `gets`: its object will leave. */
inline claim(map, gets)
{
	c = NONE;
	bits = map;
	do
	:: bits == 0 -> break
	:: else ->
		c = (bits & 1 -> 0 : 1);
		atomic {
#ifdef CLAIM_BY_STORE
			map = bits & ~(1 << c);
#else
			bits = map;
			map = map & ~(1 << c);
#endif
			if
			:: bits & (1 << c) ->
				assert(chain_owner[c] == 0);
				chain_owner[c] = _pid;
				bits = 0;
				if
				:: gets -> leaves(chain[c])
				:: else
				fi
			:: else -> c = NONE
			fi
		};
		if
		:: c != NONE -> break
		:: else
		fi
	od
}

inline release(map)
{
#ifdef RELEASE_BY_STORE
	bits = map;
#endif
	atomic {
		assert(chain_owner[c] == _pid);
		chain_owner[c] = 0;
#ifdef RELEASE_BY_STORE
		map = bits | 1 << c;
		bits = 0
#else
		map = map | 1 << c
#endif
	}
}

/* The slot's object goes to a chain; n stays 1 if there is none. */
inline overflow()
{
	claim(empties, false);
	if
	:: c != NONE ->
		two = object[mine]; object[mine] = 0;
#ifdef RELEASE_EARLY
		release(fulls);
		chain[c] = two;
#else
		chain[c] = two;
		release(fulls);
#endif
		two = 0; n = 0
	:: else
	fi;
	c = 0
}

inline put()
{
	select(mine : 0 .. SLOTS - 1);
	take(mine, n, false);
	if
	:: yes ->
		if
		:: n == 1 -> overflow()
		:: else
		fi;
		if
		:: n == 0 ->
			one = (held[_pid] & 1 -> 1 : 2);
			held[_pid] = held[_pid] & ~one;
#ifdef GIVE_EARLY
			atomic { give(mine, 1); inside = inside | one };
			object[mine] = one;
#else
			object[mine] = one;
			atomic { give(mine, 1); inside = inside | one };
#endif
			one = 0
		:: else
			-> give(mine, 1)
		fi
	:: else
	fi
}

/* The object of slot s, which is ours; it stays ours. */
inline empty_slot(s)
{
	one = object[s];
	object[s] = 0
}

inline get_from_chains()
{
	claim(fulls, true);
	if
	:: c != NONE ->
		one = chain[c]; chain[c] = 0;
#ifdef WRONG_MAP
		release(fulls)
#else
		release(empties)
#endif
	:: else
	fi;
	c = 0
}

inline get_from_other()
{
	if
	:: count[1 - mine] == 1 ->
		take(1 - mine, m, true);
		if
		:: yes && m == 1 -> empty_slot(1 - mine); give(1 - mine, 0)
		:: yes && m == 0 -> give(1 - mine, 0)
		:: else
		fi;
		m = 0
	:: else
	fi
}

inline look(at)
{
	atomic {
#ifdef NO_VERSION
		at = count[1 - mine];
#else
		at = version[1 - mine];
#endif
#ifndef NO_BUSY
		busy = (busy || taken[1 - mine])
#endif
	}
}

inline search()
{
	get_from_chains();
	tries = 0;
	do
	:: one != 0 || tries == TRIES -> break
	:: else ->
		tries++;
		busy = false;
		look(before);
		get_from_other();
		if
		:: one == 0 -> get_from_chains()
		:: else
		fi;
		look(after);
		if
#ifdef ONE_LOOK
		:: one == 0 -> assert(was_empty[_pid]); break
#else
		:: one == 0 && before == after && !busy -> assert(was_empty[_pid]); break
#endif
		:: else
		fi
	od;
	before = 0; after = 0; busy = false; tries = 0
}

inline get()
{
	atomic { was_empty[_pid] = (inside == 0); select(mine : 0 .. SLOTS - 1) }
	take(mine, n, true);
	if
	:: yes ->
		if
		:: n == 1 -> empty_slot(mine)
		:: else -> search()
		fi;
		give(mine, 0);
		/* Nobody else has it. */
		atomic {
			for (k : 1 .. WORKERS) {
				assert((held[k] & one) == 0)
			}
			k = 0;
			held[_pid] = held[_pid] | one;
			one = 0
		}
	:: else
	fi;
	was_empty[_pid] = false
}

proctype worker()
{
	byte mine, n, m, v, c, k, bits, one, two, before, after, steps, tries;
	bool yes, busy, was_taken;

	do
	:: steps == STEPS -> break
	:: else ->
		steps++;
		if
		:: held[_pid] != 0 -> put()
		:: get()
		fi;
		atomic { mine = 0; n = 0; yes = false }
	od;
	done++
}

init
{
	byte i, all, sum;

	atomic {
		if
		:: held[1] = 1; held[2] = 2
		:: chain[0] = 1; chain[1] = 2; fulls = 3; empties = 0; inside = ALL
		fi;
		for (i : 1 .. WORKERS) {
			run worker()
		}
	}
	done == WORKERS;
	/* All objects are there, once, and nobody has a slot or a chain. */
	d_step {
		for (i : 1 .. WORKERS) {
			all = all | held[i]; sum = sum + held[i]
		}
		for (i : 0 .. SLOTS - 1) {
			assert(!taken[i] && (count[i] == 1) == (object[i] != 0));
			all = all | object[i]; sum = sum + object[i]
		}
		for (i : 0 .. CHAINS - 1) {
			assert((fulls >> i & 1) + (empties >> i & 1) == 1);
			assert((fulls >> i & 1) == (chain[i] != 0));
			all = all | chain[i]; sum = sum + chain[i]
		}
		assert(all == ALL && sum == ALL)
	}
}
