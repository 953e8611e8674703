/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_LISTENER_H
#define VAS_LISTENER_H

/*
 * The operation list: what a call on a space changed, told in order to whoever keeps something in
 * step with it: a reverse map, a machine's page tables, an embedder's own. And the two questions
 * that a space asks a reverse map before it merges areas or numbers their pages anew.
 *
 * A listener hears of a change after it was made: the tree is whole, the areas named in the
 * operation are alive (an area that goes away is alive until its VAS_OP_FREE returns), and ranges
 * in the operation are what they were at that step, even if a later step of the same call moved
 * the area's own boundaries again. A listener must not call back into the space to change it.
 */

#include <vas/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_space;
struct vas_area;
struct vas_file;

enum vas_op_kind {
	/* [start, end) of `area` is newly mapped and holds nothing; the area is new or has grown.
	 */
	VAS_OP_MAP,
	/* What [start, end) of `area` held is gone: munmap, a mapping put over it, shrinking.
	 * A page table forgets the range. The area itself may live on. */
	VAS_OP_UNMAP,
	/* `area` kept what lies below `start`; the new area `other` has [start, end). */
	VAS_OP_SPLIT,
	/* [start, end) passed from `other` to its neighbour `area`. `other` may now be empty, and
	 * is then freed by a later operation. */
	VAS_OP_MERGE,
	/* mremap: what `other` held at [from, from + end - start) is now in `area` at
	 * [start, end), which VAS_OP_MAP has told of: `area` is new, or an old one that has grown;
	 * `other` may be the same. The old range holds nothing then: VAS_OP_UNMAP of it follows,
	 * or VAS_OP_EMPTY of `other` where it stays. */
	VAS_OP_MOVE,
	/* The flags of [start, end), all in `area` now, changed from `old_flags` to its present
	 * ones. */
	VAS_OP_FLAGS,
	/* `area` holds no page any more, although it stays (mremap with DONTUNMAP moved them all).
	 */
	VAS_OP_EMPTY,
	/* fork: `area` in `space` (the child), [start, end), is a copy of `other` in its parent; with
	 * VAS_AREA_WIPE_ON_FORK one that holds nothing. */
	VAS_OP_FORK,
	/* The pages of [start, end) are about to be touched on the caller's behalf (MAP_POPULATE,
	 * mlock, a fault told through vas_touch); `write` tells how. */
	VAS_OP_TOUCH,
	/* madvise about contents: DONTNEED, FREE, REMOVE, COLD, PAGEOUT, WILLNEED, COLLAPSE, guard
	 * regions; `advice` tells. */
	VAS_OP_ADVISE,
	/* `area` is about to be freed. */
	VAS_OP_FREE,
	/* What [start, end) of `area` held is gone; it shows the object's pages from page `from` on.
	 * The area has VAS_AREA_NONLINEAR, which was told by VAS_OP_FLAGS. Its other pages stay as
	 * they are. What a nonlinear area maps newly (VAS_OP_MAP) is linear at first, what it
	 * moves (VAS_OP_MOVE) or copies (VAS_OP_FORK) is as it was. It takes no part in
	 * VAS_OP_MERGE. */
	VAS_OP_REINDEX,
};

/* Whom a page that cannot be touched concerns: nobody (mmap, mremap, brk, mlockall); mlock, which
 * then fails with -VAS_ENOMEM, or with -VAS_EAGAIN where there is no memory for it; or
 * madvise(MADV_POPULATE_...), with -VAS_EFAULT or -VAS_ENOMEM. */
enum vas_touch_for { VAS_TOUCH_FOR_NOBODY, VAS_TOUCH_FOR_LOCK, VAS_TOUCH_FOR_POPULATE };

struct vas_op {
	enum vas_op_kind kind;
	bool write;		      /* TOUCH */
	int advice;		      /* ADVISE */
	enum vas_touch_for touch_for; /* TOUCH */
	struct vas_area *area;
	struct vas_area *other; /* SPLIT, MERGE, MOVE, FORK; else NULL */
	uint64_t start, end;
	uint64_t from;	    /* MOVE: address; REINDEX: page of the object */
	uint64_t old_flags; /* FLAGS */
};

/*
 * What a call may need at most; a listener that allocates does it here.
 *  => areas[0 .. count): each may be cloned once (split, merged into a neighbour, moved, forked);
 *     the same area may stand there more than once.
 *  => touches: so many areas may be touched for the first time.
 *  => fork: the clones are for a child; `moved`: so many bytes may move to another address, from
 *     `moved_from` on; `guarded`: so many may get guard pages.
 *  => reindex: a VAS_OP_REINDEX is to come.
 */
struct vas_budget {
	struct vas_area *const *areas;
	size_t count;
	size_t touches;
	bool fork, reindex;
	uint64_t moved, moved_from;
	uint64_t guarded;
};

struct vas_listener {
	/* Bytes of its own that it wants in each area (vas_area_data); zeroed in a new area. */
	size_t area_bytes;

	/* The same for each space (vas_space_data). */
	size_t space_bytes;

	/* A space begins: made, or a fork's child (then `parent` is not NULL). An error stops the
	 * making. `close`: it ends; its areas are gone. May be NULL. */
	int (*open)(void *data, struct vas_space *space, struct vas_space *parent);
	void (*close)(void *data, struct vas_space *space);

	/* Around each call that changes the space: takes its lock, and lets go. `*err` is what the
	 * call is about to return; true with -VAS_ENOMEM: make the call again, there is memory now
	 * (the call has changed nothing then). A listener that touches pages only now may change it
	 * (enum vas_touch_for). May be NULL. */
	void (*enter)(void *data, struct vas_space *space);
	bool (*leave)(void *data, struct vas_space *space, int *err);

	/* All areas are about to go, one after the other (exit, exec): VAS_OP_UNMAP and VAS_OP_FREE
	 * follow for each. May be NULL. */
	void (*end)(void *data, struct vas_space *space);

	/* The file for shared anonymous memory of so many bytes, with a reference, if the caller
	 * brings none. May be NULL: such an area has no file. -VAS_ENOMEM. */
	int (*share)(void *data, struct vas_space *space, uint64_t length, struct vas_file **file);

	/* Makes sure that the coming call cannot fail in this listener. -VAS_ENOMEM stops the call
	 * before it has changed anything. May be NULL. */
	int (*reserve)(void *data, struct vas_space *space, const struct vas_budget *budget);

	/* The call is over: what was reserved and not used may be given back. May be NULL. */
	void (*settle)(void *data, struct vas_space *space);

	/* One operation. Cannot fail. May be NULL. */
	void (*apply)(void *data, struct vas_space *space, const struct vas_op *op);

	/*
	 * May `target` swallow a neighbouring range whose pages are those of `source`?
	 *  => source is NULL for a range that has no pages yet (new mapping, brk).
	 *  => `copied`: source is elsewhere, and the range is to hold its moved pages (mremap).
	 * NULL: always.
	 */
	bool (*may_merge)(void *data, const struct vas_area *target, const struct vas_area *source,
			  bool copied);

	/* May the pages of this anonymous area be numbered anew, as if it had always been where
	 * mremap moves it? (Under Linux's rule: it has never held a page.) NULL: yes. */
	bool (*may_reindex)(void *data, const struct vas_area *area);

	/* Has this anonymous area never held a page of its own? Then its promise of memory goes
	 * back when it may be written no longer (mprotect, since 6.5). NULL: yes. */
	bool (*untouched)(void *data, const struct vas_area *area);
};

#ifdef __cplusplus
}
#endif

#endif
