/*
 * What the library sees in a file, as text that can be compared with what tests/read_pecs.py and people write.
 *
 *     golden_test TYPES content resume|load FILE     the content, through views, queries and a fork
 *     golden_test TYPES resave resume|load FILE NEW  opens and saves again, with the time and the metadata of the file
 *     golden_test TYPES verdicts FILE...             a line for each: the status of load, the rule, the offset
 *     golden_test TYPES changes COPY FILE...         load refuses a copy of each with any byte changed
 *
 * TYPES, which the program registers: all of the golden ones, some or none. The text is that of read_pecs.py --content,
 * whatever is registered; the form of values is described there. Only the public API is used: free slots, which it does
 * not show, are found by spawning in a fork.
 */
#include "golden_worlds.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "golden_test: %s\n", what);
    exit(1);
}

static void print_fields(pecs_view view, const pecs_type *type, const uint8_t *bytes, const char *before);
static void print_element(pecs_view view, const pecs_field *field, const uint8_t *bytes);

static void print_text(const char *text, uint32_t room)
{
    uint32_t size = room;
    while (size && !text[size - 1])
        size--;
    putchar('"');
    for (uint32_t i = 0; i < size; i++)
        if (text[i] == '"')
            fputs("\\\"", stdout);
        else if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            printf("\\x%02x", (unsigned)text[i]);
        else
            putchar(text[i]);
    putchar('"');
}

static void print_entity(pecs_view view, const uint8_t *bytes)
{
    pecs_entity entity;
    memcpy(&entity, bytes, sizeof(entity));
    if (entity.index == 0 && entity.generation == 0)
        fputs("none", stdout);
    else
        printf("%" PRIu32 ":%" PRIu32 "%s", entity.index, entity.generation,
               pecs_view_alive(view, entity) ? "" : " stale");
}

static void print_f32(const uint8_t *bytes)
{
    float number;
    uint32_t bits;
    memcpy(&number, bytes, sizeof(number));
    memcpy(&bits, bytes, sizeof(bits));
    if (isnan(number))
        printf("nan:%08" PRIx32, bits);
    else
        printf("%.9g", (double)number);
}

static void print_f64(const uint8_t *bytes)
{
    double number;
    uint64_t bits;
    memcpy(&number, bytes, sizeof(number));
    memcpy(&bits, bytes, sizeof(bits));
    if (isnan(number))
        printf("nan:%016" PRIx64, bits);
    else
        printf("%.17g", number);
}

static void print_integer(pecs_kind kind, const uint8_t *bytes, uint32_t size)
{
    uint64_t number = 0;
    memcpy(&number, bytes, size); /* little-endian */
    const bool is_signed = kind >= PECS_I8 && kind <= PECS_I64;
    if (is_signed && size < 8 && number >> (8 * size - 1))
        number -= (uint64_t)1 << 8 * size;
    if (is_signed)
        printf("%" PRId64, (int64_t)number);
    else
        printf("%" PRIu64, number);
}

static void print_enum(const pecs_field *field, const uint8_t *bytes, uint32_t size)
{
    uint32_t number = 0;
    memcpy(&number, bytes, size);
    require(number < field->enum_count, "an enum has no such value");
    fputs(field->enum_names[number], stdout);
}

/* A string, blob or list. */
static void print_contents(pecs_view view, const pecs_field *field, uint64_t reference)
{
    size_t size;
    if (field->kind == PECS_STRING) {
        const char *text = pecs_view_string(view, (pecs_string){ reference }, &size);
        require(text && strlen(text) == size, "a string does not end in a zero");
        print_text(text, (uint32_t)size);
        return;
    }
    if (field->kind == PECS_BLOB) {
        const uint8_t *bytes = pecs_view_blob(view, (pecs_blob){ reference }, &size);
        fputs("bytes:", stdout);
        for (size_t i = 0; i < size; i++)
            printf("%02x", bytes[i]);
        return;
    }
    const pecs_field one = { .kind = field->element,
                             .size = field->element_size,
                             .count = 1,
                             .nested = field->nested,
                             .enum_names = field->enum_names,
                             .enum_count = field->enum_count };
    const uint8_t *bytes = pecs_heap_elements(pecs_view_heap(view), (pecs_list){ reference }, one.size, &size);
    putchar('[');
    for (size_t i = 0; i < size; i++) {
        fputs(i ? ", " : "", stdout);
        print_element(view, &one, bytes + i * one.size);
    }
    putchar(']');
}

