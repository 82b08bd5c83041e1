/* What the tests of pecs.hpp share: their list of types, checks, a world whose allocations are counted, and main. */
#ifndef CPP_WRAPPER_FIXTURE_H
#define CPP_WRAPPER_FIXTURE_H

#include "cpp_wrapper.h"

#include <cstdio>
#include <cstdlib>
#include <type_traits>

// cpp_wrapper_list.cc has some of them under other numbers.
PECS_TYPES(game, Position, Velocity, Frozen, Clock, Path, Follows);

static int failed_checks = 0;

static void check(bool good, const char *what, const char *file, int line)
{
    if (!good) {
        std::fprintf(stderr, "%s:%d: %s\n", file, line, what);
        failed_checks++;
    }
}
#define CHECK(what) check(what, #what, __FILE__, __LINE__)
#define FINE(call) check(call == PECS_OK, #call, __FILE__, __LINE__)

template <typename T>
constexpr bool is_owner = std::is_nothrow_move_constructible_v<T> &&std::is_nothrow_move_assignable_v<T> &&
                          !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
struct fixture {
    long live_count = 0; // allocations
    pecs::registry registry;
    pecs::world world;

    fixture()
    {
        pecs_registry_desc desc = {};
        desc.types = game_types;
        desc.type_count = game_type_count;
        desc.allocator.user = &live_count;
        desc.allocator.allocate = [](void *user, size_t size_bytes, size_t align_bytes) {
            ++*static_cast<long *>(user);
            const size_t least = align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes;
            void *memory = nullptr;
            return posix_memalign(&memory, least, size_bytes) ? nullptr : memory;
        };
        desc.allocator.release = [](void *user, void *memory, size_t, size_t) {
            --*static_cast<long *>(user);
            free(memory);
        };
        CHECK(!registry.create(desc));
        CHECK(!world.create(registry));
    }
    ~fixture()
    {
        world.reset();
        registry.reset();
        CHECK(live_count == 0);
    }
    pecs_entity make(float x, float speed)
    {
        const auto [status, entity] = world.spawn(Position{ x, 0 }, Velocity{ speed, 0 });
        FINE(status);
        return entity;
    }
};

struct part {
    const char *name;
    void (*run)(fixture &);
};

/* Runs each part with a world of its own; gives what main returns. */
template <size_t Count> static int run_parts(const part (&parts)[Count])
{
    for (const part &one : parts) {
        const int before = failed_checks;
        {
            fixture f;
            one.run(f);
        }
        std::printf("%s: %s\n", one.name, failed_checks == before ? "fine" : "failed");
    }
    return failed_checks != 0;
}

#endif
