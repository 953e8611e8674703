/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * anon-vma-chain, the page side: a page is bound to a head, and numbered as its area's pages are
 * (vas_area.offset and on): by its virtual page when the area was made where it is, by its page in
 * the file in a private file area. A move keeps the number, so nothing is to be done for pages;
 * two areas of one head may claim one number, and the entries tell.
 */

#include "anon_designs.h"
#include "anon_vma_chain.h"

#include "base/assert.h"

static int design_create(const struct vas_anon_rmap_config *config, void **instance)
{
	struct vas_anon_vma_chain *chain = NULL;
	int err = vas_anon_vma_chain_create(config, &chain);

	*instance = chain;
	return err;
}

static void design_destroy(void *instance)
{
	vas_anon_vma_chain_destroy(instance);
}

static uint64_t index_of(const struct vas_area *area, uint64_t address)
{
	return area->offset + ((address - area->range.start) >> VAS_PAGE_SHIFT);
}

static void design_bind(void *instance, struct vas_page *page, struct vas_area *area,
			uint64_t address)
{
	(void)instance;
	page->owner = chain_own(chain_area_of(area));
	page->index = index_of(area, address);
	vas_assert(page->owner != NULL);
}

/* A page that came back from swap belongs to whoever was forked since it was made; so Linux binds
 * it to the root, which all of them are tied to. */
static void design_restore(void *instance, struct vas_page *page, struct vas_area *area,
			   uint64_t address, bool alone, const struct vas_binding *saved)
{
	struct chain_head *own;

	(void)saved;
	design_bind(instance, page, area, address);
	own = page->owner;
	if (!alone)
		page->owner = own->root;
}

static void design_walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct chain_head *head = page->owner, *root = vas_chain_lock(head);

	(void)instance;
	vas_chain_visit(head, page->index, walk);
	vas_chain_unlock(root);
}

static void design_count(void *instance, struct vas_anon_rmap_counts *counts)
{
	struct vas_anon_vma_chain_stats stats;

	vas_anon_vma_chain_count(instance, &stats);
	counts->bytes = stats.bytes;
	counts->spare_bytes = stats.spare_bytes;
	counts->records = stats.heads + stats.links;
}

static void design_print(void *instance, const struct vas_printer *printer)
{
	vas_anon_vma_chain_print(instance, printer);
}

const struct vas_anon_rmap_design vas_anon_vma_chain_design = {
	.name = "anon-vma-chain",
	.source = "Rik van Riel; Linux since 2.6.34",
	.year = 2010,
	.listener = &vas_anon_vma_chain_listener,
	.create = design_create,
	.destroy = design_destroy,
	.prepare = vas_chain_prepare,
	.bind = design_bind,
	.reuse = design_bind,
	.restore = design_restore,
	.walk = design_walk,
	.count = design_count,
	.print = design_print,
	.validate = vas_chain_validate,
};