static void print_element(pecs_view view, const pecs_field *field, const uint8_t *bytes)
{
    uint64_t reference;
    const uint32_t size = field->size / field->count;
    switch (field->kind) {
    case PECS_BOOL:
        require(*bytes < 2, "a bool is neither 0 nor 1");
        fputs(*bytes ? "true" : "false", stdout);
        break;
    case PECS_F32:
        print_f32(bytes);
        break;
    case PECS_F64:
        print_f64(bytes);
        break;
    case PECS_ENTITY:
        print_entity(view, bytes);
        break;
    case PECS_ENUM:
        print_enum(field, bytes, size);
        break;
    case PECS_STRING:
    case PECS_BLOB:
    case PECS_LIST:
        memcpy(&reference, bytes, sizeof(reference));
        print_contents(view, field, reference);
        break;
    case PECS_STRUCT:
        putchar('{');
        print_fields(view, field->nested, bytes, "");
        putchar('}');
        break;
    default:
        print_integer(field->kind, bytes, size);
        break;
    }
}

/* Elements of a one-dimensional array, or of one row of a grid. */
static void print_elements(pecs_view view, const pecs_field *field, const uint8_t *bytes, uint32_t count)
{
    const uint32_t size = field->size / field->count;
    putchar('[');
    for (uint32_t i = 0; i < count; i++) {
        fputs(i ? ", " : "", stdout);
        print_element(view, field, bytes + i * size);
    }
    putchar(']');
}

static void print_value(pecs_view view, const pecs_field *field, const uint8_t *bytes)
{
    if (field->kind == PECS_TEXT) {
        const uint32_t width = field->columns ? field->columns : field->size; /* a row of a grid is a text */
        for (uint32_t at = 0; at < field->size; at += width) {
            fputs(at ? ", " : width < field->size ? "[" : "", stdout);
            print_text((const char *)bytes + at, width);
        }
        fputs(width < field->size ? "]" : "", stdout);
    } else if (field->columns) {
        const uint32_t rows = field->count / field->columns, row_bytes = field->size / rows;
        putchar('[');
        for (uint32_t i = 0; i < rows; i++) {
            fputs(i ? ", " : "", stdout);
            print_elements(view, field, bytes + i * row_bytes, field->columns);
        }
        putchar(']');
    } else if (field->count > 1) {
        print_elements(view, field, bytes, field->count);
    } else {
        print_element(view, field, bytes);
    }
}

/* "a=1 b=2", with `before` before the first. */
static void print_fields(pecs_view view, const pecs_type *type, const uint8_t *bytes, const char *before)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        if (field->kind == PECS_PADDING)
            continue;
        printf("%s%s=", before, field->name);
        print_value(view, field, bytes + field->offset);
        before = " ";
    }
}

static void print_component(pecs_view view, const char *indent, const pecs_type *type, const void *value)
{
    printf("%s%s", indent, type->name);
    print_fields(view, type, value, " ");
    putchar('\n');
}

struct named {
    const pecs_type *type;
    pecs_component component;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->type->name, ((const struct named *)b)->type->name);
}

