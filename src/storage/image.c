#include "image.h"

static void image_destroy(struct pool *pool, struct node *node)
{
    struct image *image = (struct image *)node;
    if (image->kind == IMAGE_MAPPED)
        os_file_unmap(image->bytes, image->size_bytes);
    else
        pool_array_release(pool, image->bytes, (size_t)image->size_bytes, image->source);
    image_parts_deinit(&image->parts, pool);
    pool_release(pool, image->path, image->path_bytes);
    if (image->base)
        node_release(pool, &image->base->node);
    pool_release(pool, image, sizeof(*image));
}

static const struct node_class image_class = { image_destroy, NULL };

static struct image *image_allocate(struct pool *pool, uint64_t size_bytes, enum image_kind kind)
{
    struct image *image = pool_allocate_zeroed(pool, sizeof(*image));
    if (image) {
        node_init(&image->node, &image_class);
        image->size_bytes = size_bytes;
        image->kind = kind;
    }
    return image;
}

static bool image_keep_path(struct image *image, struct pool *pool, const char *path)
{
    image->path = os_absolute_path(pool, path, &image->path_bytes);
    return image->path != NULL;
}

static struct image *image_create_memory(struct pool *pool, uint64_t size_bytes, enum image_kind kind)
{
    struct image *image = image_allocate(pool, size_bytes, kind);
    if (!image)
        return NULL;
    image->bytes = pool_array_allocate(pool, (size_t)size_bytes, &image->source);
    if (!image->bytes) {
        pool_release(pool, image, sizeof(*image));
        return NULL;
    }
    return image;
}

struct image *image_create_private(struct pool *pool, uint64_t size_bytes)
{
    return image_create_memory(pool, size_bytes, IMAGE_PRIVATE);
}

bool image_resize(struct image *image, uint64_t size_bytes)
{
    uint8_t *bytes = pool_array_resize(image->bytes, (size_t)image->size_bytes, (size_t)size_bytes);
    if (!bytes)
        return false;
    image->bytes = bytes;
    image->size_bytes = size_bytes;
    return true;
}

struct image *image_create_beside(struct pool *pool, struct image *base, uint64_t size_bytes)
{
    struct image *image =
        image_create_memory(pool, size_bytes, base->kind == IMAGE_PRIVATE ? IMAGE_PRIVATE : IMAGE_READ);
    if (image)
        image->base = (struct image *)node_retain(&base->node);
    return image;
}

struct image *image_create_read(struct pool *pool, const struct os_file *file, const char *path)
{
    struct image *image = image_create_memory(pool, file->size_bytes, IMAGE_READ);
    if (image && !image_keep_path(image, pool, path)) {
        image_destroy(pool, &image->node);
        return NULL;
    }
    return image;
}

struct image *image_create_mapped(struct pool *pool, const uint8_t *bytes, const struct os_file *file, const char *path)
{
    struct image *image = image_allocate(pool, file->size_bytes, IMAGE_MAPPED);
    if (!image)
        return NULL;
    if (!image_keep_path(image, pool, path)) {
        pool_release(pool, image, sizeof(*image));
        return NULL;
    }
    image->bytes = (uint8_t *)(uintptr_t)bytes; /* runs of a mapped image are never written */
    image->name = file->name;
    image_note(image, &(struct os_file_state){ file->size_bytes, file->time_ns });
    return image;
}

void image_note(struct image *image, const struct os_file_state *state)
{
    atomic_store_explicit(&image->seen_size, state->size_bytes, memory_order_relaxed);
    atomic_store_explicit(&image->seen_time, state->time_ns, memory_order_relaxed);
}

enum image_news image_look(const struct image *image, struct os_file_state *ret_state)
{
    struct os_file_name name;
    if (image->kind != IMAGE_MAPPED)
        return IMAGE_AS_IT_WAS;
    if (!os_file_look(image->path, &name, ret_state) || name.device != image->name.device ||
        name.inode != image->name.inode)
        return IMAGE_AS_IT_WAS;
    if (ret_state->size_bytes < image->size_bytes)
        return IMAGE_CUT;
    return ret_state->size_bytes == atomic_load_explicit(&image->seen_size, memory_order_relaxed) &&
                   ret_state->time_ns == atomic_load_explicit(&image->seen_time, memory_order_relaxed)
               ? IMAGE_AS_IT_WAS
               : IMAGE_WRITTEN_TO;
}
