/* Compaction of a file that is mapped: what it has to refuse, since a resume does not. */
#define _GNU_SOURCE
#include "format_patches.h"
#include "profiles_suite.h"

#include <pecs/attachments.h>
#include <pecs/compact.h>

static pecs_error error;

TestSuite(compact_file, .init = set_up, .fini = strike, .timeout = 60);

enum { ROWS = 5000, LONG_TEXT = 250 * 1000 };

/* Names, of which the first is long, a row with several members, and an attachment. */
static void save_texts(pecs_profile profile)
{
    static char text[LONG_TEXT];
    static Name names[ROWS];
    const Bag bag = { .bytes = pecs_blob_of(PECS_BYTES("abc", 3)), .labels = { pecs_string_of("a"), { 0 } } };
    const pecs_save_options options = profile_options(profile, 1);
    pecs_world *world = world_of(registry, NULL, 0);
    memset(text, 'x', sizeof(text));
    names[0].text = pecs_string_from(&(pecs_bytes){ text, sizeof(text) });
    for (size_t i = 1; i < ROWS; i++)
        names[i] = (Name){ i, pecs_string_of("short") };
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(Name_component, names) }, 1, ROWS, NULL) == PECS_OK);
    (void)spawn_bag(world, &bag);
    must(pecs_world_attach(world, "terrain", &(pecs_bytes){ "hills", 5 }) == PECS_OK);
    must(pecs_world_save(world, "file", &options, NULL) == PECS_OK);
    pecs_world_destroy(world);
}

static pecs_status compact(const char *path, const char *to, bool trust)
{
    const pecs_compact_options options = { .trust = trust, .skip_sync = true, .allocator = &counting_hooks };
    return pecs_compact(path, to, &options, &error);
}

Test(compact_file, trust_gives_the_same_bytes)
{
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_SMALL; profile++) {
        save_texts((pecs_profile)profile);
        for (int trust = 0; trust < 2; trust++)
            cr_assert_eq(compact("file", trust ? "trusted" : "loaded", trust), PECS_OK, "%s", error.message);
        must(same_bytes("trusted", "loaded"));
    }
}

/* Of the file, and of what it takes when it is inflated. */
Test(compact_file, limits)
{
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_SMALL; profile += PECS_PROFILE_SMALL)
        for (int trust = 0; trust < 2; trust++) {
            pecs_compact_options options = { .trust = trust, .skip_sync = true };
            save_texts((pecs_profile)profile);
            struct file_bytes file = read_bytes("file");
            options.limits.max_bytes = file.size - (profile == PECS_PROFILE_OFF);
            free(file.bytes);
            cr_assert_eq(pecs_compact("file", "never", &options, &error), PECS_E_LIMIT, "%d, %d", profile, trust);
            cr_assert_eq(access("never", F_OK), -1);
            options.limits = (pecs_file_limits){ .max_bytes = 1 << 26, .max_entities = ROWS };
            cr_assert_eq(pecs_compact("file", "never", &options, &error), PECS_E_LIMIT);
            options.limits.max_entities = ROWS + 1;
            cr_assert_eq(pecs_compact("file", "compacted", &options, &error), PECS_OK, "%s", error.message);
        }
}

/* Where the values of the names are. */
static uint64_t find_names(const struct file_image *file)
{
    for (uint32_t i = 0; i < file->parts[0].run_count; i++) {
        const uint64_t run = file->runs + i * sizeof(struct run_record);
        if (get32(file, run) == RUN_VALUES &&
            get64(file, run + offsetof(struct run_record, size)) == ROWS * sizeof(Name))
            return get64(file, run + offsetof(struct run_record, offset));
    }
    must(false);
    return 0;
}

/* Otherwise the output would have 1 GB. */
Test(compact_file, values_do_not_share_contents)
{
    save_texts(PECS_PROFILE_OFF);
    struct file_image file = read_image("file");
    const uint64_t text = find_names(&file) + offsetof(Name, text), first = get64(&file, text);
    for (int rows = 2; rows <= ROWS; rows += ROWS - 2) { /* the second, then all */
        for (int row = 1; row < rows; row++)
            put64(&file, text + (uint64_t)row * sizeof(Name), first);
        repair(&file);
        write_image(&file, "shared");
        for (int trust = 0; trust < 2; trust++)
            cr_assert_eq(compact("shared", "never", trust), PECS_E_CORRUPT, "%d", rows);
        must(strcmp(error.message, "values of 'Name' share their contents with others") == 0);
        must(file_count() == 2);
    }
    free_image(&file);
}