/* The components by name, without the one that holds explicit ids; the caller frees the list. */
static struct named *list_by_name(pecs_view view, const pecs_component *components, size_t count, size_t *ret_count)
{
    struct named *list = calloc(count + 1, sizeof(*list));
    require(list != NULL, "out of memory");
    size_t listed = 0;
    for (size_t i = 0; i < count; i++) {
        const pecs_type *type = pecs_view_type(view, components[i]);
        require(type != NULL, "a component has no type");
        if (strcmp(type->name, "pecs.id") != 0)
            list[listed++] = (struct named){ type, components[i] };
    }
    qsort(list, listed, sizeof(*list), compare_names);
    *ret_count = listed;
    return list;
}

/* Behind the handle: an explicit id. Whatever id it has, the entity is found by it. */
static void print_id(pecs_view view, pecs_entity entity)
{
    pecs_id id;
    pecs_entity found;
    pecs_component component;
    char text[PECS_ID_TEXT_BYTES];
    golden_check(pecs_view_id(view, entity, &id), NULL, "an id");
    golden_check(pecs_view_find(view, id, &found), NULL, "finding by id");
    require(found.index == entity.index && found.generation == entity.generation, "an id finds another entity");
    golden_check(pecs_view_component(view, "pecs.id", &component), NULL, "the type of ids");
    pecs_id_format(id, text);
    if (pecs_view_has(view, entity, component))
        printf(" id %s", text);
}

static void print_entity_content(pecs_view view, pecs_entity entity)
{
    size_t count;
    const pecs_component *components = pecs_view_components(view, entity, &count);
    struct named *list = list_by_name(view, components, count, &count);
    printf("    %" PRIu32 ":%" PRIu32, entity.index, entity.generation);
    print_id(view, entity);
    putchar('\n');
    for (size_t i = 0; i < count; i++) {
        const void *value = pecs_view_get(view, entity, list[i].component, list[i].type->size);
        require((value != NULL) == (list[i].type->size != 0), "get and has disagree");
        print_component(view, "      ", list[i].type, value);
    }
    free(list);
}

static void print_attachments(pecs_view view)
{
    pecs_attachment attachment;
    for (size_t i = 0; pecs_view_attachment_at(view, i, &attachment); i++) {
        printf("%s    %s: bytes%s", i ? "" : "  attachments\n", attachment.name, attachment.size_bytes ? " " : "");
        for (size_t j = 0; j < attachment.size_bytes; j++)
            printf("%02x", ((const uint8_t *)attachment.data)[j]);
        printf("\n");
    }
}

static void print_metadata(pecs_view view)
{
    pecs_meta entry;
    for (size_t i = 0; pecs_view_meta_at(view, i, &entry); i++) {
        printf("%s    %s: ", i ? "" : "  metadata\n", entry.key);
        const uint8_t *bytes = entry.value;
        if (entry.kind == PECS_META_TEXT)
            print_text(entry.value, (uint32_t)entry.size_bytes);
        else
            fputs(entry.size_bytes ? "bytes " : "bytes", stdout);
        for (size_t k = 0; entry.kind == PECS_META_BYTES && k < entry.size_bytes; k++)
            printf("%02x", bytes[k]);
        putchar('\n');
    }
}

static int compare_entities(const void *a, const void *b)
{
    const uint32_t x = ((const pecs_entity *)a)->index, y = ((const pecs_entity *)b)->index;
    return (x > y) - (x < y);
}

/* All living entities, as a query without terms finds them. */
static size_t collect_entities(pecs_registry *registry, pecs_view view, pecs_entity *entities, size_t room)
{
    pecs_query *query;
    pecs_error error;
    golden_check(pecs_query_create(registry, NULL, 0, &query, &error), &error, "a query");
    size_t count = 0;
    pecs_iter iter = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&iter)) {
        require(iter.row_count <= room - count, "a query finds more entities than there are");
        memcpy(entities + count, iter.entities, iter.row_count * sizeof(*entities));
        count += iter.row_count;
    }
    golden_check(pecs_iter_end(&iter), NULL, "a query");
    require(pecs_query_count(query, view) == count, "a query counts other entities than it finds");
    pecs_query_destroy(query);
    qsort(entities, count, sizeof(*entities), compare_entities);
    return count;
}

