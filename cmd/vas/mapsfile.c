/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The text of /proc/PID/maps:
 *
 *	7f10a0000000-7f10a0021000 rw-p 00000000 00:00 0                          [heap]
 *	start        end          mode offset   device inode                     name
 *
 * The kernel pads the line to column 73 before the name, and writes a newline in a name as \012;
 * apart from that a name is whatever bytes the file has, blanks included, up to the line's end.
 *
 * smaps adds "VmFlags:" with two-letter words. They tell what maps does not: who may get which
 * permission, and the flags that keep neighbours from merging.
 */

#include "mapsfile.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Hexadecimal digits at the front of *text; at most 16. */
static bool take_hex(struct slice *text, uint64_t *value)
{
	size_t n = 0;

	*value = 0;
	while (n < text->length && n < 16 && hex_digit(text->at[n]) >= 0)
		*value = *value << 4 | (unsigned)hex_digit(text->at[n++]);
	*text = slice_after(*text, n);
	return n > 0;
}

static bool take_decimal(struct slice *text, uint64_t *value)
{
	size_t n = 0;

	*value = 0;
	for (; n < text->length && text->at[n] >= '0' && text->at[n] <= '9'; n++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (unsigned)(text->at[n] - '0'), value))
			return false;
	*text = slice_after(*text, n);
	return n > 0;
}

static bool take(struct slice *text, char c)
{
	if (text->length == 0 || text->at[0] != c)
		return false;
	*text = slice_after(*text, 1);
	return true;
}

static bool take_mode(struct slice *text, char mode[4])
{
	static const char letters[4][3] = { "r-", "w-", "x-", "sp" };

	if (text->length < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if (text->at[i] != letters[i][0] && text->at[i] != letters[i][1])
			return false;
		mode[i] = text->at[i];
	}
	*text = slice_after(*text, 4);
	return true;
}

const char *mapsfile_parse(struct slice text, struct maps_line *line)
{
	uint64_t major, minor;

	*line = (struct maps_line){ 0 };
	if (!take_hex(&text, &line->range.start) || !take(&text, '-') ||
	    !take_hex(&text, &line->range.end) || !take(&text, ' '))
		return "no address range";
	if (line->range.start >= line->range.end)
		return "an address range that is empty or backwards";
	if (((line->range.start | line->range.end) & VAS_PAGE_MASK) != 0)
		return "an address that is not at a page";
	if (!take_mode(&text, line->mode) || !take(&text, ' '))
		return "no permissions after the range";
	if (!take_hex(&text, &line->offset) || !take(&text, ' '))
		return "no offset after the permissions";
	if ((line->offset & VAS_PAGE_MASK) != 0)
		return "an offset that is not at a page";
	if (!take_hex(&text, &major) || !take(&text, ':') || !take_hex(&text, &minor) ||
	    !take(&text, ' ') || major > UINT32_MAX || minor > UINT32_MAX)
		return "no device after the offset";
	if (!take_decimal(&text, &line->inode))
		return "no inode after the device";
	if (text.length > 0 && !take(&text, ' '))
		return "no blank after the inode";
	while (take(&text, ' '))
		;
	line->major = (uint32_t)major;
	line->minor = (uint32_t)minor;
	line->name = text;
	return NULL;
}

/* ---- VmFlags ---- */

/* Words that say what libvas keeps; the others (page sizes, protection keys, ...) are skipped. */
static const struct {
	char word[3];
	uint64_t flag;
} words[] = {
	{ "rd", VAS_AREA_READ },
	{ "wr", VAS_AREA_WRITE },
	{ "ex", VAS_AREA_EXEC },
	{ "sh", VAS_AREA_SHARED },
	{ "mr", VAS_AREA_MAY_READ },
	{ "mw", VAS_AREA_MAY_WRITE },
	{ "me", VAS_AREA_MAY_EXEC },
	{ "ms", VAS_AREA_MAY_SHARE },
	{ "gd", VAS_AREA_GROWS_DOWN },
	{ "ac", VAS_AREA_ACCOUNT },
	{ "nr", VAS_AREA_NO_RESERVE },
	{ "lo", VAS_AREA_LOCKED },
	{ "lf", VAS_AREA_LOCK_ON_FAULT },
	{ "sr", VAS_AREA_SEQUENTIAL },
	{ "rr", VAS_AREA_RANDOM },
	{ "dc", VAS_AREA_DONT_FORK },
	{ "wf", VAS_AREA_WIPE_ON_FORK },
	{ "de", VAS_AREA_DONT_EXPAND },
	{ "dd", VAS_AREA_DONT_DUMP },
	{ "hg", VAS_AREA_HUGE },
	{ "nh", VAS_AREA_NO_HUGE },
	{ "mg", VAS_AREA_MERGEABLE },
	{ "sl", VAS_AREA_SEALED },
	{ "io", VAS_AREA_IO },
	{ "pf", VAS_AREA_RAW_FRAMES },
	{ "mm", VAS_AREA_MIXED },
	{ "ht", VAS_AREA_HUGE_PAGES },
	{ "dp", VAS_AREA_DROPPABLE },
	{ "um", VAS_AREA_USERFAULT_MISSING },
	{ "uw", VAS_AREA_USERFAULT_WP },
	{ "ui", VAS_AREA_USERFAULT_MINOR },
};

