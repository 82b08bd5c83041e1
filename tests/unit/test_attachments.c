/* Attachments: what pecs/attachments.h promises of names, bytes, snapshots and files. */
#define _GNU_SOURCE
#include "format_breaking.h"

static pecs_registry *registry;
static pecs_world *world;

static void begin(void)
{
    const pecs_registry_desc desc = { .type_count = 0 };
    enter_folder();
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
}

static void end(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    leave_folder();
}

TestSuite(attachments_of_worlds, .init = begin, .fini = end);

static pecs_attachment get(pecs_view view, const char *name)
{
    pecs_attachment attachment = { NULL, NULL, 0 };
    cr_assert_eq(pecs_view_attachment(view, name, &attachment), PECS_OK, "%s", name);
    cr_assert_str_eq(attachment.name, name);
    return attachment;
}

static void assert_bytes(pecs_view view, const char *name, const void *bytes, size_t size)
{
    const pecs_attachment attachment = get(view, name);
    cr_assert_eq(attachment.size_bytes, size, "%s has %zu bytes", name, attachment.size_bytes);
    cr_assert(!size || memcmp(attachment.data, bytes, size) == 0, "%s", name);
    cr_assert_eq((uintptr_t)attachment.data % 8, 0);
}

Test(attachments_of_worlds, are_set_replaced_and_removed)
{
    const pecs_view view = pecs_world_view(world);
    pecs_attachment at;
    cr_assert_eq(pecs_view_attachment_count(view), 0);
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES("north", 5)), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "a", PECS_BYTES("1", 1)), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "empty", NULL), PECS_OK);
    assert_bytes(view, "map", "north", 5);
    assert_bytes(view, "empty", NULL, 0);
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES("south and east", 14)), PECS_OK);
    assert_bytes(view, "map", "south and east", 14);
    cr_assert_eq(pecs_view_attachment_count(view), 3);
    static const char *const names[] = { "a", "empty", "map" };
    for (size_t i = 0; i < 3; i++) {
        cr_assert(pecs_view_attachment_at(view, i, &at));
        cr_assert_str_eq(at.name, names[i]);
    }
    cr_assert_not(pecs_view_attachment_at(view, 3, &at));
    cr_assert_eq(pecs_world_detach(world, "empty"), PECS_OK);
    cr_assert_eq(pecs_world_detach(world, "empty"), PECS_OK);
    cr_assert_eq(pecs_view_attachment(view, "empty", &at), PECS_E_ABSENT);
    cr_assert_eq(pecs_view_attachment_count(view), 2);
}

Test(attachments_of_worlds, refuse_names_and_bytes)
{
    static const char *const names[] = { "", "pecs.map", "a\nb", "\xff", NULL };
    char longest[257];
    memset(longest, 'x', 256);
    longest[256] = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cr_assert_eq(pecs_world_attach(world, names[i], NULL), PECS_E_MISUSE);
        cr_assert(strstr(pecs_world_error(world)->message, "name of the attachment"));
        cr_assert_eq(pecs_world_detach(world, names[i]), PECS_E_MISUSE);
    }
    cr_assert_eq(pecs_world_attach(world, longest, NULL), PECS_E_MISUSE);
    longest[255] = 0;
    cr_assert_eq(pecs_world_attach(world, longest, NULL), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES(NULL, 3)), PECS_E_MISUSE);
    cr_assert(strstr(pecs_world_error(world)->message, "no data"));
    cr_assert_eq(pecs_view_attachment_count(pecs_world_view(world)), 1);
}

/* A copy of an attachment of the world itself, also in place of it. */
Test(attachments_of_worlds, may_be_given_from_the_world)
{
    enum { SIZE = 300000 };
    uint8_t *bytes = malloc(SIZE);
    memset(bytes, 7, SIZE);
    cr_assert_eq(pecs_world_attach(world, "a", PECS_BYTES(bytes, SIZE)), PECS_OK);
    const pecs_attachment a = get(pecs_world_view(world), "a");
    cr_assert_eq(pecs_world_attach(world, "b", PECS_BYTES(a.data, a.size_bytes)), PECS_OK);
    const pecs_attachment b = get(pecs_world_view(world), "b");
    cr_assert_eq(pecs_world_attach(world, "b", PECS_BYTES((const uint8_t *)b.data + 1, 100)), PECS_OK);
    assert_bytes(pecs_world_view(world), "a", bytes, SIZE);
    assert_bytes(pecs_world_view(world), "b", bytes, 100);
    free(bytes);
}

