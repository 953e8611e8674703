/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Everything that can fail does, once, and from then on, under each kind of call and access: every
 * allocation, every call of the stores behind swap and files, every frame.
 *
 * What a life (life.h) must look like before a step and after it is taken from lives in which
 * nothing fails. Then, for each source of failures and n = 1, 2, ... until the step is through
 * without meeting one: a new life, the step with the n-th failing, and
 *
 *	the step's error is the source's, or none (what nobody needed may fail);
 *	with an error, all looks as before; the step is done again, and all looks as after it;
 *	everything that can be recomputed is right, and in the end nothing is left.
 *
 * To look at a page is to have it in memory. So each n is done twice: once with a look between
 * failure and second try, once without.
 *
 * VAS_STEP=NAME tries one step alone. A sanitized build tries each step with one design.
 */

#include "life.h"

/* ---- What fails ---- */

#define WRITES (1 << FAILING_STORE_WRITE)
#define SIZES  (1 << FAILING_STORE_SIZE) /* an object that cannot ask goes by what it knew */
#define CALLS  (FAILING_STORE_ALL & ~SIZES)

static void fail_allocation(struct life *life, uint64_t n)
{
	failing_allocator_fail_at(&life->world.memory, n);
}

static void fail_allocations(struct life *life, uint64_t n)
{
	failing_allocator_fail_from(&life->world.memory, n);
}

static bool heal_allocations(struct life *life, uint64_t n)
{
	(void)n;
	failing_allocator_fail_at(&life->world.memory, 0);
	return life->world.memory.failures != 0;
}

static void fail_swap(struct life *life, uint64_t n)
{
	failing_store_fail_at(&life->world.swap, CALLS, n, -VAS_EIO);
}

static void fail_swap_for_good(struct life *life, uint64_t n)
{
	failing_store_fail_from(&life->world.swap, CALLS, n, -VAS_EIO);
}

static bool heal_swap(struct life *life, uint64_t n)
{
	(void)n;
	failing_store_fail_at(&life->world.swap, 0, 0, 0);
	return life->world.swap.failures != 0;
}

static void fail_disks(struct life *life, uint64_t n)
{
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_at(&life->world.disks[i], CALLS, n, -VAS_EIO);
}

static void fail_disks_for_good(struct life *life, uint64_t n)
{
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_from(&life->world.disks[i], CALLS, n, -VAS_EIO);
}

static void fail_sizes(struct life *life, uint64_t n)
{
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_at(&life->world.disks[i], SIZES, n, -VAS_EIO);
}

static bool heal_disks(struct life *life, uint64_t n)
{
	bool failed = false;

	(void)n;
	for (unsigned i = 0; i < WORLD_FILES; i++) {
		failing_store_fail_at(&life->world.disks[i], 0, 0, 0);
		failed |= life->world.disks[i].failures != 0;
	}
	return failed;
}

/* n - 1 frames are left, and nothing that is dirty can go. */
static void fail_frames(struct life *life, uint64_t n)
{
	life_take_frames(life, n - 1);
	failing_store_fail_from(&life->world.swap, WRITES, 1, -VAS_EIO);
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_from(&life->world.disks[i], WRITES, 1, -VAS_EIO);
}

#define FRAMES_MAX 12

static bool heal_frames(struct life *life, uint64_t n)
{
	(void)heal_swap(life, n);
	(void)heal_disks(life, n);
	life_give(life);
	return n < FRAMES_MAX;
}

/* No frame is left; reclaim gets some, but one of its writes fails. */
static void fail_reclaim(struct life *life, uint64_t n)
{
	life_take_frames(life, 0);
	failing_store_fail_at(&life->world.swap, WRITES, n, -VAS_EIO);
}

static bool heal_reclaim(struct life *life, uint64_t n)
{
	life_give(life);
	return heal_swap(life, n);
}

struct source {
	const char *name;
	void (*arm)(struct life *life, uint64_t n);
	bool (*heal)(struct life *life, uint64_t n); /* true: there is more to fail */
	int error;
	bool for_good; /* whoever asks needs it, and does not get it by asking again */
};

