/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "steps.h"

#define LONG_RUN 512 /* pages: those of a whole table */
#define SIZES	 40  /* pages that files have at most */

struct span {
	uint64_t page, count;
};

static uint64_t pick(struct steps *steps, uint64_t below)
{
	return world_random(&steps->random) % below;
}

static bool once_in(struct steps *steps, uint64_t n)
{
	return pick(steps, n) == 0;
}

/* Most are near the end of a table. */
static struct span pick_span(struct steps *steps)
{
	struct span span = { .page = pick(steps, 16), .count = pick(steps, 8) + 1 };

	if (!once_in(steps, 4))
		span.page = LONG_RUN * (pick(steps, 2) + 1) - 8 + pick(steps, 16);
	else if (once_in(steps, 2))
		span.page = LONG_RUN * 3 - 8 + pick(steps, 16);
	if (once_in(steps, 24)) {
		span.page = LONG_RUN * pick(steps, 3);
		span.count = LONG_RUN + (once_in(steps, 2) ? pick(steps, 8) : 0);
	}
	if (span.count > WORLD_PAGES - span.page)
		span.count = WORLD_PAGES - span.page;
	return span;
}

/* The same, if possible where something is. */
static struct span pick_mapped(struct steps *steps, const struct vas_space *space)
{
	struct span span = pick_span(steps);

	for (unsigned i = 0; i < 8 && !contents_mapped(space, span.page); i++)
		span = pick_span(steps);
	return span;
}

static struct steps_space *pick_space(struct steps *steps)
{
	struct steps_space *found;

	do
		found = &steps->spaces[pick(steps, STEPS_SPACES)];
	while (found->space == NULL);
	return found;
}

static struct vas_file *pick_file(struct steps *steps)
{
	return steps->world.files[pick(steps, WORLD_FILES + 1)];
}

/* A call may say no; it may not say that there is no memory for itself. */
static void answered(struct steps *steps, int err)
{
	if (err == -VAS_EIO || err == -VAS_ENOSPC)
		steps->store_errors++;
	assert_true(err <= 0 && err > -600);
}

/* An access ended with `err`; `due` is what the model says. True: it was done. */
static bool access_ended(struct steps *steps, int err, int due, uint64_t page)
{
	if (err == 0 && due == 0)
		return true;
	/* The table comes first, and records. */
	if ((due == 0 || due == -VAS_EOVERFLOW || (due == -VAS_EFAULT && steps->stores_fail)) &&
	    err == -VAS_ENOMEM) {
		steps->no_memory++;
		return false;
	}
	if (due == 0 && steps->stores_fail && (err == -VAS_EIO || err == -VAS_ENOSPC)) {
		steps->store_errors++;
		return false;
	}
	if (err != due)
		fail_msg("step %llu, after %s: page %llu gives %d, not %d",
			 (unsigned long long)steps->count, steps->last, (unsigned long long)page,
			 err, due);
	return false;
}

static void read_page(struct steps *steps, struct vas_space *space, uint64_t page)
{
	struct contents_place due = contents_look(&steps->contents, space, page, VAS_ACCESS_READ);
	uint64_t token = 0;

	steps->reads++;
	if (!access_ended(steps, get(space, page, &token), due.err, page))
		return;
	if (token != due.token && !(due.perhaps_zero && token == 0))
		fail_msg("step %llu, after %s: page %llu holds %llx, not %llx",
			 (unsigned long long)steps->count, steps->last, (unsigned long long)page,
			 (unsigned long long)token, (unsigned long long)due.token);
	contents_found(&steps->contents, space, page, token);
}

/* ---- Steps: accesses ---- */

/* Often one of a few, so that there are equal pages. */
static uint64_t pick_token(struct steps *steps)
{
	return once_in(steps, 2) ? pick(steps, 4) : ++steps->last_token << 4;
}

static void write_token(struct steps *steps, struct vas_space *space, uint64_t page, uint64_t token)
{
	struct contents_place due = contents_look(&steps->contents, space, page, VAS_ACCESS_WRITE);

	if (access_ended(steps, put(space, page, token), due.err, page))
		contents_put(&steps->contents, space, page, token, false);
}

static void step_write(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_mapped(steps, space);

	for (uint64_t i = 0; i < span.count && i < 8; i++)
		write_token(steps, space, span.page + i, pick_token(steps));
}

static void step_read(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_mapped(steps, space);

	for (uint64_t i = 0; i < span.count && i < 8; i++)
		read_page(steps, space, span.page + i);
}

