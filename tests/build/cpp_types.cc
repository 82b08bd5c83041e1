// The headers in a C++ program: components declared with the macros, their kinds deduced by traits, and a world of
// them.
#include <pecs/pecs.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

struct Motion {
    float x, y;
    double speed;
    int32_t steps[4];
    uint8_t flags;
    bool awake;
    char label[6];
    pecs_entity leader;
};
PECS_COMPONENT(Motion, 2, x, y, speed, steps, flags, awake, label, leader);
PECS_TAG(Frozen, 1);

// The same fields twice: as C has them, and as C++ does.
enum class Side : uint8_t { LEFT, RIGHT };
static const char *const side_names[] = { "left", "right" };
struct Arrays {
    float at[3];
    float matrix[2][4];
    char name[8];
    Side side, sides[3];
    uint8_t flags[4];
    Motion motions[2];
};
struct StdArrays {
    std::array<float, 3> at;
    std::array<std::array<float, 4>, 2> matrix;
    std::array<char, 8> name;
    Side side;
    std::array<Side, 3> sides;
    std::array<uint8_t, 4> flags;
    std::array<Motion, 2> motions;
};
#define ARRAYS(T)                                                                                                      \
    PECS_COMPONENT_OF(T, "Arrays", 1, PECS_FIELD(T, at), PECS_FIELD_GRID(T, matrix), PECS_FIELD(T, name),              \
                      PECS_FIELD_ENUM(T, side, side_names), PECS_FIELD_ENUM_ARRAY(T, sides, side_names),               \
                      PECS_FIELD(T, flags), PECS_FIELD_STRUCT(T, motions, Motion))
ARRAYS(Arrays);
ARRAYS(StdArrays);

// What is not saved: any struct that is copied as bytes, also one that no component could be.
class Sprite {
  public:
    explicit Sprite(const char *name) : name_(name)
    {
    }
    const char *name() const
    {
        return name_;
    }
    bool is_drawn() const
    {
        return texture_ != nullptr;
    }

  private:
    const char *name_;
    void *texture_ = nullptr;
};
PECS_TRANSIENT(Sprite);
struct Body {
    void *body;
};
PECS_TRANSIENT_NO_SNAPSHOT(Body);
PECS_TRANSIENT_TAG(Selected);
PECS_TRANSIENT_ENTITY(Particle);
static_assert(std::is_empty<Selected>::value && std::is_empty<Particle>::value, "tags are declared");