Test(attachments_of_worlds, belong_to_their_snapshot)
{
    pecs_snapshot *before;
    pecs_world *fork;
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES("north", 5)), PECS_OK);
    cr_assert_eq(pecs_snapshot_take(world, &before), PECS_OK);
    const uint64_t hash = pecs_view_hash(pecs_world_view(world));
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES("south", 5)), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "more", PECS_BYTES("x", 1)), PECS_OK);
    cr_assert_neq(pecs_view_hash(pecs_world_view(world)), hash);
    assert_bytes(pecs_snapshot_view(before), "map", "north", 5);
    cr_assert_eq(pecs_view_attachment_count(pecs_snapshot_view(before)), 1);
    cr_assert_eq(pecs_world_create(registry, before, NULL, &fork, NULL), PECS_OK);
    cr_assert_eq(pecs_world_attach(fork, "map", PECS_BYTES("west", 4)), PECS_OK);
    assert_bytes(pecs_world_view(world), "map", "south", 5);
    assert_bytes(pecs_world_view(fork), "map", "west", 4);
    cr_assert_eq(pecs_world_restore(world, before), PECS_OK);
    assert_bytes(pecs_world_view(world), "map", "north", 5);
    cr_assert_eq(pecs_view_hash(pecs_world_view(world)), hash);
    pecs_world_destroy(fork);
    pecs_snapshot_release(before);
}

/* Sizes around those where contents get an array of their own, and a size before the bytes. */
Test(attachments_of_worlds, come_back_from_files)
{
    static const size_t sizes[] = { 0, 1, 8, 65535, 65536, 262144, 262145, 0xfffffe, 0xffffff, 0x1000001 };
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    uint8_t *bytes = malloc(sizes[COUNT - 1]);
    for (size_t i = 0; i < sizes[COUNT - 1]; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    for (size_t i = 0; i < COUNT; i++) {
        const char name[] = { (char)('a' + i), 0 };
        cr_assert_eq(pecs_world_attach(world, name, PECS_BYTES(bytes, sizes[i])), PECS_OK);
    }
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_snapshot *opened[2];
    pecs_error error;
    cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", NULL, &opened[0], &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_snapshot_resume(registry, "world.pecs", NULL, &opened[1], &error), PECS_OK);
    for (size_t k = 0; k < 2; k++) {
        const pecs_view view = pecs_snapshot_view(opened[k]);
        cr_assert_eq(pecs_view_attachment_count(view), COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            const char name[] = { (char)('a' + i), 0 };
            assert_bytes(view, name, bytes, sizes[i]);
        }
        cr_assert_eq(pecs_view_hash(view), pecs_view_hash(pecs_world_view(world)));
    }
    cr_assert_eq(pecs_snapshot_verify(opened[1], NULL, NULL, &error), PECS_OK);
    for (size_t k = 0; k < 2; k++)
        pecs_snapshot_release(opened[k]);
    pecs_info *info;
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, &info, &error), PECS_OK);
    cr_assert_eq(info->attachment_count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert_eq(info->attachments[i].size_bytes, sizes[i]);
        cr_assert_null(info->attachments[i].data);
        cr_assert_eq(info->attachments[i].name[0], (char)('a' + i));
    }
    pecs_info_destroy(info);
    free(bytes);
}

/* Large ones stay where they are mapped, also when the heap moves and when the file is saved again. */
Test(attachments_of_worlds, are_not_copied)
{
    enum { SIZE = 4 * 1024 * 1024 };
    uint8_t *bytes = calloc(1, SIZE);
    pecs_snapshot *resumed;
    cr_assert_eq(pecs_world_attach(world, "map", PECS_BYTES(bytes, SIZE)), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_world_destroy(world);
    cr_assert_eq(pecs_snapshot_resume(registry, "world.pecs", NULL, &resumed, NULL), PECS_OK);
    cr_assert_eq(pecs_world_create(registry, resumed, NULL, &world, NULL), PECS_OK);
    const void *mapped = get(pecs_snapshot_view(resumed), "map").data;
    for (int i = 0; i < 40; i++) /* each is dead when the next one comes: the heap moves */
        cr_assert_eq(pecs_world_attach(world, "noise", PECS_BYTES(bytes, SIZE / 2)), PECS_OK);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(pecs_world_advance(world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_compact(world, NULL), PECS_OK);
    cr_assert_eq(get(pecs_world_view(world), "map").data, mapped);
    assert_bytes(pecs_world_view(world), "map", bytes, SIZE);
    assert_bytes(pecs_world_view(world), "noise", bytes, SIZE / 2);
    pecs_snapshot_release(resumed);
    free(bytes);
}

Test(attachments_of_worlds, count_with_the_metadata)
{
    enum { LARGE = 16 * 1024 * 1024 - 4096 - 64 };
    char *text = malloc(LARGE);
    memset(text, 'x', LARGE);
    cr_assert_eq(pecs_world_set_meta_bytes(world, "k", text, LARGE), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "a", PECS_BYTES("1", 1)), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "another", PECS_BYTES("1", 1)), PECS_E_LIMIT);
    cr_assert_eq(pecs_view_attachment_count(pecs_world_view(world)), 1);
    cr_assert_eq(pecs_world_set_meta_text(world, "m", "x"), PECS_E_LIMIT);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &(pecs_save_options){ .skip_sync = true }, NULL), PECS_OK);
    pecs_snapshot *loaded;
    cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", NULL, &loaded, NULL), PECS_OK);
    pecs_snapshot_release(loaded);
    cr_assert_eq(pecs_world_remove_meta(world, "k"), PECS_OK);
    cr_assert_eq(pecs_world_attach(world, "another", PECS_BYTES("1", 1)), PECS_OK);
    free(text);
}
