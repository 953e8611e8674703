/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Why two neighbours are two.
 *
 * The kernel makes one area of two when nothing could tell them apart: they touch, map the next
 * bytes of the same open file or both none, have equal flags, name, policy and userfaultfd, and
 * their anonymous pages can be found through one reverse-map head at numbers that run on. It tries
 * only when a call changes something at their common boundary.
 *
 *	AAAAAAAA        BBBBBBBB      gap
 *	AAAAAAAABBBBBBBB              touching: permission, flag, name ...
 *
 * Two of these cannot be seen from outside a live process: heads, and how far mremap moved the
 * memory (maps prints offset 0 for all anonymous areas). When all that is seen is equal, it is one
 * of them. A difference that follows from another is not counted twice: writable private memory is
 * charged to the overcommit limit (VmFlags "ac") and stays so, hence areas of different permission
 * mostly differ there too.
 */

#include "explain_pair.h"

static const struct {
	uint64_t flag;
	const char *text, *word;
} flags[] = {
	{ VAS_AREA_READ, "readable", "rd" },
	{ VAS_AREA_WRITE, "writable", "wr" },
	{ VAS_AREA_EXEC, "executable", "ex" },
	{ VAS_AREA_SHARED, "shared", "sh" },
	{ VAS_AREA_MAY_SHARE, "mapped shared", "ms" },
	{ VAS_AREA_DONT_EXPAND, "not expandable", "de" },
	{ VAS_AREA_IO, "device memory", "io" },
	{ VAS_AREA_RAW_FRAMES, "frames without records", "pf" },
	{ VAS_AREA_MIXED, "mixed frames", "mm" },
	{ VAS_AREA_HUGE_PAGES, "huge pages", "ht" },
	{ VAS_AREA_MAY_READ, "may be made readable", "mr" },
	{ VAS_AREA_MAY_WRITE, "may be made writable", "mw" },
	{ VAS_AREA_MAY_EXEC, "may be made executable", "me" },
	{ VAS_AREA_GROWS_DOWN, "MAP_GROWSDOWN", "gd" },
	{ VAS_AREA_LOCKED, "mlock", "lo" },
	{ VAS_AREA_LOCK_ON_FAULT, "MLOCK_ONFAULT", "lf" },
	{ VAS_AREA_NO_RESERVE, "MAP_NORESERVE", "nr" },
	{ VAS_AREA_ACCOUNT, "overcommit accounting", "ac" },
	{ VAS_AREA_DONT_FORK, "MADV_DONTFORK", "dc" },
	{ VAS_AREA_WIPE_ON_FORK, "MADV_WIPEONFORK", "wf" },
	{ VAS_AREA_DONT_DUMP, "MADV_DONTDUMP", "dd" },
	{ VAS_AREA_SEQUENTIAL, "MADV_SEQUENTIAL", "sr" },
	{ VAS_AREA_RANDOM, "MADV_RANDOM", "rr" },
	{ VAS_AREA_HUGE, "MADV_HUGEPAGE", "hg" },
	{ VAS_AREA_NO_HUGE, "MADV_NOHUGEPAGE", "nh" },
	{ VAS_AREA_MERGEABLE, "MADV_MERGEABLE", "mg" },
	{ VAS_AREA_SEALED, "mseal", "sl" },
	{ VAS_AREA_DROPPABLE, "MAP_DROPPABLE", "dp" },
	{ VAS_AREA_USERFAULT_MISSING, "userfaultfd (missing)", "um" },
	{ VAS_AREA_USERFAULT_WP, "userfaultfd (write-protect)", "uw" },
	{ VAS_AREA_USERFAULT_MINOR, "userfaultfd (minor)", "ui" },
	{ VAS_AREA_SYSV, "shmat", "" },
};

const char *flag_text(uint64_t flag)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].flag == flag)
			return flags[i].text;
	return (flag & VAS_AREA_CONTEXT) != 0 ? "another userfaultfd" : NULL;
}

const char *flag_word(uint64_t flag)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].flag == flag)
			return flags[i].word;
	return "";
}

const char *reason_name(uint32_t reason)
{
	static const char *const names[REASONS] = {
		"gap",
		"special",
		"different_object",
		"different_file",
		"offset",
		"sharing",
		"permission",
		"flag",
		"key",
		"name",
		"policy",
		"moved",
		"head",
		"inherited_head",
		"opened_twice",
		"close_hook",
		"head_or_moved",
		"opened_twice_or_head",
		"never_tried",
		"flags_unknown",
	};

	return names[__builtin_ctz(reason)];
}

/* The name that counts: "[heap]" and the like are maps' own. */
static struct slice given_name(const struct picture_area *area)
{
	if (slice_starts(area->name, "[anon:") || slice_starts(area->name, "[anon_shmem:"))
		return area->name;
	return (struct slice){ NULL, 0 };
}

static bool same_file(const struct picture_area *a, const struct picture_area *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       (a->inode != 0 || slice_same(a->name, b->name));
}

static bool is_special(const struct picture_area *area)
{
	return (area->flags & VAS_AREA_SPECIAL) != 0;
}

