/* Documents that are no JSON, or meant to do harm: an error each, within the limits, in linear time. */
#include "json_world_fixture.h"

static pecs_registry *registry;
static pecs_snapshot *loaded;

static void set_up(void)
{
    registry = json_registry();
}

static void tear_down(void)
{
    cr_assert_null(loaded);
    pecs_registry_release(registry);
}

static void check_refused_bytes(const char *text, size_t size, const pecs_load_options *load, pecs_status status,
                                const char *message)
{
    pecs_error error = { 0 };
    const pecs_status found = json_read(registry, text, size, NULL, load, &loaded, &error);
    cr_assert(found == status && error.status == status, "%s, not %s: %s", pecs_status_name(found),
              pecs_status_name(status), error.message);
    cr_assert_str_eq(error.message, message);
}

static void check_refused(const char *text, const char *message)
{
    check_refused_bytes(text, strlen(text), NULL, PECS_E_CORRUPT, message);
}

TestSuite(json_hostile, .init = set_up, .fini = tear_down);

Test(json_hostile, the_grammar_is_checked)
{
    check_refused("", "line 1, column 1: the document ends, expected an object");
    check_refused("[]", "line 1, column 1: expected an object, found '['");
    check_refused("{\"version\": 1", "line 1, column 14: the document ends, expected ',' or '}'");
    check_refused("{\"version\": 1,}", "line 1, column 15: expected a key in quotation marks, found '}'");
    check_refused("{\"version\" 1}", "line 1, column 12: expected ':', found '1'");
    check_refused("{\"tick\": 01}", "line 1, column 11: expected ',' or '}', found '1'");
    check_refused("{\"version\": 1.}", "line 1, column 15: expected a digit, found '}'");
    check_refused("{\"version\": +1}", "line 1, column 13: expected a value, found '+'");
    check_refused("{\"version\": 1, \"entities\": [{}\n,\n // no\n]}", "line 3, column 2: expected a value, found '/'");
    check_refused("{\"version\": 1} x", "line 1, column 16: the document has ended; nothing but space may follow");
    check_refused("{\"version\": nul}", "line 1, column 16: expected true, false or null, found '}'");
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"b\tc\"}}",
                  "line 1, column 36: a string cannot have control characters; escape them");
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"\\x\"}}",
                  "line 1, column 36: expected one of \" \\ / b f n r t u behind \\, found 'x'");
    static const char zero[] = "{\"version\": 1, \"metadata\": {\"a\": \"\\\0\"}}";
    check_refused_bytes(zero, sizeof(zero) - 1, NULL, PECS_E_CORRUPT,
                        "line 1, column 36: expected one of \" \\ / b f n r t u behind \\");
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"\\u0000\"}}",
                  "line 1, column 41: a string cannot have U+0000; a blob can");
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"\\ud800\"}}",
                  "line 1, column 41: a high surrogate without a low one");
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"\\udc00\"}}",
                  "line 1, column 41: a low surrogate without a high one");
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"\xff\"}}",
                  "line 1, column 36: the string before is not UTF-8; write other bytes as {\"base64\": ...}");
    check_refused("\xef\xbb\xbf{\"version\": 1}",
                  "line 1, column 1: the document begins with a byte order mark; save it without one");
}

