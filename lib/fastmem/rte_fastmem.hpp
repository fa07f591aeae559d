/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_HPP
#define RTE_FASTMEM_HPP

/**
 * @file
 * fastmem for C++17 and up: a memory resource for std::pmr, an allocator for containers, and a
 * deleter and makers for std::unique_ptr. Header only, above rte_fastmem.h.
 *
 * All of it needs EAL and rte_fastmem_init(), may be used by any thread, and gives blocks back with
 * their size where C++ knows it, which is fastmem's cheaper way. A node of RTE_NUMA_NODE_ANY means
 * the calling thread's, then the others, nearest first. What cannot be had is std::bad_alloc.
 *
 * Any block can be given back by any of them: they all compare equal, whatever their nodes. So a
 * container that is moved takes its blocks along, and new ones come from its allocator's node.
 */

#include <cstddef>
#include <limits>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>

#include <rte_fastmem.h>

namespace rte
{

/** What the classes here have in common. @internal */
namespace fastmem_detail
{

/** A block; throws std::bad_alloc. */
inline void *
allocate(std::size_t size, std::size_t align, int node_id)
{
	void *ptr = nullptr;

	/* Inlined, and nearly always enough. */
	if (node_id == RTE_NUMA_NODE_ANY)
		ptr = rte_fastmem_alloc(size, align, 0);
	if (ptr == nullptr)
		ptr = rte_fastmem_alloc_node(size, align, 0, node_id);
	if (ptr == nullptr)
		throw std::bad_alloc();
	return ptr;
}

/** Give a block back that came with this size and alignment. */
inline void
deallocate(void *ptr, std::size_t size, std::size_t align) noexcept
{
	rte_fastmem_free_sized(ptr, size, align);
}

/** An object in a block of its own. */
template <class T, class... Args>
T *
make(int node_id, Args &&...args)
{
	static_assert(!std::is_array_v<T>, "a container with fastmem_allocator holds arrays");
	void *ptr = allocate(sizeof(T), alignof(T), node_id);

	try {
		return ::new (ptr) T(std::forward<Args>(args)...);
	} catch (...) {
		deallocate(ptr, sizeof(T), alignof(T));
		throw;
	}
}

} /* namespace fastmem_detail */

/**
 * Memory of fastmem for std::pmr containers and whatever else takes a memory resource.
 *
 * Needs no upstream: what the nodes cannot give is std::bad_alloc.
 */
class fastmem_resource : public std::pmr::memory_resource
{
      public:
	/** Blocks come from this node. */
	explicit fastmem_resource(int node_id = RTE_NUMA_NODE_ANY) noexcept : node(node_id)
	{
	}

	/** As given. */
	int
	node_id() const noexcept
	{
		return node;
	}

      protected:
	/** For std::pmr::memory_resource::allocate(). */
	void *
	do_allocate(std::size_t size, std::size_t align) override
	{
		return fastmem_detail::allocate(size, align, node);
	}

	/** For std::pmr::memory_resource::deallocate(). */
	void
	do_deallocate(void *ptr, std::size_t size, std::size_t align) override
	{
		fastmem_detail::deallocate(ptr, size, align);
	}

	/** For std::pmr::memory_resource::is_equal(). */
	bool
	do_is_equal(const std::pmr::memory_resource &other) const noexcept override
	{
		return dynamic_cast<const fastmem_resource *>(&other) != nullptr;
	}

      private:
	int node;
};

/** An allocator for containers of T. */
template <class T> class fastmem_allocator
{
      public:
	/** What it allocates. */
	using value_type = T;
	/** Any gives back what another allocated. */
	using is_always_equal = std::true_type;
	/** A container that is assigned to allocates from the same node as before. */
	using propagate_on_container_copy_assignment = std::false_type;
	/** One that is moved to goes on with the other's node. */
	using propagate_on_container_move_assignment = std::true_type;
	/** Likewise both. */
	using propagate_on_container_swap = std::true_type;

	/** Blocks come from this node. */
	explicit fastmem_allocator(int node_id) noexcept : node(node_id)
	{
	}

	/** Blocks come from the calling thread's node, then the others. */
	fastmem_allocator() noexcept : node(RTE_NUMA_NODE_ANY)
	{
	}

	/** The same for another type, as containers need for their nodes. */
	template <class U>
	fastmem_allocator(const fastmem_allocator<U> &other) noexcept : node(other.node_id())
	{
	}

	/** As given. */
	int
	node_id() const noexcept
	{
		return node;
	}

	/** Room for n; throws std::bad_array_new_length or std::bad_alloc. */
	T *
	allocate(std::size_t n)
	{
		if (n > std::numeric_limits<std::size_t>::max() / sizeof(T))
			throw std::bad_array_new_length();
		return static_cast<T *>(fastmem_detail::allocate(n * sizeof(T), alignof(T), node));
	}

	/** Give room for n back. */
	void
	deallocate(T *ptr, std::size_t n) noexcept
	{
		fastmem_detail::deallocate(ptr, n * sizeof(T), alignof(T));
	}

	/** They are equal. */
	template <class U>
	bool
	operator==(const fastmem_allocator<U> &) const noexcept
	{
		return true;
	}

	/** They are equal. */
	template <class U>
	bool
	operator!=(const fastmem_allocator<U> &) const noexcept
	{
		return false;
	}

      private:
	int node;
};

/**
 * Ends an object that make_fastmem() made, and gives its block back.
 *
 * Of a class with virtual functions it may point to a base, if the base's destructor is virtual.
 */
template <class T> struct fastmem_deleter {
	/** As std::default_delete has it. */
	constexpr fastmem_deleter() noexcept = default;

	/** A pointer to a derived class becomes one to its base. */
	template <class U, class = std::enable_if_t<std::is_convertible_v<U *, T *>>>
	fastmem_deleter(const fastmem_deleter<U> &) noexcept
	{
		static_assert(std::is_same_v<std::remove_cv_t<U>, std::remove_cv_t<T>> ||
				      std::has_virtual_destructor_v<T>,
			      "the base needs a virtual destructor");
	}

	/** End it. */
	void
	operator()(T *ptr) const noexcept
	{
		if constexpr (std::is_polymorphic_v<T>) {
			/* Where the whole object begins, and of whichever size it is. */
			void *block = const_cast<void *>(dynamic_cast<const volatile void *>(ptr));

			ptr->~T();
			rte_fastmem_free(block);
		} else {
			ptr->~T();
			fastmem_detail::deallocate(const_cast<std::remove_cv_t<T> *>(ptr),
						   sizeof(T), alignof(T));
		}
	}
};

/** Owns an object in a block of fastmem. */
template <class T> using fastmem_ptr = std::unique_ptr<T, fastmem_deleter<T>>;

/** Make an object on the calling thread's node, or on another; throws std::bad_alloc, or as T does. */
template <class T, class... Args>
fastmem_ptr<T>
make_fastmem(Args &&...args)
{
	return fastmem_ptr<T>(
		fastmem_detail::make<T>(RTE_NUMA_NODE_ANY, std::forward<Args>(args)...));
}

/** Make an object on one node; throws std::bad_alloc, or as T does. */
template <class T, class... Args>
fastmem_ptr<T>
make_fastmem_on(int node_id, Args &&...args)
{
	return fastmem_ptr<T>(fastmem_detail::make<T>(node_id, std::forward<Args>(args)...));
}

} /* namespace rte */

#endif /* RTE_FASTMEM_HPP */
