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

static uint8_t plan_small_letter(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* How many letters must be changed, added or left out to make one name of the other; case does not count. */
static uint32_t plan_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    uint32_t row[PLAN_NEAR_BYTES + 1]; /* from the first i bytes of a to the first j of b */
    for (uint32_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= a_size; i++) {
        uint32_t before = row[0]; /* of i - 1 and j - 1 */
        row[0] = i;
        for (uint32_t j = 1; j <= b_size; j++) {
            const uint32_t change = before + (plan_small_letter(a[i - 1]) != plan_small_letter(b[j - 1]));
            const uint32_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            before = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[b_size];
}

const char *plan_find_near(const struct plan_names *names, const char *name)
{
    const size_t size = strlen(name);
    const char *nearest = NULL;
    uint32_t most = (uint32_t)(size < PLAN_NEAR_BYTES ? size : PLAN_NEAR_BYTES) / 2;
    for (uint32_t i = 0; size <= PLAN_NEAR_BYTES && i < names->count; i++) {
        const size_t other = strlen(names->names[i].name);
        const uint32_t distance =
            other <= PLAN_NEAR_BYTES ? plan_distance(name, size, names->names[i].name, other) : UINT32_MAX;
        if (distance < most || (distance == most && !nearest)) {
            nearest = names->names[i].name;
            most = distance;
        }
    }
    return nearest;
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
