/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A formatter that stands on nothing.
 *
 * Validators and printers must work inside a kernel too, so they cannot use stdio. This is the part
 * of printf that they need. Text goes out through one function, a piece at a time: a run of literal
 * characters, a converted number, a string, or padding. There is no buffer and so no longest line.
 */

#include "print.h"

#include <string.h>

/* One conversion specification, read from the format. */
struct spec {
	bool left;
	bool zero;
	size_t width;
	size_t precision; /* SIZE_MAX: none */
	size_t length;	  /* bytes of the integer argument */
	char conversion;
};

static void emit(const struct vas_printer *printer, const char *text, size_t length)
{
	if (length != 0)
		printer->print(printer->context, text, length);
}

static void emit_repeated(const struct vas_printer *printer, char c, size_t times)
{
	char block[16];

	memset(block, c, sizeof(block));
	while (times != 0) {
		size_t step = times < sizeof(block) ? times : sizeof(block);

		emit(printer, block, step);
		times -= step;
	}
}

static void emit_padded(const struct vas_printer *printer, const struct spec *spec,
			const char *text, size_t length)
{
	size_t padding = spec->width > length ? spec->width - length : 0;

	if (!spec->left)
		emit_repeated(printer, ' ', padding);
	emit(printer, text, length);
	if (spec->left)
		emit_repeated(printer, ' ', padding);
}

static void emit_number(const struct vas_printer *printer, const struct spec *spec, uint64_t value,
			unsigned int base, bool negative)
{
	const char *digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	size_t at = sizeof(text);
	size_t length, width = spec->width;

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value != 0);

	if (spec->zero && !spec->left) {
		if (negative) {
			emit(printer, "-", 1);
			width -= width != 0;
		}
		length = sizeof(text) - at;
		emit_repeated(printer, '0', width > length ? width - length : 0);
		emit(printer, text + at, length);
		return;
	}
	if (negative)
		text[--at] = '-';
	emit_padded(printer, spec, text + at, sizeof(text) - at);
}

static const char *read_length(const char *at, struct spec *spec)
{
	spec->length = sizeof(int);
	if (*at == 'z' || *at == 't') {
		spec->length = sizeof(size_t);
		return at + 1;
	}
	if (*at == 'j') {
		spec->length = sizeof(uint64_t);
		return at + 1;
	}
	while (*at == 'h')
		at++;
	if (at[0] == 'l' && at[1] == 'l') {
		spec->length = sizeof(long long);
		return at + 2;
	}
	if (*at == 'l') {
		spec->length = sizeof(long);
		return at + 1;
	}
	return at;
}

static const char *read_count(const char *at, size_t *count)
{
	*count = 0;
	while (*at >= '0' && *at <= '9')
		*count = *count * 10 + (size_t)(*at++ - '0');
	return at;
}

static size_t star(int value)
{
	return value > 0 ? (size_t)value : 0;
}

static uint64_t fetch_unsigned(size_t length, va_list *arguments)
{
	if (length == sizeof(long long))
		return va_arg(*arguments, unsigned long long);
	if (length == sizeof(long))
		return va_arg(*arguments, unsigned long);
	return va_arg(*arguments, unsigned int);
}

static int64_t fetch_signed(size_t length, va_list *arguments)
{
	if (length == sizeof(long long))
		return va_arg(*arguments, long long);
	if (length == sizeof(long))
		return va_arg(*arguments, long);
	return va_arg(*arguments, int);
}

static void emit_string(const struct vas_printer *printer, const struct spec *spec,
			const char *text)
{
	size_t length = 0;

	if (text == NULL)
		text = "(null)";
	while (length < spec->precision && text[length] != '\0')
		length++;
	emit_padded(printer, spec, text, length);
}

static bool convert(const struct vas_printer *printer, const struct spec *spec, va_list *arguments)
{
	int64_t value;
	char c;

	switch (spec->conversion) {
	case 'd':
	case 'i':
		value = fetch_signed(spec->length, arguments);
		emit_number(printer, spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10,
			    value < 0);
		return true;
	case 'u':
		emit_number(printer, spec, fetch_unsigned(spec->length, arguments), 10, false);
		return true;
	case 'x':
	case 'X':
		emit_number(printer, spec, fetch_unsigned(spec->length, arguments), 16, false);
		return true;
	case 'p':
		emit(printer, "0x", 2);
		emit_number(printer, spec, (uintptr_t)va_arg(*arguments, void *), 16, false);
		return true;
	case 'c':
		c = (char)va_arg(*arguments, int);
		emit_padded(printer, spec, &c, 1);
		return true;
	case 's':
		emit_string(printer, spec, va_arg(*arguments, const char *));
		return true;
	case '%':
		emit(printer, "%", 1);
		return true;
	default:
		return false;
	}
}

/* Reads the specification after a '%'; returns the place of its conversion character. */
static const char *read_spec(const char *at, struct spec *spec, va_list *arguments)
{
	*spec = (struct spec){ .precision = SIZE_MAX };
	for (;; at++) {
		if (*at == '-')
			spec->left = true;
		else if (*at == '0')
			spec->zero = true;
		else
			break;
	}
	if (*at == '*') {
		spec->width = star(va_arg(*arguments, int));
		at++;
	} else {
		at = read_count(at, &spec->width);
	}
	if (*at == '.') {
		at++;
		if (*at == '*') {
			spec->precision = star(va_arg(*arguments, int));
			at++;
		} else {
			at = read_count(at, &spec->precision);
		}
	}
	at = read_length(at, spec);
	spec->conversion = *at;
	return at;
}

void vas_vprint(const struct vas_printer *printer, const char *format, va_list arguments)
{
	const char *at, *start = format;
	struct spec spec;
	va_list copy;

	if (printer == NULL || printer->print == NULL)
		return;
	va_copy(copy, arguments);
	for (at = format; *at != '\0'; at++) {
		const char *percent = at;

		if (*at != '%')
			continue;
		emit(printer, start, (size_t)(at - start));
		at = read_spec(at + 1, &spec, &copy);
		start = at + 1;
		if (!convert(printer, &spec, &copy)) {
			start = percent;
			if (*at == '\0')
				break;
		}
	}
	emit(printer, start, (size_t)(at - start));
	va_end(copy);
}

void vas_print(const struct vas_printer *printer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vas_vprint(printer, format, arguments);
	va_end(arguments);
}

struct buffer {
	char *text;
	size_t size, length;
};

static void append(void *context, const char *text, size_t length)
{
	struct buffer *buffer = context;

	if (buffer->length + 1 < buffer->size) {
		size_t room = buffer->size - 1 - buffer->length;

		memcpy(buffer->text + buffer->length, text, length < room ? length : room);
	}
	buffer->length += length;
}

size_t vas_format(char *text, size_t size, const char *format, ...)
{
	struct buffer buffer = { .text = text, .size = size };
	const struct vas_printer printer = { .print = append, .context = &buffer };
	va_list arguments;

	va_start(arguments, format);
	vas_vprint(&printer, format, arguments);
	va_end(arguments);
	if (size != 0)
		text[buffer.length < size ? buffer.length : size - 1] = '\0';
	return buffer.length;
}
