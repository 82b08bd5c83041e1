/* Filling in the caller's error. */
#include "error.h"
#include "utf8.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, fail_fills_in_everything)
{
    pecs_error error;
    memset(&error, 0xff, sizeof(error));
    cr_assert_eq(fail(&error, PECS_E_LIMIT, "%s has %d", "it", 7), PECS_E_LIMIT);
    cr_assert_eq(error.status, PECS_E_LIMIT);
    cr_assert_eq(error.os_error, 0);
    cr_assert_eq(error.offset, 0);
    cr_assert_null(error.rule);
    cr_assert_str_eq(error.message, "it has 7");
}

Test(error, null_is_allowed_everywhere)
{
    cr_assert_eq(fail(NULL, PECS_E_DEAD, "%s", "x"), PECS_E_DEAD);
    cr_assert_eq(fail_os(NULL, ENOENT, "cannot open", "x"), PECS_E_IO);
    cr_assert_eq(fail_rule(NULL, PECS_E_CORRUPT, 3, "FOOTER-1", "%s", "x"), PECS_E_CORRUPT);
    cr_assert_eq(fail_memory(NULL), PECS_E_MEMORY);
}

Test(error, long_messages_are_cut_and_terminated)
{
    char text[2000];
    memset(text, 'm', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    pecs_error error;
    cr_assert_eq(fail(&error, PECS_E_MISUSE, "%s", text), PECS_E_MISUSE);
    cr_assert_eq(strlen(error.message), 511);
    cr_assert_eq(fail_rule(&error, PECS_E_CORRUPT, 0, "CHUNK-1", "%s", text), PECS_E_CORRUPT);
    cr_assert_eq(strlen(error.message), 511);
    cr_assert_eq(fail_os(&error, ENOENT, "cannot open", text), PECS_E_IO);
    cr_assert_lt(strlen(error.message), 512);
    cr_assert_not_null(strstr(error.message, "No such file"), "the reason was cut: %s", error.message);
}

Test(error, an_os_error_has_number_action_path_and_reason)
{
    pecs_error error;
    memset(&error, 0xff, sizeof(error));
    cr_assert_eq(fail_os(&error, ENOENT, "cannot open", "some/file"), PECS_E_IO);
    cr_assert_eq(error.status, PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_eq(error.offset, 0);
    cr_assert_null(error.rule);
    cr_assert_str_eq(error.message, "cannot open some/file: No such file or directory");
}

Test(error, what_is_cut_is_cut_at_a_character)
{
    pecs_error error;
    (void)fail(&error, PECS_E_MISUSE, "'%.7s' and '%.6s'", "J\xc3\xbcrgen\xc3\xbc", "sechs\xe2\x82\xac");
    cr_assert_str_eq(error.message, "'J\xc3\xbcrgen' and 'sechs'");
    (void)fail(&error, PECS_E_MISUSE, "'%.8s' and '%.7s'", "J\xc3\xbcrgen\xc3\xbc", "sechs\xe2\x82\xac");
    cr_assert_str_eq(error.message, "'J\xc3\xbcrgen' and 'sechs'");
    (void)fail(&error, PECS_E_MISUSE, "'%.9s' and '%.8s'", "J\xc3\xbcrgen\xc3\xbc", "sechs\xe2\x82\xac");
    cr_assert_str_eq(error.message, "'J\xc3\xbcrgen\xc3\xbc' and 'sechs\xe2\x82\xac'");
}

Test(error, a_message_is_text_whatever_is_in_it)
{
    pecs_error error;
    char path[600], name[600];
    (void)fail_os(&error, ENOENT, "cannot open", "a\xfc\x80\xff");
    cr_assert_str_eq(error.message, "cannot open a???: No such file or directory");
    /* a long path is cut at its beginning, and a long message at its end: both within a character of two bytes */
    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = name[i] = i % 2 ? '\xa9' : '\xc3';
    path[598] = 'x', path[599] = 0, name[598] = 0;
    (void)fail_os(&error, ENOENT, "cannot open", path);
    cr_assert(utf8_is_text(error.message, strlen(error.message)), "%s", error.message);
    cr_assert_null(strchr(error.message, '?'));
    (void)fail(&error, PECS_E_MISUSE, "%s", name);
    cr_assert_eq(strlen(error.message), 510);
    (void)fail(&error, PECS_E_MISUSE, "x%s", name);
    cr_assert_eq(strlen(error.message), 511);
    cr_assert(utf8_is_text(error.message, strlen(error.message)));
}

Test(error, a_broken_rule_has_its_id_and_offset)
{
    pecs_error error;
    memset(&error, 0xff, sizeof(error));
    cr_assert_eq(fail_rule(&error, PECS_E_CORRUPT, UINT64_C(5000000000), "CHUNK-3", "%u rows", 9u), PECS_E_CORRUPT);
    cr_assert_eq(error.status, PECS_E_CORRUPT);
    cr_assert_eq(error.os_error, 0);
    cr_assert_eq(error.offset, UINT64_C(5000000000));
    cr_assert_str_eq(error.rule, "CHUNK-3");
    cr_assert_str_eq(error.message, "9 rows");
}

Test(error, out_of_memory_is_a_status_like_any_other)
{
    pecs_error error;
    cr_assert_eq(fail_memory(&error), PECS_E_MEMORY);
    cr_assert_eq(error.status, PECS_E_MEMORY);
    cr_assert_str_eq(error.message, "out of memory");
}

Test(error, each_status_has_its_name)
{
    const struct {
        pecs_status status;
        int number;
        const char *name;
    } names[] = {
        { PECS_OK, 0, "OK" },
        { PECS_E_MEMORY, 1, "MEMORY" },
        { PECS_E_IO, 2, "IO" },
        { PECS_E_CORRUPT, 3, "CORRUPT" },
        { PECS_E_UNSUPPORTED, 4, "UNSUPPORTED" },
        { PECS_E_LAYOUT, 5, "LAYOUT" },
        { PECS_E_LIMIT, 6, "LIMIT" },
        { PECS_E_CONFLICT, 7, "CONFLICT" },
        { PECS_E_DEAD, 8, "DEAD" },
        { PECS_E_ABSENT, 9, "ABSENT" },
        { PECS_E_BUSY, 10, "BUSY" },
        { PECS_E_CANCELLED, 11, "CANCELLED" },
        { PECS_E_MISUSE, 12, "MISUSE" },
        { PECS_E_INVALID, 13, "INVALID" },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cr_assert_eq((int)names[i].status, names[i].number);
        cr_assert_str_eq(pecs_status_name(names[i].status), names[i].name);
    }
    cr_assert_str_eq(pecs_status_name((pecs_status)14), "unknown");
    cr_assert_str_eq(pecs_status_name((pecs_status)-1), "unknown");
}
