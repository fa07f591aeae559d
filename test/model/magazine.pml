/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/fastmem/magazine.c: workers push blocks in magazines of one block each and pop them,
 * by hints and past them. Three magazines, three blocks of two classes.
 *
 * Run: spin -a magazine.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000  (no error expected)
 *      spin -DLYING ...                any hint may name any magazine: the states are the truth
 *      spin -DLYING -DWORKERS=3 -DMAGS=2 -DBLOCKS=2 ...  more workers
 *      spin -DMAGS=2 ... && cc -O2 -DNP ... && ./pan -l    no cycle in which nobody gets on
 * No generation is in the state, as there is none in the code: it need not be.
 * Planted defects, each of which must be found:
 *      -DOWN_BY_STORE      a magazine is owned by a store
 *      -DCOPY_BEFORE_OWN   blocks are read before it is owned: that would need a generation
 *      -DCOPY_LATE         a magazine is full before its blocks are there (R1 made relaxed)
 *      -DFREE_EARLY        ... is free before they are read (R2 made relaxed); with -DLYING
 *      -DHINT_FIRST        a hint is set before the state (R3 or A3 made relaxed)
 *      -DLOOK_FIRST_SET    who sets a hint looks at the summary before (S1 made acquire-release)
 *      -DLOOK_FIRST_CLEAR  who clears the summary looks at the hints before (S2 likewise)
 *      -DSUMMARY_FIRST     the summary is set before the hint (R4 made relaxed)
 *      -DNO_LOOK           who clears the summary does not look again
 * Sequentially consistent, so what an order permits is planted as the steps' exchange.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef MAGS
#define MAGS	3
#endif
#ifndef BLOCKS
#define BLOCKS	3
#endif
#define NONE	MAGS
#define FREE	0
#define OWNED	1
#define FULL	2	/* of class c: FULL + c */

#define class_of(b) ((b) / 3)	/* blocks 1 and 2: 0, block 3: 1 */

byte state[MAGS], block[MAGS];
byte words[3] = 0;	/* 0: free; 1 + c: full, of class c */
bit summary[3] = 0;
bool in_hand[BLOCKS + 1];	/* a worker has the block: nothing the code has */

inline hint_set(s)
{
#ifndef LYING
#ifdef SUMMARY_FIRST
	summary[s] = 1;
	words[s] = words[s] | (1 << m);
#else
#ifdef LOOK_FIRST_SET
	look = summary[s];
	words[s] = words[s] | (1 << m);
#else
	words[s] = words[s] | (1 << m);
	look = summary[s];
#endif
	if
	:: look == 0 -> summary[s] = 1
	:: else
	fi;
	look = 0
#endif
#else
	skip
#endif
}

inline hint_take(s)
{
#ifdef LYING
	select(m : 0 .. MAGS)
#else
	do
	:: summary[s] == 0 -> m = NONE; break
	:: else ->
	   look = words[s];
	   if
	   :: look == 0 ->
#ifdef LOOK_FIRST_CLEAR
		look = words[s];
		summary[s] = 0;
#else
		summary[s] = 0;
		look = words[s];
#endif
#ifdef NO_LOOK
		look = 0;
#endif
		if
		:: look != 0 -> summary[s] = 1
		:: else
		fi
	   :: else ->
		m = (look & 1 -> 0 : (look & 2 -> 1 : 2));
		atomic {
			look = words[s] & (1 << m);
			words[s] = words[s] & ~(1 << m);
			if
			:: look != 0 -> look = 0; break
			:: else
			fi
		}
	   fi
	od
#endif
}

/* Own magazine m if its state, `was`, is right; owned says whether. */
inline mag_own(right)
{
	was = state[m];
#ifdef COPY_BEFORE_OWN
	hand = block[m];
#endif
	owned = 0;
	if
	:: right ->
		atomic {
			if
#ifdef OWN_BY_STORE
			:: true -> state[m] = OWNED; owned = 1
#else
			:: state[m] == was -> state[m] = OWNED; owned = 1
			:: else
#endif
			fi
		}
	:: else
	fi
}

inline mag_empty()
{
#ifdef FREE_EARLY
	state[m] = FREE;
#endif
#ifndef COPY_BEFORE_OWN
	hand = block[m];
#endif
	atomic {
		assert(!in_hand[hand] && class_of(hand) == was - FULL);
		in_hand[hand] = 1
	}
#ifndef FREE_EARLY
	state[m] = FREE;
#endif
	hint_set(0)
}

inline push()
{
	do
	:: hint_take(0);
	   if
	   :: m == NONE -> break
	   :: else
	   fi;
	   mag_own(was == FREE);
	   if
	   :: !owned
	   :: owned ->
		in_hand[hand] = 0;
#ifdef COPY_LATE
		state[m] = FULL + class_of(hand);
#endif
		block[m] = hand;
#ifdef HINT_FIRST
		hint_set(1 + class_of(hand));
#endif
#ifndef COPY_LATE
		state[m] = FULL + class_of(hand);
#endif
#ifndef HINT_FIRST
		hint_set(1 + class_of(hand));
#endif
		hand = 0;
		break
	   fi
	od
}

inline pop()
{
	do
	:: hint_take(1 + c);
	   if
	   :: m == NONE -> break
	   :: else
	   fi;
	   mag_own(was == FULL + c);
	   if
	   :: !owned
	   :: owned -> mag_empty(); break
	   fi
	od;
#ifdef COPY_BEFORE_OWN
	hand = (owned -> hand : 0)
#endif
}

inline pop_any()
{
	m = 0;
	do
	:: m == MAGS -> break
	:: else ->
	   mag_own(was >= FULL);
	   if
	   :: !owned -> m++
	   :: owned -> mag_empty(); break
	   fi
	od;
#ifdef COPY_BEFORE_OWN
	hand = (owned -> hand : 0)
#endif
}

proctype worker(byte hand)
{
	byte m, was, look;
	bit owned, c;

progress:
	do
	:: atomic {
		m = 0; was = 0; owned = 0; look = 0;
		if
		:: c = 0
		:: c = 1
		fi
	   }
	   if
	   :: hand != 0 -> push()
	   :: hand == 0 -> pop()
	   :: hand == 0 -> pop_any()
	   :: break
	   fi
	od
}

init {
	byte i, b, n;

	atomic {
		/* As fm_depot_add() leaves it, and the last block pushed. */
		state[0] = FULL + class_of(BLOCKS);
		block[0] = BLOCKS;
		words[1 + class_of(BLOCKS)] = 1;
		summary[1 + class_of(BLOCKS)] = 1;
		words[0] = (1 << MAGS) - 2;
		summary[0] = 1;
		for (i : 1 .. WORKERS) {
			b = (i < BLOCKS -> i : 0);
			in_hand[b] = (b != 0);
			run worker(b)
		}
		b = 0
	}
	_nr_pr == 1;
	atomic {
		for (b : 1 .. BLOCKS) {
			n = in_hand[b];
			for (i : 0 .. MAGS - 1) {
				assert(state[i] != OWNED);
				n = n + (state[i] >= FULL && block[i] == b -> 1 : 0)
			}
			assert(n == 1)
		}
#ifndef LYING
		for (i : 0 .. MAGS - 1) {
			n = (state[i] == FREE -> 0 : state[i] - 1);
			assert(summary[n] && (words[n] & (1 << i)) != 0)
		}
#endif
	}
}
