/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * anonmm and anonmm-copy: Hugh Dickins, March and April 2004; not merged, anon_vma.c was.
 *
 * The idea. Pages mostly stay at the address where they were made, in every process that inherits
 * them. So a page's index is its virtual page number, and nothing is kept per area: a small record
 * per space, those of all spaces forked from one exec in a bundle, and a page names the bundle.
 * Who maps it: each space of the bundle is asked for the entry at that one address.
 *
 *	page --> bundle --> space --> child --> child's child      oldest first
 *	index               the same address is looked at in each
 *
 * mremap spoils it: the first version then gave a page a chain of its mappings ("pte chains"); the
 * second copied a page that others share before it moved, and changed the index of one that nobody
 * shares. Both are here: anonmm, and anonmm-copy, which asks its caller for those copies.
 *
 * What had to be added.
 *  - A chain entry for each mapping would need one more for each page at every fork. So a page
 *    that was moved while others share it gets a list of addresses, and each is looked at in every
 *    space of the bundle: then a fork has nothing to do.
 *
 *	page --> strays: bundle, address, address      the page's index is one more address
 *
 *  - A page in swap may move too: its saved binding names the same list, which counts who names
 *    it. A page whose slot others may still name is not held alone, even if mapped once.
 *  - A page that is moved on and on would gather addresses. One that the space itself added, and
 *    nobody can have inherited since (a stamp, renewed by forks), is overwritten by the next move.
 *    A page that turns out to be one space's own, because that writes to it or alone brings it
 *    back from swap, loses the list.
 *  - A page names the bundle, not its space's record, so that records need not outlive spaces. A
 *    space that loses its last area (exec, exit) leaves the bundle.
 *
 * Costs. Fault: nothing. Fork, exit: one list operation, whatever the areas. Split, merge: nothing,
 * and all neighbours merge that Linux's other rules let merge, moved or not. mremap: each page must
 * be told; and in a space with relatives memory for two records a page is set aside until it is
 * done. Memory: nothing per area, one small record per family. A walk: all spaces of the bundle,
 * times the addresses.
 *
 * Where it breaks. The bundle is the whole family: 1,000 children that copied everything cost 1,001
 * looks for each page, and a shell's old relatives never leave it. A page that stays shared and is
 * moved between forks keeps an address for each time.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "anonmm.h"

#include <string.h>

#include "anon_designs.h"
#include "base/assert.h"

/* Blocks that a space's pool keeps; records that a moved page may need: one for the page, one for
 * its slot. */
enum { KEPT = 4, STRAYS_OF_PAGE = 2 };

static void lock(struct anonmm *anonmm)
{
	vas_mutex_lock(&anonmm->lock, VAS_RANK_RMAP);
}

static void unlock(struct anonmm *anonmm)
{
	vas_mutex_unlock(&anonmm->lock, VAS_RANK_RMAP);
}

/* Owners: a bundle, or, with the lowest bit set, the first stray of a page. */

static struct stray *strays_of(const void *owner)
{
	return ((uintptr_t)owner & 1) == 0
		       ? NULL
		       : (struct stray *)(void *)((uintptr_t)owner & ~(uintptr_t)1);
}

static void *scattered(struct stray *first)
{
	return (void *)((uintptr_t)first | 1);
}

static struct bundle *bundle_of(void *owner)
{
	struct stray *first = strays_of(owner);

	return first != NULL ? first->bundle : owner;
}

static void put_owner(struct anonmm *anonmm, const void *owner)
{
	struct stray *stray = strays_of(owner);

	if (stray == NULL || --stray->references != 0)
		return;
	while (stray != NULL) {
		struct stray *next = stray->next;

		vas_record_put(&anonmm->stray_store, stray);
		stray = next;
	}
}

static void get_owner(const void *owner)
{
	struct stray *first = strays_of(owner);

	if (first != NULL)
		first->references++;
}

/* Spaces. */

static void enter(struct mm *mm, struct bundle *bundle)
{
	vas_list_add_before(&bundle->spaces, &mm->at);
	__atomic_store_n(&mm->bundle, bundle, __ATOMIC_RELEASE);
}

static void leave(struct anonmm *anonmm, struct mm *mm)
{
	struct bundle *bundle = mm->bundle;

	if (bundle == NULL)
		return;
	mm->bundle = NULL;
	vas_list_remove(&mm->at);
	if (!vas_list_empty(&bundle->spaces))
		return;
	vas_list_remove(&bundle->all);
	vas_record_put(&anonmm->bundle_store, bundle);
}

static int anonmm_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct anonmm *anonmm = data;
	struct mm *mm = mm_of(space);

	(void)parent;
	vas_pool_init(&mm->pool, anonmm->allocator);
	mm->space = space;
	lock(anonmm);
	mm->stamp = ++anonmm->stamp;
	unlock(anonmm);
	return 0;
}

static void anonmm_close(void *data, struct vas_space *space)
{
	(void)data;
	vas_assert(mm_of(space)->bundle == NULL);
	vas_pool_trim(&mm_of(space)->pool, 0);
}

