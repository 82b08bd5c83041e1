/*
 * The child of the resume example, both sides of its pipe: doomed_child_run runs in the child; doomed_child_watch
 * starts it, listens to it and kills it.
 *
 * The child writes one line at each of these moments:
 *     resumed FRAME HASH        the file is mapped, and this is its content
 *     saving FRAME HASH         a save of this content begins now
 *     saved FRAME HASH          it is published
 */
#ifndef DOOMED_CHILD_H
#define DOOMED_CHILD_H

#include <stdbool.h>
#include <stdint.h>

/* A content that the child reported, and its frame. */
struct reported_state {
    bool known;
    uint64_t frame, hash;
};

bool same_state(struct reported_state a, struct reported_state b);

/* What the parent knows of a child that it killed. */
struct child_story {
    struct reported_state resumed; /* what it began with */
    struct reported_state saved;   /* the last that it saved; the resumed one when it saved none */
    struct reported_state saving;  /* what it was saving when it died, if anything */
    uint64_t save_count;
};

/* When to kill: `delay_ms` after the child resumed, or after it began its save number `save_number` (from 1). */
struct kill_plan {
    bool in_save;
    uint64_t save_number;
    double delay_ms;
};

/* The child: resumes, steps and saves until it is killed. Returns only on failure, an exit code. */
int doomed_child_run(const char *save_path, uint64_t frames_per_save);

/*
 * Starts this program again as a child, listens, kills it with SIGKILL as planned and waits for its end. False, with a
 * line on stderr, when the system fails, or when the child ends in another way, writes an unknown line or hangs.
 */
bool doomed_child_watch(const char *save_path, uint64_t frames_per_save, const struct kill_plan *plan,
                        struct child_story *ret_story);

double now_ms(void);

#endif