static void step_touch(struct steps *steps)
{
	static const enum vas_access kinds[] = { VAS_ACCESS_READ, VAS_ACCESS_WRITE,
						 VAS_ACCESS_EXEC };
	struct vas_space *space = pick_space(steps)->space;
	uint64_t page = pick_mapped(steps, space).page;
	enum vas_access access = kinds[pick(steps, 3)];
	struct contents_place due = contents_look(&steps->contents, space, page, access);

	if (access_ended(steps, vas_access(space, at(page), access), due.err, page) &&
	    access == VAS_ACCESS_WRITE)
		contents_put(&steps->contents, space, page, 0, true);
}

/* ---- Steps: calls ---- */

static void step_map(struct steps *steps)
{
	static const uint32_t prots[] = { RW, RW, RW, RW, VAS_READ, VAS_NONE, RW | VAS_EXEC };
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_span(steps);
	struct vas_map map = {
		.length = span.count * VAS_PAGE_SIZE,
		.prot = prots[pick(steps, 7)],
		.flags = VAS_FIXED,
	};
	uint64_t address = at(span.page);

	switch (pick(steps, 8)) {
	case 0:
		map.flags |= VAS_SHARED | VAS_ANONYMOUS;
		break;
	case 1:
	case 2:
		map.flags |= VAS_SHARED;
		map.file = pick_file(steps);
		break;
	case 3:
	case 4:
		map.flags |= VAS_PRIVATE;
		map.file = pick_file(steps);
		break;
	default:
		map.flags |= VAS_PRIVATE | VAS_ANONYMOUS;
		break;
	}
	if (map.file != NULL)
		map.offset = pick(steps, WORLD_FILE_PAGES) * VAS_PAGE_SIZE;
	if (once_in(steps, 8) && span.count < 16)
		map.flags |= VAS_POPULATE;
	answered(steps, vas_map(space, &map, &address));
}

static void step_unmap(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_span(steps);

	answered(steps, vas_unmap(space, at(span.page), span.count * VAS_PAGE_SIZE));
}

static void step_protect(struct steps *steps)
{
	static const uint32_t prots[] = { RW, RW, VAS_READ, VAS_NONE, RW | VAS_EXEC };
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_span(steps);

	answered(steps, vas_protect(space, at(span.page), span.count * VAS_PAGE_SIZE,
				    prots[pick(steps, 5)], -1));
}

static void step_remap(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct span from = pick_mapped(steps, space), to = pick_span(steps);
	struct vas_remap remap = {
		.old = at(from.page),
		.old_length = from.count * VAS_PAGE_SIZE,
		.new_length = from.count * VAS_PAGE_SIZE,
	};
	uint64_t address = 0;

	switch (pick(steps, 4)) {
	case 0: /* in place */
		remap.new_length = to.count * VAS_PAGE_SIZE;
		if (from.page + to.count > WORLD_PAGES)
			return;
		break;
	case 1:
		remap.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED | VAS_REMAP_DONTUNMAP;
		break;
	case 2:
		remap.new_length = to.count * VAS_PAGE_SIZE;
		remap.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED;
		break;
	default:
		remap.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED;
		break;
	}
	remap.new_address = at(to.page);
	if ((remap.flags & VAS_REMAP_FIXED) != 0 &&
	    to.page + remap.new_length / VAS_PAGE_SIZE > WORLD_PAGES)
		return;
	answered(steps, vas_remap(space, &remap, &address));
}

static void step_brk(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	uint64_t now;

	answered(steps, vas_brk(space, at(WORLD_BRK + pick(steps, 12)), &now));
}

static void step_advise(struct steps *steps)
{
	static const int advices[] = {
		VAS_ADVICE_DONTNEED,	   VAS_ADVICE_DONTNEED,
		VAS_ADVICE_FREE,	   VAS_ADVICE_FREE,
		VAS_ADVICE_FREE,	   VAS_ADVICE_COLD,
		VAS_ADVICE_PAGEOUT,	   VAS_ADVICE_PAGEOUT,
		VAS_ADVICE_WIPEONFORK,	   VAS_ADVICE_KEEPONFORK,
		VAS_ADVICE_DONTFORK,	   VAS_ADVICE_DOFORK,
		VAS_ADVICE_DOFORK,	   VAS_ADVICE_REMOVE,
		VAS_ADVICE_GUARD_INSTALL,  VAS_ADVICE_GUARD_REMOVE,
		VAS_ADVICE_MERGEABLE,	   VAS_ADVICE_MERGEABLE,
		VAS_ADVICE_UNMERGEABLE,	   VAS_ADVICE_POPULATE_READ,
		VAS_ADVICE_POPULATE_WRITE, VAS_ADVICE_DONTNEED_LOCKED,
	};
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_mapped(steps, space);
	int advice = advices[pick(steps, sizeof(advices) / sizeof(advices[0]))], err;

	if ((advice == VAS_ADVICE_GUARD_INSTALL || advice == VAS_ADVICE_POPULATE_READ ||
	     advice == VAS_ADVICE_POPULATE_WRITE) &&
	    span.count > 16)
		return;
	err = vas_advise(space, at(span.page), span.count * VAS_PAGE_SIZE, advice);
	assert_true(!steps->contents.refused || err != 0);
	answered(steps, err);
}