/* What a query gives for one component must be what get gives for each entity. */
static void compare_columns(pecs_view view)
{
    pecs_component i;
    for (size_t place = 0; pecs_view_component_at(view, place, &i); place++) {
        const uint32_t size = pecs_view_type(view, i)->size;
        const pecs_term term = { i, PECS_READ };
        pecs_query *query;
        if (!size)
            continue;
        golden_check(pecs_query_create_in(view, &term, 1, &query, NULL), NULL, "a query");
        pecs_iter iter = pecs_query_iter(query, view, NULL);
        while (pecs_iter_next(&iter)) {
            const uint8_t *column = pecs_iter_column(&iter, i, size);
            for (size_t row = 0; row < iter.row_count; row++) {
                const void *value = pecs_view_get(view, iter.entities[row], i, size);
                require(value && memcmp(value, column + row * size, size) == 0, "query and get disagree");
            }
        }
        golden_check(pecs_iter_end(&iter), NULL, "a query");
        pecs_query_destroy(query);
    }
}

/* A fork spawns into the free slots, lowest first, then into the retired ones, each with the next generation. */
static void print_free_slots(pecs_registry *registry, const pecs_snapshot *snapshot, const pecs_summary *summary)
{
    pecs_world *fork;
    pecs_error error;
    golden_check(pecs_world_create(registry, snapshot, NULL, &fork, &error), &error, "a fork");
    for (uint64_t i = 0; i < summary->free_count + summary->retired_count; i++) {
        pecs_entity entity;
        if (i == summary->free_count)
            printf("  retired slots\n");
        golden_check(pecs_world_spawn(fork, NULL, 0, 1, &entity), NULL, "a spawn");
        printf("    %" PRIu32 " after %" PRIu32 ":%" PRIu32 "\n", entity.index, entity.index, entity.generation - 1);
    }
    pecs_world_destroy(fork);
}

static void print_singletons(pecs_view view)
{
    size_t count;
    const pecs_component *components = pecs_view_singletons(view, &count);
    struct named *list = list_by_name(view, components, count, &count);
    for (size_t i = 0; i < count; i++)
        print_component(view, "    ", list[i].type,
                        pecs_view_get_singleton(view, list[i].component, list[i].type->size));
    free(list);
}

static void print_content(pecs_registry *registry, const pecs_snapshot *snapshot)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    printf("content\n  tick %" PRIu64 ", %" PRIu64 " entities, %" PRIu64 " slots, %" PRIu64 " free\n", summary.tick,
           summary.entity_count, summary.slot_count, summary.free_count);
    print_metadata(view);
    print_attachments(view);
    printf("  entities\n");
    pecs_entity *entities = calloc(summary.entity_count + 1, sizeof(*entities));
    require(entities != NULL, "out of memory");
    const size_t count = collect_entities(registry, view, entities, summary.entity_count);
    require(count == summary.entity_count, "a query finds fewer entities than there are");
    for (size_t i = 0; i < count; i++)
        print_entity_content(view, entities[i]);
    free(entities);
    compare_columns(view);
    printf("  free slots\n");
    print_free_slots(registry, snapshot, &summary);
    printf("  singletons\n");
    print_singletons(view);
}

static pecs_snapshot *open_file(pecs_registry *registry, const char *verb, const char *path)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    const pecs_status status = strcmp(verb, "load") == 0
                                   ? pecs_snapshot_load(registry, path, NULL, &snapshot, &error)
                                   : pecs_snapshot_resume(registry, path, NULL, &snapshot, &error);
    golden_check(status, &error, path);
    return snapshot;
}

