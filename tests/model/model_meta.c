/* Metadata and attachments in the model test: a few keys and names, set and removed. */
#include "model.h"

#include <string.h>

static void random_text(struct random *random, uint8_t *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (uint8_t)('a' + random_below(random, 26));
}

void op_meta_set(struct model *model, struct test_world *world)
{
    const size_t place = random_below(&model->random, NAIVE_META_COUNT);
    struct naive_meta meta = { .is_there = !random_once_in(&model->random, 3),
                               .size_bytes = random_below(&model->random, NAIVE_META_BYTES) };
    pecs_status status;
    meta.kind = random_once_in(&model->random, 2) ? PECS_META_TEXT : PECS_META_BYTES;
    if (!meta.is_there) {
        status = pecs_world_remove_meta(world->world, naive_meta_keys[place]);
    } else if (meta.kind == PECS_META_TEXT) {
        random_text(&model->random, meta.bytes, meta.size_bytes); /* a zero follows */
        status = pecs_world_set_meta_text(world->world, naive_meta_keys[place], (const char *)meta.bytes);
    } else {
        for (size_t i = 0; i < meta.size_bytes; i++)
            meta.bytes[i] = (uint8_t)random_next(&model->random);
        status = pecs_world_set_meta_bytes(world->world, naive_meta_keys[place], meta.bytes, meta.size_bytes);
    }
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "setting metadata");
    if (meta.is_there || world->naive->metadata[place].is_there)
        naive_open_tick(world->naive);
    world->naive->metadata[place] = meta;
    model->in_doubt |= world->naive->alive_count < 64;
    model_count(model, meta.is_there ? "metadata: set" : "metadata: removed");
}

void op_attach(struct model *model, struct test_world *world)
{
    const size_t place = random_below(&model->random, NAIVE_ATTACHMENT_COUNT);
    const char *name = naive_attachment_names[place];
    struct naive_meta made = { .is_there = !random_once_in(&model->random, 3), .kind = PECS_META_BYTES };
    struct naive_meta *had = &world->naive->attachments[place];
    made.size_bytes = made.is_there ? random_below(&model->random, NAIVE_META_BYTES) : 0;
    for (size_t i = 0; i < made.size_bytes; i++)
        made.bytes[i] = (uint8_t)random_next(&model->random);
    const pecs_status status = made.is_there
                                   ? pecs_world_attach(world->world, name, PECS_BYTES(made.bytes, made.size_bytes))
                                   : pecs_world_detach(world->world, name);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, made.is_there ? "pecs_world_attach" : "pecs_world_detach");
    if (made.is_there || had->is_there)
        naive_open_tick(world->naive);
    *had = made;
    model->in_doubt |= world->naive->alive_count < 64;
    model_count(model, made.is_there ? "attachment: set" : "attachment: removed");
}

void op_meta_refused(struct model *model, struct test_world *world)
{
    pecs_world *to = world->world;
    const struct {
        pecs_status got, wanted;
    } calls[] = {
        { pecs_world_set_meta_text(to, "pecs.application", "x"), PECS_E_MISUSE },
        { pecs_world_set_meta_text(to, "", "x"), PECS_E_MISUSE },
        { pecs_world_set_meta_text(to, "a\nb", "x"), PECS_E_MISUSE },
        { pecs_world_set_meta_text(to, naive_meta_keys[0], "\xff"), PECS_E_MISUSE },
        { pecs_world_set_meta_bytes(to, naive_meta_keys[0], "", (size_t)16 << 20), PECS_E_LIMIT },
        { pecs_world_remove_meta(to, "pecs.x"), PECS_E_MISUSE },
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        model_expect(model, calls[i].got, calls[i].wanted, "metadata that cannot be set");
    model->in_doubt |= world->naive->alive_count < 64;
}