static void step_lock(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_span(steps);

	if (span.count > 4)
		span.count = 4;
	if (once_in(steps, 3))
		answered(steps, vas_lock(space, at(span.page), span.count * VAS_PAGE_SIZE,
					 once_in(steps, 2) ? VAS_LOCK_ONFAULT : 0));
	else if (once_in(steps, 2))
		answered(steps, vas_unlock(space, at(span.page), span.count * VAS_PAGE_SIZE));
	else
		answered(steps, vas_unlock_all(space));
}

/* ---- Steps: spaces ---- */

static void step_fork(struct steps *steps)
{
	struct steps_space *parent = pick_space(steps), *child = NULL;

	for (unsigned i = 0; i < STEPS_SPACES; i++) {
		/* The tree grows deep. */
		if (steps->spaces[i].space != NULL && steps->spaces[i].depth > parent->depth &&
		    once_in(steps, 2))
			parent = &steps->spaces[i];
		if (steps->spaces[i].space == NULL)
			child = &steps->spaces[i];
	}
	if (child == NULL)
		return;
	answered(steps, vas_fork(parent->space, &child->space));
	child->depth = parent->depth + 1;
	if (child->space != NULL && child->depth > steps->deepest)
		steps->deepest = child->depth;
}

static void step_exit(struct steps *steps)
{
	struct steps_space *gone = pick_space(steps);
	unsigned count = 0;

	for (unsigned i = 0; i < STEPS_SPACES; i++)
		count += steps->spaces[i].space != NULL;
	if (count == 1)
		return;
	/* A world's end, for the depth to begin anew. */
	if (gone->depth > 40 && once_in(steps, 4))
		gone->depth = 0;
	vas_space_destroy(gone->space);
	gone->space = NULL;
}

static void step_exec(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct vas_layout layout = *vas_space_layout(space);

	if (!once_in(steps, 4))
		return;
	layout.brk = layout.start_brk;
	vas_exec(space, &layout);
}

/* ---- Steps: files ---- */

static void step_truncate(struct steps *steps)
{
	static const uint64_t parts[] = { 0, 0, 1024, 3072 };
	struct vas_file *file = pick_file(steps);
	uint64_t size = pick(steps, SIZES) * VAS_PAGE_SIZE + parts[pick(steps, 4)];
	int err = vas_truncate(file, size);

	answered(steps, err);
	/* With an error, the end may have been set, but not all behind it cleared. */
	if (vas_file_size(file) == size)
		contents_resize(&steps->contents, file, size);
}

static void step_punch(struct steps *steps)
{
	struct vas_file *file = pick_file(steps);
	uint64_t offset = pick(steps, SIZES * 4) * 1024;
	uint64_t length = (pick(steps, 16) + 1) * 1024;
	int err = vas_punch(file, offset, length);

	answered(steps, err);
	if (err == 0)
		contents_punch(&steps->contents, file, offset, length);
	else
		assert_true(steps->stores_fail || err == -VAS_ENOMEM);
}

static void step_sync(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;
	struct span span = pick_span(steps);

	if (once_in(steps, 2))
		answered(steps, vas_sync(space, at(span.page), span.count * VAS_PAGE_SIZE, 4));
	else
		answered(steps, vas_file_sync(pick_file(steps)));
}

static void step_file(struct steps *steps)
{
	struct vas_file *file = pick_file(steps);
	uint64_t page = pick(steps, SIZES), token = pick_token(steps), due;
	uint64_t offset = page * VAS_PAGE_SIZE + TOKEN_OFFSET;
	size_t done = 0;
	int err;

	if (once_in(steps, 2)) {
		err = vas_file_write(file, offset, &token, sizeof(token), &done);
		answered(steps, err);
		if (err == 0)
			contents_file_put(&steps->contents, file, page, token);
		else if (vas_file_size(file) == offset + sizeof(token) && done == 0 &&
			 !contents_file_get(&steps->contents, file, page, &due))
			contents_resize(&steps->contents, file, offset + sizeof(token));
		return;
	}
	err = vas_file_read(file, offset, &token, sizeof(token), &done);
	answered(steps, err);
	if (err != 0) {
		assert_true(steps->stores_fail || err == -VAS_ENOMEM);
		return;
	}
	if (!contents_file_get(&steps->contents, file, page, &due))
		assert_int_equal(done, 0);
	else if (done != sizeof(token) || token != due)
		fail_msg("step %llu, after %s: page %llu of a file reads %llx, not %llx",
			 (unsigned long long)steps->count, steps->last, (unsigned long long)page,
			 (unsigned long long)token, (unsigned long long)due);
}

