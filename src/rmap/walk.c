/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "walk.h"

#include "object/object.h"
#include "page/page.h"

/* Links of a file map that are visited before others may have the object's lock. */
#define BATCH 64

struct looking {
	struct vas_rmap *rmap;
	struct vas_page *page;
	vas_pte_chain_fn *visit;
	void *context;
	uint32_t frame;
	uint32_t wanted, hits;
	bool done;
	struct vas_file_walk links;
};

void vas_rmap_init(struct vas_rmap *rmap, struct vas_frames *frames,
		   const struct vas_anon_rmap_design *anon, void *anon_data,
		   const struct vas_file_rmap_design *file,
		   struct vas_pmap *(*pmap_of)(const struct vas_space *space))
{
	*rmap = (struct vas_rmap){
		.frames = frames,
		.anon = anon,
		.anon_data = anon_data,
		.file = file,
		.pmap_of = pmap_of,
	};
	rmap->chains = anon->chains ? anon_data : &rmap->own_chains;
}

bool vas_rmap_chained(const struct vas_rmap *rmap, const struct vas_page *page)
{
	if (vas_page_is(page, VAS_PAGE_MERGED | VAS_PAGE_CHAINED))
		return true;
	return page->kind == VAS_PAGE_OBJECT ? rmap->file->chains : rmap->anon->chains;
}

/* Visits the entry if it maps the page. True: go on. => its table is locked. */
static bool look(void *context, struct vas_pmap *pmap, uint64_t address,
		 const struct vas_entry *entry)
{
	struct looking *looking = context;

	if (vas_entry_maps(vas_entry_read(entry)) != looking->frame)
		return true;
	looking->hits++;
	looking->done = !looking->visit(looking->context, pmap, address, entry) ||
			looking->hits == looking->wanted;
	return !looking->done;
}

/* The tables of another space: they may be freed, but for its walk lock, until one is locked that
 * holds an entry. */
static bool look_at(struct looking *looking, struct vas_space *space, uint64_t address)
{
	struct vas_pmap *pmap = looking->rmap->pmap_of(space);
	struct vas_entry entry;
	bool more;

	if (pmap == NULL)
		return true;
	vas_pmap_walk_lock(pmap);
	if (!vas_pmap_find(pmap, address, &entry)) {
		vas_pmap_walk_unlock(pmap);
		return true;
	}
	vas_pmap_lock(entry.table);
	more = look(looking, pmap, address, &entry);
	vas_pmap_unlock(entry.table);
	vas_pmap_walk_unlock(pmap);
	return more;
}

static bool look_at_place(void *context, struct vas_space *space, uint64_t address)
{
	return look_at(context, space, address);
}

static bool look_at_link(void *context, struct vas_file_link *link)
{
	struct looking *looking = context;
	const struct vas_file_walk *links = &looking->links;

	if (links->space != NULL)
		return look_at(looking, links->space, links->address);
	return look_at(looking, link->space,
		       link->start + ((links->first - link->first) << VAS_PAGE_SHIFT));
}

static size_t walk_object(struct looking *looking)
{
	struct vas_object *object = looking->page->owner;
	bool more;

	if (object == NULL) /* it has left its object */
		return 0;
	looking->links = (struct vas_file_walk){
		.first = looking->page->index,
		.last = looking->page->index,
		.batch = BATCH,
		.visit = look_at_link,
		.context = looking,
	};
	do {
		vas_mutex_lock(&object->lock, VAS_RANK_OBJECT);
		more = vas_file_map_walk(object->map, &looking->links);
		vas_mutex_unlock(&object->lock, VAS_RANK_OBJECT);
	} while (more && !looking->done);
	return (size_t)looking->links.candidates;
}

static size_t walk_places(struct looking *looking)
{
	struct vas_rmap *rmap = looking->rmap;
	struct vas_anon_walk walk = { .visit = look_at_place, .context = looking };

	rmap->anon->walk(rmap->anon_data, looking->page, &walk);
	return (size_t)walk.candidates;
}

uint32_t vas_rmap_walk(struct vas_rmap *rmap, struct vas_page *page, vas_pte_chain_fn *visit,
		       void *context)
{
	struct looking looking = {
		.rmap = rmap,
		.page = page,
		.visit = visit,
		.context = context,
		.frame = vas_frame_number(rmap->frames, page),
		.wanted = (uint32_t)vas_page_mapcount(page),
	};
	bool file = page->kind == VAS_PAGE_OBJECT;
	enum vas_work work = file ? VAS_WORK_FILE_WALK : VAS_WORK_WALK;
	struct vas_walk_figures *figures = &rmap->figures[file];
	size_t candidates;

	vas_debug(vas_page_is(page, VAS_PAGE_LOCKED));
	if (looking.wanted == 0)
		return 0;
	vas_rmap_tell(rmap, work, true);
	if (vas_rmap_chained(rmap, page))
		candidates = vas_pte_chain_walk(rmap->frames, page, look, &looking);
	else if (file)
		candidates = walk_object(&looking);
	else
		candidates = walk_places(&looking);
	vas_rmap_tell(rmap, work, false);
	__atomic_add_fetch(&figures->walks, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&figures->candidates, candidates, __ATOMIC_RELAXED);
	__atomic_add_fetch(&figures->hits, looking.hits, __ATOMIC_RELAXED);
	return looking.hits;
}
