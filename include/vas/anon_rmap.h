/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_ANON_RMAP_H
#define VAS_ANON_RMAP_H

/*
 * Anonymous reverse maps: given a page that belongs to no file, which page-table entries map it?
 *
 * A design binds each such page to something (vas_page.owner) and numbers it there (vas_page.index),
 * and finds from these two the places, a space and an address each, where an entry may map the
 * page. Whether it does, the entry tells: a design may name too many places, never too few.
 *
 * What happens to areas a design hears as a listener; what happens to pages through the functions
 * below. Saved bindings are those of pages that are out in swap.
 *
 * Locks: a design takes its own, below the locks of spaces and pages and above those of page
 * tables; `visit` is called with them held. The caller holds
 *  - for the listener's functions: the space's lock, alone; for `open` of a child and VAS_OP_FORK
 *    the parent's, and nobody else knows the child;
 *  - for prepare, bind, restore: the space's lock, shared at least; bind and restore: the page is
 *    not mapped yet, or its lock is held; prepare: no page's lock, and no call on the space is
 *    under way (between its reserve and settle);
 *  - for reuse: the same, and the page's lock; one entry maps the page, and the space's lock or
 *    the table's keeps it so;
 *  - for walk, transfer, save: the page's lock and a reference to it, no space's lock needed;
 *  - for unbind, forget: the last reference.
 *
 * A page that is mapped keeps what it is bound to alive; one that no entry maps any more may still
 * be asked for (the walk then finds nothing), so records that pages point to are not given back to
 * the allocator while the instance lives, unless the design counts its pages.
 */

#include <vas/area.h>
#include <vas/base.h>
#include <vas/frame.h>
#include <vas/listener.h>
#include <vas/space.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where a read fault may give an area a head, since Linux maps the huge zero page there and gets
 * everything ready for a huge page first: /sys/kernel/mm/transparent_hugepage/enabled.
 */
enum vas_huge_faults {
	VAS_HUGE_FAULTS_NEVER,
	VAS_HUGE_FAULTS_ADVISED, /* in areas with VAS_AREA_HUGE ("madvise") */
	VAS_HUGE_FAULTS_ALWAYS,
};

/* What a design may ask of the machine that it serves. All NULL when there is none. */
struct vas_anon_rmap_host {
	/* Is every page of this area that no file has, and every swap slot, named by one entry
	 * only, the area's own? => the space's lock, alone. */
	bool (*held_alone)(void *data, const struct vas_area *area);
	/* Calls `visit` for each page of [start, end) of the area that no file has and that more
	 * than one entry maps; returns how many. `visit` may be NULL. => the same. */
	size_t (*each_shared)(void *data, const struct vas_area *area, uint64_t start, uint64_t end,
			      void (*visit)(void *context, struct vas_page *page, uint64_t address),
			      void *context);
	void *data;
};

struct vas_anon_rmap_config {
	const struct vas_allocator *allocator; /* must outlive the instance */
	const struct vas_settings *settings;   /* must outlive it; its kernel's rules are used */
	enum vas_huge_faults huge_faults;
	struct vas_anon_rmap_host host;
};

struct vas_anon_walk {
	/* A place where an entry may map the page. False: all have been found, the walk ends. */
	bool (*visit)(void *context, struct vas_space *space, uint64_t address);
	void *context;
	uint64_t candidates; /* added up by the design: areas or places looked at */
};

struct vas_anon_rmap_counts {
	uint64_t bytes;	      /* of all its records, without those in areas and spaces (the
				 listener's area_bytes and space_bytes) and without spares */
	uint64_t spare_bytes; /* of records kept ready */
	uint64_t records;     /* heads, nodes, links: what the design is made of */
};

struct vas_anon_rmap_design {
	const char *name;
	const char *source; /* who proposed it, where it runs */
	int year;
	const struct vas_listener *listener; /* NULL: it does not care for areas */
	/* Each mapping of a page has its own record (src/rmap/pte_chain.h), kept by the front. */
	bool chains;
	/* Pages that are shared must be copied before mremap moves them. */
	bool copies_moved;

	int (*create)(const struct vas_anon_rmap_config *config, void **instance);
	/* => its spaces are gone, and its pages. */
	void (*destroy)(void *instance);

	/* The area is about to get a page that no file has; cheap when it has some. -VAS_ENOMEM.
	 * NULL: nothing to do. */
	int (*prepare)(void *instance, struct vas_area *area);

	/* A new page, about to be mapped at `address` in `area` and nowhere else. => prepared. */
	void (*bind)(void *instance, struct vas_page *page, struct vas_area *area,
		     uint64_t address);

	/* The one mapper of the page wrote to it: from now on it may be its own. NULL: no matter.
	 * A caller may leave it out. */
	void (*reuse)(void *instance, struct vas_page *page, struct vas_area *area,
		      uint64_t address);

	/* The page is gone. NULL: no matter. */
	void (*unbind)(void *instance, struct vas_page *page);

	/* `to` takes the place of `from`, its binding and all. NULL: owner and index are copied
	 * (and those of `from` forgotten without unbind). */
	void (*transfer)(void *instance, struct vas_page *from, struct vas_page *to);

	/* The page goes out to swap: fills `saved` with what restore needs. NULL: owner and index
	 * are copied. It is unbound later, when it is freed. */
	void (*save)(void *instance, struct vas_page *page, struct vas_binding *saved);
	/* A page that came back from swap, about to be mapped at `address` in `area`. `alone`: no
	 * other entry names its slot. NULL: owner and index are copied. => prepared. */
	void (*restore)(void *instance, struct vas_page *page, struct vas_area *area,
			uint64_t address, bool alone, const struct vas_binding *saved);
	/* The slot is gone. NULL: no matter. */
	void (*forget)(void *instance, struct vas_binding *saved);

	/*
	 * mremap moved this page (or, in `saved`, what is out in swap; then page is NULL) from
	 * `from` in an area that was like `area` to `to` in `area`; the entry has moved already.
	 * An entry that names a slot whose page is in memory for others is told twice, for the
	 * page and for the slot: other entries may name either (page->slot is not 0 then, and the
	 * page is not held alone, however often it is mapped). Called after the design heard of
	 * VAS_OP_MOVE and before the call ends (by a listener behind the design's), for each when
	 * `follows` is NULL or says true for that operation, with the space's lock, alone, and the
	 * page's lock. NULL: no matter.
	 */
	void (*moved)(void *instance, struct vas_page *page, struct vas_binding *saved,
		      struct vas_area *area, uint64_t from, uint64_t to);
	bool (*follows)(void *instance, const struct vas_op *move);

	/* Visits the places where the page may be mapped, none of them twice; those of older spaces
	 * first, if the design keeps an order. Allocates nothing. Not called for designs with
	 * `chains`. */
	void (*walk)(void *instance, struct vas_page *page, struct vas_anon_walk *walk);

	void (*count)(void *instance, struct vas_anon_rmap_counts *counts);
	/* What else it has counted, for people: lines of text. NULL: nothing. */
	void (*print)(void *instance, const struct vas_printer *printer);
	/* Recomputes everything; prints the id of the first broken invariant. => nothing else
	 * runs. */
	bool (*validate)(void *instance, const struct vas_printer *printer);
};

/* All designs, Linux's first; the last pointer is NULL. */
VAS_API const struct vas_anon_rmap_design *const *vas_anon_rmap_designs(void);
/* NULL: the default. Returns NULL when there is none of that name. */
VAS_API const struct vas_anon_rmap_design *vas_anon_rmap_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