/* Then nobody shares its pages. */
static bool only_one(const struct mm *mm)
{
	return mm->bundle == NULL ||
	       (mm->bundle->spaces.next == &mm->at && mm->bundle->spaces.prev == &mm->at);
}

static int anonmm_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct anonmm *anonmm = data;
	struct mm *mm = mm_of(space);
	uint64_t pages = budget->moved >> VAS_PAGE_SHIFT;
	bool alone;

	if (pages == 0)
		return 0;
	lock(anonmm);
	alone = only_one(mm);
	unlock(anonmm);
	if (alone)
		return 0;
	if (pages > SIZE_MAX / 2 / STRAYS_OF_PAGE)
		return -VAS_ENOMEM;
	return vas_pool_reserve(&mm->pool, anonmm->stray_store.size,
				(size_t)pages * STRAYS_OF_PAGE);
}

static void anonmm_settle(void *data, struct vas_space *space)
{
	(void)data;
	vas_pool_trim(&mm_of(space)->pool, KEPT);
}

static void anonmm_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct anonmm *anonmm = data;
	struct mm *mm = mm_of(space), *parent;

	if (op->kind == VAS_OP_FORK) {
		parent = mm_of(op->other->space);
		if (mm->bundle != NULL || parent->bundle == NULL)
			return;
		lock(anonmm);
		parent->stamp = ++anonmm->stamp;
		enter(mm, parent->bundle);
		unlock(anonmm);
	} else if (op->kind == VAS_OP_FREE && mm->bundle != NULL && vas_find_ge(space, 0) == NULL) {
		lock(anonmm);
		leave(anonmm, mm);
		unlock(anonmm);
	}
}

const struct vas_listener vas_anonmm_listener = {
	.space_bytes = sizeof(struct mm),
	.open = anonmm_open,
	.close = anonmm_close,
	.reserve = anonmm_reserve,
	.settle = anonmm_settle,
	.apply = anonmm_apply,
};

/* Pages. */

static int anonmm_prepare(void *instance, struct vas_area *area)
{
	struct anonmm *anonmm = instance;
	struct mm *mm = mm_of(area->space);
	struct bundle *bundle;
	int err = 0;

	if (__atomic_load_n(&mm->bundle, __ATOMIC_ACQUIRE) != NULL)
		return 0;
	lock(anonmm);
	if (mm->bundle == NULL) {
		bundle = vas_record_make(&anonmm->bundle_store);
		if (bundle != NULL) {
			vas_list_init(&bundle->spaces);
			vas_list_add_before(&anonmm->bundles, &bundle->all);
			enter(mm, bundle);
		}
		err = bundle == NULL ? -VAS_ENOMEM : 0;
	}
	unlock(anonmm);
	return err;
}

static void anonmm_bind(void *instance, struct vas_page *page, struct vas_area *area,
			uint64_t address)
{
	(void)instance;
	page->owner = mm_of(area->space)->bundle;
	page->index = address >> VAS_PAGE_SHIFT;
	vas_assert(page->owner != NULL);
}

static void anonmm_unbind(void *instance, struct vas_page *page)
{
	if (strays_of(page->owner) != NULL) {
		lock(instance);
		put_owner(instance, page->owner);
		unlock(instance);
	}
	page->owner = NULL;
}

static void anonmm_reuse(void *instance, struct vas_page *page, struct vas_area *area,
			 uint64_t address)
{
	if (page->slot != 0)
		return; /* others may find it through its slot */
	anonmm_unbind(instance, page);
	anonmm_bind(instance, page, area, address);
}

static void anonmm_save(void *instance, struct vas_page *page, struct vas_binding *saved)
{
	lock(instance);
	get_owner(page->owner);
	saved->owner = page->owner;
	saved->index = page->index;
	unlock(instance);
}

static void anonmm_restore(void *instance, struct vas_page *page, struct vas_area *area,
			   uint64_t address, bool alone, const struct vas_binding *saved)
{
	if (alone) {
		anonmm_bind(instance, page, area, address);
		return;
	}
	lock(instance);
	get_owner(saved->owner);
	page->owner = saved->owner;
	page->index = saved->index;
	unlock(instance);
}

static void anonmm_forget(void *instance, struct vas_binding *saved)
{
	lock(instance);
	put_owner(instance, saved->owner);
	unlock(instance);
	saved->owner = NULL;
}

/* Moves. */

static struct stray *find_stray(struct stray *first, uint64_t index)
{
	while (first != NULL && first->index != index)
		first = first->next;
	return first;
}

/* Whoever searches for this owner's pages is to look at `to` as well, where `mm` has one. */
static void scatter(struct anonmm *anonmm, struct mm *mm, void **owner, uint64_t index,
		    uint64_t from, uint64_t to)
{
	struct stray *first = strays_of(*owner), *there, *here, *stray;

	if (to == index)
		return;
	there = find_stray(first, to);
	if (there != NULL) {
		if (there->stamp != mm->stamp)
			there->stamp = 0;
		return;
	}
	here = find_stray(first, from);
	if (here != NULL && here->stamp == mm->stamp) {
		here->index = to;
		return;
	}
	stray = vas_record_take(&anonmm->stray_store, &mm->pool);
	stray->index = to;
	stray->stamp = mm->stamp;
	stray->bundle = bundle_of(*owner);
	stray->references = 1;
	stray->next = NULL;
	if (first == NULL) {
		*owner = scattered(stray);
		anonmm->scattered++;
		return;
	}
	stray->next = first->next;
	first->next = stray;
}

