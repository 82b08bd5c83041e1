/* Checks the values of a view for users, and repairs invalid ones. */
#include "error.h"
#include "state_types.h"
#include "utf8.h"
#include "value_check.h"

struct view_check {
    struct value_check values;
    pecs_invalid_function each; /* or NULL */
    void *user;
    pecs_error *error;
    bool found;
};

/* Reports all invalid elements of one value. */
static pecs_status view_check_report_value(struct view_check *check, const struct table *table,
                                           pecs_component component, uint64_t row, const uint8_t *value)
{
    struct invalid_iter iter;
    struct invalid_place place;
    struct invalid_value wrong;
    invalid_iter_begin(&iter, &check->values, state_component(check->values.state, component), value);
    while (invalid_iter_next(&iter, &place)) {
        invalid_value_init(&wrong, check->values.state, table, row, component, &place);
        if (!check->found)
            fail_value(check->error, PECS_E_INVALID, 0, &wrong);
        check->found = true;
        if (!check->each)
            return PECS_E_INVALID;
        if (!check->each(check->user, &wrong.invalid))
            return fail(check->error, PECS_E_CANCELLED, "the check was cancelled");
    }
    return PECS_OK;
}

static pecs_status view_check_chunk(struct view_check *check, const struct table *table, pecs_component number,
                                    uint64_t chunk)
{
    const struct component *component = state_component(check->values.state, number);
    const uint8_t *values = table_chunk(table, archetype_column(table->archetype, number), chunk);
    const uint64_t first = chunk << table->archetype->chunk_shift, count = table_live_rows(table, chunk);
    pecs_status status = PECS_OK;
    for (uint64_t row = 0; !status && row < count; row++) {
        row += values_find_invalid(&check->values, component, values + row * component->size, count - row);
        if (row < count)
            status = view_check_report_value(check, table, number, first + row, values + row * component->size);
    }
    return status;
}

static pecs_status view_check_table(struct view_check *check, const struct table *table)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; i < table->archetype->component_count; i++) {
        const pecs_component number = table->archetype->components[i];
        const bool is_wanted = values_can_be_invalid(state_component(check->values.state, number));
        for (uint64_t chunk = 0; is_wanted && !status && chunk < table_chunk_count(table); chunk++)
            status = view_check_chunk(check, table, number, chunk);
    }
    return status;
}

pecs_status pecs_view_check(pecs_view view, pecs_invalid_function each, void *user, pecs_error *error)
{
    const struct pecs_snapshot *state = view_source(view)->state;
    struct view_check check = { .each = each, .user = user, .error = error };
    if (!view.source)
        return fail(error, PECS_E_MISUSE, "the view must not be NULL");
    if (value_check_init(&check.values, state))
        return fail_memory(error);
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < state->table_count; i++)
        status = view_check_table(&check, state_table(state, i));
    value_check_deinit(&check.values);
    return status || !check.found ? status : PECS_E_INVALID;
}

/* Length of the longest prefix that is UTF-8 without zero bytes. */
static size_t view_check_text_size(const char *text, size_t size_bytes)
{
    size_t size = 0;
    uint32_t code;
    for (unsigned step; size < size_bytes && text[size]; size += step) {
        step = utf8_step((const uint8_t *)text + size, size_bytes - size, &code);
        if (!step)
            break;
    }
    return size;
}

bool pecs_repair_invalid(void *user, const pecs_invalid *invalid, void *place)
{
    (void)user;
    if (!invalid || !place)
        return false;
    const size_t kept = invalid->kind == PECS_TEXT ? view_check_text_size(place, invalid->size) : 0;
    memset((uint8_t *)place + kept, 0, invalid->size - kept);
    if (invalid->kind == PECS_BOOL)
        *(uint8_t *)place = 1;
    return true;
}

bool pecs_text_copy(char *array, size_t size_bytes, const char *utf8)
{
    if (!array || !size_bytes || !utf8)
        return false;
    size_t length = 0; /* at most size_bytes: the text may be long */
    while (length < size_bytes && utf8[length])
        length++;
    size_t kept = view_check_text_size(utf8, length);
    const bool is_whole = kept < size_bytes && !utf8[kept];
    if (kept == size_bytes) /* remove one character to make room for the zero */
        for (kept--; kept && (utf8[kept] & 0xc0) == 0x80;)
            kept--;
    memmove(array, utf8, kept);
    memset(array + kept, 0, size_bytes - kept);
    return is_whole;
}
