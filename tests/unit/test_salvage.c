/* Salvage: of files that are cut and damaged everywhere, what is left is what was there, and nothing else. */
#define _GNU_SOURCE
#include "profiles_suite.h"
#include "row_stream_fixture.h"

#include <pecs/salvage.h>

static pecs_error error;

TestSuite(salvage, .init = set_up, .fini = strike, .timeout = 120);

enum { ROUNDS = 7, COUNT = 9000, TOTAL = ROUNDS * COUNT * 3 };

/* Three tables, with strings, lists and references to entities anywhere. */
static pecs_snapshot *make_original(void)
{
    pecs_builder *builder;
    pecs_snapshot *made;
    Link *links = calloc(COUNT, sizeof(*links));
    Name *names = calloc(COUNT, sizeof(*names));
    Bag *bags = calloc(COUNT, sizeof(*bags));
    pecs_bytes *parts = calloc(COUNT * 2, sizeof(*parts));
    pecs_entity *friends = calloc(COUNT, sizeof(*friends));
    static const char text[] = "a name that is not the shortest, nor the longest of all";
    void *positions = rows_of(COUNT * sizeof(Position));
    must(pecs_builder_create(registry, &(pecs_builder_options){ .session_nonce = 5, .tick = 9 }, &builder, &error) ==
         PECS_OK);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            links[i] =
                (Link){ .weight = (uint32_t)i, .target = { (uint32_t)(number_for(i + (size_t)round) % TOTAL), 1 } };
            parts[2 * i] = (pecs_bytes){ text, number_for(i) % sizeof(text) };
            names[i] = (Name){ i, pecs_string_from(&parts[2 * i]) };
            friends[i] = (pecs_entity){ (uint32_t)(number_for(~i) % TOTAL), 1 };
            parts[2 * i + 1] = (pecs_bytes){ &friends[i], i % 3 ? sizeof(*friends) : 0 };
            bags[i].friends = pecs_list_of(&parts[2 * i + 1]);
            bags[i].labels[0] = pecs_string_from(&parts[2 * i]);
        }
        const pecs_value sets[3][2] = {
            { { Link_component, sizeof(Link), links }, { Frozen_component, 0, NULL } },
            { { Name_component, sizeof(Name), names }, { Position_component, sizeof(Position), positions } },
            { { Bag_component, sizeof(Bag), bags }, { Position_component, sizeof(Position), positions } },
        };
        for (int t = 0; t < 3; t++)
            must(pecs_builder_add(builder, &(pecs_rows){ .values = sets[t], .value_count = 2, .row_count = COUNT },
                                  NULL, &error) == PECS_OK);
    }
    const Health health = { 3, 4 };
    must(pecs_builder_set_singleton(builder, &(pecs_value){ Health_component, sizeof(health), &health }, &error) ==
         PECS_OK);
    must(pecs_builder_set_meta_text(builder, "title", "seven", &error) == PECS_OK);
    must(pecs_builder_attach(builder, "terrain", &(pecs_bytes){ "hills", 5 }, &error) == PECS_OK);
    cr_assert_eq(pecs_builder_finish(builder, &made, &error), PECS_OK, "%s", error.message);
    pecs_builder_destroy(builder);
    free(positions);
    free(friends);
    free(parts);
    free(bags);
    free(names);
    free(links);
    return made;
}

