#include "json_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint32_t plan_find(const struct plan_names *names, const char *name)
{
    uint32_t low = 0, high = names->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = plan_compare_names(name, names->names[middle].name);
        if (order == 0)
            return names->names[middle].number;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return PLAN_NO_NAME;
}

static int plan_compare(const void *a, const void *b)
{
    return strcmp(((const struct plan_name *)a)->name, ((const struct plan_name *)b)->name);
}

bool plan_make_names(struct plan_names *ret_names, const void *names, size_t stride, uint32_t count)
{
    ret_names->count = 0;
    ret_names->names = malloc(((size_t)count + 1) * sizeof(*ret_names->names));
    if (!ret_names->names)
        return false;
    for (uint32_t i = 0; names && i < count; i++) {
        const char *const name = *(const char *const *)(const void *)((const uint8_t *)names + i * stride);
        if (name)
            ret_names->names[ret_names->count++] = (struct plan_name){ name, i };
    }
    qsort(ret_names->names, ret_names->count, sizeof(*ret_names->names), plan_compare);
    return true;
}

static bool plan_make_field(struct plan_field *plan, const pecs_field *field, const pecs_history *history)
{
    assert(field); /* a type with fields has a list of them */
    const pecs_kind kind = field->kind == PECS_LIST ? field->element : field->kind;
    plan->field = field;
    plan->history = history;
    plan->elements = elements_of(field);
    if (field->kind == PECS_LIST)
        plan->element = list_element_of(field);
    return kind != PECS_ENUM ||
           plan_make_names(&plan->values, field->enum_names, sizeof(*field->enum_names), field->enum_count);
}

static const void *plan_defaults(const pecs_type *type, const pecs_history *history)
{
    for (size_t i = 0; history && i < history->type_count; i++)
        if (history->types[i].type == type)
            return history->types[i].defaults;
    return NULL;
}

struct plan *plan_create(const pecs_type *type, const pecs_history *history)
{
    struct plan *plan = calloc(1, sizeof(*plan));
    if (!plan)
        return NULL;
    plan->type = type;
    plan->defaults = plan_defaults(type, history);
    plan->fields = calloc((size_t)type->field_count + 1, sizeof(*plan->fields));
    bool is_made = plan->fields && plan_make_names(&plan->names, type->fields ? &type->fields->name : NULL,
                                                   sizeof(*type->fields), type->field_count);
    for (uint32_t i = 0; is_made && i < type->field_count; i++)
        is_made = plan_make_field(&plan->fields[i], &type->fields[i], history);
    if (is_made)
        return plan;
    plan_destroy(plan);
    return NULL;
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; plan->fields && i < plan->type->field_count; i++) {
        plan_destroy(plan->fields[i].nested);
        free(plan->fields[i].values.names);
    }
    free(plan->fields);
    free(plan->names.names);
    free(plan);
}

struct plan *plan_nested(struct plan_field *field)
{
    if (!field->nested)
        field->nested = plan_create(field->field->nested, field->history);
    return field->nested;
}