static bool runs_on(const struct picture *picture, const struct picture_area *below,
		    const struct picture_area *above)
{
	uint64_t distance = above->range.start - below->range.start;

	if (picture->origin == ORIGIN_TRACE)
		return below->index + (distance >> VAS_PAGE_SHIFT) == above->index;
	return !picture_area_has_file(below) || below->offset + distance == above->offset;
}

/* What they map. */
static uint32_t compare_objects(const struct picture *picture, const struct picture_area *below,
				const struct picture_area *above)
{
	bool file = picture_area_has_file(below);

	if (file != picture_area_has_file(above))
		return REASON_OBJECT;
	if (file && !same_file(below, above))
		return REASON_FILE;
	if (!runs_on(picture, below, above))
		return file ? REASON_OFFSET : REASON_MOVED;
	if (below->file != above->file)
		return REASON_OPEN_FILE;
	return 0;
}

/* VmFlags that libvas has no name for. "sd" (soft-dirty) does not count for merging. */
static bool other_words_differ(struct slice a, struct slice b)
{
	for (;;) {
		struct slice left = slice_word(&a), right = slice_word(&b);

		if (slice_equal(left, "sd"))
			left = slice_word(&a);
		if (slice_equal(right, "sd"))
			right = slice_word(&b);
		if (!slice_same(left, right))
			return true;
		if (left.length == 0)
			return false;
	}
}

static struct pair compare_flags(const struct picture_area *below, const struct picture_area *above)
{
	uint64_t differ = below->flags ^ above->flags;
	struct pair pair = { 0 };

	if ((differ & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) != 0)
		pair.reasons |= REASON_SHARING;
	if ((differ & VAS_AREA_ACCESS) != 0)
		pair.reasons |= REASON_PERMISSION;
	if ((differ & VAS_AREA_PKEY) != 0)
		pair.reasons |= REASON_KEY;
	/* What follows from the others. */
	if ((differ & (VAS_AREA_ACCESS | VAS_AREA_NO_RESERVE | VAS_AREA_MAY_SHARE)) != 0)
		differ &= ~(uint64_t)VAS_AREA_ACCOUNT;
	if ((differ & VAS_AREA_MAY_SHARE) != 0)
		differ &= ~(uint64_t)(VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC);
	pair.flags = differ & ~(VAS_AREA_ACCESS | VAS_AREA_SHARED | VAS_AREA_MAY_SHARE |
				VAS_AREA_PKEY | VAS_AREA_NO_CLOSE | VAS_AREA_NO_SPLIT);
	if (pair.flags != 0)
		pair.reasons |= REASON_FLAG;
	if (pair.reasons == 0 && other_words_differ(below->words, above->words))
		pair.reasons |= REASON_FLAG;
	return pair;
}

static uint32_t compare_heads(const struct picture_area *below, const struct picture_area *above)
{
	const struct picture_area *with = below->head != 0 ? below : above;

	if (below->head == above->head)
		return 0;
	if (below->head != 0 && above->head != 0)
		return REASON_HEAD;
	return with->links > 1 ? REASON_INHERITED : 0;
}

/* Nothing that can be seen keeps them apart. */
static uint32_t unseen(const struct picture *picture, const struct picture_area *area)
{
	bool shared = (area->flags & VAS_AREA_MAY_SHARE) != 0;

	if (slice_starts(area->name, "/SYSV") ||
	    (area->flags & (VAS_AREA_SYSV | VAS_AREA_NO_CLOSE)) != 0)
		return REASON_HOOK;
	if (!picture->flags_known)
		return REASON_UNKNOWN;
	if (picture->origin == ORIGIN_TRACE && (picture->heads_known || shared))
		return REASON_NOTHING;
	if (!picture_area_has_file(area))
		return REASON_HEAD_OR_MOVED;
	return shared ? REASON_OPEN_FILE : REASON_OPEN_FILE_OR_HEAD;
}

struct pair pair_look(const struct picture *picture, size_t i)
{
	const struct picture_area *below = &picture->areas[i], *above = below + 1;
	bool gap = below->range.end != above->range.start;
	struct pair pair;

	if (is_special(below) || is_special(above))
		return (struct pair){ REASON_SPECIAL | (gap ? REASON_GAP : 0), 0 };
	pair = compare_flags(below, above);
	pair.reasons |= compare_objects(picture, below, above);
	if (!slice_same(given_name(below), given_name(above)))
		pair.reasons |= REASON_NAME;
	if (!slice_same(below->policy, above->policy) ||
	    below->policy_number != above->policy_number)
		pair.reasons |= REASON_POLICY;
	pair.reasons |= compare_heads(below, above);
	/* What else differs does not matter then. */
	if ((pair.reasons & (REASON_OBJECT | REASON_FILE)) != 0)
		pair = (struct pair){ pair.reasons & (REASON_OBJECT | REASON_FILE), 0 };
	if (gap)
		pair.reasons |= REASON_GAP;
	else if (pair.reasons == 0)
		pair.reasons = unseen(picture, below);
	return pair;
}

bool pair_near(struct pair pair)
{
	return (pair.reasons & REASONS_NEAR) != 0 && (pair.reasons & (pair.reasons - 1)) == 0;
}

bool pair_alike_over_gap(struct pair pair)
{
	return pair.reasons == REASON_GAP;
}