/* The same as a stream. */
static void stream_world(const pecs_snapshot *made, const char *path, pecs_profile profile)
{
    static const pecs_attachment terrain = { "terrain", "hills", 5 };
    const pecs_stream_options options = { .skip_sync = true,
                                          .profile = profile,
                                          .session_nonce = 5,
                                          .tick = 9,
                                          .attachments = &terrain,
                                          .attachment_count = 1 };
    const pecs_stream_reader_options wide = { .max_held_bytes = 1 << 30 };
    pecs_stream *stream;
    pecs_stream_reader *reader;
    pecs_rows rows;
    save_as(made, "whole", &(pecs_save_options){ .skip_sync = true });
    must(pecs_stream_create(registry, path, &options, &stream, &error) == PECS_OK);
    must(pecs_stream_reader_open(registry, "whole", &wide, &reader, &error) == PECS_OK);
    for (;;) {
        cr_assert_eq(pecs_stream_reader_next(reader, &rows, &error), PECS_OK, "%s", error.message);
        if (!rows.row_count)
            break;
        rows.entities = NULL; /* in another order: references lead to others, which does not matter here */
        cr_assert_eq(pecs_stream_add(stream, &rows, NULL, &error), PECS_OK, "%s", error.message);
    }
    pecs_stream_reader_close(reader);
    const Health health = { 3, 4 };
    must(pecs_stream_set_singleton(stream, &(pecs_value){ Health_component, sizeof(health), &health }, &error) ==
         PECS_OK);
    must(pecs_stream_set_meta_text(stream, "title", "seven", &error) == PECS_OK);
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK, "%s", error.message);
    pecs_stream_destroy(stream);
}

static bool same_text(pecs_view a, pecs_string x, pecs_view b, pecs_string y)
{
    return strcmp(pecs_view_string(a, x, NULL), pecs_view_string(b, y, NULL)) == 0;
}

/* What an entity of the salvaged world has is what it had, but for references, which may be none. */
static void expect_same_entity(pecs_view was, pecs_view is, pecs_entity entity)
{
    must(pecs_view_alive(was, entity));
    const Position *p = pecs_get(was, entity, Position), *q = pecs_get(is, entity, Position);
    must(!p == !q && (!p || memcmp(p, q, sizeof(*p)) == 0));
    const Link *x = pecs_get(was, entity, Link), *y = pecs_get(is, entity, Link);
    must(!x == !y && (!x || x->weight == y->weight));
    if (x && y->target.generation)
        must(y->target.index == x->target.index && y->target.generation == x->target.generation);
    const Name *n = pecs_get(was, entity, Name), *m = pecs_get(is, entity, Name);
    must(!n == !m && (!n || (n->number == m->number && same_text(was, n->text, is, m->text))));
    const Bag *b = pecs_get(was, entity, Bag), *c = pecs_get(is, entity, Bag);
    must(!b == !c && (!b || same_text(was, b->labels[0], is, c->labels[0])));
    size_t had, has;
    if (!b)
        return;
    (void)pecs_view_list(was, b->friends, pecs_entity, &had);
    (void)pecs_view_list(is, c->friends, pecs_entity, &has);
    must(had == has);
}

/* Salvages the bytes, checks what was saved, and returns how many entities that were; UINT64_MAX: nothing is left. */
static uint64_t salvage_bytes(const pecs_snapshot *original, const void *bytes, size_t size,
                              pecs_salvage_report *report)
{
    pecs_snapshot *loaded = NULL;
    uint64_t count = 0;
    const pecs_salvage_options options = { .skip_sync = true, .allocator = &counting_hooks };
    write_bytes("broken", bytes, size);
    const pecs_status status = pecs_salvage("broken", "saved", &options, report, &error);
    if (status) {
        cr_assert_eq(status, PECS_E_CORRUPT, "%s", error.message);
        return UINT64_MAX;
    }
    cr_assert_eq(pecs_snapshot_load(registry, "saved", NULL, &loaded, &error), PECS_OK, "%s", error.message);
    const pecs_view was = pecs_snapshot_view(original), is = pecs_snapshot_view(loaded);
    pecs_summary summary;
    pecs_view_summary(is, &summary);
    for (uint32_t slot = 0; slot < summary.slot_count; slot++) {
        const pecs_entity entity = pecs_view_slot(is, slot);
        if (!pecs_view_alive(is, entity))
            continue;
        expect_same_entity(was, is, entity);
        count++;
    }
    must(count == report->entity_count && count == summary.entity_count);
    if (report->has_commit)
        cr_assert_eq(count + report->lost_entity_count, TOTAL, "%llu %llu", (unsigned long long)count,
                     (unsigned long long)report->lost_entity_count);
    pecs_snapshot_release(loaded);
    return count;
}

enum { KINDS = 5 };