static void renumber(struct anonmm *anonmm, const struct mm *mm, void **owner, uint64_t *index,
		     uint64_t to)
{
	put_owner(anonmm, *owner);
	*owner = mm->bundle;
	*index = to;
	anonmm->renumbered++;
}

/* No other entry leads to it, in memory or from swap. */
static bool held_alone(const struct vas_page *page)
{
	return __atomic_load_n(&page->mapcount, __ATOMIC_RELAXED) <= 1 && page->slot == 0;
}

static void anonmm_moved(void *instance, struct vas_page *page, struct vas_binding *saved,
			 struct vas_area *area, uint64_t from, uint64_t to)
{
	struct anonmm *anonmm = instance;
	struct mm *mm = mm_of(area->space);
	void **owner = page != NULL ? &page->owner : &saved->owner;
	uint64_t *index = page != NULL ? &page->index : &saved->index;

	from >>= VAS_PAGE_SHIFT;
	to >>= VAS_PAGE_SHIFT;
	lock(anonmm);
	if (only_one(mm) || (page != NULL && held_alone(page)))
		renumber(anonmm, mm, owner, index, to);
	else
		scatter(anonmm, mm, owner, *index, from, to);
	unlock(anonmm);
}

/* Looks at one address in all spaces of the bundle. */
static bool look(const struct mm *mm, uint64_t index, struct vas_anon_walk *walk)
{
	walk->candidates++;
	return walk->visit(walk->context, mm->space, index << VAS_PAGE_SHIFT);
}

static bool look_everywhere(const struct mm *mm, const struct vas_page *page,
			    struct vas_anon_walk *walk)
{
	if (!look(mm, page->index, walk))
		return false;
	for (const struct stray *at = strays_of(page->owner); at != NULL; at = at->next)
		if (!look(mm, at->index, walk))
			return false;
	return true;
}

static void anonmm_walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct anonmm *anonmm = instance;
	const struct bundle *bundle;

	if (page->owner == NULL)
		return;
	lock(anonmm);
	bundle = bundle_of(page->owner);
	vas_list_for_each (at, &bundle->spaces)
		if (!look_everywhere(vas_container_of(at, struct mm, at), page, walk))
			break;
	unlock(anonmm);
}

/* An instance. */

static int anonmm_create(const struct vas_anon_rmap_config *config, void **instance)
{
	const struct vas_allocator *allocator = config->allocator;
	struct anonmm *anonmm;

	if (allocator == NULL)
		return -VAS_EINVAL;
	anonmm = allocator->allocate(allocator->context, sizeof(*anonmm), _Alignof(struct anonmm));
	if (anonmm == NULL)
		return -VAS_ENOMEM;
	memset(anonmm, 0, sizeof(*anonmm));
	anonmm->allocator = allocator;
	vas_list_init(&anonmm->bundles);
	vas_record_store_init(&anonmm->bundle_store, allocator, sizeof(struct bundle));
	vas_record_store_init(&anonmm->stray_store, allocator, sizeof(struct stray));
	*instance = anonmm;
	return 0;
}

static void anonmm_destroy(void *instance)
{
	struct anonmm *anonmm = instance;

	if (anonmm == NULL)
		return;
	vas_record_store_finish(&anonmm->bundle_store);
	vas_record_store_finish(&anonmm->stray_store);
	anonmm->allocator->release(anonmm->allocator->context, anonmm, sizeof(*anonmm));
}

static void anonmm_count(void *instance, struct vas_anon_rmap_counts *counts)
{
	struct anonmm *anonmm = instance;

	*counts = (struct vas_anon_rmap_counts){ 0 };
	lock(anonmm);
	vas_record_store_count(&anonmm->bundle_store, counts);
	vas_record_store_count(&anonmm->stray_store, counts);
	unlock(anonmm);
}

#define ANONMM                                                                                     \
	.source = "Hugh Dickins, patches to linux-kernel", .year = 2004,                           \
	.listener = &vas_anonmm_listener, .create = anonmm_create, .destroy = anonmm_destroy,      \
	.prepare = anonmm_prepare, .bind = anonmm_bind, .reuse = anonmm_reuse,                     \
	.unbind = anonmm_unbind, .save = anonmm_save, .restore = anonmm_restore,                   \
	.forget = anonmm_forget, .moved = anonmm_moved, .walk = anonmm_walk,                       \
	.count = anonmm_count, .print = vas_anonmm_print, .validate = vas_anonmm_validate

const struct vas_anon_rmap_design vas_anonmm_design = { .name = "anonmm", ANONMM };

/* The pages that still get several addresses here are those whose swap slot is shared. */
const struct vas_anon_rmap_design vas_anonmm_copy_design = {
	.name = "anonmm-copy",
	.copies_moved = true,
	ANONMM,
};
