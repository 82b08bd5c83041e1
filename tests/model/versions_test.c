/*
 * A world goes from program to program, each with other versions of the same types, and keeps what a naive model says.
 *
 * Every family of types has three forms: numbers, texts, lists, tags and values of up to 64 KiB, which are converted by
 * fields; one by functions, one by old names. A program picks a form of each family, or does not know it, so that its
 * values are kept. Between programs the world is edited; it changes hands by a resume, a load, a JSON document or a
 * conversion of the snapshot. Several threads convert, for the sanitizer of threads.
 *
 * usage: versions_test [programs [seed]]
 */
#include "model_random.h"
#include "versions_types.h"

#ifdef MODEL_HAS_JSON
#include "json_fixture.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void require(bool condition, const char *what, int line, const char *words)
{
    if (condition)
        return;
    fprintf(stderr, "versions_test: line %d: %s: %s\n", line, what, words);
    exit(1);
}
#define REQUIRE(condition) require(condition, #condition, __LINE__, "")

/* The model: of each entity, and of the world, which has the last place. */
struct model {
    pecs_entity entities[ENTITY_MAX];
    bool is_alive[ENTITY_MAX + 1];
    bool has[ENTITY_MAX + 1][FAMILY_COUNT];
    uint32_t x[ENTITY_MAX + 1][FAMILY_COUNT];
    pecs_id id[ENTITY_MAX]; /* explicit; or zeros */
    int form[FAMILY_COUNT]; /* of the values, whether the program knows them or not */
};

/* A program; its history must outlive its registry. */
struct program {
    int form[FAMILY_COUNT]; /* or UNKNOWN */
    const pecs_type *types[FAMILY_COUNT];
    pecs_type_history pasts[FAMILY_COUNT];
    pecs_migration migrations[FORM_COUNT];
    const pecs_type *coded_to;
    const char *old_names[FORM_COUNT];
    pecs_rename renames[FORM_COUNT];
    pecs_history history;
    pecs_registry *registry;
};

static uint32_t coded_read(const pecs_type *type, const void *values, size_t i)
{
    const Coded3 *halves = values;
    if (type == &Coded1_type)
        return ((const Coded1 *)values)[i].x;
    return type == &Coded2_type ? (uint32_t) ~((const Coded2 *)values)[i].inverse
                                : (uint32_t)halves[i].high << 16 | halves[i].low;
}

static void coded_write(const pecs_type *type, void *values, size_t i, uint32_t x)
{
    if (type == &Coded1_type)
        ((Coded1 *)values)[i].x = x;
    else if (type == &Coded2_type)
        ((Coded2 *)values)[i].inverse = ~(uint64_t)x;
    else
        ((Coded3 *)values)[i] = (Coded3){ (uint16_t)x, (uint16_t)(x >> 16) };
}

/* On several threads at once. */
static pecs_status convert_coded(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const pecs_migration *migration = user;
    (void)error;
    for (size_t i = 0; i < rows->count; i++)
        coded_write(migration->to[0], rows->to[0], i, coded_read(migration->from, rows->from, i));
    return PECS_OK;
}