Test(json_hostile, lines_may_end_with_crlf)
{
    static const char text[] = "{\r\n\"version\": 1,\r\n\"entities\": [\r\n{}]\r\n}\r\n";
    pecs_error error;
    cr_assert(json_read(registry, text, strlen(text), NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
    pecs_snapshot_release(loaded);
    loaded = NULL;
}

/* Every document that ends too early is refused, as is every one with a byte changed to what JSON lacks. */
Test(json_hostile, a_document_that_was_cut_is_refused)
{
    pecs_snapshot *snapshot = json_world(registry);
    struct json_text text;
    pecs_error error;
    cr_assert(json_write(snapshot, NULL, NULL, &text, &error) == PECS_OK);
    pecs_snapshot_release(snapshot);
    for (size_t size = 0; size < text.size - 1; size++) {
        char *copy = malloc(size + 1); /* so that a sanitizer sees what reads beyond */
        memcpy(copy, text.bytes, size);
        const pecs_status status = json_read(registry, copy, size, NULL, NULL, &loaded, &error);
        free(copy);
        cr_assert(status == PECS_E_CORRUPT, "%zu bytes: %s", size, error.message);
    }
    for (size_t at = 0; at < text.size; at++) {
        const char byte = text.bytes[at];
        text.bytes[at] = 1;
        const pecs_status status = json_read(registry, text.bytes, text.size, NULL, NULL, &loaded, &error);
        text.bytes[at] = byte;
        cr_assert(status == PECS_E_CORRUPT, "byte %zu: %s", at, error.message);
    }
    free(text.bytes);
}

/* A text of one piece, many times. */
static char *repeated(const char *before, const char *piece, size_t count, const char *after)
{
    const size_t size = strlen(piece);
    char *text = malloc(strlen(before) + count * size + strlen(after) + 1), *at = text;
    memcpy(at, before, strlen(before));
    at += strlen(before);
    for (size_t i = 0; i < count; i++, at += size)
        memcpy(at, piece, size);
    memcpy(at, after, strlen(after) + 1);
    return text;
}

Test(json_hostile, deep_values_are_refused)
{
    char *text = repeated("{\"version\": 1, \"file_metadata\": ", "[", 1000000, "");
    check_refused_bytes(text, strlen(text), NULL, PECS_E_LIMIT,
                        "line 1, column 96: values are nested more than 63 deep");
    free(text);
}

Test(json_hostile, long_numbers_are_refused)
{
    char *text = repeated("{\"version\": 1, \"tick\": ", "9", 1000000, "}");
    check_refused_bytes(text, strlen(text), NULL, PECS_E_LIMIT,
                        "line 1, column 1000024: a number has more than 1,024 characters");
    free(text);
    text = repeated("{\"version\": 1, \"entities\": [{\"components\": {\"Position\": {\"x\": 0.", "1", 1000, "}}}]}");
    pecs_error error;
    cr_assert(json_read(registry, text, strlen(text), NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
    cr_assert(pecs_get(pecs_snapshot_view(loaded), ((pecs_entity){ 0, 1 }), Position)->x == 0.11111111f);
    pecs_snapshot_release(loaded);
    loaded = NULL;
    free(text);
}

/* Each makes work for whoever compares every key with every other. */
Test(json_hostile, many_keys_take_linear_time, .timeout = 20)
{
    char *text = repeated("{\"version\": 1, \"entities\": [{\"components\": {\"Position\": {\"x\": 1", ", \"x\": 1",
                          1000000, "}}}]}");
    check_refused_bytes(text, strlen(text), NULL, PECS_E_CORRUPT,
                        "line 1, column 66: entity number 1, component Position, field x: the field stands here twice");
    free(text);
    text = repeated("{\"version\": 1, \"entities\": [{\"components\": {\"Story\": {\"ties\": [{}", ",{}", 1000000,
                    "]}}}]}");
    pecs_error error;
    cr_assert(json_read(registry, text, strlen(text), NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
    pecs_snapshot_release(loaded);
    loaded = NULL;
    free(text);
}

Test(json_hostile, limits_hold)
{
    const pecs_load_options few = { .limits.max_entities = 2 }, small = { .limits.max_bytes = 100 };
    const pecs_load_options few_types = { .limits.max_types = 1 };
    const pecs_json_options short_text = { .max_text_bytes = 1000 };
    static const char entities[] = "{\"version\": 1, \"entities\": [{}, {}, {}]}";
    check_refused_bytes(entities, strlen(entities), &few, PECS_E_LIMIT,
                        "line 1, column 37: entity number 3: the document has more than the limit of 2 entities");
    static const char count[] = "{\"version\": 1, \"entity_count\": 18446744073709551615}";
    check_refused_bytes(count, strlen(count), NULL, PECS_E_CORRUPT,
                        "line 1, column 32: expected an integer from 0 to 2^63 - 1, found the number "
                        "18446744073709551615");
    static const char many[] = "{\"version\": 1, \"entity_count\": 3}";
    check_refused_bytes(many, strlen(many), &few, PECS_E_LIMIT,
                        "line 1, column 32: the document has 3 entities, more than the limit of 2");
    char *text = repeated("{\"version\": 1", " ", 100, "}");
    check_refused_bytes(text, strlen(text), &small, PECS_E_LIMIT,
                        "the document has 114 bytes, more than the limit of 100");
    free(text);
    static const char slots[] = "{\"version\": 1, \"entities\": [{\"entity\": \"4294967290:1\"}]}";
    check_refused_bytes(slots, strlen(slots), NULL, PECS_E_LIMIT,
                        "the highest index is 4294967290, but the document names only 1 slots");
    static const char types[] = "{\"version\": 1, \"types\": [{\"id\": \"A\"}, {\"id\": \"B\"}]}";
    check_refused_bytes(types, strlen(types), &few_types, PECS_E_LIMIT,
                        "line 1, column 39: type: the document has more than 1 types");
    pecs_error error;
    text = repeated("{\"version\": 1, \"entities\": [{\"id\": \"", "x", 2000, "\"}]}");
    cr_assert(json_read(registry, text, strlen(text), &short_text, NULL, &loaded, &error) == PECS_E_LIMIT);
    free(text);
    /* so does a component, and both count */
    text = repeated("{\"version\": 1, \"entities\": [{\"components\": {\"Position\": {", " ", 300,
                    "\"x\": 1}}, \"id\": \"");
    char *more = repeated(text, "x", 700, "\"}]}");
    cr_assert(json_read(registry, more, strlen(more), &short_text, NULL, &loaded, &error) == PECS_E_LIMIT);
    free(more);
    free(text);
    /* each value takes memory, however short its text is */
    text =
        repeated("{\"version\": 1, \"entities\": [{\"components\": {\"Story\": {\"numbers\": [0", ",0", 10, "]}}}]}");
    cr_assert(json_read(registry, text, strlen(text), &short_text, NULL, &loaded, &error) == PECS_E_LIMIT);
    cr_assert_str_eq(error.message, "line 1, column 77: this value is larger than max_text_bytes allows");
    free(text);
}

/* A few bytes that stand for many: a large type, one entity after the other. */
Test(json_hostile, values_count_as_bytes)
{
    char *text =
        repeated("{\"version\": 1, \"types\": [{\"id\": \"Big\", \"fields\": [{\"name\": \"a\", \"kind\": \"u8\", "
                 "\"count\": 1000000}]}], \"entities\": [{}",
                 ",{\"components\":{\"Big\":{}}}", 1000, "]}");
    const pecs_load_options load = { .limits.max_bytes = 4000000 };
    check_refused_bytes(text, strlen(text), &load, PECS_E_LIMIT,
                        "line 1, column 242: entity number 6, component Big: the values have more bytes than max_bytes "
                        "allows");
    free(text);
}

Test(json_hostile, types_that_break_rules_are_refused)
{
    check_refused("{\"version\": 1, \"types\": [{\"id\": \"A\", \"fields\": [{\"name\": \"a\", \"kind\": \"u7\"}]}]}",
                  "line 1, column 71: type A, field a: expected a kind, as \"i32\", \"text\" or \"struct\", "
                  "found the string \"u7\"");
    check_refused(
        "{\"version\": 1, \"types\": [{\"id\": \"A\", \"fields\": [{\"name\": \"a\", \"kind\": \"u8\", \"count\": "
        "0}]}]}",
        "line 1, column 86: type A, field count: expected an integer from 1, found the number 0");
    static const char twice[] = "{\"version\": 1, \"types\": [{\"id\": \"A\"}, {\"id\": \"A\"}]}";
    check_refused_bytes(twice, strlen(twice), NULL, PECS_E_CONFLICT, "the document describes the type A twice");
    static const char gap[] = "{\"version\": 1, \"types\": [{\"id\": \"A\", \"fields\": [{\"kind\": \"u8\"}]}]}";
    pecs_error error;
    cr_assert(json_read(registry, gap, strlen(gap), NULL, NULL, &loaded, &error) == PECS_E_CORRUPT);
    cr_assert(error.status == PECS_E_CORRUPT);
}

Test(json_hostile, keys_that_stand_twice_are_refused)
{
    check_refused("{\"version\": 1, \"metadata\": {\"a\": \"b\", \"a\": \"c\"}}",
                  "line 1, column 39: \"a\": it stands here twice");
    check_refused("{\"version\": 1, \"attachments\": {\"a\": {\"base64\": \"\"},\n\"a\": {\"base64\": \"\"}}}",
                  "line 2, column 1: \"a\": it stands here twice");
    check_refused("{\"version\": 1, \"entities\": [{\"components\": {}, \"components\": {}}]}",
                  "line 1, column 48: entity number 1: \"components\" stands here twice");
}

/* What the builder calls a misuse is a mistake of the document here. */
Test(json_hostile, names_that_are_reserved_are_refused)
{
    check_refused("{\"version\": 1, \"metadata\": {\"pecs.weather\": \"fog\"}}",
                  "line 1, column 45: keys that begin with 'pecs.' are reserved");
}
