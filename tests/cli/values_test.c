/*
 * Which layouts match, and how invalid values are printed, which load refuses: they may come from a trusted file, and
 * must do no harm.
 */
#include "value_diff.h"
#include "value_json.h"
#include "value_text.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = { "Calm", "Angry", "enum:7" };
static const pecs_field fields[] = {
    { "flag", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },  { "mood", PECS_ENUM, 1, 1, 1, 0, NULL, names, 3, 0, 0 },
    { "text", PECS_TEXT, 2, 6, 6, 0, NULL, NULL, 0, 0, 0 },  { "string", PECS_STRING, 8, 8, 1, 0, NULL, NULL, 0, 0, 0 },
    { "blob", PECS_BLOB, 16, 8, 1, 0, NULL, NULL, 0, 0, 0 },
};
static const pecs_type type = { "Rough", { { 0 } }, 1, 24, 8, 5, fields, 0 };

/* A value, printed as JSON or as text. */
static void check(const void *value, bool as_json, const char *expected)
{
    char found[512];
    FILE *file = tmpfile();
    struct text_out out;
    struct json_out json = { .out = &out };
    const pecs_view no_view = { NULL };
    if (!file)
        exit(1);
    out_begin_file(&out, file);
    if (as_json)
        value_write(&json, NULL, no_view, &type, value);
    else
        value_print(&out, no_view, &type, value);
    if (!out_finish(&out))
        exit(1);
    rewind(file);
    found[fread(found, 1, sizeof(found) - 1, file)] = 0;
    fclose(file);
    if (strcmp(found, expected) == 0)
        return;
    fprintf(stderr, "values_test: %s, not %s\n", found, expected);
    exit(1);
}

/* The alignment is part of a layout: the library reports a component with another one as changed. */
static void check_layouts(void)
{
    pecs_type other = type;
    bool is_right = value_layouts_match(&type, &other);
    other.align = 16;
    is_right &= !value_layouts_match(&type, &other);
    if (is_right)
        return;
    fprintf(stderr, "values_test: layouts match wrongly\n");
    exit(1);
}

int main(void)
{
    static const uint8_t rough[24] = { 2, 7, 0xff, 0xfe, 'b', 0xc3, 0, 0, 5, [16] = 6 };
    static const uint8_t like_rough[24] = { 1, 2 }; /* a name that looks like a value without a name */
    static const uint8_t zero_inside[24] = { 1, 1, 'a', 0, 'b', 0x1b, 0xc2, 0x9b };
    check(rough, false, " flag=bool:2 mood=enum:7 text=\"\\xff\\xfeb\\xc3\" string=\"\" blob=0 bytes:");
    check(rough, true,
          "{\"flag\": \"bool:2\", \"mood\": 7, \"text\": {\"hex\": \"fffe62c3\"}, \"string\": \"\", "
          "\"blob\": {\"hex\": \"\"}}");
    check(like_rough, false, " flag=true mood=enum\\x3a7 text=\"\" string=\"\" blob=0 bytes:");
    check(like_rough, true,
          "{\"flag\": true, \"mood\": \"enum:7\", \"text\": \"\", \"string\": \"\", \"blob\": {\"hex\": \"\"}}");
    check(zero_inside, false, " flag=true mood=Angry text=\"a\\x00b\\x1b\\u009b\" string=\"\" blob=0 bytes:");
    check(zero_inside, true,
          "{\"flag\": true, \"mood\": \"Angry\", \"text\": \"a\\u0000b\\u001b\\u009b\", \"string\": \"\", "
          "\"blob\": {\"hex\": \"\"}}");
    check_layouts();
    return 0;
}