static void describe_history(struct program *program)
{
    static const Flag2 flag2 = { LOST };
    static const Flag3 flag3 = { LOST };
    static const char *const fields[] = { "first", "second", "third" };
    static const int losing[] = { NUMBER, WIDE, LIST }; /* fields that some forms lack, and the end of an array */
    pecs_history *history = &program->history;
    const int flag = program->form[FLAG], coded = program->form[CODED], named = program->form[NAMED];
    size_t names = 0, migrations = 0;
    *history = (pecs_history){ .types = program->pasts, .migrations = program->migrations };
    if (flag != UNKNOWN)
        program->pasts[history->type_count++] = (pecs_type_history){ .type = forms[FLAG][flag],
                                                                     .defaults = flag == 0   ? NULL
                                                                                 : flag == 1 ? (const void *)&flag2
                                                                                             : (const void *)&flag3,
                                                                     .losses = PECS_LOSS_FIELD };
    for (size_t i = 0; i < sizeof(losing) / sizeof(losing[0]); i++)
        if (program->form[losing[i]] != UNKNOWN)
            program->pasts[history->type_count++] =
                (pecs_type_history){ .type = forms[losing[i]][program->form[losing[i]]],
                                     .losses = PECS_LOSS_FIELD | PECS_LOSS_LENGTH };
    for (int form = 0; named != UNKNOWN && form < FORM_COUNT; form++) {
        if (form == named)
            continue;
        program->old_names[names] = forms[NAMED][form]->name;
        program->renames[names++] = (pecs_rename){ fields[named], fields[form] };
    }
    if (named != UNKNOWN)
        program->pasts[history->type_count++] =
            (pecs_type_history){ forms[NAMED][named], program->old_names, names, program->renames, names, NULL, 0 };
    for (int form = 0; coded != UNKNOWN && form < FORM_COUNT; form++) {
        pecs_migration *migration = &program->migrations[migrations];
        program->coded_to = forms[CODED][coded];
        if (form != coded)
            program->migrations[migrations++] =
                (pecs_migration){ forms[CODED][form], &program->coded_to, 1, convert_coded, migration, false };
    }
    history->migration_count = migrations;
}

/* Types are listed from one of the families on, so that their numbers change, too. */
static struct program *make_program(const int *form, int first)
{
    struct program *program = calloc(1, sizeof(*program));
    pecs_error error = { .message = "" };
    size_t count = 0;
    REQUIRE(program != NULL);
    for (int i = 0; i < FAMILY_COUNT; i++) {
        const int family = (first + i) % FAMILY_COUNT;
        program->form[family] = form[family];
        if (form[family] != UNKNOWN)
            program->types[count++] = forms[family][form[family]];
    }
    describe_history(program);
    const pecs_registry_desc desc = { .types = program->types, .type_count = count, .history = &program->history };
    require(!pecs_registry_create(&desc, &program->registry, &error), "registry", __LINE__, error.message);
    return program;
}

static struct program *choose_program(struct random *random)
{
    int form[FAMILY_COUNT];
    for (int family = 0; family < FAMILY_COUNT; family++)
        form[family] = random_once_in(random, 8) ? UNKNOWN : (int)random_below(random, FORM_COUNT);
    return make_program(form, (int)random_below(random, FAMILY_COUNT));
}

static void free_program(struct program *program)
{
    pecs_registry_release(program->registry);
    free(program); /* nothing of its registry is left, though kept types came through it */
}

/* Values. */

static size_t write_text(uint32_t x, char *text, size_t capacity)
{
    return (size_t)snprintf(text, capacity, "%.*s%u", (int)(x % 5), "abcde", x);
}

static uint64_t element_of(uint32_t x, size_t i)
{
    return (uint64_t)x + i * 3;
}

/* Writes a value; what it gives of contents is in `scratch`, which has room for both. */
struct scratch {
    char text[64];
    union {
        uint32_t small[8];
        uint64_t large[8];
        double real[8];
    } list;
    pecs_bytes bytes;
    _Alignas(16) uint8_t value[VALUE_MAX];
};

static void write_list(int form, uint32_t x, struct scratch *scratch)
{
    static const size_t sizes[] = { 4, 8, 8 };
    pecs_list list;
    const size_t count = x % 8;
    for (size_t i = 0; i < count; i++)
        if (form == 0)
            scratch->list.small[i] = (uint32_t)element_of(x, i);
        else if (form == 1)
            scratch->list.large[i] = element_of(x, i);
        else
            scratch->list.real[i] = (double)element_of(x, i);
    scratch->bytes = (pecs_bytes){ &scratch->list, count * sizes[form] };
    list = pecs_list_of(&scratch->bytes);
    memcpy(scratch->value + (form == 2 ? offsetof(List3, x) : 0), &list, sizeof(list));
}

