/* The functions of json.h without what they need. */
#include "json_world_fixture.h"

static pecs_status refuse(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)spans;
    (void)span_count;
    (void)error;
    ++*(int *)user;
    return PECS_E_IO;
}

static void count_abort(void *user)
{
    *(int *)user += 100;
}

Test(json_nulls, arguments_that_are_null)
{
    int count = 0;
    const pecs_sink no_write = { .user = NULL }, sink = { .write = refuse, .user = &count };
    pecs_registry *registry = json_registry();
    pecs_error error;
    cr_assert(pecs_json_schema(NULL, &sink, &error) == PECS_E_MISUSE && error.status == PECS_E_MISUSE);
    cr_assert(pecs_json_schema(registry, NULL, NULL) == PECS_E_MISUSE);
    cr_assert(pecs_json_schema(registry, &no_write, &error) == PECS_E_MISUSE);
    cr_assert(count == 0);
    const pecs_plugin plugin = pecs_json_plugin_with(NULL);
    cr_assert(plugin.user == NULL && plugin.save == pecs_json_plugin()->save);
    pecs_registry_release(registry);
}

Test(json_nulls, a_sink_that_fails_is_aborted)
{
    int count = 0;
    const pecs_sink sink = { .write = refuse, .abort = count_abort, .user = &count };
    pecs_registry *registry = json_registry();
    pecs_error error;
    cr_assert(pecs_json_schema(registry, &sink, &error) == PECS_E_IO);
    cr_assert_str_eq(error.message, "the sink failed");
    cr_assert(count == 101);
    pecs_registry_release(registry);
}