static const struct source sources[] = {
	{ "allocation", fail_allocation, heal_allocations, -VAS_ENOMEM, false },
	{ "allocations", fail_allocations, heal_allocations, -VAS_ENOMEM, false },
	{ "swap once", fail_swap, heal_swap, -VAS_EIO, false },
	{ "swap", fail_swap_for_good, heal_swap, -VAS_EIO, true },
	{ "disks once", fail_disks, heal_disks, -VAS_EIO, false },
	{ "disks", fail_disks_for_good, heal_disks, -VAS_EIO, true },
	{ "sizes", fail_sizes, heal_disks, -VAS_EIO, false },
	{ "frames", fail_frames, heal_frames, -VAS_ENOMEM, false },
	{ "reclaim", fail_reclaim, heal_reclaim, -VAS_ENOMEM, false },
};

/* ---- Steps ---- */

struct step {
	const char *name;
	int (*act)(struct life *life, const struct step *step);
	uint64_t page, count;
	uint64_t what; /* flags, advice, ... */
	unsigned ways;
};

enum {
	BY_CHILD = 1 << 0,
	WITH_MERGED = 1 << 1,
	ABSORBS = 1 << 2,   /* does what it can, and tells nobody */
	IN_PARTS = 1 << 3,  /* what was done before the error stays done */
	SYNCS = 1 << 4,	    /* of two errors one is told the next time */
	NONLINEAR = 1 << 5, /* as before kernel 4.0 */
	LOCKS = 1 << 6,	    /* as mlock: a page that cannot be is told with errors of its own */
	POPULATES = 1 << 7, /* as madvise */
};

static struct vas_space *who(struct life *life, const struct step *step)
{
	return (step->ways & BY_CHILD) != 0 ? life->child : life->world.space;
}

static int act_read(struct life *life, const struct step *step)
{
	return vas_access(who(life, step), at(step->page), VAS_ACCESS_READ);
}

static int act_write(struct life *life, const struct step *step)
{
	return put(who(life, step), step->page, 4242);
}

/* Across pages of several kinds: what was copied is counted. */
static int act_copy(struct life *life, const struct step *step)
{
	unsigned char bytes[16 * VAS_PAGE_SIZE];
	size_t length = PAGES(step->count), done = length + 1;
	int err;

	memset(bytes, 77, length);
	if (step->what != 0)
		err = vas_write(who(life, step), at(step->page) + 5, bytes, length, &done);
	else
		err = vas_read(who(life, step), at(step->page) + 5, bytes, length, &done);
	assert_true(err == 0 ? done == length : done < length);
	return err;
}

static int act_map(struct life *life, const struct step *step)
{
	return map_pages(who(life, step), step->page, step->count, RW, (uint32_t)step->what);
}

static int act_map_file(struct life *life, const struct step *step)
{
	return map_file(&life->world, who(life, step), (unsigned)step->what & 3, step->page,
			step->count, 4, step->what >= 4);
}

static int act_unmap(struct life *life, const struct step *step)
{
	return vas_unmap(who(life, step), at(step->page), PAGES(step->count));
}

static int act_fork(struct life *life, const struct step *step)
{
	return vas_fork(who(life, step), &life->more);
}

static int act_remap(struct life *life, const struct step *step)
{
	struct vas_remap remap = {
		.old = at(step->page),
		.old_length = PAGES(step->count),
		.new_length = PAGES(step->count),
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED | step->what,
		.new_address = at(510),
	};
	uint64_t address;

	return vas_remap(who(life, step), &remap, &address);
}

static int act_grow(struct life *life, const struct step *step)
{
	struct vas_remap remap = {
		.old = at(step->page),
		.old_length = PAGES(step->count),
		.new_length = PAGES(step->what),
		.flags = VAS_REMAP_MAYMOVE,
	};
	uint64_t address;

	return vas_remap(who(life, step), &remap, &address);
}

static int act_protect(struct life *life, const struct step *step)
{
	return vas_protect(who(life, step), at(step->page), PAGES(step->count),
			   (uint32_t)step->what, -1);
}

