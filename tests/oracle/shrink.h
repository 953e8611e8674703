/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_SHRINK_H
#define ORACLE_SHRINK_H

#include "compare.h"

/*
 * Makes a script that shows a difference as short as it can be: no call of the result can be left
 * out. Ddmin (Zeller and Hildebrandt 2002), then single calls from the end. Each try is a run of
 * its own, on a fresh process and a fresh model. Gives up after two minutes with what it has.
 */
void shrink_script(struct run *run, struct model *model, struct script *script);

#endif
