/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "trace_value.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* ---- where a value ends ---- */

/* After the string that starts at text.at[at]; SIZE_MAX: it does not end. */
static size_t skip_string(struct slice text, size_t at)
{
	for (at++; at < text.length; at++) {
		if (text.at[at] == '\\')
			at++;
		else if (text.at[at] == '"')
			return at + 1;
	}
	return SIZE_MAX;
}

/* After the comment that starts there. */
static size_t skip_comment(struct slice text, size_t at)
{
	for (at += 2; at + 1 < text.length; at++)
		if (text.at[at] == '*' && text.at[at + 1] == '/')
			return at + 2;
	return SIZE_MAX;
}

/* After what -y puts behind a descriptor: "<path>", "<dev<char 1:3>>", "<TCP:[a:1->b:2]>". */
static size_t skip_angles(struct slice text, size_t at)
{
	unsigned depth = 0;

	for (; at < text.length; at++) {
		if (text.at[at] == '<')
			depth++;
		else if (text.at[at] == '>' && text.at[at - 1] != '-' && --depth == 0)
			return at + 1;
	}
	return SIZE_MAX;
}

/* Do angles open there? They follow a descriptor; "21<<MAP_HUGE_SHIFT" is a shift. */
static bool angles_open(struct slice text, size_t at)
{
	if (at == 0 || at + 1 >= text.length || text.at[at] != '<' || text.at[at + 1] == '<')
		return false;
	return is_digit(text.at[at - 1]) || text.at[at - 1] == 'D'; /* AT_FDCWD</home> */
}

size_t value_length(struct slice text)
{
	unsigned depth = 0;
	size_t at = 0;

	while (at < text.length) {
		char c = text.at[at];

		if (c == '"') {
			at = skip_string(text, at);
		} else if (c == '/' && at + 1 < text.length && text.at[at + 1] == '*') {
			at = skip_comment(text, at);
		} else if (c == '<' && angles_open(text, at)) {
			at = skip_angles(text, at);
		} else if (c == '<' && at + 1 < text.length && text.at[at + 1] == '<') {
			at += 2;
		} else if (c == '{' || c == '[' || c == '(') {
			depth++;
			at++;
		} else if (c == '}' || c == ']' || c == ')') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (c == ',' && depth == 0) {
			return at;
		} else {
			at++;
		}
		if (at == SIZE_MAX)
			return SIZE_MAX;
	}
	return depth == 0 ? at : SIZE_MAX;
}

bool value_element(struct slice *rest, struct slice *element)
{
	size_t length;

	*rest = slice_trim(*rest);
	if (rest->length == 0)
		return false;
	length = value_length(*rest);
	if (length == SIZE_MAX)
		return false;
	*element = slice_trim((struct slice){ rest->at, length });
	*rest = slice_after(*rest, length + 1);
	return true;
}

struct slice value_inside(struct slice text)
{
	if (text.length < 2 || memchr("{[(\"", text.at[0], 4) == NULL)
		return text;
	return (struct slice){ text.at + 1, text.length - 2 };
}

bool value_field(struct slice structure, const char *name, struct slice *value)
{
	struct slice rest = value_inside(structure), element;
	size_t length = strlen(name);

	while (value_element(&rest, &element)) {
		const char *equal = memchr(element.at, '=', element.length);
		struct slice inside;

		if (equal == NULL)
			continue;
		inside = slice_after(element, (size_t)(equal - element.at) + 1);
		if ((size_t)(equal - element.at) == length &&
		    memcmp(element.at, name, length) == 0) {
			*value = inside;
			return true;
		}
		if (inside.length > 0 && inside.at[0] == '{' && value_field(inside, name, value))
			return true;
	}
	return false;
}

/* ---- numbers and names ---- */

/* Cuts off a comment at the end, as strace -X verbose prints behind each number. */
static struct slice without_comment(struct slice text)
{
	for (size_t at = 0; at + 1 < text.length; at++)
		if (text.at[at] == '/' && text.at[at + 1] == '*')
			return slice_trim((struct slice){ text.at, at });
	return slice_trim(text);
}

