/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The validator of objects. */

#include "object.h"

#include "base/print.h"

#include "object_inside.h"
#include "swap.h"

static bool check_page(const struct vas_object *object, const struct vas_page *page, uint64_t index,
		       const struct vas_printer *printer)
{
	if (page->kind != VAS_PAGE_OBJECT || page->owner != object || page->index != index) {
		vas_print(printer, "OBJ-1: the page at %llu is of kind %u, and page %llu of %p\n",
			  vas_ll(index), page->kind, vas_ll(page->index), page->owner);
		return false;
	}
	if (page->references < 1 + page->mapcount) {
		vas_print(printer, "OBJ-2: page %llu has %d references, and %d entries map it\n",
			  vas_ll(index), page->references, page->mapcount);
		return false;
	}
	if (!vas_page_is(page, VAS_PAGE_UPTODATE | VAS_PAGE_LOCKED)) {
		vas_print(printer, "OBJ-3: page %llu is not up to date, and nobody reads it\n",
			  vas_ll(index));
		return false;
	}
	return true;
}

bool vas_object_validate(struct vas_object *object, const struct vas_printer *printer)
{
	uint64_t pages = 0, slots = 0, index = 0, value;

	while (vas_radix_next(&object->pages, &index, &value)) {
		if (vas_value_is_page(value)) {
			pages++;
			if (!check_page(object, vas_value_page(object, value), index, printer))
				return false;
		} else {
			slots++;
			if (object->swap == NULL ||
			    vas_swap_count(object->swap, vas_value_slot(value)) == 0) {
				vas_print(printer,
					  "OBJ-4: page %llu is in slot %u, which nobody names\n",
					  vas_ll(index), vas_value_slot(value));
				return false;
			}
		}
		if (++index == 0)
			break;
	}
	if (pages != object->page_count || slots != object->slot_count) {
		vas_print(printer, "OBJ-5: %llu pages and %llu slots, counted as %llu and %llu\n",
			  vas_ll(pages), vas_ll(slots), vas_ll(object->page_count),
			  vas_ll(object->slot_count));
		return false;
	}
	if (object->storing != 0 || object->resizing) {
		vas_print(printer, "OBJ-6: %u calls count on the size, and one %s it\n",
			  object->storing, object->resizing ? "changes" : "does not change");
		return false;
	}
	return true;
}