static void write_value(int family, int form, uint32_t x, struct scratch *scratch)
{
    const pecs_type *type = forms[family][form];
    const uint64_t wide = x;
    const double real = x;
    memset(scratch->value, 0, type->size);
    write_text(x, scratch->text, sizeof(scratch->text));
    if (family == TEXT && form == 1)
        memcpy(scratch->value, &(Text2){ pecs_string_of(scratch->text) }, sizeof(Text2));
    else if (family == TEXT)
        memcpy(scratch->value, scratch->text, strlen(scratch->text));
    else if (family == LIST)
        write_list(form, x, scratch);
    else if (family == CODED)
        coded_write(type, scratch->value, 0, x);
    else if (family == NUMBER && form == 2)
        memcpy(scratch->value, &real, sizeof(real));
    else if (type->size)
        memcpy(scratch->value + type->fields[type->field_count - 1].offset * (type != &Wide2_type), &wide,
               type->size == 4 || family == WIDE ? 4 : 8);
}

static bool is_list(pecs_view view, int form, pecs_list list, uint32_t x)
{
    static const uint32_t sizes[] = { 4, 8, 8 };
    size_t count;
    bool is_same = true;
    const uint8_t *bytes = pecs_heap_elements(pecs_view_heap(view), list, sizes[form], &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t found = 0;
        double real = 0;
        memcpy(form == 2 ? (void *)&real : (void *)&found, bytes + i * sizes[form], sizes[form]);
        is_same = is_same && (form == 2 ? (uint64_t)real : found) == element_of(x, i);
    }
    return is_same && count == x % 8;
}

static bool is_value(pecs_view view, int family, int form, const void *value, uint32_t x)
{
    struct scratch *expected = malloc(sizeof(*expected));
    bool is_same;
    REQUIRE(expected != NULL);
    write_value(family, form, x, expected);
    if (family == TEXT && form == 1) {
        const char *text = pecs_view_string(view, ((const Text2 *)value)->x, NULL);
        is_same = strcmp(text ? text : "", expected->text) == 0;
    } else if (family == LIST) {
        is_same = is_list(view, form, form == 2 ? ((const List3 *)value)->x : ((const List1 *)value)->x, x);
    } else {
        is_same = memcmp(value, expected->value, forms[family][form]->size) == 0;
    }
    free(expected);
    return is_same;
}

/* Compares a view with the model, in all families, known and kept. */
static void compare(pecs_view view, const struct model *model)
{
    pecs_error error = { .message = "" };
    for (int family = 0; family < FAMILY_COUNT; family++) {
        const pecs_type *type = forms[family][model->form[family]];
        pecs_component component;
        const bool is_there = !pecs_view_component(view, type->name, &component);
        if (is_there)
            require(pecs_view_type(view, component)->version == type->version, type->name, __LINE__, "another version");
        for (int i = 0; i <= WORLD; i++) {
            const bool has = model->is_alive[i] && model->has[i][family];
            const void *value = NULL;
            if (is_there && i == WORLD)
                value = pecs_view_get_singleton(view, component, type->size);
            else if (is_there && model->is_alive[i])
                value = pecs_view_get(view, model->entities[i], component, type->size);
            const bool found = type->size || i == WORLD ? value != NULL
                                                        : is_there && model->is_alive[i] &&
                                                              pecs_view_has(view, model->entities[i], component);
            require(found == has, type->name, __LINE__, has ? "lost" : "from nowhere");
            if (value && type->size)
                require(is_value(view, family, model->form[family], value, model->x[i][family]), type->name, __LINE__,
                        "another value");
        }
    }
    for (int i = 0; i < ENTITY_MAX; i++) {
        pecs_entity found;
        REQUIRE(model->entities[i].generation == 0 || pecs_view_alive(view, model->entities[i]) == model->is_alive[i]);
        if (model->is_alive[i] && model->id[i].bytes[0])
            REQUIRE(!pecs_view_find(view, model->id[i], &found) && found.index == model->entities[i].index);
    }
    require(!pecs_view_check(view, NULL, NULL, &error), "check", __LINE__, error.message);
}