/* Each kind of file there is; returns the world that is in it. */
static pecs_snapshot *make_file(int kind)
{
    pecs_snapshot *made = make_original(), *loaded;
    switch (kind) {
    case 0:
    case 1:
    case 2: {
        const pecs_save_options options = profile_options((pecs_profile)kind, 2);
        save_as(made, "file", &options);
        return made;
    }
    default:
        stream_world(made, "file", kind == 3 ? PECS_PROFILE_OFF : PECS_PROFILE_SMALL);
        pecs_snapshot_release(made);
        must(pecs_snapshot_load(registry, "file", NULL, &loaded, &error) == PECS_OK);
        return loaded;
    }
}

static void for_each_kind(void (*check)(const pecs_snapshot *original, struct file_bytes *file, int kind))
{
    for (int kind = 0; kind < KINDS; kind++) {
        pecs_snapshot *original = make_file(kind);
        struct file_bytes file = read_bytes("file");
        check(original, &file, kind);
        free(file.bytes);
        pecs_snapshot_release(original);
    }
}

static void check_whole(const pecs_snapshot *original, struct file_bytes *file, int kind)
{
    pecs_salvage_report report;
    pecs_snapshot *saved;
    cr_assert_eq(salvage_bytes(original, file->bytes, file->size, &report), TOTAL, "kind %d", kind);
    must(!report.lost_bytes && !report.lost_entity_count && !report.cleared_reference_count && report.has_commit);
    must(pecs_snapshot_load(registry, "saved", NULL, &saved, &error) == PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(saved)), pecs_view_hash(pecs_snapshot_view(original)), "kind %d",
                 kind);
    pecs_snapshot_release(saved);
}

Test(salvage, of_a_whole_file_is_the_same_world)
{
    for_each_kind(check_whole);
}

/* A byte of each part of the file, one after another. */
static void check_flipped(const pecs_snapshot *original, struct file_bytes *file, int kind)
{
    enum { STEPS = 14 };
    uint64_t most = 0, least = UINT64_MAX;
    for (size_t i = 0; i < STEPS; i++) {
        pecs_salvage_report report;
        const size_t at = file->size / STEPS * i + number_for(i) % (file->size / STEPS);
        file->bytes[at] ^= 0x10;
        const uint64_t left = salvage_bytes(original, file->bytes, file->size, &report);
        file->bytes[at] ^= 0x10;
        cr_assert_neq(left, UINT64_MAX, "kind %d, byte %zu: %s", kind, at, error.message);
        most = max_u64(most, left);
        least = min_u64(least, left);
    }
    cr_assert_gt(least, 0, "kind %d", kind);
    cr_assert_gt(most, TOTAL / 2, "kind %d", kind);
}

Test(salvage, loses_what_lies_in_a_damaged_piece)
{
    for_each_kind(check_flipped);
}

static void check_cut(const pecs_snapshot *original, struct file_bytes *file, int kind)
{
    uint64_t before = 0;
    for (size_t i = 1; i <= 12; i++) {
        pecs_salvage_report report;
        const uint64_t left = salvage_bytes(original, file->bytes, file->size / 12 * i - 1, &report);
        if (left == UINT64_MAX)
            continue;
        must(!report.has_commit && left >= before);
        before = left;
    }
    if (kind >= 3) /* a stream has all of its rows in segments before the last bytes */
        cr_assert_gt(before, TOTAL / 2, "kind %d", kind);
}

Test(salvage, of_a_cut_file_has_the_segments_before)
{
    for_each_kind(check_cut);
}

/* Without header or footer, the rest of the file is enough. */
static void check_ends(const pecs_snapshot *original, struct file_bytes *file, int kind)
{
    pecs_salvage_report report;
    uint8_t header[64], footer[64];
    memcpy(header, file->bytes, sizeof(header));
    memcpy(footer, file->bytes + file->size - 64, sizeof(footer));
    memset(file->bytes, 0xa5, sizeof(header));
    cr_assert_eq(salvage_bytes(original, file->bytes, file->size, &report), TOTAL, "kind %d", kind);
    must(!report.has_header && report.has_commit);
    memcpy(file->bytes, header, sizeof(header));
    memset(file->bytes + file->size - 64, 0xa5, sizeof(footer));
    cr_assert_eq(salvage_bytes(original, file->bytes, file->size, &report), TOTAL, "kind %d", kind);
    must(report.has_header && !report.has_commit && !report.lost_bytes);
    memset(file->bytes, 0xa5, sizeof(header));
    (void)salvage_bytes(original, file->bytes, file->size, &report);
}

