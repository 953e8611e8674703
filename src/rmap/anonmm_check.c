/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* anonmm's figures for people, and its validator. */

#include "anonmm.h"
#include "base/print.h"

void vas_anonmm_print(void *instance, const struct vas_printer *printer)
{
	const struct anonmm *anonmm = instance;

	vas_print(printer, "moved pages: %llu renumbered, %llu with several addresses (%llu now)\n",
		  vas_ll(anonmm->renumbered), vas_ll(anonmm->scattered),
		  vas_ll(anonmm->stray_store.live));
}

static bool check_bundle(const struct bundle *bundle, const struct vas_printer *printer)
{
	if (vas_list_empty(&bundle->spaces)) {
		vas_print(printer, "ANONMM-2: a bundle has no spaces\n");
		return false;
	}
	vas_list_for_each (at, &bundle->spaces) {
		const struct mm *mm = vas_container_of(at, struct mm, at);

		if (mm->bundle != bundle || mm_of(mm->space) != mm) {
			vas_print(printer, "ANONMM-1: a space in a bundle's list names another\n");
			return false;
		}
		if (vas_find_ge(mm->space, 0) == NULL) {
			vas_print(printer, "ANONMM-3: a space without areas is in a bundle\n");
			return false;
		}
	}
	return true;
}

bool vas_anonmm_validate(void *instance, const struct vas_printer *printer)
{
	const struct anonmm *anonmm = instance;
	uint64_t count = 0;

	vas_list_for_each (at, &anonmm->bundles) {
		if (!check_bundle(vas_container_of(at, struct bundle, all), printer))
			return false;
		count++;
	}
	if (count == anonmm->bundle_store.live)
		return true;
	vas_print(printer, "ANONMM-4: %llu bundles are counted, there are %llu\n",
		  vas_ll(anonmm->bundle_store.live), vas_ll(count));
	return false;
}
