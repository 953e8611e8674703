/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Text that grows: the lines of a trace under construction. */

#include "record_text.h"

#include "cmd.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(void)
{
	static const char message[] = "vas: record: out of memory\n";

	fwrite(message, 1, sizeof(message) - 1, stderr);
	exit(STATUS_TROUBLE);
}

void *text_allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		out_of_memory();
	return memory;
}

void text_clear(struct text *text)
{
	text->length = 0;
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

static char *room_for(struct text *text, size_t length)
{
	if (text->size - text->length < length) {
		size_t size = text->size * 2 + length + 256;
		char *data = realloc(text->data, size);

		if (!data)
			out_of_memory();
		text->data = data;
		text->size = size;
	}
	return text->data + text->length;
}

void text_add(struct text *text, const char *data, size_t length)
{
	if (length == 0)
		return;
	memcpy(room_for(text, length), data, length);
	text->length += length;
}

void text_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
	*room_for(text, 1) = c;
	text->length++;
}

static void add_digits(struct text *text, uint64_t value, unsigned base)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value > 0);
	text_add(text, digits + at, sizeof(digits) - at);
}

void text_decimal(struct text *text, uint64_t value)
{
	add_digits(text, value, 10);
}

void text_signed(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	add_digits(text, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

void text_hex(struct text *text, uint64_t value)
{
	text_add(text, "0x", 2);
	add_digits(text, value, 16);
}

void text_octal(struct text *text, uint64_t value)
{
	text_char(text, '0');
	if (value > 0)
		add_digits(text, value, 8);
}

void text_pointer(struct text *text, uint64_t value)
{
	if (value == 0)
		text_string(text, "NULL");
	else
		text_hex(text, value);
}

void text_format(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	va_start(arguments, format);
	vsnprintf(room_for(text, (size_t)length + 1), (size_t)length + 1, format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

static void add_escaped(struct text *text, const char *data, size_t length, const char *special)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)data[i];
		bool digit_follows = i + 1 < length && data[i + 1] >= '0' && data[i + 1] <= '9';

		if (c == '\n' || c == '\t') {
			text_string(text, c == '\n' ? "\\n" : "\\t");
		} else if (c == '"' || c == '\\') {
			text_char(text, '\\');
			text_char(text, (char)c);
		} else if (c < ' ' || c > '~' || strchr(special, c)) {
			text_format(text, digit_follows ? "\\%03o" : "\\%o", c);
		} else {
			text_char(text, (char)c);
		}
	}
}

void text_quoted(struct text *text, const char *data, size_t length)
{
	text_char(text, '"');
	add_escaped(text, data, length, "");
	text_char(text, '"');
}

void text_bare(struct text *text, const char *data, size_t length)
{
	add_escaped(text, data, length, "<>");
}
