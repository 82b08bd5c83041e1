/* Row streams: files of many parts that hold what a builder makes of the same rows, in memory that does not grow. */
#define _GNU_SOURCE
#include "profiles_suite.h"
#include "row_stream_fixture.h"

#include <pecs/attachments.h>
#include <pecs/metadata.h>

static pecs_error error;

TestSuite(row_stream, .init = set_up, .fini = strike);

static const pecs_profile all_profiles[] = { PECS_PROFILE_OFF, PECS_PROFILE_FAST, PECS_PROFILE_SMALL };

static pecs_stream_options options_of(pecs_profile profile)
{
    return (pecs_stream_options){ .skip_sync = true, .profile = profile, .thread_count = 2 };
}

Test(row_stream, of_nothing_is_an_empty_world)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    twin_end(&twin, "file");
    cr_assert_eq(file_count(), 1);
}

Test(row_stream, of_a_registry_without_types)
{
    pecs_registry *bare = make_registry(NULL, 0, counting_hooks);
    struct twin nothing = twin_begin(bare, "nothing", NULL), twin = twin_begin(bare, "file", NULL);
    twin_end(&nothing, "nothing");
    twin_add(&twin, NULL, 0, 20, NULL);
    twin_end(&twin, "file");
    pecs_registry_release(bare);
}

/* Large enough for several parts; references lead backwards and forwards. */
static void add_links(struct twin *twin, size_t count, uint64_t total)
{
    Link *links = calloc(count, sizeof(*links));
    for (size_t i = 0; i < count; i++)
        links[i].target =
            number_for(i) % 4 ? (pecs_entity){ (uint32_t)(number_for(i) % total), 1 } : (pecs_entity){ 0 };
    twin_add(twin, (pecs_value[]){ { Link_component, sizeof(Link), links } }, 1, count, NULL);
    free(links);
}

static void add_positions(struct twin *twin, size_t count)
{
    void *rows = rows_of(count * sizeof(Position));
    twin_add(twin, (pecs_value[]){ { Position_component, sizeof(Position), rows }, { Frozen_component, 0, NULL } }, 2,
             count, NULL);
    free(rows);
}

Test(row_stream, has_rows_of_any_table_in_any_order)
{
    enum { ROUNDS = 60, COUNT = 9000 };
    for (int i = 0; i < 3; i++) {
        const pecs_stream_options options = options_of(all_profiles[i]);
        struct twin twin = twin_begin(registry, "file", &options);
        for (int round = 0; round < ROUNDS; round++) {
            add_links(&twin, COUNT, (uint64_t)ROUNDS * COUNT);
            add_positions(&twin, round % 7 * 100);
            add_positions(&twin, COUNT - (size_t)round % 7 * 100);
        }
        twin_end(&twin, "file");
    }
}

Test(row_stream, takes_rows_one_by_one)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    for (uint32_t i = 0; i < 20000; i++) {
        const Health health = { (int32_t)i, 7 };
        const Position position = { .x = (float)i };
        const pecs_value values[] = { { Health_component, sizeof(health), &health },
                                      { Position_component, sizeof(position), &position } };
        twin_add(&twin, values + i % 3 / 2, 1 + (i % 3 == 0), 1, NULL);
    }
    twin_end(&twin, "file");
}

Test(row_stream, has_a_table_for_each_set)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    const pecs_value all[] = {
        { Position_component, sizeof(Position), NULL }, { Health_component, sizeof(Health), NULL },
        { Team_component, sizeof(Team), NULL },         { Frozen_component, 0, NULL },
        { Link_component, sizeof(Link), NULL },         { Name_component, sizeof(Name), NULL },
        { Padded_component, sizeof(Padded), NULL }
    };
    for (unsigned round = 0; round < 6; round++)
        for (unsigned set = 0; set < 128; set++) {
            pecs_value values[7];
            size_t count = 0;
            for (unsigned i = 0; i < 7; i++)
                if (set >> i & 1)
                    values[count++] = all[i];
            twin_add(&twin, values, count, 1 + number_for(set + round) % 900, NULL);
        }
    twin_end(&twin, "file");
}

/* Names and bags: strings, blobs and lists, with references in these. */
static void add_bags(struct twin *twin, size_t count, uint64_t total)
{
    Bag *bags = calloc(count, sizeof(*bags));
    pecs_bytes *parts = calloc(count * 2, sizeof(*parts));
    pecs_entity *friends = calloc(count * 4, sizeof(*friends));
    char *text = malloc(70000);
    memset(text, 'x', 70000);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < 4; j++)
            friends[4 * i + j] = (pecs_entity){ (uint32_t)(number_for(4 * i + j) % total), 1 };
        parts[2 * i] = (pecs_bytes){ text, number_for(i) % 977 ? number_for(i) % 60 : 70000 };
        parts[2 * i + 1] = (pecs_bytes){ friends + 4 * i, i % 5 * sizeof(*friends) };
        bags[i].bytes = pecs_blob_of(&parts[2 * i]);
        bags[i].friends = pecs_list_of(&parts[2 * i + 1]);
        bags[i].labels[1] = pecs_string_from(&parts[2 * i]);
    }
    twin_add(twin, (pecs_value[]){ { Bag_component, sizeof(Bag), bags } }, 1, count, NULL);
    free(text);
    free(friends);
    free(parts);
    free(bags);
}

