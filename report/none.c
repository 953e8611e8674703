/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The report's page in a build without Node.js: there is none. */

#include <stddef.h>

extern const char vas_report_template[];
extern const size_t vas_report_template_size;

const char vas_report_template[1] = "";
const size_t vas_report_template_size = 0;