/* Edits. */

static void edit_once(const struct program *program, pecs_world *world, struct model *model, struct random *random,
                      struct scratch *scratch)
{
    const int i = (int)random_below(random, ENTITY_MAX), family = (int)random_below(random, FAMILY_COUNT);
    const int form = program->form[family];
    pecs_component component = 0;
    if (!model->is_alive[i]) {
        REQUIRE(!pecs_world_spawn(world, NULL, 0, 1, &model->entities[i]));
        model->is_alive[i] = true;
        memset(model->has[i], 0, sizeof(model->has[i]));
        memset(&model->id[i], 0, sizeof(model->id[i]));
    } else if (random_once_in(random, 20)) {
        memcpy(model->id[i].bytes, &(uint64_t){ random_next(random) | 1 }, 8);
        REQUIRE(!pecs_world_set_id(world, model->entities[i], model->id[i]));
    } else if (random_once_in(random, 20)) {
        REQUIRE(!pecs_world_despawn(world, &model->entities[i], 1));
        model->is_alive[i] = false;
        return;
    }
    if (form == UNKNOWN || (family == WIDE && i >= WIDE_MAX))
        return;
    const pecs_type *type = forms[family][form];
    const uint32_t x = type->size ? (uint32_t)random_next(random) >> random_below(random, 32) : LOST;
    const int of = family != FLAG && random_once_in(random, 50) ? WORLD : i; /* tags are none of the world */
    REQUIRE(!pecs_view_component(pecs_world_view(world), type->name, &component));
    if (of == i && model->has[i][family] && random_once_in(random, 4)) {
        REQUIRE(!pecs_world_remove(world, model->entities[i], &component, 1));
        model->has[i][family] = false;
        return;
    }
    write_value(family, form, x, scratch);
    const pecs_value value = { component, type->size, type->size ? scratch->value : NULL };
    REQUIRE(of == WORLD ? !pecs_world_set_singleton(world, component, type->size, scratch->value)
                        : !pecs_world_set(world, model->entities[i], &value, 1));
    model->has[of][family] = true;
    model->x[of][family] = x;
}

/* Gives many entities one set of components, so that a table of wide ones has several chunks. */
static void gather(const struct program *program, pecs_world *world, struct model *model, struct random *random,
                   struct scratch *scratch)
{
    for (int i = 0; i < WIDE_MAX; i++)
        for (int family = 0; model->is_alive[i] && family < FAMILY_COUNT; family++) {
            const int form = program->form[family];
            const bool is_set = family == WIDE || family == CODED || family == NUMBER;
            pecs_component component;
            if (form == UNKNOWN || !(is_set || model->has[i][family]))
                continue;
            const pecs_type *type = forms[family][form];
            REQUIRE(!pecs_view_component(pecs_world_view(world), type->name, &component));
            model->has[i][family] = is_set;
            if (!is_set) {
                REQUIRE(!pecs_world_remove(world, model->entities[i], &component, 1));
                continue;
            }
            model->x[i][family] = (uint32_t)random_next(random);
            write_value(family, form, model->x[i][family], scratch);
            const pecs_value value = { component, type->size, scratch->value };
            REQUIRE(!pecs_world_set(world, model->entities[i], &value, 1));
        }
}

/* What becomes of the model when a program opens the world. */
static void migrate_model(const struct program *program, struct model *model)
{
    for (int family = 0; family < FAMILY_COUNT; family++) {
        if (program->form[family] == UNKNOWN)
            continue;
        model->form[family] = program->form[family];
        for (int i = 0; family == FLAG && model->form[FLAG] == 0 && i <= WORLD; i++)
            model->x[i][FLAG] = LOST;
    }
}

