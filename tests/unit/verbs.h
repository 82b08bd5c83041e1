/* The two verbs that open files, for tests that try both. */
#ifndef VERBS_H
#define VERBS_H

#include <pecs/file.h>

typedef pecs_status open_function(pecs_registry *registry, const char *path, const pecs_load_options *options,
                                  pecs_snapshot **ret_snapshot, pecs_error *error);
/* The options of load that resume has too. */
static inline pecs_status resume_like_load(pecs_registry *reader, const char *path, const pecs_load_options *options,
                                           pecs_snapshot **ret_snapshot, pecs_error *error)
{
    pecs_resume_options some = { .refuse_unknown = false };
    if (options)
        some = (pecs_resume_options){ .limits = options->limits,
                                      .refuse_unknown = options->refuse_unknown,
                                      .migration = options->migration,
                                      .thread_count = options->thread_count };
    return pecs_snapshot_resume(reader, path, options ? &some : NULL, ret_snapshot, error);
}
static open_function *const verbs[] = { resume_like_load, pecs_snapshot_load };
static const char *const verb_names[] = { "resume", "load" };
enum { RESUME, LOAD, VERB_COUNT };

#endif
