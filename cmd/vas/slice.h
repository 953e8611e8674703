/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_SLICE_H
#define VAS_CMD_SLICE_H

/* A piece of somebody else's text: not terminated, not owned. */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *at;
	size_t length;
};

/* For printf's "%.*s". */
#define SLICE_ARGS(slice) (int)(slice).length, (slice).at

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

static inline bool slice_equal(struct slice a, const char *text)
{
	size_t length = strlen(text);

	return a.length == length && memcmp(a.at, text, length) == 0;
}

static inline bool slice_same(struct slice a, struct slice b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool slice_starts(struct slice a, const char *prefix)
{
	size_t length = strlen(prefix);

	return a.length >= length && memcmp(a.at, prefix, length) == 0;
}

static inline bool slice_ends(struct slice a, const char *suffix)
{
	size_t length = strlen(suffix);

	return a.length >= length && memcmp(a.at + a.length - length, suffix, length) == 0;
}

/* The slice without its first n characters (all of them if it is shorter). */
static inline struct slice slice_after(struct slice a, size_t n)
{
	n = n < a.length ? n : a.length;
	return (struct slice){ n == 0 ? a.at : a.at + n, a.length - n };
}

static inline struct slice slice_trim(struct slice a)
{
	while (a.length > 0 && (a.at[0] == ' ' || a.at[0] == '\t'))
		a = slice_after(a, 1);
	while (a.length > 0 && (a.at[a.length - 1] == ' ' || a.at[a.length - 1] == '\t' ||
				a.at[a.length - 1] == '\r'))
		a.length--;
	return a;
}

/* Cuts the next word (up to a blank) off the front of `rest`; an empty slice at the end. */
static inline struct slice slice_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	while (rest->length > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
		*rest = slice_after(*rest, 1);
	while (n < rest->length && rest->at[n] != ' ' && rest->at[n] != '\t')
		n++;
	word = (struct slice){ rest->at, n };
	*rest = slice_after(*rest, n);
	return word;
}

#endif