#ifndef MODEL_HAS_JSON
enum { BY_RESUME, BY_LOAD, BY_CONVERT, WAY_COUNT, BY_JSON };
#else
enum { BY_RESUME, BY_LOAD, BY_CONVERT, BY_JSON, WAY_COUNT };

static pecs_snapshot *open_in_json(const struct program *program, const pecs_snapshot *before)
{
    pecs_snapshot *snapshot = NULL;
    struct json_text text;
    pecs_error error = { .message = "" };
    require(!json_write(before, NULL, NULL, &text, &error), "save of JSON", __LINE__, error.message);
    require(!json_read(program->registry, text.bytes, text.size, NULL, NULL, &snapshot, &error), "load of JSON",
            __LINE__, error.message);
    free(text.bytes);
    return snapshot;
}
#endif

static pecs_snapshot *open_in(const struct program *program, const pecs_snapshot *before, int way, uint32_t threads,
                              const char *path)
{
    const pecs_migration_options migration = { .thread_count = threads };
    const pecs_load_options load = { .migration = &migration };
    const pecs_resume_options resume = { .migration = &migration };
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    pecs_status status = PECS_OK;
#ifdef MODEL_HAS_JSON
    if (way == BY_JSON)
        return open_in_json(program, before);
#endif
    if (way == BY_RESUME || way == BY_LOAD)
        status = pecs_snapshot_save(before, path, &(pecs_save_options){ .skip_sync = true }, &error);
    require(!status, "save", __LINE__, error.message);
    status = way == BY_RESUME ? pecs_snapshot_resume(program->registry, path, &resume, &snapshot, &error)
             : way == BY_LOAD ? pecs_snapshot_load(program->registry, path, &load, &snapshot, &error)
                              : pecs_snapshot_convert(before, program->registry, &snapshot, &error);
    require(!status, "opening", __LINE__, error.message);
    if (way == BY_RESUME)
        require(!pecs_snapshot_verify(snapshot, NULL, NULL, &error), "verify", __LINE__, error.message);
    return snapshot;
}

/* Edits a world of the snapshot, sometimes goes back to it in between, and returns what it is at the end. */
static pecs_snapshot *live(const struct program *program, const pecs_snapshot *begin, struct model *model,
                           struct random *random, struct scratch *scratch)
{
    struct model *const saved = malloc(sizeof(*saved));
    pecs_world *world;
    pecs_snapshot *end = NULL;
    pecs_error error = { .message = "" };
    REQUIRE(saved != NULL);
    *saved = *model;
    require(!pecs_world_create(program->registry, begin, NULL, &world, &error), "world", __LINE__, error.message);
    compare(pecs_world_view(world), model);
    for (unsigned rounds = begin && random_once_in(random, 3) ? 2 : 1; rounds; rounds--) {
        for (int i = 0; i < EDIT_COUNT; i++)
            edit_once(program, world, model, random, scratch);
        if (random_once_in(random, 2))
            gather(program, world, model, random, scratch);
        compare(pecs_world_view(world), model);
        if (rounds == 1)
            break;
        REQUIRE(!pecs_world_restore(world, begin));
        *model = *saved;
        compare(pecs_world_view(world), model);
    }
    REQUIRE(!pecs_snapshot_take(world, &end));
    pecs_world_destroy(world);
    free(saved);
    return end;
}

/* A document of values of 64 KiB has ten million numbers and takes half a second: one of four is made. */
static int choose_way(const struct model *model, struct random *random)
{
    const int way = (int)random_below(random, WAY_COUNT);
    const bool is_wide = model->form[WIDE] == 2;
    return way == BY_JSON && is_wide && !random_once_in(random, 4) ? BY_LOAD : way;
}

