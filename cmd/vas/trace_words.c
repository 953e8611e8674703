/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Lines of a recorder, which strace never prints:
 *
 *	@vas-trace 1 kernel=6.18.44 machine=x86_64
 *	7106 @layout start_brk=0x55ad75dbe000 start_stack=0x7ffd38196c18
 *	7106 @touch w 0x7fae2745f000
 *
 * A word, perhaps a number or two at fixed places, then KEY=VALUE pairs in any order. A key that
 * we do not know is skipped; a word that we do not know is an error, because what it says may
 * matter: the version in the first line goes up when there are new ones.
 */

#include "trace_words.h"

#include "trace_value.h"

#define TRACE_VERSION 1

/* ---- KEY=VALUE ---- */

/* The next word of `rest`; blanks in quotes are part of it. */
static struct slice take_word(struct slice *rest)
{
	bool quoted = false;
	size_t n = 0;
	struct slice word;

	while (rest->length > 0 && rest->at[0] == ' ')
		*rest = slice_after(*rest, 1);
	for (; n < rest->length && (quoted || rest->at[n] != ' '); n++) {
		if (rest->at[n] == '"')
			quoted = !quoted;
		else if (quoted && rest->at[n] == '\\' && n + 1 < rest->length)
			n++;
	}
	word = (struct slice){ rest->at, n };
	*rest = slice_after(*rest, n);
	return word;
}

bool trace_word(struct slice words, const char *key, struct slice *value)
{
	size_t length = strlen(key);

	for (;;) {
		struct slice word = take_word(&words);

		if (word.length == 0)
			return false;
		if (word.length <= length || word.at[length] != '=' ||
		    memcmp(word.at, key, length) != 0)
			continue;
		*value = slice_after(word, length + 1);
		if (value->length >= 2 && value->at[0] == '"' &&
		    value->at[value->length - 1] == '"')
			*value = value_inside(*value);
		return true;
	}
}

bool trace_number(struct slice text, uint64_t *value)
{
	if (slice_equal(text, "unlimited")) {
		*value = UINT64_MAX;
		return true;
	}
	return text.length > 0 && text.at[0] != '-' && value_number(text, value);
}

bool trace_word_number(struct slice words, const char *key, uint64_t *value)
{
	struct slice text;

	return trace_word(words, key, &text) && trace_number(text, value);
}

/* ---- the words ---- */

static const char *parse_record(struct slice rest, struct trace_event *event)
{
	if (!value_number(slice_word(&rest), &event->number))
		return "no version after @vas-trace";
	if (event->number != TRACE_VERSION)
		return "a version of traces that this program does not know";
	event->words = slice_trim(rest);
	return NULL;
}

static const char *parse_number(struct slice rest, struct trace_event *event)
{
	if (!value_number(slice_word(&rest), &event->number) || event->number > INT32_MAX)
		return "no number, or too large a one";
	event->words = slice_trim(rest);
	return NULL;
}

static const char *parse_lost(struct slice rest, struct trace_event *event)
{
	return value_number(slice_word(&rest), &event->number) ? NULL : "no number after @lost";
}

static const char *parse_text(struct slice rest, struct trace_event *event)
{
	event->words = slice_trim(rest);
	return NULL;
}

static const char *parse_snapshot(struct slice rest, struct trace_event *event)
{
	event->words = slice_word(&rest);
	if (!slice_equal(event->words, "exec") && !slice_equal(event->words, "exit") &&
	    !slice_equal(event->words, "now"))
		return "a snapshot is of 'exec', 'exit' or 'now'";
	if (!value_number(slice_word(&rest), &event->number) || event->number > INT32_MAX)
		return "no number of areas after @snapshot";
	return NULL;
}

static const char *parse_area(struct slice rest, struct trace_event *event)
{
	return mapsfile_parse_area(slice_trim(rest), &event->area);
}

static const char *parse_touch(struct slice rest, struct trace_event *event)
{
	struct slice word = slice_word(&rest);

	if (word.length != 1 || memchr("rwx?", word.at[0], 4) == NULL)
		return "a touch is 'r', 'w', 'x' or '?'";
	event->access = word.at[0];
	if (!value_number(slice_word(&rest), &event->number))
		return "no address after @touch";
	word = slice_word(&rest);
	event->in_kernel = slice_equal(word, "k");
	if (event->in_kernel)
		word = slice_word(&rest);
	if (word.length == 0 || slice_equal(word, "~")) /* its order beside a call is a guess */
		return NULL;
	return "only 'k' and '~' may stand behind a touch";
}

static const struct {
	const char *word;
	enum trace_kind kind;
	bool of_process; /* needs a pid before it */
	const char *(*parse)(struct slice rest, struct trace_event *event);
} kinds[] = {
	{ "@touch", TRACE_TOUCH, true, parse_touch },
	{ "@area", TRACE_AREA, true, parse_area },
	{ "@file", TRACE_FILE, true, parse_number },
	{ "@shm", TRACE_SHM, true, parse_number },
	{ "@limits", TRACE_LIMITS, true, parse_text },
	{ "@layout", TRACE_LAYOUT, true, parse_text },
	{ "@privileges", TRACE_PRIVILEGES, true, parse_text },
	{ "@snapshot", TRACE_SNAPSHOT, true, parse_snapshot },
	{ "@vas-trace", TRACE_RECORD, false, parse_record },
	{ "@settings", TRACE_SETTINGS, false, parse_text },
	{ "@faults", TRACE_FAULTS, false, parse_text },
	{ "@lost", TRACE_LOST, false, parse_lost },
	{ "@note", TRACE_NOTE, false, parse_text },
	{ "@end", TRACE_END, false, parse_text },
};

const char *trace_words_parse(struct slice text, struct trace_event *event)
{
	struct slice word = slice_word(&text);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!slice_equal(word, kinds[i].word))
			continue;
		if (kinds[i].of_process && !event->has_pid)
			return "no process id before the '@'";
		event->kind = kinds[i].kind;
		return kinds[i].parse(text, event);
	}
	return "an '@' line that this program does not know";
}