Test(row_stream, has_contents)
{
    enum { ROUNDS = 30, COUNT = 3000 };
    for (int i = 0; i < 3; i++) {
        const pecs_stream_options options = options_of(all_profiles[i]);
        struct twin twin = twin_begin(registry, "file", &options);
        for (int round = 0; round < ROUNDS; round++) {
            add_bags(&twin, COUNT, (uint64_t)ROUNDS * COUNT);
            add_positions(&twin, 500);
        }
        twin_end(&twin, "file");
    }
}

Test(row_stream, has_rows_as_large_as_they_may_be)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    void *rows = rows_of(3 * sizeof(Vast));
    for (int i = 0; i < 3; i++) {
        twin_add(&twin, (pecs_value[]){ { Vast_component, sizeof(Vast), rows } }, 1, 3, NULL);
        twin_add(&twin, (pecs_value[]){ { Wide_component, sizeof(Wide), NULL } }, 1, 5, NULL);
    }
    free(rows);
    twin_end(&twin, "file");
}

Test(row_stream, has_ids)
{
    enum { COUNT = 5000 };
    pecs_id *ids = calloc(COUNT, sizeof(*ids));
    struct twin twin = twin_begin(registry, "file", NULL);
    for (uint64_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++)
            memcpy(ids[i].bytes, (const uint64_t[]){ number_for(round * COUNT + i), i + 1 }, sizeof(ids[i]));
        twin_add(&twin, (pecs_value[]){ { Health_component, sizeof(Health), NULL } }, 1, COUNT, ids);
        add_positions(&twin, 100);
    }
    free(ids);
    twin_end(&twin, "file");
}

Test(row_stream, has_what_belongs_to_no_entity)
{
    const Name name = { 4, pecs_string_of("the one and only") };
    const pecs_attachment attachments[] = { { "terrain", "hills", 5 }, { "a script", NULL, 0 } };
    pecs_stream_options options = options_of(PECS_PROFILE_OFF);
    options.attachments = attachments;
    options.attachment_count = 2;
    options.tick = 77;
    struct twin twin = twin_begin(registry, "file", &options);
    for (int i = 0; i < 2; i++) {
        const pecs_bytes bytes = { attachments[i].data, attachments[i].size_bytes };
        must(pecs_builder_attach(twin.builder, attachments[i].name, &bytes, &error) == PECS_OK);
    }
    add_positions(&twin, 10000);
    const pecs_value value = { Name_component, sizeof(name), &name };
    const pecs_value health = { Health_component, sizeof(Health), &(Health){ 3, 4 } };
    must(pecs_builder_set_singleton(twin.builder, &value, &error) == PECS_OK);
    must(pecs_stream_set_singleton(twin.stream, &value, &error) == PECS_OK);
    must(pecs_builder_set_singleton(twin.builder, &health, &error) == PECS_OK);
    must(pecs_stream_set_singleton(twin.stream, &health, &error) == PECS_OK);
    must(pecs_builder_set_meta_text(twin.builder, "title", "seven", &error) == PECS_OK);
    must(pecs_stream_set_meta_text(twin.stream, "title", "seven", &error) == PECS_OK);
    must(pecs_builder_set_meta_bytes(twin.builder, "seed", "\1\2", 2, &error) == PECS_OK);
    must(pecs_stream_set_meta_bytes(twin.stream, "seed", "\1\2", 2, &error) == PECS_OK);
    add_bags(&twin, 1000, 11000);
    twin_end(&twin, "file");
}

Test(row_stream, resume_leaves_rows_where_they_lie)
{
    pecs_stream *stream = NULL;
    pecs_snapshot *resumed;
    enum { COUNT = 500000 };
    void *rows = rows_of(COUNT * sizeof(Position));
    const pecs_value value = { Position_component, sizeof(Position), rows };
    must(pecs_stream_create(registry, "file", NULL, &stream, &error) == PECS_OK);
    for (int i = 0; i < 20; i++)
        must(pecs_stream_add(stream, &(pecs_rows){ .values = &value, .value_count = 1, .row_count = COUNT / 20 }, NULL,
                             &error) == PECS_OK);
    must(pecs_stream_finish(stream, NULL, &error) == PECS_OK);
    pecs_stream_destroy(stream);
    free(rows);
    const size_t before = counting.live_bytes;
    must(pecs_snapshot_resume(registry, "file", NULL, &resumed, &error) == PECS_OK);
    cr_assert_lt(counting.live_bytes - before, 256 * 1024);
    pecs_snapshot_release(resumed);
}