/* Returns how many documents there were. */
static unsigned run(unsigned program_count, struct random *random, const char *path)
{
    unsigned document_count = 0;
    struct model *model = calloc(1, sizeof(*model));
    struct scratch *scratch = malloc(sizeof(*scratch));
    REQUIRE(model && scratch);
    model->is_alive[WORLD] = true;
    struct program *program = choose_program(random);
    pecs_snapshot *begin = NULL;
    migrate_model(program, model);
    pecs_snapshot *end = live(program, begin, model, random, scratch);
    for (unsigned i = 1; i < program_count; i++) {
        struct program *next = choose_program(random);
        const uint64_t hash = pecs_view_hash(pecs_snapshot_view(end));
        const int way = choose_way(model, random);
        document_count += way == BY_JSON;
        begin = open_in(next, end, way, 1 + (uint32_t)random_below(random, 4), path);
        compare(pecs_snapshot_view(end), model);
        REQUIRE(pecs_view_hash(pecs_snapshot_view(end)) == hash);
        migrate_model(next, model);
        compare(pecs_snapshot_view(begin), model);
        pecs_snapshot_release(end);
        free_program(program);
        program = next;
        end = live(program, begin, model, random, scratch);
        compare(pecs_snapshot_view(end), model);
        pecs_snapshot_release(begin);
    }
    pecs_snapshot_release(end);
    free_program(program);
    free(scratch);
    free(model);
    return document_count;
}

/* Many chunks of numbers, by fields and by functions, on one thread and on four. */
static void run_threads(const char *path)
{
    enum { ROWS = 40000 };
    static const int old_form[] = { 1, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, 1 };
    static const int new_form[] = { 2, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 2, 2 };
    struct program *before = make_program(old_form, 0), *after = make_program(new_form, CODED);
    static pecs_entity entities[ROWS];
    pecs_world *world;
    pecs_snapshot *end, *one, *four;
    REQUIRE(!pecs_world_create(before->registry, NULL, NULL, &world, NULL));
    for (uint32_t i = 0; i < ROWS; i++) {
        const Number2 number = { .x = i };
        const Coded1 coded = { i * 3 };
        const Named2 named = { i + 5 };
        const pecs_value values[] = { { 0, sizeof(number), &number },
                                      { 1, sizeof(coded), &coded },
                                      { 2, sizeof(named), &named } };
        REQUIRE(!pecs_world_spawn(world, values, 3, 1, &entities[i]));
    }
    REQUIRE(!pecs_snapshot_take(world, &end));
    pecs_world_destroy(world);
    one = open_in(after, end, BY_LOAD, 1, path);
    four = open_in(after, end, BY_RESUME, 4, path);
    const pecs_view view = pecs_snapshot_view(four);
    REQUIRE(pecs_view_hash(pecs_snapshot_view(one)) == pecs_view_hash(view));
    for (uint32_t i = 0; i < ROWS; i++) { /* the numbers of the types: Coded, Named, Number */
        REQUIRE(is_value(view, CODED, 2, pecs_view_get(view, entities[i], 0, sizeof(Coded3)), i * 3));
        REQUIRE(is_value(view, NAMED, 2, pecs_view_get(view, entities[i], 1, sizeof(Named3)), i + 5));
        REQUIRE(is_value(view, NUMBER, 2, pecs_view_get(view, entities[i], 2, sizeof(Number3)), i));
    }
    pecs_snapshot_release(four);
    pecs_snapshot_release(one);
    pecs_snapshot_release(end);
    free_program(after);
    free_program(before);
}

int main(int argc, char **argv)
{
    const unsigned programs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100;
    struct random random = { argc > 2 ? strtoull(argv[2], NULL, 10) : 1 };
    char path[64];
    snprintf(path, sizeof(path), "/tmp/pecs-versions-%ld.pecs", (long)getpid());
    const unsigned documents = run(programs, &random, path);
    run_threads(path);
    unlink(path);
    printf("%u programs, %u times by JSON\n", programs, documents);
    return 0;
}