enum { MOTION, FROZEN, SPRITE, BODY, SELECTED, PARTICLE, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = { &Motion_type, &Frozen_type,   &Sprite_type,
                                                    &Body_type,   &Selected_type, &Particle_type };

static int failed_checks = 0;

static void check(bool good, const char *what)
{
    if (!good) {
        std::fprintf(stderr, "wrong: %s\n", what);
        failed_checks++;
    }
}

static void check_fields()
{
    const pecs_kind kinds[] = { PECS_F32, PECS_F32, PECS_F64, PECS_I32, PECS_U8, PECS_BOOL, PECS_TEXT, PECS_ENTITY };
    const uint32_t offsets[] = { 0, 4, 8, 16, 32, 33, 34, 40 }, counts[] = { 1, 1, 1, 4, 1, 1, 6, 1 };
    check(Motion_type.field_count == 8, "the number of fields");
    for (uint32_t i = 0; i < 8; i++) {
        check(Motion_type.fields[i].kind == kinds[i], Motion_type.fields[i].name);
        check(Motion_type.fields[i].offset == offsets[i], Motion_type.fields[i].name);
        check(Motion_type.fields[i].count == counts[i], Motion_type.fields[i].name);
    }
}

static void check_arrays()
{
    check(sizeof(Arrays) == sizeof(StdArrays) && Arrays_type.field_count == 7 && StdArrays_type.field_count == 7,
          "fields");
    const uint32_t counts[] = { 3, 8, 8, 1, 3, 4, 2 }, columns[] = { 0, 4, 0, 0, 0, 0, 0 };
    const pecs_kind kinds[] = { PECS_F32, PECS_F32, PECS_TEXT, PECS_ENUM, PECS_ENUM, PECS_U8, PECS_STRUCT };
    for (uint32_t i = 0; i < 7; i++) {
        const pecs_field &c = Arrays_type.fields[i], &std = StdArrays_type.fields[i];
        check(c.offset == std.offset && c.size == std.size && std.count == counts[i] && c.count == counts[i], std.name);
        check(std.columns == columns[i] && c.columns == columns[i] && std.kind == kinds[i], std.name);
        check(c.kind == std.kind && c.nested == std.nested && c.enum_count == std.enum_count, std.name);
    }
}

template <typename T, typename = void> struct makes_value : std::false_type {
};
template <typename T>
struct makes_value<T, decltype(static_cast<void>(pecs_value_of(MOTION, std::declval<T>())))> : std::true_type {
};

static void check_values()
{
    static_assert(makes_value<Motion &>::value && makes_value<const Motion &>::value, "variables make values");
    static_assert(!makes_value<Motion>::value && !makes_value<const Motion>::value, "temporaries would be gone");
    const Motion motions[3] = {};
    const pecs_value one = pecs_value_of(MOTION, motions[1]), rows = PECS_ROWS_AS(MOTION, motions);
    check(one.component == MOTION && one.size_bytes == 48 && one.data == &motions[1], "a value of a variable");
    check(rows.component == MOTION && rows.size_bytes == 48 && rows.data == motions, "a value of rows");
}

static void check_world(pecs_registry *registry)
{
    pecs_world *world = nullptr;
    pecs_entity entity = {};
    Motion motion = {};
    motion.speed = 2.5;
    std::memcpy(motion.label, "scout", 6);
    const pecs_value values[] = { pecs_value_of(MOTION, motion), PECS_HAS_AS(FROZEN) };
    check(pecs_world_create(registry, nullptr, nullptr, &world, nullptr) == PECS_OK, "a world");
    if (!world)
        return;
    check(pecs_world_spawn(world, values, 2, 1, &entity) == PECS_OK, "a spawn");
    const Motion *found = pecs_get_as(pecs_world_view(world), entity, MOTION, Motion);
    check(found && found->speed == 2.5 && std::strcmp(found->label, "scout") == 0, "the value");
    check(pecs_view_has(pecs_world_view(world), entity, FROZEN), "the tag");
    pecs_world_destroy(world);
}

static void check_transient(pecs_registry *registry)
{
    check(Sprite_type.flags == PECS_TYPE_TRANSIENT && Sprite_type.size == sizeof(Sprite), "PECS_TRANSIENT");
    check(Body_type.flags == (PECS_TYPE_TRANSIENT | PECS_TYPE_NO_SNAPSHOT), "PECS_TRANSIENT_NO_SNAPSHOT");
    check(Particle_type.flags == (PECS_TYPE_TRANSIENT | PECS_TYPE_TRANSIENT_ENTITY) && !Particle_type.size,
          "PECS_TRANSIENT_ENTITY");
    pecs_world *world = nullptr;
    pecs_snapshot *snapshot = nullptr;
    const Sprite sprite("hero");
    const Body body = { &world };
    const pecs_value values[] = { { SPRITE, sizeof(sprite), &sprite }, { BODY, sizeof(body), &body } };
    pecs_entity entity = {};
    check(!pecs_world_create(registry, nullptr, nullptr, &world, nullptr), "a world");
    check(!pecs_world_spawn(world, values, 2, 1, &entity), "a spawn with transient components");
    check(!pecs_snapshot_take(world, &snapshot), "a take");
    const pecs_view view = pecs_snapshot_view(snapshot);
    check(!std::strcmp(pecs_get_as(view, entity, SPRITE, Sprite)->name(), "hero"), "a snapshot has it");
    check(!pecs_get_as(view, entity, BODY, Body)->body, "or zeros");
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(world);
}

int main()
{
    pecs_error error = {};
    pecs_registry *registry = nullptr;
    pecs_registry_desc desc = {};
    desc.types = types;
    desc.type_count = TYPE_COUNT;
    check_fields();
    check_arrays();
    check_values();
    if (pecs_registry_create(&desc, &registry, &error) == PECS_OK) {
        check_world(registry);
        check_transient(registry);
    } else {
        check(false, error.message);
    }
    pecs_registry_release(registry);
    return failed_checks ? 1 : 0;
}