Test(salvage, needs_neither_header_nor_footer)
{
    for_each_kind(check_ends);
}

Test(salvage, leaves_the_first_file_and_refuses_what_is_none)
{
    pecs_salvage_report report;
    static const char text[] =
        "this is no PECS file, however long it may be; it has more than 128 bytes, since it goes "
        "on and on, about nothing at all, until it ends.";
    write_bytes("text", text, sizeof(text));
    cr_assert_eq(pecs_salvage("text", "saved", NULL, &report, &error), PECS_E_CORRUPT);
    cr_assert_eq(pecs_salvage("none", "saved", NULL, NULL, &error), PECS_E_IO);
    write_bytes("empty", "", 0);
    cr_assert_eq(pecs_salvage("empty", "saved", NULL, NULL, &error), PECS_E_CORRUPT);
    cr_assert_eq(file_count(), 2);
}

/* What may be all that a user has is not replaced, whatever is left of it and however the path names it. */
Test(salvage, in_place)
{
    static const char *const names[] = { "broken", "./broken", "symbolic", "hard" };
    pecs_snapshot *original = make_file(0);
    pecs_salvage_report report;
    pecs_snapshot *loaded;
    struct file_bytes file = read_bytes("file");
    file.bytes[0] ^= 1; /* of the header: all is left */
    write_bytes("broken", file.bytes, file.size);
    must(symlink("broken", "symbolic") == 0 && link("broken", "hard") == 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cr_assert_eq(pecs_salvage("broken", names[i], NULL, &report, &error), PECS_E_MISUSE);
        cr_assert_str_eq(error.message, "the new file would replace the damaged one: give another path");
        const struct file_bytes left = read_bytes("broken");
        cr_assert(left.size == file.size && memcmp(left.bytes, file.bytes, left.size) == 0);
        free(left.bytes);
    }
    cr_assert_eq(pecs_salvage("broken", "saved", NULL, &report, &error), PECS_OK, "%s", error.message);
    must(pecs_snapshot_load(registry, "saved", NULL, &loaded, &error) == PECS_OK);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), pecs_view_hash(pecs_snapshot_view(original)));
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(original);
    free(file.bytes);
}

Test(salvage, of_an_empty_world_is_one)
{
    pecs_salvage_report report;
    pecs_world *world;
    must(pecs_world_create(registry, NULL, NULL, &world, NULL) == PECS_OK);
    must(pecs_world_save(world, "empty", &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK);
    pecs_world_destroy(world);
    cr_assert_eq(pecs_salvage("empty", "saved", NULL, &report, &error), PECS_OK, "%s", error.message);
    must(report.entity_count == 0 && report.has_commit);
}

/* A name without bytes is nothing to save. */
Test(salvage, of_an_empty_attachment)
{
    pecs_salvage_report report;
    pecs_world *world;
    must(pecs_world_create(registry, NULL, NULL, &world, NULL) == PECS_OK);
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS(Frozen) }, 1, 5, NULL) == PECS_OK);
    must(pecs_world_attach(world, "void", PECS_BYTES("", 0)) == PECS_OK);
    must(pecs_world_save(world, "file", &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK);
    pecs_world_destroy(world);
    struct file_bytes file = read_bytes("file");
    file.bytes[FORMAT_PAGE] ^= 1;
    write_bytes("broken", file.bytes, file.size);
    free(file.bytes);
    cr_assert_eq(pecs_salvage("broken", "saved", NULL, &report, &error), PECS_E_CORRUPT);
    must(report.entity_count == 0 && access("saved", F_OK) == -1);
}