static int act_brk(struct life *life, const struct step *step)
{
	uint64_t wanted = at(WORLD_BRK) + PAGES(step->count), now;
	int err = vas_brk(who(life, step), wanted, &now);

	if (err == 0)
		assert_int_equal(now, wanted);
	return err;
}

static int act_advise(struct life *life, const struct step *step)
{
	return vas_advise(who(life, step), at(step->page), PAGES(step->count), (int)step->what);
}

static int act_lock(struct life *life, const struct step *step)
{
	if (step->what != 0)
		return vas_lock_all(who(life, step), (uint32_t)step->what);
	return vas_lock(who(life, step), at(step->page), PAGES(step->count), 0);
}

static int act_name(struct life *life, const struct step *step)
{
	return vas_set_name(who(life, step), at(step->page), PAGES(step->count), "name");
}

static int act_seal(struct life *life, const struct step *step)
{
	return vas_seal(who(life, step), at(step->page), PAGES(step->count), 0);
}

static int act_bind(struct life *life, const struct step *step)
{
	return vas_bind(who(life, step), at(step->page), PAGES(step->count), 1);
}

static int act_remap_file(struct life *life, const struct step *step)
{
	vas_machine_settings(life->world.machine)->nonlinear = (step->ways & NONLINEAR) != 0;
	return vas_remap_file_pages(who(life, step), at(step->page), PAGES(step->count), 0,
				    step->what, 0);
}

static int act_attach(struct life *life, const struct step *step)
{
	uint64_t address = at(step->page);

	return vas_attach(who(life, step), life->world.files[2], PAGES(step->count), 0, &address);
}

static int act_exec(struct life *life, const struct step *step)
{
	struct vas_layout layout = *vas_space_layout(who(life, step));

	vas_exec(who(life, step), &layout);
	return 0;
}

static int act_exit(struct life *life, const struct step *step)
{
	(void)step;
	vas_space_destroy(life->child);
	life->child = NULL;
	return 0;
}

static int act_space(struct life *life, const struct step *step)
{
	(void)step;
	return vas_machine_space(life->world.machine, NULL, &life->more);
}

static int act_open(struct life *life, const struct step *step)
{
	struct vas_object_open open = { .size = PAGES(step->count), .name = "/opened" };

	if (step->what != 0)
		return vas_file_again(life->world.files[0], VAS_FILE_READ, &life->opened);
	return vas_object_open(life->world.machine, &open, &life->opened);
}

static int act_file_read(struct life *life, const struct step *step)
{
	unsigned char bytes[4 * VAS_PAGE_SIZE];

	return vas_file_read(life->world.files[step->what], PAGES(step->page) + 9, bytes,
			     PAGES(step->count), NULL);
}

static int act_file_write(struct life *life, const struct step *step)
{
	unsigned char bytes[4 * VAS_PAGE_SIZE];

	memset(bytes, 78, sizeof(bytes));
	return vas_file_write(life->world.files[step->what], PAGES(step->page) + 9, bytes,
			      PAGES(step->count) - 18, NULL);
}

/* To so many pages, and a bit (`page`). */
static int act_truncate(struct life *life, const struct step *step)
{
	return vas_truncate(life->world.files[step->what], PAGES(step->count) + step->page);
}

static int act_punch(struct life *life, const struct step *step)
{
	return vas_punch(life->world.files[step->what], PAGES(1) + step->page, PAGES(step->count));
}

static int act_msync(struct life *life, const struct step *step)
{
	return vas_sync(who(life, step), at(step->page), PAGES(step->count), 4);
}

static int act_file_sync(struct life *life, const struct step *step)
{
	return vas_file_sync(life->world.files[step->what]);
}

static int act_reclaim(struct life *life, const struct step *step)
{
	const struct failing_store *disks = life->world.disks;
	int err = 0;

	(void)vas_machine_reclaim(life->world.machine, step->count, &err);
	if (life->world.swap.failures + disks[0].failures + disks[1].failures == 0)
		assert_true(err == 0 || err == -VAS_ENOSPC);
	return 0;
}

