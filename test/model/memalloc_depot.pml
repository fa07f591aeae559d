/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/memalloc/memalloc_depot.c: workers pop chains of one or two blocks off a stack, and
 * push others. Four blocks; each worker does so much and no more, since tags count up.
 *
 * Run: spin -a memalloc_depot.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m3000000  (no error)
 *      spin -DWORKERS=3 -DSTEPS=3 ...    more workers
 * Planted defects, each of which must be found:
 *      -DNO_TAG          a head that went and came back is taken for unchanged
 *      -DPOP_BY_STORE    the head is changed by a store when popping
 *      -DPUSH_BY_STORE   ... when pushing
 *      -DBELOW_LATE      what lies below a chain is written when it is on top (R1 or A1 made relaxed)
 *      -DCHAIN_LATE      a chain is linked when it is on top (R1 made relaxed)
 *      -DBELOW_ONCE      what lies below is not read again after another was quicker
 * That a chain is read before it is popped does no harm while heads have tags (-DCHAIN_EARLY holds).
 * Sequentially consistent, so what an order permits is planted as the steps' exchange.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef STEPS
#define STEPS	4
#endif
#define BLOCKS	4

/* Block numbers count from 1, as in the code: 0 is none. */
byte head, tag, next[BLOCKS + 1], down[BLOCKS + 1];

/* Who has what, which nothing of the code knows: bit b: a worker has block b. */
byte in_hand = 0;

#define has(set, b)	((set & 1 << (b)) != 0)

inline got(b)
{
	assert(!has(in_hand, b));
	in_hand = in_hand | 1 << b;
	hand = hand | 1 << b
}

inline give(b)
{
	in_hand = in_hand & ~(1 << b);
	hand = hand & ~(1 << b)
}

#ifdef NO_TAG
#define unchanged	(head == first)
#else
#define unchanged	(head == first && tag == seen)
#endif

/* One or two blocks of the hand. */
inline push()
{
	atomic {
		select(one : 1 .. BLOCKS);
		select(two : 0 .. BLOCKS);
		if
		:: has(hand, one) && (two == 0 || (two != one && has(hand, two)))
		:: else -> one = 0; two = 0
		fi
	}
	if
	:: one != 0 ->
#ifndef CHAIN_LATE
		next[one] = two;
		if
		:: two != 0 -> next[two] = 0
		:: else
		fi;
#endif
		atomic { first = head; seen = tag }
		do
		:: true ->
#ifndef BELOW_LATE
			down[one] = first;
#endif
			atomic {
				if
#ifdef PUSH_BY_STORE
				:: true ->
#else
				/* A push leaves the tag as it is: what it compares is all that it needs. */
				:: !unchanged -> first = head; seen = tag
				:: else ->
#endif
					head = one;
					give(one);
					if
					:: two != 0 -> give(two)
					:: else
					fi;
					break
				fi
			}
		od;
#ifdef BELOW_LATE
		down[one] = first;
#endif
#ifdef CHAIN_LATE
		next[one] = two;
		if
		:: two != 0 -> next[two] = 0
		:: else
		fi;
#endif
	:: else
	fi
}

inline walk()
{
	one = first;
	two = next[one]
}

inline pop()
{
	atomic { first = head; seen = tag }
#ifdef BELOW_ONCE
	below = down[first];
#endif
	do
	:: first == 0 -> break
	:: else ->
#ifndef BELOW_ONCE
		below = down[first];
#endif
#ifdef CHAIN_EARLY
		walk();
#endif
		atomic {
			if
#ifdef POP_BY_STORE
			:: true ->
#else
			:: !unchanged -> first = head; seen = tag
			:: else ->
#endif
				head = below;
				tag++;
				/* It is no longer on the stack: whoever else has it is wrong. */
				got(first);
				break
			fi
		}
	od;
	if
	:: first != 0 ->
#ifndef CHAIN_EARLY
		walk();
#endif
		atomic {
			if
			:: two != 0 -> got(two)
			:: else
			fi
		}
	:: else
	fi
}

proctype worker(byte hand)
{
	byte one, two, first, below, seen, i;

	for (i : 1 .. STEPS) {
		atomic { one = 0; two = 0; first = 0; below = 0; seen = 0 }
		if
		:: hand != 0 -> push()
		:: pop()
		fi
	}
}

init {
	byte i, b, n;

	atomic {
		/* A chain of blocks 1 and 2 on top of one of block 3; the first worker has block 4. */
		next[1] = 2;
		down[1] = 3;
		head = 1;
		in_hand = 1 << 4;
		run worker(in_hand);
		for (i : 2 .. WORKERS) {
			run worker(0)
		}
		i = 0
	}
	_nr_pr == 1;
	/* Each block that nobody has is on the stack, once. */
	atomic {
		n = 0;
		do
		:: head == 0 -> break
		:: else ->
			b = head;
			head = down[b];
			do
			:: b == 0 -> break
			:: else ->
				assert(!has(in_hand, b));
				in_hand = in_hand | 1 << b;
				b = next[b]
			od
		od;
		assert(in_hand == (1 << (BLOCKS + 1)) - 2)
	}
}
