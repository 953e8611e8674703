/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Figures and reasons, spelled. */

#include "explain_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct short_text format_count(uint64_t count)
{
	struct short_text text;
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t used = 0;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text.at[used++] = ',';
		text.at[used++] = digits[i];
	}
	text.at[used] = '\0';
	return text;
}

struct phrase format_counted(uint64_t count, const char *one)
{
	struct phrase text;

	snprintf(text.at, sizeof(text.at), "%s %s%s", format_count(count).at, one,
		 plural(count, "", "s"));
	return text;
}

struct short_text format_size(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	struct short_text text;
	unsigned tenths = 0, unit = 0;

	/* Rounded down at the last step only. What is left is below 1024. */
	for (; bytes >= 1024; unit++) {
		tenths = (unsigned)(bytes % 1024 * 10 / 1024);
		bytes /= 1024;
	}
	if (unit == 0)
		snprintf(text.at, sizeof(text.at), "%u B", (unsigned)bytes);
	else if (tenths != 0)
		snprintf(text.at, sizeof(text.at), "%u.%u %ciB", (unsigned)bytes, tenths,
			 units[unit]);
	else
		snprintf(text.at, sizeof(text.at), "%u %ciB", (unsigned)bytes, units[unit]);
	return text;
}

struct phrase format_extent(const struct extent *extent)
{
	struct phrase text;

	if (extent->most == extent->least)
		snprintf(text.at, sizeof(text.at), "%s", format_size(extent->least).at);
	else
		snprintf(text.at, sizeof(text.at), "%s to %s", format_size(extent->least).at,
			 format_size(extent->most).at);
	return text;
}

struct short_text format_share(uint64_t part, uint64_t whole)
{
	double share = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
	struct short_text text;

	snprintf(text.at, sizeof(text.at), "%.1f %%", share);
	return text;
}

static const char *reason_text(uint32_t reason)
{
	switch (reason) {
	case REASON_GAP:
		return "a gap";
	case REASON_SPECIAL:
		return "areas that never merge";
	case REASON_OBJECT:
		return "a file beside memory without one";
	case REASON_FILE:
		return "different files";
	case REASON_OFFSET:
		return "offsets in the file";
	case REASON_SHARING:
		return "shared beside private";
	case REASON_PERMISSION:
		return "permission";
	case REASON_FLAG:
		return "flags";
	case REASON_KEY:
		return "protection keys";
	case REASON_NAME:
		return "names";
	case REASON_POLICY:
		return "NUMA policies";
	case REASON_MOVED:
		return "moved by mremap";
	case REASON_HEAD:
		return "reverse-map heads";
	case REASON_INHERITED:
		return "heads inherited by fork";
	case REASON_OPEN_FILE:
		return "the same file, opened twice";
	case REASON_HOOK:
		return "a driver that must hear of each";
	case REASON_HEAD_OR_MOVED:
		return "reverse-map heads, or moved by mremap";
	case REASON_OPEN_FILE_OR_HEAD:
		return "a file opened twice, or reverse-map heads";
	case REASON_NOTHING:
		return "nothing: no call has made the kernel try";
	default:
		return "unknown: flags, or reverse-map heads";
	}
}

static void append(struct long_text *text, const char *separator, const char *more)
{
	size_t used = strlen(text->at);

	snprintf(text->at + used, sizeof(text->at) - used, "%s%s", used > 0 ? separator : "", more);
}

static void append_flags(struct long_text *text, uint64_t flags)
{
	bool context = (flags & VAS_AREA_CONTEXT) != 0;

	flags &= ~VAS_AREA_CONTEXT;
	if (flags == 0 && !context)
		append(text, ", ", "a flag");
	for (; flags != 0; flags &= flags - 1) {
		const char *flag = flag_text(flags & -flags);

		append(text, ", ", flag != NULL ? flag : "a flag");
	}
	if (context)
		append(text, ", ", flag_text(VAS_AREA_CONTEXT));
}

struct long_text format_reasons(struct pair pair)
{
	struct long_text text = { "" };

	for (uint32_t left = pair.reasons; left != 0; left &= left - 1) {
		uint32_t reason = left & -left;

		if (reason == REASON_FLAG)
			append_flags(&text, pair.flags);
		else
			append(&text, ", ", reason_text(reason));
	}
	if (pair_alike_over_gap(pair))
		append(&text, "", " between areas that are alike");
	return text;
}
