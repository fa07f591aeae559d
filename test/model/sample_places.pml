/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/fastmem/sample_places.c: workers have a block, keep its sample in one of two places
 * and free it, taking the sample away first if it is still there; somebody looks for samples whose
 * blocks are free, and takes those. A block that is free may be had by any worker next.
 *
 * Run: spin -a sample_places.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m3000000  (no error expected)
 *      spin -DSTEPS=3 ...             more blocks of each worker; the second does one less than the first
 * What must hold: a place is one thread's at a time, its sample is whole when somebody has it, the sample
 * of a block is taken away once, and the look ends none whose block has not been free since it began.
 * Workers may also give a block back without looking for its sample, as inlined frees do.
 * Planted defects, each of which must be found:
 *      -DCLAIM_BY_STORE    a place is claimed by a store
 *      -DTAKE_BY_STORE     a sample is taken by a store
 *      -DRELEASE_EARLY     a place is given back before its sample was read (R1 made relaxed)
 *      -DNO_TURN           keys of a block in a place are the same each time
 *      -DLOOK_FIRST        the look reads keys after it has looked at blocks
 * That others may find a sample before it is written (-DKEEP_EARLY: R2 made relaxed) does no harm here: whoever
 * takes it saw its block free, which it was after. R2 stands for who reads it for another reason.
 * Sequentially consistent, so what an order permits is planted as the steps' exchange.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef STEPS
#define STEPS	2
#endif
#define BLOCKS	2
#define PLACES	2
#define BUSY	255

/* A key: block + 1, and a turn in the upper bits. */
#define block_of(k)	(((k) & 7) - 1)
#define key_of(b, t)	(((b) + 1) | (t) << 3)
#ifdef NO_TURN
#define next_turn(t)	0
#else
#define next_turn(t)	(((t) + 1) % 8)
#endif

byte key[PLACES], turn[PLACES];

/* What the places hold, in two halves, and who has them, which nothing of the code knows. */
byte lower[PLACES], upper[PLACES], born[PLACES], place_owner[PLACES];
bool out[BLOCKS];		/* a worker has it */
byte life[BLOCKS];		/* how often it was handed out */
byte done = 0;

inline own(p)	 { assert(place_owner[p] == 0); place_owner[p] = _pid }
inline disown(p) { assert(place_owner[p] == _pid); place_owner[p] = 0 }

/* ok: place p, seen with key k, is ours. */
inline take_at(p, k)
{
	atomic {
		if
#ifdef TAKE_BY_STORE
		:: true ->
#else
		:: key[p] == k ->
#endif
			key[p] = BUSY; own(p); ok = true
		:: else -> ok = false
		fi
	}
}

/* Its sample is read, and it is given back. b: of this block. */
inline over(p, b)
{
#ifdef RELEASE_EARLY
	atomic { disown(p); key[p] = 0 };
	assert(lower[p] == b + 1);
	assert(upper[p] == b + 1)
#else
	assert(lower[p] == b + 1);
	assert(upper[p] == b + 1);
	atomic { disown(p); key[p] = 0 }
#endif
}

inline claim(p)
{
	ok = false;
	k = key[p];
	if
	:: k == 0 ->
		atomic {
			if
#ifdef CLAIM_BY_STORE
			:: true ->
#else
			:: key[p] == 0 ->
#endif
				key[p] = BUSY; own(p); ok = true
			:: else
			fi
		}
	:: else
	fi
}

inline write(p, b)
{
	lower[p] = b + 1;
	born[p] = life[b];
	upper[p] = b + 1
}

inline keep(p, b)
{
#ifdef KEEP_EARLY
	atomic { turn[p] = next_turn(turn[p]); key[p] = key_of(b, turn[p]); disown(p) };
	write(p, b)
#else
	write(p, b);
	atomic { turn[p] = next_turn(turn[p]); key[p] = key_of(b, turn[p]); disown(p) }
#endif
}

/* Take block b's sample away, if there is one. */
inline end_of(b)
{
	p = 0;
	do
	:: p == PLACES -> break
	:: else ->
		k = key[p];
		if
		:: k != 0 && k != BUSY && block_of(k) == b ->
			take_at(p, k);
			if
			:: ok -> over(p, b)
			:: else
			fi
		:: else
		fi;
		p++
	od;
	p = 0; k = 0; ok = false
}

proctype worker(byte left)
{
	byte b, p, k;
	bool ok;

	do
	:: left == 0 -> break
	:: else ->
		left--;
		/* Allocate any block that nobody has. */
		atomic {
			if
			:: !out[0] -> b = 0; out[0] = true
			:: !out[1] -> b = 1; out[1] = true
			:: out[0] && out[1] -> goto next
			fi;
			life[b]++
		};
		/* Of its last life one may be there, if its end was not seen. */
		end_of(b);
		p = 0;
		claim(p);
		if
		:: !ok -> p = 1; claim(p)
		:: else
		fi;
		if
		:: ok -> keep(p, b)
		:: else
		fi;
		p = 0; k = 0; ok = false;
		/* Free it, seen or not. */
		if
		:: end_of(b)
		:: skip
		fi;
		out[b] = false;
next:		b = 0
	od;
	done++
}

/* A look at both places. */
proctype looker()
{
	byte seen[PLACES], free_in[BLOCKS], k, p;
	bool was_free[BLOCKS], ok;

#ifdef LOOK_FIRST
	atomic { was_free[0] = !out[0]; free_in[0] = life[0] };
	atomic { was_free[1] = !out[1]; free_in[1] = life[1] };
#endif
	seen[0] = key[0];
	seen[1] = key[1];
#ifndef LOOK_FIRST
	atomic { was_free[0] = !out[0]; free_in[0] = life[0] };
	atomic { was_free[1] = !out[1]; free_in[1] = life[1] };
#endif
	p = 0;
	do
	:: p == PLACES -> break
	:: else ->
		k = seen[p];
		if
		:: k != 0 && k != BUSY && was_free[block_of(k)] ->
			take_at(p, k);
			if
			:: ok ->
				/* Not one of a life that began after the block was seen free. */
				assert(born[p] <= free_in[block_of(k)]);
				over(p, block_of(k))
			:: else
			fi
		:: else
		fi;
		p++
	od;
	done++
}

init
{
	byte i = 0;

	atomic {
		do
		:: i == WORKERS -> break
		:: else -> run worker(STEPS - i); i++
		od;
		run looker()
	};
	done == WORKERS + 1
}