static int act_migrate(struct life *life, const struct step *step)
{
	return vas_migrate(who(life, step), at(step->page));
}

static int act_merge(struct life *life, const struct step *step)
{
	(void)step;
	(void)vas_machine_merge(life->world.machine);
	return 0;
}

static const struct step steps[] = {
	/* Faults. */
	{ "zero", act_read, OWN + IS_UNTOUCHED, .ways = 0 },
	{ "new", act_write, OWN + IS_UNTOUCHED, .ways = 0 },
	{ "new after zero", act_write, OWN + IS_READ, .ways = 0 },
	{ "new in a new table", act_write, WORLD_BRK + 2, .ways = 0 },
	{ "new in the child", act_write, ANON + IS_UNTOUCHED, .ways = BY_CHILD },
	{ "file", act_read, SHARED_FILE + IS_UNTOUCHED, .ways = 0 },
	{ "file, not in memory", act_read, SHARED_FILE + IS_OUT, .ways = 0 },
	{ "file in the child", act_read, SHARED_FILE + IS_WRITTEN, .ways = BY_CHILD },
	{ "write to a file", act_write, SHARED_FILE + IS_UNTOUCHED, .ways = 0 },
	{ "write to a read file", act_write, SHARED_FILE + IS_READ, .ways = 0 },
	{ "private file", act_read, PRIVATE_FILE + IS_UNTOUCHED, .ways = 0 },
	{ "copy of a file", act_write, PRIVATE_FILE + IS_UNTOUCHED, .ways = 0 },
	{ "copy of a mapped file", act_write, PRIVATE_FILE + IS_READ, .ways = 0 },
	{ "copy of a copy", act_write, PRIVATE_FILE + IS_WRITTEN, .ways = BY_CHILD },
	{ "shared", act_read, SHARED + IS_UNTOUCHED, .ways = 0 },
	{ "write to shared", act_write, SHARED + IS_UNTOUCHED, .ways = 0 },
	{ "shared in the child", act_write, SHARED + IS_WRITTEN, .ways = BY_CHILD },
	{ "shared, from swap", act_read, SHARED + IS_OUT, .ways = 0 },
	{ "write to shared, from swap", act_write, SHARED + IS_OUT, .ways = BY_CHILD },
	{ "copy", act_write, ANON + IS_WRITTEN, .ways = 0 },
	{ "copy in the child", act_write, ANON + IS_WRITTEN, .ways = BY_CHILD },
	{ "reuse", act_write, ANON + IS_REUSED, .ways = 0 },
	{ "from swap", act_read, OWN + IS_OUT, .ways = 0 },
	{ "write from swap", act_write, OWN + IS_OUT, .ways = 0 },
	{ "from swap, of both", act_read, ANON + IS_OUT, .ways = 0 },
	{ "write from swap, of both", act_write, ANON + IS_OUT, .ways = BY_CHILD },
	{ "copy of a file from swap", act_read, PRIVATE_FILE + IS_OUT, .ways = BY_CHILD },
	{ "stack", act_write, STACK - 3, .ways = IN_PARTS }, /* it has grown */
	{ "stack in the child", act_write, STACK - 3, .ways = BY_CHILD | IN_PARTS },
	{ "break", act_write, MERGED + 1, .ways = WITH_MERGED },
	{ "break in the child", act_write, MERGED + 1, .ways = WITH_MERGED | BY_CHILD },
	{ "read memory", act_copy, ANON, 6, 0, 0 },
	{ "read files", act_copy, SHARED_FILE, 6, 0, 0 },
	{ "write memory", act_copy, ANON, 6, 1, IN_PARTS },
	{ "write files", act_copy, PRIVATE_FILE, 6, 1, IN_PARTS | BY_CHILD },
	/* Calls. */
	{ "map", act_map, NOWHERE, 8, 0, 0 },
	{ "map and populate", act_map, NOWHERE, 8, VAS_POPULATE, ABSORBS },
	{ "map locked", act_map, NOWHERE, 4, VAS_LOCKED, ABSORBS },
	{ "map shared", act_map, NOWHERE, 8, VAS_SHARED, 0 },
	{ "map over much", act_map, ANON + 2, 63, 0, 0 },
	{ "map a file", act_map_file, NOWHERE, 8, 4, 0 },
	{ "map a file private", act_map_file, NOWHERE, 8, 1, 0 },
	{ "map a file over much", act_map_file, ANON + 2, 63, 5, BY_CHILD },
	{ "unmap within", act_unmap, ANON + 1, 2, 0, 0 },
	{ "unmap within a file", act_unmap, SHARED_FILE + 1, 2, 0, 0 },
	{ "unmap much", act_unmap, ANON + 1, 62, 0, 0 },
	{ "unmap many", act_unmap, MANY, 30, 0, 0 },
	{ "move one of many", act_remap, MANY + 4, 1, 0, BY_CHILD },
	{ "fork", act_fork, 0, 0, 0, 0 },
	{ "fork the child", act_fork, 0, 0, 0, BY_CHILD },
	{ "fork after a merge", act_fork, 0, 0, 0, WITH_MERGED },
	{ "move", act_remap, ANON, 8, 0, 0 },
	{ "move a part", act_remap, ANON + 1, 4, 0, BY_CHILD },
	{ "move a file", act_remap, SHARED_FILE + 1, 4, 0, 0 },
	{ "move what is its own", act_remap, OWN, 8, 0, 0 },
	{ "move and leave", act_remap, OWN, 8, VAS_REMAP_DONTUNMAP, 0 },
	{ "move what is merged", act_remap, MERGED, 4, 0, WITH_MERGED },
	{ "grow in place", act_grow, OWN, 8, 9, 0 },
	{ "grow elsewhere", act_grow, ANON, 8, 40, 0 },
	{ "shrink", act_grow, ANON, 8, 2, 0 },
	{ "protect a part", act_protect, ANON + 1, 2, VAS_READ, 0 },
	{ "protect a part of a file", act_protect, PRIVATE_FILE + 1, 2, VAS_NONE, BY_CHILD },
	{ "brk up", act_brk, 0, 9, 0, 0 },
	{ "brk down", act_brk, 0, 1, 0, 0 },
	{ "lock", act_lock, ANON + 1, 5, 0, LOCKS | IN_PARTS },
	{ "lock a file", act_lock, PRIVATE_FILE, 5, 0, LOCKS | IN_PARTS },
	{ "lock all", act_lock, 0, 0, VAS_LOCK_ALL_CURRENT, ABSORBS | BY_CHILD },
	{ "name", act_name, ANON + 1, 2, 0, 0 },
	{ "seal", act_seal, ANON + 1, 2, 0, 0 },
	{ "bind", act_bind, ANON + 1, 2, 0, 0 },
	{ "remap file pages", act_remap_file, SHARED_FILE + 1, 2, 6, ABSORBS },
	{ "remap file pages, nonlinear", act_remap_file, SHARED_FILE + 1, 2, 6,
	  ABSORBS | NONLINEAR },
	{ "remap file pages, nonlinear, in the child", act_remap_file, SHARED_FILE, 3, 5,
	  ABSORBS | NONLINEAR | BY_CHILD },
	{ "attach", act_attach, NOWHERE, 8, 0, 0 },
	{ "exec", act_exec, 0, 0, 0, 0 },
	{ "exec in the child", act_exec, 0, 0, 0, BY_CHILD | WITH_MERGED },
	{ "exit", act_exit, 0, 0, 0, 0 },
	/* Advice. */
	{ "dontneed", act_advise, ANON + 1, 3, VAS_ADVICE_DONTNEED, 0 },
	{ "free", act_advise, ANON + 1, 3, VAS_ADVICE_FREE, 0 },
	{ "remove", act_advise, MEMORY_FILE + 1, 3, VAS_ADVICE_REMOVE, 0 },
	{ "remove of a file", act_advise, SHARED_FILE + 1, 3, VAS_ADVICE_REMOVE, 0 },
	{ "dontfork", act_advise, ANON + 1, 3, VAS_ADVICE_DONTFORK, 0 },
	{ "wipeonfork", act_advise, ANON + 1, 3, VAS_ADVICE_WIPEONFORK, 0 },
	{ "mergeable", act_advise, ANON + 1, 3, VAS_ADVICE_MERGEABLE, 0 },
	{ "cold", act_advise, OWN, 4, VAS_ADVICE_COLD, 0 },
	{ "pageout", act_advise, OWN, 4, VAS_ADVICE_PAGEOUT, ABSORBS },
	{ "pageout of a file", act_advise, SHARED_FILE, 4, VAS_ADVICE_PAGEOUT, ABSORBS },
	{ "pageout of shared", act_advise, SHARED, 4, VAS_ADVICE_PAGEOUT, ABSORBS },
	{ "populate read", act_advise, ANON, 4, VAS_ADVICE_POPULATE_READ, POPULATES | IN_PARTS },
	{ "populate write", act_advise, PRIVATE_FILE, 4, VAS_ADVICE_POPULATE_WRITE,
	  POPULATES | IN_PARTS },
	{ "willneed", act_advise, SHARED_FILE, 4, VAS_ADVICE_WILLNEED, ABSORBS },
	{ "guard", act_advise, ANON + 1, 2, VAS_ADVICE_GUARD_INSTALL, 0 },
	{ "guard in a new table", act_advise, WORLD_BRK + 1, 1, VAS_ADVICE_GUARD_INSTALL, 0 },
	{ "unguard", act_advise, GUARDED, 3, VAS_ADVICE_GUARD_REMOVE, 0 },
	/* Objects. */
	{ "open", act_open, 0, 4, 0, 0 },
	{ "open again", act_open, 0, 0, 1, 0 },
	{ "read a file", act_file_read, 1, 4, 0, 0 },
	{ "read shared memory", act_file_read, 1, 4, 2, 0 },
	{ "write a file", act_file_write, 1, 4, 1, IN_PARTS },
	{ "write shared memory", act_file_write, 1, 4, 2, IN_PARTS },
	{ "write behind the end", act_file_write, 25, 3, 0, IN_PARTS },
	{ "write far behind the end", act_file_write, 100, 2, 2, IN_PARTS },
	{ "cut", act_truncate, 0, 1, 0, 0 },
	{ "cut within a page", act_truncate, 100, 1, 0, 0 },
	{ "cut within a page that is out", act_truncate, 100, 6, 1, 0 },
	{ "cut shared memory", act_truncate, 0, 1, 2, 0 },
	{ "cut shared memory within a page", act_truncate, 100, 3, 2, 0 },
	{ "extend", act_truncate, 100, 30, 0, 0 },
	{ "extend shared memory", act_truncate, 100, 30, 2, 0 },
	{ "punch", act_punch, 0, 2, 0, 0 },
	{ "punch parts", act_punch, 100, 3, 1, 0 },
	{ "punch shared memory", act_punch, 0, 3, 2, 0 },
	{ "msync", act_msync, SHARED_FILE, 8, 0, SYNCS },
	{ "sync", act_file_sync, 0, 0, 0, SYNCS },
	{ "sync private", act_file_sync, 0, 0, 1, SYNCS },
	/* The machine's own. */
	{ "space", act_space, 0, 0, 0, 0 },
	{ "reclaim some", act_reclaim, 0, 6, 0, ABSORBS },
	{ "reclaim all", act_reclaim, 0, 90, 0, ABSORBS },
	{ "reclaim merged", act_reclaim, 0, 90, 0, ABSORBS | WITH_MERGED },
	{ "migrate", act_migrate, OWN + IS_WRITTEN, 0, 0, 0 },
	{ "migrate of both", act_migrate, ANON + IS_WRITTEN, 0, 0, 0 },
	{ "migrate a file's", act_migrate, SHARED_FILE + IS_READ, 0, 0, 0 },
	{ "migrate shared", act_migrate, SHARED + IS_WRITTEN, 0, 0, 0 },
	{ "migrate merged", act_migrate, MERGED, 0, 0, WITH_MERGED },
	{ "merge", act_merge, 0, 0, 0, ABSORBS },
	{ "merge again", act_merge, 0, 0, 0, ABSORBS | WITH_MERGED },
};

