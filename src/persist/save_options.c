#include "save_options.h"

#include "component.h"
#include "error.h"

/* Adds the entry's key if it is printable. */
static pecs_status save_fail_metadata(const pecs_meta *entry, const struct metadata_fault *fault, pecs_status status,
                                      pecs_error *error)
{
    const bool has_name = entry->key && component_name_is_valid(entry->key, strlen(entry->key));
    return fail(error, status, "entry %zu of the file's metadata%s%s%s: %s", fault->place, has_name ? ", '" : "",
                has_name ? entry->key : "", has_name ? "'" : "",
                fault->cause ? fault->cause : "with it, the metadata is too large");
}

pecs_status save_gather_metadata(struct pool *pool, const pecs_save_options *options, struct metadata **ret_metadata,
                                 pecs_error *error)
{
    struct metadata_fault fault;
    if (!options->metadata_count)
        return PECS_OK;
    if (!options->metadata)
        return fail(error, PECS_E_MISUSE, "%zu entries of metadata for the file, and none given",
                    options->metadata_count);
    const pecs_status status = metadata_gather(pool, options->metadata, options->metadata_count, &fault, ret_metadata);
    if (status == PECS_E_MISUSE || status == PECS_E_LIMIT)
        return save_fail_metadata(&options->metadata[fault.place], &fault, status, error);
    return status ? fail_memory(error) : PECS_OK;
}

static bool save_profiles_are_valid(const pecs_save_options *options)
{
    bool valid = (unsigned)options->profile <= PECS_PROFILE_SMALL &&
                 (options->component_profiles || !options->component_profile_count);
    for (size_t i = 0; valid && i < options->component_profile_count; i++)
        valid = (unsigned)options->component_profiles[i].profile <= PECS_PROFILE_SMALL;
    return valid;
}

pecs_status save_check_options(const pecs_save_options *options, pecs_error *error)
{
    if ((unsigned)options->references > PECS_REFERENCES_REFUSE)
        return fail(error, PECS_E_MISUSE, "the value of references is invalid");
    if (!save_profiles_are_valid(options))
        return fail(error, PECS_E_MISUSE, "a profile is none that there is, or component_profiles is NULL");
    return PECS_OK;
}
