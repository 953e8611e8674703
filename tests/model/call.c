/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "call.h"

uint64_t source_pick(struct source *source, uint64_t bound)
{
	uint64_t value = 0;

	if (source->bytes == NULL) {
		source->random = source->random * UINT64_C(6364136223846793005) +
				 UINT64_C(1442695040888963407);
		return (source->random >> 33) % bound;
	}
	for (uint64_t reach = 1; reach < bound; reach <<= 8) {
		if (source->left == 0)
			return 0;
		value = value << 8 | *source->bytes++;
		source->left--;
	}
	return value % bound;
}

static bool one_in(struct source *source, uint64_t n)
{
	return source_pick(source, n) == n - 1;
}

static uint64_t page_address(uint64_t page)
{
	return CALL_BASE + page * VAS_PAGE_SIZE;
}

/* Mostly a page of the window; sometimes its ends, or nonsense. */
static uint64_t some_address(struct source *source)
{
	static const uint64_t odd[] = {
		0,
		1,
		CALL_BASE - VAS_PAGE_SIZE,
		CALL_BASE + 1,
		CALL_END,
		CALL_END - 1,
		UINT64_MAX,
		UINT64_MAX & ~VAS_PAGE_MASK,
		UINT64_C(1) << 47,
	};

	if (one_in(source, 64))
		return odd[source_pick(source, sizeof(odd) / sizeof(odd[0]))];
	return page_address(source_pick(source, CALL_PAGES));
}

/* Mostly a few pages. */
static uint64_t some_length(struct source *source)
{
	static const uint64_t odd[] = {
		0,	  1,	      VAS_PAGE_SIZE + 1,	  CALL_END - CALL_BASE,
		CALL_END, UINT64_MAX, UINT64_MAX - VAS_PAGE_SIZE, UINT64_C(1) << 63,
	};

	if (one_in(source, 48))
		return odd[source_pick(source, sizeof(odd) / sizeof(odd[0]))];
	if (one_in(source, 16))
		return (1 + source_pick(source, CALL_PAGES)) * VAS_PAGE_SIZE;
	return (1 + source_pick(source, 12)) * VAS_PAGE_SIZE;
}

static uint32_t some_prot(struct source *source)
{
	static const uint32_t prots[] = { VAS_READ | VAS_WRITE,
					  VAS_READ | VAS_WRITE,
					  VAS_READ,
					  VAS_READ,
					  VAS_NONE,
					  VAS_READ | VAS_EXEC,
					  VAS_READ | VAS_WRITE | VAS_EXEC,
					  VAS_WRITE };

	return prots[source_pick(source, 8)];
}

static void draw_map(struct call *call, struct source *source)
{
	static const uint32_t odd[] = {
		VAS_LOCKED,    VAS_POPULATE,	    VAS_NORESERVE,
		VAS_GROWSDOWN, VAS_FIXED_NOREPLACE, VAS_NONBLOCK | VAS_POPULATE,
		VAS_STACK
	};

	call->prot = some_prot(source);
	call->number = 0;
	call->flags = VAS_PRIVATE | VAS_ANONYMOUS;
	if (one_in(source, 4)) {
		call->number = 1 + (int)source_pick(source, CALL_FILES - 1);
		call->offset = source_pick(source, CALL_PAGES) * VAS_PAGE_SIZE;
		call->flags = one_in(source, 2) ? VAS_SHARED : VAS_PRIVATE;
	} else if (one_in(source, 32)) {
		call->flags = VAS_DROPPABLE | VAS_ANONYMOUS;
	}
	if (source_pick(source, 4) != 0)
		call->flags |= VAS_FIXED;
	else if (one_in(source, 2))
		call->start = 0;
	if (one_in(source, 4))
		call->flags |= odd[source_pick(source, sizeof(odd) / sizeof(odd[0]))];
	/* File pages in line with addresses merge more often. */
	if (call->number != 0 && one_in(source, 2))
		call->offset = (call->start - CALL_BASE) % (UINT64_C(1) << 32);
	call->offset = vas_page_down(call->offset);
}

static void draw_remap(struct call *call, struct source *source)
{
	static const uint32_t flags[] = {
		0,
		VAS_REMAP_MAYMOVE,
		VAS_REMAP_MAYMOVE,
		VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP,
		VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP | VAS_REMAP_FIXED,
		VAS_REMAP_FIXED,
	};

	call->flags = flags[source_pick(source, 8)];
	call->target = some_address(source);
	call->new_length = one_in(source, 2) ? call->length : some_length(source);
}