/* ---- One step and all of its failures ---- */

struct trial {
	const struct world_config *config;
	const struct step *step;
	const char *before, *after;
};

static void must_do(struct life *life, const struct step *step)
{
	int err = step->act(life, step);

	if (err == -VAS_EIO && (step->ways & SYNCS) != 0)
		err = step->act(life, step);
	if (err != 0)
		fail_msg("%s: error %d", life->now, err);
}

static bool expected(const struct step *step, const struct source *source, int err)
{
	bool memory = source->error == -VAS_ENOMEM;

	if ((step->ways & LOCKS) != 0 && err == (memory ? -VAS_EAGAIN : -VAS_ENOMEM))
		return true;
	if ((step->ways & POPULATES) != 0 && err == (memory ? -VAS_ENOMEM : -VAS_EFAULT))
		return true;
	return err == source->error;
}

static bool try(const struct trial *trial, const struct source *source, uint64_t n, bool look)
{
	const struct step *step = trial->step;
	struct life life;
	bool more;
	int err;

	life_start(&life, trial->config, (step->ways & WITH_MERGED) != 0);
	source->arm(&life, n);
	err = step->act(&life, step);
	more = source->heal(&life, n);
	snprintf(life.now, sizeof(life.now), "%s: %s, %s %llu%s", trial->config->anon, step->name,
		 source->name, (unsigned long long)n, look ? "" : ", not looked at");
	if (err != 0 && (!more || !expected(step, source, err)) &&
	    ((step->ways & SYNCS) == 0 || err != -VAS_EIO))
		fail_msg("%s: error %d", life.now, err);
	if (err == 0 && more && source->for_good && (step->ways & ABSORBS) == 0)
		fail_msg("%s: no error", life.now);
	world_check(&life.world);
	if (err != 0 && look && (step->ways & IN_PARTS) == 0)
		life_must_look(&life, trial->before);
	if (err != 0) {
		strcat(life.now, ", again");
		must_do(&life, step);
	}
	life_must_look(&life, trial->after);
	world_check(&life.world);
	life_finish(&life);
	return more;
}