/* Digits at the front of *text, which is moved past them. */
static bool take_number(struct slice *text, uint64_t *value)
{
	unsigned base = 10;
	uint64_t number = 0;
	size_t at = 0, digits = 0;

	if (text->length > 2 && text->at[0] == '0' && text->at[1] == 'x') {
		base = 16;
		at = 2;
	} else if (text->length > 1 && text->at[0] == '0') {
		base = 8;
	}
	for (; at < text->length; at++, digits++) {
		unsigned digit = (unsigned)digit_of(text->at[at]);

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(number, base, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*text = slice_after(*text, at);
	*value = number;
	return digits > 0;
}

bool value_number(struct slice text, uint64_t *value)
{
	bool negative = false;
	uint64_t factor;

	text = without_comment(text);
	if (slice_equal(text, "NULL")) {
		*value = 0;
		return true;
	}
	if (text.length > 1 && text.at[0] == '-') {
		negative = true;
		text = slice_after(text, 1);
	}
	if (!take_number(&text, value))
		return false;
	while (text.length > 1 && text.at[0] == '*') {
		text = slice_after(text, 1);
		if (!take_number(&text, &factor) || __builtin_mul_overflow(*value, factor, value))
			return false;
	}
	if (negative)
		*value = -*value;
	return text.length == 0;
}

/* One part of a flags expression. */
static bool flag_value(struct slice part, enum constant_set set, uint64_t *value)
{
	struct slice rest = part;
	uint64_t shift;

	if (value_number(part, value) || constant_find(set, part, value))
		return true;
	if (set == CONSTANTS_CLONE && slice_starts(part, "SIG")) {
		*value = 0; /* the signal at the child's end: not ours */
		return true;
	}
	if (!take_number(&rest, value) || !slice_starts(rest, "<<"))
		return false;
	rest = slice_after(rest, 2);
	if (!constant_find(set, rest, &shift) && !value_number(rest, &shift))
		return false;
	if (shift > 63)
		return false;
	*value <<= shift;
	return true;
}

bool value_flags(struct slice text, enum constant_set set, uint64_t *value, struct slice *unknown)
{
	uint64_t part_value;

	*value = 0;
	text = slice_trim(text);
	for (;;) {
		size_t length = 0;
		struct slice part;

		while (length < text.length && text.at[length] != '|') {
			struct slice here = { text.at, text.length };

			if (text.at[length] == '/' && length + 1 < text.length &&
			    text.at[length + 1] == '*')
				length = skip_comment(here, length);
			else
				length++;
			if (length == SIZE_MAX)
				length = text.length;
		}
		part = without_comment((struct slice){ text.at, length });
		*unknown = part;
		if (!flag_value(part, set, &part_value))
			return false;
		*value |= part_value;
		if (length == text.length)
			return true;
		text = slice_after(text, length + 1);
	}
}

bool value_descriptor(struct slice text, int *fd, struct slice *path, bool *deleted)
{
	const char *angle;
	uint64_t number;

	text = without_comment(text);
	*path = (struct slice){ text.at, 0 };
	*deleted = false;
	angle = memchr(text.at, '<', text.length);
	if (angle != NULL) {
		struct slice inside = slice_after(text, (size_t)(angle - text.at) + 1);

		if (slice_ends(inside, "(deleted)")) {
			*deleted = true;
			inside.length -= strlen("(deleted)");
		}
		if (inside.length == 0 || inside.at[inside.length - 1] != '>')
			return false;
		inside.length--;
		*path = inside;
		text.length = (size_t)(angle - text.at);
	}
	if (!value_number(text, &number))
		return false;
	if (number > INT32_MAX && number < UINT64_C(0x80000000))
		return false;
	*fd = (int)(uint32_t)number;
	return number <= UINT32_MAX || number >= UINT64_C(0xffffffff80000000);
}

bool value_is_pointer(struct slice text)
{
	text = slice_trim(text);
	return slice_starts(text, "0x") || slice_equal(text, "NULL") || slice_equal(text, "0");
}

/* ---- strings ---- */

/* The character that the escape at text.at[*at] (after the backslash) stands for. */
static char take_escape(struct slice text, size_t *at)
{
	static const char names[] = "ntrvf", codes[] = "\n\t\r\v\f";
	char c = text.at[*at];
	const char *name = memchr(names, c, sizeof(names) - 1);
	unsigned value = 0, digits = 0;

	if (name != NULL) {
		++*at;
		return codes[name - names];
	}
	if (c == 'x') {
		for (++*at; digits < 2 && *at < text.length && digit_of(text.at[*at]) < 16;
		     ++*at, digits++)
			value = value * 16 + (unsigned)digit_of(text.at[*at]);
		return (char)value;
	}
	if (c >= '0' && c <= '7') {
		for (; digits < 3 && *at < text.length && digit_of(text.at[*at]) < 8;
		     ++*at, digits++)
			value = value * 8 + (unsigned)digit_of(text.at[*at]);
		return (char)value;
	}
	++*at;
	return c;
}

size_t value_string(struct slice text, char *buffer, size_t size)
{
	size_t length = 0, at = 0;
	bool quoted = text.length > 0 && text.at[0] == '"';

	if (quoted)
		at = 1;
	while (at < text.length && !(quoted && text.at[at] == '"')) {
		char c = text.at[at++];

		if (c == '\\' && at < text.length)
			c = take_escape(text, &at);
		if (length + 1 < size)
			buffer[length] = c;
		length++;
	}
	if (size > 0)
		buffer[length < size ? length : size - 1] = '\0';
	return length;
}
