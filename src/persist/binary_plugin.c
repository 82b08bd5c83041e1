/*
 * PECS files as a plugin like any other: it includes public headers only. What it looks at in a header, which has 64
 * bytes and then a segment, is fixed by docs/format.md for version 1.
 */
#include <pecs/plugin.h>

#include <string.h>

enum { HEADER_BYTES = 64, VERSION_AT = 4, ZEROS_AT = 40, ZEROS_SIZE = 16 };

/* 0: these are not the first bytes of a PECS file. */
static uint32_t binary_version(void *user, const void *bytes, size_t size_bytes)
{
    (void)user;
    if (size_bytes < VERSION_AT + 4 || memcmp(bytes, "PECS", 4) != 0)
        return 0;
    const uint8_t *at = (const uint8_t *)bytes + VERSION_AT;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* A file that was cut or is of a later version bids too, so that it is refused with its own reason. */
static uint32_t binary_bid(void *user, const void *bytes, size_t size_bytes)
{
    static const uint8_t zeros[ZEROS_SIZE];
    const uint8_t *header = bytes;
    const uint32_t version = binary_version(user, bytes, size_bytes);
    if (!version || version >> 16)
        return 0;
    uint32_t bits = 32 + 16;
    if (size_bytes >= HEADER_BYTES && memcmp(header + ZEROS_AT, zeros, ZEROS_SIZE) == 0)
        bits += 8 * ZEROS_SIZE;
    if (size_bytes >= HEADER_BYTES + 4 && memcmp(header + HEADER_BYTES, "PSEG", 4) == 0)
        bits += 32;
    return bits;
}

static bool binary_report_write(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    return pecs_plugin_progress(user, PECS_PHASE_WRITE, done_bytes, total_bytes) == PECS_OK;
}

static pecs_status binary_save(const pecs_plugin_context *context, const pecs_snapshot *snapshot, const pecs_sink *sink,
                               pecs_error *error)
{
    pecs_save_options options = *context->save;
    options.progress = binary_report_write;
    options.user = (void *)(uintptr_t)context;
    return pecs_snapshot_save_to(snapshot, sink, &options, error);
}

static bool binary_report_read(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    return pecs_plugin_progress(user, PECS_PHASE_READ, done_bytes, total_bytes) == PECS_OK;
}

/* A load has one `user` for both of its functions. */
static bool binary_repair(void *user, const pecs_invalid *invalid, void *place)
{
    const pecs_plugin_context *context = user;
    return context->load->repair(context->load->user, invalid, place);
}

static pecs_status binary_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                               pecs_error *error)
{
    pecs_load_options options = *context->load;
    pecs_snapshot *loaded;
    options.progress = binary_report_read;
    options.repair = options.repair ? binary_repair : NULL;
    options.user = (void *)(uintptr_t)context;
    pecs_status status = pecs_snapshot_load_from(pecs_builder_registry(builder), source, &options, &loaded, error);
    if (status)
        return status;
    status = pecs_builder_adopt(builder, loaded, error);
    pecs_snapshot_release(loaded);
    return status;
}

const pecs_plugin *pecs_binary_plugin(void)
{
    static const pecs_plugin plugin = {
        .name = "pecs",
        .version = 1,
        .extensions = "pecs",
        .bid = binary_bid,
        .save = binary_save,
        .load = binary_load,
        .version_of = binary_version,
    };
    return &plugin;
}