static char *look_once(const struct world_config *config, const struct step *step, bool act)
{
	struct life life;
	char *text;

	life_start(&life, config, (step->ways & WITH_MERGED) != 0);
	snprintf(life.now, sizeof(life.now), "%s: %s", config->anon, step->name);
	if (act)
		must_do(&life, step);
	text = life_look(&life);
	world_check(&life.world);
	life_finish(&life);
	return text;
}

static void try_all(const struct world_config *config)
{
	const char *only = getenv("VAS_STEP");

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char *before, *after;
		struct trial trial = { config, &steps[i], NULL, NULL };

		if (only != NULL ? strcmp(only, steps[i].name) != 0
				 : world_sanitized() && config != &life_configs[i % LIFE_CONFIGS])
			continue;
		trial.before = before = look_once(config, &steps[i], false);
		trial.after = after = look_once(config, &steps[i], true);
		for (size_t from = 0; from < sizeof(sources) / sizeof(sources[0]); from++) {
			for (uint64_t n = 1; try(&trial, &sources[from], n, true); n++)
				(void)try(&trial, &sources[from], n, false);
		}
		free(before);
		free(after);
	}
}

static void all_that_can_fail_does_with_anon_vma_chain(void **state)
{
	(void)state;
	try_all(&life_configs[0]);
}

static void all_that_can_fail_does_with_lineage(void **state)
{
	(void)state;
	try_all(&life_configs[1]);
}

static void all_that_can_fail_does_with_pte_chain(void **state)
{
	(void)state;
	try_all(&life_configs[2]);
}

static void all_that_can_fail_does_with_family_index(void **state)
{
	(void)state;
	try_all(&life_configs[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_can_fail_does_with_anon_vma_chain),
		cmocka_unit_test(all_that_can_fail_does_with_lineage),
		cmocka_unit_test(all_that_can_fail_does_with_pte_chain),
		cmocka_unit_test(all_that_can_fail_does_with_family_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