/* A byte of each piece that has handles: what the world itself has is left, and all of it but what is damaged, too. */
Test(salvage, of_what_the_world_itself_has)
{
    enum { ROWS = 600000 };
    static Position positions[ROWS];
    const pecs_value value = PECS_ROWS(Position, positions);
    pecs_salvage_report report;
    pecs_snapshot *loaded;
    pecs_attachment found;
    pecs_world *world;
    must(pecs_world_create(registry, NULL, NULL, &world, NULL) == PECS_OK);
    must(pecs_world_spawn(world, &value, 1, ROWS, NULL) == PECS_OK);
    must(pecs_set_singleton(world, Health, { 3, 4 }) == PECS_OK);
    must(pecs_world_attach(world, "terrain", PECS_BYTES("hills", 5)) == PECS_OK);
    must(pecs_world_save(world, "file", &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK);
    pecs_world_destroy(world);
    struct file_bytes file = read_bytes("file");
    for (uint64_t at = FORMAT_PIECE / 2; at < ROWS * sizeof(pecs_entity) + FORMAT_PIECE; at += FORMAT_PIECE)
        file.bytes[at] ^= 1;
    write_bytes("broken", file.bytes, file.size);
    cr_assert_eq(pecs_salvage("broken", "saved", NULL, &report, &error), PECS_OK, "%s", error.message);
    must(report.entity_count == 0 && report.lost_entity_count == ROWS);
    must(report.lost_singleton_count == 0 && report.lost_attachment_count == 0);
    must(pecs_snapshot_load(registry, "saved", NULL, &loaded, &error) == PECS_OK);
    const pecs_view view = pecs_snapshot_view(loaded);
    must(pecs_get_singleton(view, Health)->current == 3);
    must(pecs_view_attachment(view, "terrain", &found) == PECS_OK && memcmp(found.data, "hills", 5) == 0);
    pecs_snapshot_release(loaded);
    for (uint64_t at = FORMAT_PIECE / 2; at + FORMAT_PIECE < file.size; at += FORMAT_PIECE)
        file.bytes[at] ^= 2; /* the piece with the singleton, too */
    write_bytes("broken", file.bytes, file.size);
    free(file.bytes);
    cr_assert_eq(pecs_salvage("broken", "saved", NULL, &report, &error), PECS_OK, "%s", error.message);
    must(report.lost_singleton_count == 1 && report.lost_attachment_count == 0);
}

/* Of each segment of a stream, also of the one that has what belongs to the world itself. */
Test(salvage, of_lost_prologues)
{
    static const uint8_t magic[4] = { 'P', 'S', 'E', 'G' };
    pecs_snapshot *original = make_original();
    for (int profile = PECS_PROFILE_OFF; profile <= PECS_PROFILE_SMALL; profile++) {
        stream_world(original, "stream", (pecs_profile)profile);
        struct file_bytes file = read_bytes("stream");
        unsigned segment_count = 0, without_singleton_count = 0;
        for (uint8_t *at = file.bytes; (at = memmem(at, file.size - (size_t)(at - file.bytes), magic, 4)) != NULL;
             at += 4) {
            pecs_salvage_report report;
            pecs_snapshot *loaded;
            if ((at - file.bytes) % FORMAT_ALIGN) /* the type of another record */
                continue;
            at[offsetof(struct segment_header, table_count)] ^= 1;
            write_bytes("broken", file.bytes, file.size);
            at[offsetof(struct segment_header, table_count)] ^= 1;
            cr_assert_eq(pecs_salvage("broken", "saved", NULL, &report, &error), PECS_OK, "%s", error.message);
            cr_assert_eq(pecs_snapshot_load(registry, "saved", NULL, &loaded, &error), PECS_OK, "%s", error.message);
            const pecs_view view = pecs_snapshot_view(loaded);
            const bool has_singleton = pecs_get_singleton(view, Health) != NULL;
            cr_assert_eq(report.entity_count + report.lost_entity_count, TOTAL);
            cr_assert_eq(report.lost_singleton_count, !has_singleton);
            segment_count++;
            without_singleton_count += !has_singleton;
            pecs_snapshot_release(loaded);
        }
        cr_assert(segment_count > 1 && without_singleton_count == 1, "%u, %u", segment_count, without_singleton_count);
        free(file.bytes);
    }
    pecs_snapshot_release(original);
}