static uint64_t word_flag(struct slice word)
{
	if (word.length != 2)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (word.at[0] == words[i].word[0] && word.at[1] == words[i].word[1])
			return words[i].flag;
	return 0;
}

uint64_t mapsfile_words(struct slice text)
{
	uint64_t flags = 0;

	for (;;) {
		struct slice word = slice_word(&text);

		if (word.length == 0)
			return flags;
		flags |= word_flag(word);
	}
}

/* "anon=12" or "locked=0": KiB. */
static void take_pair(struct slice word, struct maps_line *line)
{
	uint64_t *value;

	if (slice_starts(word, "anon=")) {
		word = slice_after(word, 5);
		value = &line->anon;
		line->has_anon = true;
	} else if (slice_starts(word, "locked=")) {
		word = slice_after(word, 7);
		value = &line->locked;
	} else {
		return;
	}
	if (!take_decimal(&word, value) || word.length > 0)
		*value = 0;
}

const char *mapsfile_parse_area(struct slice text, struct maps_line *line)
{
	struct slice extra = { text.at + text.length, 0 };
	const char *error;

	for (size_t at = text.length; at >= 3; at--) {
		if (memcmp(text.at + at - 3, " @ ", 3) != 0)
			continue;
		extra = slice_after(text, at);
		text.length = at - 3;
		break;
	}
	if (extra.length == 0 && slice_ends(text, " @"))
		text.length -= 2;
	error = mapsfile_parse(slice_trim(text), line);
	if (error != NULL)
		return error;
	for (;;) {
		struct slice word = slice_word(&extra);

		if (word.length == 0)
			return NULL;
		if (memchr(word.at, '=', word.length) != NULL) {
			take_pair(word, line);
		} else {
			line->has_words = true;
			line->words |= word_flag(word);
		}
	}
}

/* ---- areas ---- */

bool mapsfile_has_file(const struct maps_line *line)
{
	return line->inode != 0 || line->major != 0 || line->minor != 0 ||
	       slice_starts(line->name, "/") || slice_starts(line->name, "[anon_shmem:") ||
	       slice_starts(line->name, "anon_inode:");
}

/* Areas of the kernel's own making are not like others; VmFlags do not tell all of it. */
static uint64_t hidden_flags(struct slice name)
{
	if (slice_starts(name, "[vvar") || slice_equal(name, "[vdso]") ||
	    slice_equal(name, "[uprobes]"))
		return VAS_AREA_NO_SPLIT;
	return slice_starts(name, "/SYSV") ? VAS_AREA_SYSV : 0;
}

/* What the letters of the mode say. */
static uint64_t mode_flags(const struct maps_line *line)
{
	return (line->mode[0] == 'r' ? VAS_AREA_READ : 0) |
	       (line->mode[1] == 'w' ? VAS_AREA_WRITE : 0) |
	       (line->mode[2] == 'x' ? VAS_AREA_EXEC : 0) |
	       (line->mode[3] == 's' ? VAS_AREA_MAY_SHARE : 0);
}

/* What VmFlags would be, beside the mode. */
static uint64_t likely_words(const struct maps_line *line)
{
	uint64_t flags = VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC;

	if (slice_starts(line->name, "[vvar"))
		return VAS_AREA_MAY_READ | VAS_AREA_IO | VAS_AREA_DONT_EXPAND | VAS_AREA_DONT_DUMP |
		       VAS_AREA_RAW_FRAMES;
	if (slice_equal(line->name, "[vdso]") || slice_equal(line->name, "[uprobes]"))
		return flags | VAS_AREA_DONT_EXPAND;
	if (slice_equal(line->name, "[stack]"))
		flags |= VAS_AREA_GROWS_DOWN;
	if (line->mode[3] == 's')
		flags |= VAS_AREA_SHARED;
	else if (line->mode[1] == 'w')
		flags |= VAS_AREA_ACCOUNT;
	return flags;
}

uint64_t mapsfile_flags(const struct maps_line *line)
{
	uint64_t flags = line->has_words ? line->words : likely_words(line);

	/* Where the words contradict the mode, or each other, a text was made up. */
	flags &= ~(VAS_AREA_ACCESS | VAS_AREA_MAY_SHARE);
	flags |= mode_flags(line) | hidden_flags(line->name);
	if ((flags & VAS_AREA_MAY_SHARE) == 0)
		flags &= ~(uint64_t)VAS_AREA_SHARED;
	if ((flags & VAS_AREA_LOCKED) == 0)
		flags &= ~(uint64_t)VAS_AREA_LOCK_ON_FAULT;
	if ((flags & VAS_AREA_USERFAULT) != 0)
		flags |= VAS_AREA_CONTEXT; /* a descriptor that nobody knows */
	return flags;
}

int mapsfile_next(struct slice *rest, struct maps_line *line, const char **error)
{
	const char *newline;
	struct slice text;

	if (rest->length == 0)
		return 0;
	newline = memchr(rest->at, '\n', rest->length);
	text = *rest;
	if (newline != NULL)
		text.length = (size_t)(newline - rest->at);
	*rest = slice_after(*rest, text.length + 1);
	*error = mapsfile_parse(text, line);
	if (*error == NULL && newline == NULL)
		*error = "the text ends within a line";
	return *error == NULL ? 1 : -1;
}
