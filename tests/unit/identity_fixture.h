/* For tests of stable ids: the id of an entity, the entity of an id, and ids that are made from a number. */
#ifndef IDENTITY_FIXTURE_H
#define IDENTITY_FIXTURE_H

#include "file_fixture.h"
#include "identity.h"

static inline bool same_id(pecs_id a, pecs_id b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static inline pecs_id id_of(pecs_view view, pecs_entity entity)
{
    pecs_id id;
    must(pecs_view_id(view, entity, &id) == PECS_OK);
    return id;
}

/* none: no entity has it. */
static inline pecs_entity find(pecs_view view, pecs_id id)
{
    pecs_entity entity = { 77, 77 };
    const pecs_status status = pecs_view_find(view, id, &entity);
    must(status == PECS_OK || (status == PECS_E_ABSENT && same(entity, (pecs_entity){ 77, 77 })));
    return status ? none : entity;
}

/* An id of no particular form. */
static inline pecs_id made_id(uint64_t number)
{
    const uint64_t halves[2] = { mix_u64(number + 1), mix_u64(~number) };
    pecs_id id;
    memcpy(id.bytes, halves, sizeof(id.bytes));
    id.bytes[6] = (uint8_t)(id.bytes[6] & 0x7f); /* of version 0 to 7: no birth id */
    return id;
}

static inline pecs_world *plain_world(pecs_registry *registry)
{
    return world_of(registry, NULL, 0);
}

static inline pecs_id birth_id(uint64_t nonce, pecs_entity entity)
{
    return identity_make(identity_prefix(nonce), entity);
}

#endif
