/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The validator of swap. */

#include "base/print.h"

#include "swap_inside.h"

/* One record. Prints what is wrong with it. */
static bool check_slot(const struct vas_swap *swap, uint32_t slot,
		       const struct vas_printer *printer)
{
	const struct vas_swap_slot *record = vas_swap_slot_at(swap, slot);
	const struct vas_page *page;

	if (record->next != VAS_SWAP_IN_USE) {
		if (record->count == 0 && record->page == 0 && record->binding.owner == NULL)
			return true;
		vas_print(printer, "SWAP-1: slot %u is free; %u name it, its page is %u\n", slot,
			  record->count, record->page);
		return false;
	}
	if (record->count == 0 && record->page == 0) {
		vas_print(printer, "SWAP-2: slot %u is not free, but nobody names it\n", slot);
		return false;
	}
	if (record->page == 0)
		return true;
	page = vas_frame_page(swap->frames, record->page);
	if (page->slot != slot || page->references <= 0) {
		vas_print(printer,
			  "SWAP-3: slot %u has frame %u, which names slot %u and has %d "
			  "references\n",
			  slot, record->page, page->slot, page->references);
		return false;
	}
	return true;
}

/* One part's list, and its figures. */
static bool check_part(struct vas_swap *swap, unsigned number, const struct vas_printer *printer)
{
	const struct vas_swap_part *part = &swap->parts[number];
	uint64_t first = (uint64_t)number * swap->each + 1, end = first + swap->each;
	uint32_t used = 0, cached = 0, free = 0, listed = 0;

	for (uint64_t slot = first; slot < end && slot <= swap->total; slot++) {
		const struct vas_swap_slot *record = vas_swap_slot_at(swap, (uint32_t)slot);

		used += record->next == VAS_SWAP_IN_USE;
		free += record->next != VAS_SWAP_IN_USE;
		cached += record->page != 0;
	}
	for (uint32_t slot = part->free; slot != 0; slot = vas_swap_slot_at(swap, slot)->next) {
		if (slot < first || slot >= end || slot > swap->total || ++listed > free ||
		    vas_swap_slot_at(swap, slot)->next == VAS_SWAP_IN_USE)
			break;
	}
	if (listed != free) {
		vas_print(printer, "SWAP-4: the list of part %u does not have its %u free slots\n",
			  number, free);
		return false;
	}
	if (used != part->used || cached != part->cached) {
		vas_print(printer,
			  "SWAP-5: part %u has %u slots in use, %u with a page; it counts %u and "
			  "%u\n",
			  number, used, cached, part->used, part->cached);
		return false;
	}
	return true;
}

bool vas_swap_validate(struct vas_swap *swap, const struct vas_printer *printer)
{
	for (uint32_t slot = 1; slot <= swap->total; slot++) {
		if (!check_slot(swap, slot, printer))
			return false;
	}
	for (unsigned part = 0; part < VAS_SWAP_PARTS; part++) {
		if (!check_part(swap, part, printer))
			return false;
	}
	return true;
}