static void print_verdict(pecs_registry *registry, const char *path)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    const pecs_status status = pecs_snapshot_load(registry, path, NULL, &snapshot, &error);
    if (status) {
        printf("%s %s %" PRIu64 "\n", pecs_status_name(status), error.rule ? error.rule : "-", error.offset);
        return;
    }
    printf("OK - 0\n");
    pecs_snapshot_release(snapshot);
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    require(file && fseek(file, 0, SEEK_END) == 0, path);
    const long size = ftell(file);
    uint8_t *bytes = malloc((size_t)size + 1);
    rewind(file);
    require(bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size, path);
    fclose(file);
    *ret_size = (size_t)size;
    return bytes;
}

/* Each byte of the file, changed alone in a copy, makes load refuse the copy by a rule. */
static void change_every_byte(pecs_registry *registry, const char *path, const char *copy_path)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    FILE *copy = fopen(copy_path, "w+b");
    require(copy && fwrite(bytes, 1, size, copy) == size && fflush(copy) == 0, copy_path);
    for (size_t i = 0; i < size; i++) {
        pecs_snapshot *snapshot;
        pecs_error error = { .message = "" };
        require(fseek(copy, (long)i, SEEK_SET) == 0 && fputc(bytes[i] ^ (1 << i % 8), copy) != EOF, copy_path);
        require(fflush(copy) == 0, copy_path);
        const pecs_status status = pecs_snapshot_load(registry, copy_path, NULL, &snapshot, &error);
        if ((status != PECS_E_CORRUPT && status != PECS_E_UNSUPPORTED) || !error.rule) {
            fprintf(stderr, "%s: byte %zu changed: %s %s\n", path, i, pecs_status_name(status), error.message);
            exit(1);
        }
        require(fseek(copy, (long)i, SEEK_SET) == 0 && fputc(bytes[i], copy) != EOF, copy_path);
    }
    require(fclose(copy) == 0, copy_path);
    printf("%s: %zu bytes\n", path, size);
    free(bytes);
}

static void resave(const pecs_snapshot *snapshot, const char *path, const char *new_path)
{
    pecs_error error;
    pecs_info *info;
    golden_check(pecs_file_info(path, NULL, NULL, &info, &error), &error, path);
    const pecs_save_options options = {
        .wall_clock_ns = info->wall_clock_ns,
        .metadata = info->file_metadata,
        .metadata_count = info->file_metadata_count,
    };
    golden_check(pecs_snapshot_save(snapshot, new_path, &options, &error), &error, new_path);
    pecs_info_destroy(info);
}

static int run(pecs_registry *registry, int argc, char **argv)
{
    if (strcmp(argv[2], "verdicts") == 0) {
        for (int i = 3; i < argc; i++)
            print_verdict(registry, argv[i]);
        return 0;
    }
    if (strcmp(argv[2], "changes") == 0 && argc > 4) {
        for (int i = 4; i < argc; i++)
            change_every_byte(registry, argv[i], argv[3]);
        return 0;
    }
    const bool is_resave = strcmp(argv[2], "resave") == 0;
    if ((!is_resave && strcmp(argv[2], "content") != 0) || argc != 5 + is_resave)
        return 2;
    pecs_snapshot *snapshot = open_file(registry, argv[3], argv[4]);
    if (is_resave)
        resave(snapshot, argv[4], argv[5]);
    else
        print_content(registry, snapshot);
    pecs_snapshot_release(snapshot);
    return 0;
}

int main(int argc, char **argv)
{
    const char *types = argc > 2 ? argv[1] : "";
    int status = 2;
    if (strcmp(types, "all") == 0 || strcmp(types, "some") == 0 || strcmp(types, "none") == 0) {
        pecs_registry *registry = golden_registry(types, NULL);
        status = run(registry, argc, argv);
        pecs_registry_release(registry);
    }
    if (status == 2)
        fprintf(stderr, "usage: golden_test all|some|none content|resave resume|load FILE [NEW] | verdicts FILE... |"
                        " changes COPY FILE...\n");
    return status;
}
