/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* From causes to cures. A cause that few areas have is not worth a sentence. */

#include "explain_advice.h"

/* A cause counts from so many areas on, or so large a part of them. */
enum { WORTH_AREAS = 16, WORTH_PART = 50 };

static const char *const of_guards =
	"Guards: each is an area, and cuts what it guards off from the next. Since Linux 6.13 "
	"madvise(MADV_GUARD_INSTALL) makes guard pages inside an area, at no cost in areas: "
	"leave the memory readable and writable, and install the guards in it. Else: fewer and "
	"larger blocks between guards, or none (the stack's guard size of "
	"pthread_attr_setguardsize, the allocator's settings).";

static const char *const of_stacks =
	"Guards of thread stacks: two areas for each thread. Fewer threads; or stacks that a C "
	"library or runtime guards with madvise(MADV_GUARD_INSTALL), Linux 6.13 and later; or "
	"stacks without guards (pthread_attr_setguardsize), where overruns are excluded "
	"otherwise.";

static const char *const of_code =
	"Generated code whose permission changes piece by piece: change it for whole blocks, or "
	"map the memory twice (memfd_create), once writable and once executable.";

static const char *const of_permission =
	"mprotect on pieces: two areas for each piece that differs from what is around it. Give "
	"neighbours the same permission, gather pieces of the same permission side by side, or "
	"change larger pieces.";

static const char *of_flag(uint64_t flag)
{
	switch (flag) {
	case VAS_AREA_DONT_DUMP:
		return "MADV_DONTDUMP on pieces: give it to whole ranges, or take it back with "
		       "MADV_DODUMP.";
	case VAS_AREA_DONT_FORK:
		return "MADV_DONTFORK on pieces: give it to whole ranges, or take it back with "
		       "MADV_DOFORK.";
	case VAS_AREA_WIPE_ON_FORK:
		return "MADV_WIPEONFORK on pieces: give it to whole ranges, or take it back with "
		       "MADV_KEEPONFORK.";
	case VAS_AREA_MERGEABLE:
		return "MADV_MERGEABLE on pieces: give it to whole ranges, or take it back with "
		       "MADV_UNMERGEABLE.";
	case VAS_AREA_SEQUENTIAL:
	case VAS_AREA_RANDOM:
		return "MADV_SEQUENTIAL or MADV_RANDOM on pieces: give it to whole ranges, or "
		       "take it back with MADV_NORMAL.";
	case VAS_AREA_HUGE:
	case VAS_AREA_NO_HUGE:
	case VAS_AREA_HUGE | VAS_AREA_NO_HUGE:
		return "MADV_HUGEPAGE or MADV_NOHUGEPAGE on pieces: give one of the two to the "
		       "whole range; nothing takes both back.";
	case VAS_AREA_LOCKED:
	case VAS_AREA_LOCK_ON_FAULT:
	case VAS_AREA_LOCKED | VAS_AREA_LOCK_ON_FAULT:
		return "mlock on pieces: lock whole ranges, in one way, or munlock.";
	case VAS_AREA_ACCOUNT:
		return "Overcommit accounting: private memory that was once writable stays "
		       "charged, the rest of it is not. Make the range writable for a moment and "
		       "read-only again, as a whole.";
	case VAS_AREA_NO_RESERVE:
		return "MAP_NORESERVE on some and not on others: map all of them in the same way.";
	case VAS_AREA_SEALED:
		return "mseal on pieces: seal whole ranges; it cannot be taken back.";
	default:
		return "Flags on pieces: set them for whole ranges.";
	}
}

static const char *of_gap(void)
{
	return "Gaps between areas that are alike: pieces were unmapped, or mapped apart. Keep "
	       "the range and give back its memory with madvise(MADV_DONTNEED) instead "
	       "of munmap; allocate from few large mappings.";
}

static const char *of_class(const struct reason_class *class)
{
	switch (class->pair.reasons) {
	case REASON_GAP:
		return of_gap();
	case REASON_PERMISSION:
		if (class->threads * 2 > class->count)
			return of_stacks;
		if (class->guards * 2 > class->count)
			return of_guards;
		return class->code * 2 > class->count ? of_code : of_permission;
	case REASON_FLAG:
		return of_flag(class->pair.flags);
	case REASON_KEY:
		return "Protection keys on pieces: give neighbours the same key.";
	case REASON_NAME:
		return "prctl(PR_SET_VMA) with another name for each piece: give neighbours the "
		       "same name, or none.";
	case REASON_POLICY:
		return "mbind on pieces: give neighbours the same NUMA policy.";
	case REASON_MOVED:
		return "Written memory that mremap moved keeps the page numbers of its old "
		       "place, and no call changes them: copy instead of moving, or move before "
		       "writing.";
	case REASON_HEAD:
		return "Neighbours that were first written while they were not yet neighbours "
		       "have different reverse-map heads, and no call joins them. Write to one "
		       "page of a range while it is one area, before it is cut up with mprotect: "
		       "then all of its parts share that head.";
	case REASON_HEAD_OR_MOVED:
		return "Neighbours of which nothing different is seen have different reverse-map "
		       "heads (first written while they were not yet neighbours, or inherited by "
		       "fork), or mremap moved them after they were written; no call joins "
		       "those. Write to one page of a range while it is one area, before it is "
		       "cut up with mprotect; copy instead of moving. A trace tells which it is: "
		       "vas record. Or no call has made the kernel try: mlock2 with "
		       "MLOCK_ONFAULT and then munlock, over the range, does.";
	case REASON_INHERITED:
		return "Memory from before a fork does not merge, in the child, with what the "
		       "child maps beside it. Map and touch it before the fork, or map it "
		       "elsewhere.";
	case REASON_OPEN_FILE:
		return "Pieces of one file that were mapped through descriptors which were "
		       "opened apart: map them through one descriptor, or copies of it (dup).";
	case REASON_OPEN_FILE_OR_HEAD:
		return "Neighbouring pieces of one file were mapped through descriptors which "
		       "were opened apart, or were written while they were not yet neighbours: "
		       "map them through one descriptor, in one piece.";
	case REASON_NOTHING:
		return "Neighbours that could be one, had any call made the kernel try: mlock2 "
		       "with MLOCK_ONFAULT and then munlock, over the range, does.";
	case REASON_FILE:
		return "Each file needs an area of its own: fewer and larger files, or read() "
		       "for some of them.";
	case REASON_OFFSET:
		return "Pieces of a file that are neighbours in memory but not in the file: map "
		       "longer pieces, in the order of the file.";
	default:
		return NULL;
	}
}

size_t advise(const struct picture *picture, const struct summary *summary,
	      struct advice advice[ADVICE_MOST])
{
	size_t count = 0;

	for (size_t i = 0; i < summary->class_count && count < ADVICE_MOST; i++) {
		const struct reason_class *class = &summary->classes[i];
		const char *text = of_class(class);
		size_t fewer = class->count;

		/* A program's own parts, code and data, stay apart. */
		if (class->pair.reasons == REASON_PERMISSION && class->files * 2 < class->count)
			fewer -= class->files;
		if (text == NULL || fewer < WORTH_AREAS || fewer < picture->count / WORTH_PART)
			continue;
		advice[count++] = (struct advice){ fewer, text };
	}
	return count;
}
