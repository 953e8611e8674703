/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Reclaim in the background: a thread that looks at the number of free frames now and then. Hosted
 * builds only. */

#include "machine.h"

#include <pthread.h>
#include <time.h>

#define NAP_NANOSECONDS 1000000

struct machine_background {
	struct vas_machine *machine;
	pthread_t thread;
	uint32_t low, high;
	bool stop;
};

static uint32_t free_frames(const struct vas_machine *machine)
{
	struct vas_frame_counts frames;

	vas_frames_count(machine->memory.frames, &frames);
	return frames.free;
}

static void *reclaim(void *data)
{
	struct machine_background *background = data;
	struct vas_machine *machine = background->machine;

	while (!__atomic_load_n(&background->stop, __ATOMIC_ACQUIRE)) {
		uint32_t left = free_frames(machine);

		/* What cannot be reclaimed now is tried again after the nap. */
		(void)machine_note_peak(machine);
		if (left >= background->low ||
		    vas_reclaim(&machine->memory, background->high - left, NULL) == 0)
			nanosleep(&(struct timespec){ .tv_nsec = NAP_NANOSECONDS }, NULL);
	}
	return NULL;
}

static void stop(struct vas_machine *machine)
{
	const struct vas_allocator *allocator = machine->allocator;
	struct machine_background *background = machine->background;

	__atomic_store_n(&background->stop, true, __ATOMIC_RELEASE);
	pthread_join(background->thread, NULL);
	machine->background = NULL;
	machine->stop = NULL;
	allocator->release(allocator->context, background, sizeof(*background));
}

int vas_machine_background(struct vas_machine *machine, uint32_t low, uint32_t high)
{
	const struct vas_allocator *allocator = machine->allocator;
	struct machine_background *background;

	if (machine->background != NULL || high < low)
		return -VAS_EINVAL;
	background = allocator->allocate(allocator->context, sizeof(*background),
					 _Alignof(struct machine_background));
	if (background == NULL)
		return -VAS_ENOMEM;
	*background = (struct machine_background){ .machine = machine, .low = low, .high = high };
	if (pthread_create(&background->thread, NULL, reclaim, background) != 0) {
		allocator->release(allocator->context, background, sizeof(*background));
		return -VAS_ENOMEM;
	}
	machine->background = background;
	machine->stop = stop;
	return 0;
}
