/*
 * pecs compact: a file's world, compacted, in another file or in its place. What is written was checked first, as by
 * verify: a bad file does not become a good one. The one command that writes to a file.
 */
#include "cli.h"
#include "json_out.h"
#include "loaded.h"

#include <pecs/world.h>

#include <inttypes.h>

/* A file's counts, without what pecs_file_info would have to keep. */
struct counts {
    uint64_t size_bytes, entity_count, type_count, table_count, slot_count, free_count, retired_count, session_count;
    uint64_t wall_clock_ns;
};

static int count_file(const char *path, struct counts *ret_counts)
{
    pecs_info *info;
    pecs_error error;
    if (pecs_file_info(path, NULL, NULL, &info, &error))
        return complain_of_file(path, &error);
    *ret_counts = (struct counts){
        info->size_bytes, info->entity_count,  info->type_count,    info->table_count,   info->slot_count,
        info->free_count, info->retired_count, info->session_count, info->wall_clock_ns,
    };
    pecs_info_destroy(info);
    return CLI_FINE;
}

/* The time that the file tells is that of its world, so the new file tells it too. */
static int save_compacted(pecs_world *world, const char *path, uint64_t wall_clock_ns)
{
    pecs_error error;
    const pecs_save_options options = { .wall_clock_ns = wall_clock_ns };
    if (pecs_world_compact(world, &error))
        return complain("cannot compact: %s", error.message);
    return pecs_world_save(world, path, &options, &error) ? complain_of_file(path, &error) : CLI_FINE;
}

static int compact(const struct arguments *arguments, uint64_t wall_clock_ns)
{
    struct loaded loaded;
    pecs_world *world;
    pecs_error error;
    if (loaded_open(arguments->paths[0], false, &loaded, &error))
        return complain_of_file(arguments->paths[0], &error);
    const bool is_made = !pecs_world_create(loaded.registry, loaded.snapshot, NULL, &world, &error);
    loaded_close(&loaded);
    if (!is_made)
        return complain("cannot compact: %s", error.message);
    const int code = save_compacted(world, arguments->paths[1], wall_clock_ns);
    pecs_world_destroy(world);
    return code;
}

static void print_counts(struct text_out *out, const char *path, const struct counts *before,
                         const struct counts *after)
{
    const struct {
        const char *what;
        uint64_t before, after;
    } lines[] = {
        { "bytes", before->size_bytes, after->size_bytes },          { "types", before->type_count, after->type_count },
        { "tables", before->table_count, after->table_count },       { "slots", before->slot_count, after->slot_count },
        { "sessions", before->session_count, after->session_count },
    };
    out_name(out, path);
    out_format(out, ": %" PRIu64 " entities\n", after->entity_count);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        out_format(out, "  %-8s %12" PRIu64 ", were %" PRIu64 "\n", lines[i].what, lines[i].after, lines[i].before);
}

static void write_one(struct json_out *json, const char *key, const struct counts *counts)
{
    json_begin_object(json, key);
    json_number(json, "size_bytes", counts->size_bytes);
    json_number(json, "entity_count", counts->entity_count);
    json_number(json, "type_count", counts->type_count);
    json_number(json, "table_count", counts->table_count);
    json_number(json, "slot_count", counts->slot_count);
    json_number(json, "free_count", counts->free_count);
    json_number(json, "retired_count", counts->retired_count);
    json_number(json, "session_count", counts->session_count);
    json_end_object(json);
}

static void write_counts(struct text_out *out, const struct arguments *arguments, const struct counts *before,
                         const struct counts *after)
{
    struct json_out json = { .out = out, .line_depth = 1 };
    json_begin_object(&json, NULL);
    json_string(&json, "file", arguments->paths[0]);
    json_string(&json, "output", arguments->paths[1]);
    write_one(&json, "before", before);
    write_one(&json, "after", after);
    json_end_object(&json);
    json_finish(&json);
}

static int run(const struct arguments *arguments, struct text_out *out)
{
    struct counts before = { 0 }, after = { 0 };
    int code = count_file(arguments->paths[0], &before); /* now: the output may take its place */
    if (!code)
        code = compact(arguments, before.wall_clock_ns);
    if (!code)
        code = count_file(arguments->paths[1], &after);
    if (code)
        return code;
    if (arguments->options[OPTION_JSON])
        write_counts(out, arguments, &before, &after);
    else
        print_counts(out, arguments->paths[1], &before, &after);
    return CLI_FINE;
}

static const struct command_option options[] = {
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_compact = {
    "compact", "FILE OUTPUT",
    2,         "Save the world of a file without empty tables and without free slots at its end.",
    options,   sizeof(options) / sizeof(options[0]),
    run,
};