static void draw_advise(struct call *call, struct source *source)
{
	static const int advice[] = {
		VAS_ADVICE_NORMAL,	  VAS_ADVICE_RANDOM,	     VAS_ADVICE_SEQUENTIAL,
		VAS_ADVICE_DONTNEED,	  VAS_ADVICE_FREE,	     VAS_ADVICE_DONTFORK,
		VAS_ADVICE_DOFORK,	  VAS_ADVICE_DONTDUMP,	     VAS_ADVICE_DODUMP,
		VAS_ADVICE_WIPEONFORK,	  VAS_ADVICE_KEEPONFORK,     VAS_ADVICE_MERGEABLE,
		VAS_ADVICE_WILLNEED,	  VAS_ADVICE_COLD,	     VAS_ADVICE_UNMERGEABLE,
		VAS_ADVICE_POPULATE_READ, VAS_ADVICE_POPULATE_WRITE,
	};

	call->number = advice[source_pick(source, sizeof(advice) / sizeof(advice[0]))];
}

/* Kinds are not drawn alike: mappings come most often, ends of spaces least. */
static enum call_kind some_kind(struct source *source, unsigned kinds)
{
	static const unsigned char often[] = {
		CALL_MAP,   CALL_MAP,	  CALL_MAP,	CALL_MAP,     CALL_MAP,	  CALL_UNMAP,
		CALL_UNMAP, CALL_PROTECT, CALL_PROTECT, CALL_PROTECT, CALL_REMAP, CALL_REMAP,
		CALL_REMAP, CALL_REMAP,	  CALL_ADVISE,	CALL_ADVISE,  CALL_TOUCH, CALL_TOUCH,
		CALL_LOCK,  CALL_UNLOCK,  CALL_BRK,	CALL_BRK,     CALL_NAME,  CALL_BIND,
	};
	enum call_kind kind;

	if (source_pick(source, 8) != 7)
		return often[source_pick(source, sizeof(often))];
	kind = (enum call_kind)source_pick(source, kinds);
	/* Sealed pages stay until the end, so there must not be many. */
	if (kind == CALL_SEAL && source_pick(source, 4) != 3)
		return CALL_UNMAP;
	return kind;
}

static void draw_rest(struct call *call, struct source *source)
{
	switch (call->kind) {
	case CALL_PROTECT:
		call->prot = some_prot(source);
		break;
	case CALL_BRK:
		call->start = CALL_BASE + source_pick(source, 24 * VAS_PAGE_SIZE);
		break;
	case CALL_LOCK:
		call->flags = one_in(source, 4) ? VAS_LOCK_ONFAULT : 0;
		break;
	case CALL_LOCK_ALL:
		call->flags = (uint32_t)source_pick(source, 8);
		break;
	case CALL_NAME:
		call->number = (int)source_pick(source, CALL_NAMES);
		break;
	case CALL_BIND:
		call->number = (int)source_pick(source, 3);
		break;
	case CALL_TOUCH:
		call->prot = one_in(source, 2) ? VAS_ACCESS_READ : VAS_ACCESS_WRITE;
		break;
	case CALL_ATTACH:
		call->number = CALL_FILES - 1;
		call->flags = one_in(source, 2) ? 010000 : 0;
		if (one_in(source, 2))
			call->flags |= 040000;
		break;
	case CALL_FILE_PAGES:
		call->offset = source_pick(source, CALL_PAGES);
		break;
	case CALL_USERFAULT:
		call->number = 1 + (int)source_pick(source, 2);
		call->flags = one_in(source, 2) ? 0 : VAS_AREA_USERFAULT_MISSING;
		break;
	default:
		break;
	}
}

void call_draw(struct call *call, struct source *source, const struct call_range *range)
{
	*call = (struct call){ .kind = some_kind(source, range->kinds) };
	call->space = (unsigned)source_pick(source, range->spaces);
	call->other = (unsigned)source_pick(source, range->spaces);
	call->start = some_address(source);
	call->length = some_length(source);
	if (call->kind == CALL_MAP)
		draw_map(call, source);
	else if (call->kind == CALL_REMAP)
		draw_remap(call, source);
	else if (call->kind == CALL_ADVISE)
		draw_advise(call, source);
	else
		draw_rest(call, source);
}

const char *call_name(int number)
{
	static const char *const names[CALL_NAMES] = { NULL, "red", "green" };

	return names[number];
}

void call_print(FILE *stream, const struct call *call)
{
	static const char *const kinds[] = {
		"map",	  "unmap",    "protect",    "remap",  "brk",	    "advise",	 "lock",
		"unlock", "lock_all", "unlock_all", "seal",   "name",	    "bind",	 "touch",
		"fork",	  "exit",     "attach",	    "detach", "file_pages", "userfault", "exec",
	};

	fprintf(stream,
		"%s(space %u, other %u, start 0x%llx, length 0x%llx, target 0x%llx, new_length 0x%llx, "
		"offset 0x%llx, prot %u, flags 0x%x, number %d)\n",
		kinds[call->kind], call->space, call->other, (unsigned long long)call->start,
		(unsigned long long)call->length, (unsigned long long)call->target,
		(unsigned long long)call->new_length, (unsigned long long)call->offset, call->prot,
		call->flags, call->number);
}
