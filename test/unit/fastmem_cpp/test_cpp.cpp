/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of rte_fastmem.hpp with the standard library's own containers and pointers.
 * Must not: test fastmem itself: that is test/unit/fastmem's.
 * Called by: meson test, with a mode of EAL's.
 */

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <rte_fastmem.hpp>

extern "C" {
#include "test_eal.h"
}

#define SMALL (std::size_t(4) << 20)

static unsigned int nb_wrong;

/* Unlike an assert it goes on, and says what it was. */
#define WANT(condition) \
	do { \
		if (!(condition)) { \
			std::printf("%s:%d: not so: %s\n", __func__, __LINE__, #condition); \
			nb_wrong++; \
		} \
	} while (0)

static std::uint64_t
in_use()
{
	struct rte_fastmem_stats stats;

	return rte_fastmem_stats(&stats) == 0 ? stats.bytes_in_use : UINT64_MAX;
}

static bool
is_ours(const void *ptr)
{
	return rte_fastmem_owns(ptr) && rte_fastmem_node_of(ptr) == test_node();
}

template <class F>
static bool
throws_bad_alloc(F f)
{
	try {
		f();
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

template <class T> using on_node = rte::fastmem_allocator<T>;

static void
containers_keep_their_elements_in_fastmem()
{
	on_node<int> node(test_node());
	std::vector<int, on_node<int>> v(node);
	std::list<int, on_node<int>> l(node);
	std::deque<int, on_node<int>> d(node);
	std::map<int, int, std::less<int>, on_node<std::pair<const int, int>>> m(node);
	std::set<int, std::less<int>, on_node<int>> s(node);
	std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
			   on_node<std::pair<const int, int>>>
		u(8, node);
	std::basic_string<char, std::char_traits<char>, on_node<char>> text(node);

	for (int i = 0; i < 5000; i++) {
		v.push_back(i);
		l.push_back(i);
		d.push_back(i);
		m[i] = i;
		s.insert(i);
		u[i] = i;
		text += static_cast<char>('a' + i % 26);
	}
	for (int i = 0; i < 5000; i++)
		WANT(v[i] == i && d[i] == i && m[i] == i && s.count(i) == 1 && u[i] == i);
	WANT(is_ours(v.data()) && is_ours(text.data()));
	for (int &element : l)
		WANT(is_ours(&element));
	for (auto &element : u)
		WANT(is_ours(&element));
	WANT(in_use() > 5000 * (4 + 4 + 64 + 64 + 64 + 64));
}

static void
moving_takes_the_blocks_along()
{
	std::vector<int, on_node<int>> a(1000, 7, on_node<int>(test_node())), b;
	const int *data = a.data();

	b = std::move(a);
	WANT(b.data() == data && b.get_allocator().node_id() == test_node());
	std::vector<int, on_node<int>> c(std::move(b));
	WANT(c.data() == data && c[999] == 7);
	/* The containers' allocators change for other types of element, and compare. */
	on_node<double> other(c.get_allocator());
	WANT(other.node_id() == test_node() && other == c.get_allocator());
	WANT(!(other != on_node<int>()));
}

static void
pmr_containers_do_too()
{
	rte::fastmem_resource node(test_node()), any;
	std::pmr::vector<std::pmr::string> v(&node);
	std::pmr::monotonic_buffer_resource arena(10000, &any);
	std::pmr::unsynchronized_pool_resource pool(&node);
	std::pmr::list<int> l(&pool);
	void *small, *large;

	WANT(node == any && node.node_id() == test_node());
	WANT(!(node == *std::pmr::new_delete_resource()));
	for (int i = 0; i < 500; i++) {
		v.emplace_back(std::string(static_cast<std::size_t>(i), 'x'));
		l.push_back(i);
	}
	WANT(is_ours(v.data()) && is_ours(v[499].data()) && v[499].size() == 499);
	small = arena.allocate(100);
	WANT(rte_fastmem_owns(small));
	/* One gives back what another allocated; alignments are kept. */
	for (std::size_t align = 1; align <= 65536; align *= 2) {
		large = node.allocate(3000, align);
		WANT(reinterpret_cast<std::uintptr_t>(large) % align == 0);
		any.deallocate(large, 3000, align);
	}
	large = node.allocate(0);
	WANT(large != nullptr);
	node.deallocate(large, 0);
}

struct base {
	virtual ~base() = default;
	virtual int
	what() const
	{
		return 1;
	}
	long a = 1;
};

struct other_base {
	virtual ~other_base() = default;
	long b = 2;
};

static int nb_alive;

struct derived : base, other_base {
	explicit derived(int value) : value(value)
	{
		nb_alive++;
	}
	~derived() override
	{
		nb_alive--;
	}
	int
	what() const override
	{
		return value;
	}
	char room[3000] = {};
	int value;
};

struct thrower {
	thrower()
	{
		throw std::runtime_error("no");
	}
	char room[500];
};

static void
pointers_own_their_objects()
{
	rte::fastmem_ptr<int> number = rte::make_fastmem<int>(42);
	auto object = rte::make_fastmem_on<derived>(test_node(), 5);
	rte::fastmem_ptr<const std::string> text = rte::make_fastmem<const std::string>(50, 'y');

	static_assert(sizeof(number) == sizeof(int *), "the deleter takes no room");
	WANT(*number == 42 && rte_fastmem_owns(number.get()));
	WANT(is_ours(object.get()) && text->size() == 50);
	/* Through either base, the second of which does not begin where the object does. */
	rte::fastmem_ptr<base> first = std::move(object);
	WANT(nb_alive == 1 && first->what() == 5);
	first.reset();
	WANT(nb_alive == 0);
	rte::fastmem_ptr<other_base> second = rte::make_fastmem<derived>(6);
	WANT(nb_alive == 1 && second->b == 2);
	second.reset();
	WANT(nb_alive == 0);
	/* Nothing stays of what its constructor gives up. */
	std::uint64_t before = in_use();
	bool caught = false;
	try {
		rte::make_fastmem<thrower>();
	} catch (const std::runtime_error &) {
		caught = true;
	}
	WANT(caught && in_use() == before);
}

static void
too_much_is_bad_alloc()
{
	std::uint64_t before = in_use();
	rte::fastmem_resource resource(test_node());
	on_node<std::uint64_t> allocator(test_node());

	WANT(throws_bad_alloc([&] { allocator.allocate(SIZE_MAX / 4); }));
	WANT(throws_bad_alloc([&] { allocator.allocate(std::size_t(1) << 50); }));
	WANT(throws_bad_alloc([&] { (void)resource.allocate(16 * SMALL); }));
	WANT(throws_bad_alloc([&] { (void)resource.allocate(64, std::size_t(1) << 31); }));
	WANT(throws_bad_alloc([&] { on_node<int>(RTE_NUMA_MAX_NODES).allocate(1); }));
	WANT(throws_bad_alloc([&] {
		std::vector<char, on_node<char>> v(on_node<char>{ test_node() });
		for (;;)
			v.resize(v.size() + SMALL);
	}));
	WANT(in_use() == before);
}

static void
any_thread_may()
{
	std::vector<std::thread> threads;

	for (int t = 0; t < 4; t++)
		threads.emplace_back([] {
			std::map<int, std::vector<int, on_node<int>>, std::less<int>,
				 on_node<std::pair<const int, std::vector<int, on_node<int>>>>>
				m;
			for (int i = 0; i < 2000; i++) {
				m[i % 50].assign(static_cast<std::size_t>(i % 700), i);
				if (i % 7 == 0)
					m.erase(i % 50);
			}
		});
	for (std::thread &thread : threads)
		thread.join();
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)();
	} tests[] = {
		{ "containers_keep_their_elements_in_fastmem",
		  containers_keep_their_elements_in_fastmem },
		{ "moving_takes_the_blocks_along", moving_takes_the_blocks_along },
		{ "pmr_containers_do_too", pmr_containers_do_too },
		{ "pointers_own_their_objects", pointers_own_their_objects },
		{ "too_much_is_bad_alloc", too_much_is_bad_alloc },
		{ "any_thread_may", any_thread_may },
	};
	unsigned int failed = 0;

	test_eal_start(argc, argv);
	if (rte_fastmem_init() != 0 || rte_fastmem_reserve(8 * SMALL, test_node()) != 0 ||
	    rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false) != 0)
		return EXIT_FAILURE;
	for (const auto &test : tests) {
		nb_wrong = 0;
		test.run();
		if (in_use() != 0) {
			std::printf("%s: %llu bytes are in use still\n", test.name,
				    static_cast<unsigned long long>(in_use()));
			nb_wrong++;
		}
		std::printf("[  %s ] %s\n", nb_wrong == 0 ? "     OK" : "FAILED ", test.name);
		failed += nb_wrong != 0;
	}
	rte_fastmem_deinit();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
