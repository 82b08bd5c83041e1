/*
 * A loss without consent does not end the migration: it goes on as if there were consent, so that one attempt finds all
 * of them, and its result is thrown away.
 */
#include "migrate_refuse.h"

#include "error.h"
#include "table.h"
#include "type_check.h"

#include <stdio.h>

/* The first of the refused losses, and what the others are. */
struct refusal {
    const struct migrate_version *version; /* NULL: none */
    const struct map_loss *loss;           /* NULL: it is the version's whole value */
    const struct loss_tally *tally;
    uint32_t kinds[2]; /* pecs_loss that occur: at least once, several times */
};

pecs_entity migrate_entity(const struct pecs_snapshot *state, uint64_t place)
{
    const struct table *table = state_table(state, (uint32_t)(place >> 32));
    pecs_entity entity = { 0, 0 };
    if (!table->archetype->is_singleton)
        memcpy(&entity, table_value(table, HANDLE_COLUMN, place & UINT32_MAX), sizeof(entity));
    return entity;
}

pecs_status migrate_fail_value(const struct pecs_snapshot *state, const struct migrate_version *version, uint64_t place,
                               pecs_status status, const char *why, pecs_error *error)
{
    const pecs_type *type = version->component->type;
    const pecs_entity entity = migrate_entity(state, place);
    return state_table(state, (uint32_t)(place >> 32))->archetype->is_singleton
               ? fail(error, status, "migration of '%.*s' from version %u: singleton: %s", NAME_SHOWN, type->name,
                      type->version, why)
               : fail(error, status, "migration of '%.*s' from version %u: entity %u:%u: %s", NAME_SHOWN, type->name,
                      type->version, entity.index, entity.generation, why);
}

bool migrate_is_refused(const struct migrate_version *version, pecs_loss kind, const struct loss_tally *tally)
{
    return tally->count && !(version->losses & (uint32_t)kind);
}

/* Counts a refused loss; 1, or 0 if it is accepted. */
static uint32_t refusal_add(struct refusal *refusal, const struct migrate_version *version, const struct map_loss *loss,
                            const struct loss_tally *tally)
{
    const pecs_loss kind = loss ? loss->kind : PECS_LOSS_VERSION;
    if (!migrate_is_refused(version, kind, tally))
        return 0;
    refusal->kinds[1] |= refusal->kinds[0] & (uint32_t)kind;
    refusal->kinds[0] |= (uint32_t)kind;
    if (!refusal->version || tally->first_row < refusal->tally->first_row) {
        refusal->version = version;
        refusal->loss = loss;
        refusal->tally = tally;
    }
    return 1;
}

/* "; 11 more losses need PECS_LOSS_FIELD, PECS_LOSS_NUMBER"; "" if there is one loss alone. */
static void refusal_write_others(const struct refusal *refusal, uint32_t count, char *text, size_t size)
{
    const uint32_t first = refusal->loss ? (uint32_t)refusal->loss->kind : PECS_LOSS_VERSION;
    const uint32_t kinds = (refusal->kinds[0] & ~first) | (refusal->kinds[1] & first);
    const char *separator = " ", *name, *words;
    *text = 0;
    if (count < 2)
        return;
    size_t used = (size_t)snprintf(text, size, "; %u more loss%s", count - 1, count == 2 ? " needs" : "es need");
    for (uint32_t kind = 1; kind < PECS_LOSS_ALL; kind <<= 1) {
        if (!(kinds & kind))
            continue;
        map_loss_describe((pecs_loss)kind, &name, &words);
        used += (size_t)snprintf(text + used, size - used, "%sPECS_LOSS_%s", separator, name);
        separator = ", ";
    }
}

pecs_status migrate_refuse(struct migrate_plan *plan, const struct pecs_snapshot *state, pecs_error *error)
{
    enum { FIELD_SHOWN = 160 };
    struct refusal refusal = { .version = NULL };
    char others[160], why[MAP_PATH_BYTES + 320];
    const char *name, *words;
    for (uint32_t i = 0; i < plan->version_count; i++) {
        const struct migrate_version *version = &plan->versions[i];
        for (size_t k = 0; k < version->map.loss_count; k++)
            plan->refused_count += refusal_add(&refusal, version, &version->map.losses[k], &version->tallies[k]);
        plan->refused_count += refusal_add(&refusal, version, NULL, &version->superseded);
    }
    if (!refusal.version)
        return PECS_OK;
    refusal_write_others(&refusal, plan->refused_count, others, sizeof(others));
    map_loss_describe(refusal.loss ? refusal.loss->kind : PECS_LOSS_VERSION, &name, &words);
    if (refusal.loss)
        (void)snprintf(why, sizeof(why), "field '%.*s' %s, which needs the consent PECS_LOSS_%s%s", FIELD_SHOWN,
                       refusal.loss->field, words, name, others);
    else
        (void)snprintf(why, sizeof(why), "it has the component %s; to lose this one needs the consent PECS_LOSS_%s%s",
                       words, name, others);
    return migrate_fail_value(state, refusal.version, refusal.tally->first_row,
                              refusal.loss ? PECS_E_LAYOUT : PECS_E_CONFLICT, why, error);
}