/* ---- Steps: the machine's own ---- */

static void step_reclaim(struct steps *steps)
{
	int error;

	(void)vas_machine_reclaim(steps->world.machine, pick(steps, 12) + 1, &error);
}

static void step_migrate(struct steps *steps)
{
	struct vas_space *space = pick_space(steps)->space;

	for (unsigned i = 0; i < 4; i++) {
		int err = vas_migrate(space, at(pick_mapped(steps, space).page));

		assert_true(err == 0 || err == -VAS_ENOENT || err == -VAS_EBUSY ||
			    err == -VAS_ENOMEM);
	}
}

/* Equal pages in places that may be merged, in two spaces. */
static void step_merge(struct steps *steps)
{
	uint64_t token = pick(steps, 4);

	for (unsigned i = 0; i < 2; i++) {
		struct vas_space *space = pick_space(steps)->space;
		struct span span = pick_mapped(steps, space);

		answered(steps, vas_advise(space, at(span.page), span.count * VAS_PAGE_SIZE,
					   VAS_ADVICE_MERGEABLE));
		for (uint64_t j = 0; j < span.count && j < 4; j++)
			write_token(steps, space, span.page + j, token);
	}
	(void)vas_machine_merge(steps->world.machine);
}

struct step {
	void (*fn)(struct steps *steps);
	const char *name;
	unsigned weight;
};

static const struct step all_steps[] = {
	{ step_write, "a write", 20 },
	{ step_read, "a read", 8 },
	{ step_touch, "a touch", 4 },
	{ step_map, "mmap", 8 },
	{ step_unmap, "munmap", 3 },
	{ step_protect, "mprotect", 3 },
	{ step_remap, "mremap", 6 },
	{ step_brk, "brk", 2 },
	{ step_advise, "madvise", 8 },
	{ step_lock, "mlock", 2 },
	{ step_fork, "fork", 5 },
	{ step_exit, "exit", 4 },
	{ step_exec, "exec", 1 },
	{ step_truncate, "truncate", 2 },
	{ step_punch, "a hole", 1 },
	{ step_sync, "sync", 2 },
	{ step_file, "a file's read or write", 4 },
	{ step_reclaim, "reclaim", 4 },
	{ step_migrate, "migration", 3 },
	{ step_merge, "merging", 1 },
};

void steps_do(struct steps *steps)
{
	const struct step *step = all_steps;
	unsigned sum = 0;
	uint64_t at_weight;

	for (size_t i = 0; i < sizeof(all_steps) / sizeof(all_steps[0]); i++)
		sum += all_steps[i].weight;
	at_weight = pick(steps, sum);
	while (at_weight >= step->weight)
		at_weight -= (step++)->weight;
	steps->count++;
	steps->last = step->name;
	step->fn(steps);
	contents_settle(&steps->contents);
	for (unsigned i = 0; i < STEPS_SPACES; i++) {
		if (steps->spaces[i].space != NULL && steps->spaces[i].depth >= 6) {
			steps->deep++;
			break;
		}
	}
}

void steps_look(struct steps *steps, unsigned pages)
{
	for (; pages > 0; pages--) {
		struct vas_space *space = pick_space(steps)->space;

		read_page(steps, space, pick_mapped(steps, space).page);
	}
}

void steps_look_at_all(struct steps *steps)
{
	for (unsigned i = 0; i < STEPS_SPACES; i++) {
		for (uint64_t page = 0; steps->spaces[i].space != NULL && page < WORLD_PAGES;
		     page++) {
			if (contents_mapped(steps->spaces[i].space, page))
				read_page(steps, steps->spaces[i].space, page);
		}
	}
}

void steps_start(struct steps *steps, const struct world_config *config, uint64_t seed)
{
	memset(steps, 0, sizeof(*steps));
	steps->random = seed;
	world_start(&steps->world, config, &contents_listener, &steps->contents);
	for (unsigned i = 0; i <= WORLD_FILES; i++)
		contents_file(&steps->contents, steps->world.files[i]);
	steps->spaces[0].space = steps->world.space;
	steps->world.space = NULL;
}

void steps_finish(struct steps *steps)
{
	for (unsigned i = 0; i < STEPS_SPACES; i++)
		vas_space_destroy(steps->spaces[i].space);
	world_finish(&steps->world);
}
