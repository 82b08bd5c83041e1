/*
 * Schema: types of components. A type is static data of the program that describes a struct; a registry is an
 * immutable list of them, and the number of a component is its type's position in that list.
 *
 *     typedef struct { float x, y, z; } Position;   PECS_COMPONENT(Position, 1, x, y, z);
 *     typedef struct { uint8_t team; } Unit;         PECS_COMPONENT(Unit, 1, team);
 *     PECS_TAG(Frozen, 1);
 *     PECS_TYPES(game, Position, Unit, Frozen);
 *
 * PECS_TYPES makes the list `game_types`, its length game_type_count, and the numbers Position_component and so on. The
 * macros that take a type's name (pecs_get, pecs_set, pecs_column, PECS_VALUE ...) use these numbers.
 */
#ifndef PECS_SCHEMA_H
#define PECS_SCHEMA_H

#include <pecs/repeat.h>
#include <pecs/status.h>

#ifdef __cplusplus
#include <array>
#include <type_traits>
extern "C" {
#endif

/*
 * A handle; {0, 0} is none. Save and load keep handles, so entity fields in components need no remapping. The handle of
 * a dead entity is stale: legal to keep, and never alive again in this world unless the world is restored or rewound. A
 * restored or rewound world, or a fork, may give a handle of the other timeline to another entity; where that matters,
 * keep stable ids (id.h).
 */
typedef struct pecs_entity {
    uint32_t index, generation;
} pecs_entity;

/* 128 bits, in the byte order of their text form. */
typedef struct pecs_id {
    uint8_t bytes[16];
} pecs_id;

/*
 * Members whose contents lie in the heap of the world (contents.h): a string of UTF-8, bytes, and a list of elements of
 * one kind. All zeros are an empty one. What a reference holds is the library's own.
 */
typedef struct pecs_string {
    uint64_t reference;
} pecs_string;
typedef struct pecs_blob {
    uint64_t reference;
} pecs_blob;
typedef struct pecs_list {
    uint64_t reference;
} pecs_list;

typedef uint32_t pecs_component; /* number of a type: its position in the registry's list, or see reflect.h */

/* The numbers are those of the file format. */
typedef enum pecs_kind {
    PECS_BOOL = 1, /* one byte, 0 or 1 */
    PECS_I8,
    PECS_I16,
    PECS_I32,
    PECS_I64,
    PECS_U8,
    PECS_U16,
    PECS_U32,
    PECS_U64,
    PECS_F32,
    PECS_F64,
    PECS_TEXT,    /* char[count]: UTF-8, zeros from the first zero to the end (VALUE-3); a full one has no zero */
    PECS_ENTITY,  /* pecs_entity */
    PECS_STRING,  /* pecs_string */
    PECS_BLOB,    /* pecs_blob */
    PECS_ENUM,    /* 1, 2 or 4 bytes; values 0 .. enum_count - 1 */
    PECS_STRUCT,  /* the fields of `nested` */
    PECS_PADDING, /* unused bytes: written as zeros, never compared */
    PECS_LIST,    /* pecs_list */
} pecs_kind;

typedef struct pecs_type pecs_type;

/* One field. Fields are listed in the order of their offsets and tile the struct: a gap must be declared. */
typedef struct pecs_field {
    const char *name; /* unique in the type, 1 to 255 bytes of UTF-8; NULL for padding */
    pecs_kind kind;
    uint32_t offset;               /* in bytes from the start of the struct */
    uint32_t size;                 /* in bytes, all elements */
    uint32_t count;                /* elements: 1, or the length of an array (rows times columns for two dimensions) */
    uint32_t columns;              /* two-dimensional arrays: length of the inner dimension; else 0 */
    const pecs_type *nested;       /* PECS_STRUCT: the element's type (its id and version do not matter) */
    const char *const *enum_names; /* PECS_ENUM: the values' names */
    uint32_t enum_count;
    /*
     * PECS_LIST: what its elements are, a kind of number, PECS_BOOL, PECS_ENTITY, PECS_ENUM or PECS_STRUCT, which the
     * three members above describe; and bytes of one. Their alignment is at most 8, and they have no contents.
     */
    pecs_kind element;
    uint32_t element_size;
} pecs_field;

/*
 * What is not saved. A transient component is never in a file, and no part of pecs_view_hash, pecs_view_diff and the
 * values that are checked: a save is that of a world without it. Its struct may hold anything, pointers too, and needs
 * no fields; its version counts for nothing. Snapshots hold it and a rollback restores it, but for the flag
 * PECS_TYPE_NO_SNAPSHOT: then a snapshot has the component, but all bytes of its values are zero, in worlds that are
 * restored, rewound or made from the snapshot too. So handles and pointers that one world owns never come to another
 * one, or back after they were freed. The other two flags need PECS_TYPE_TRANSIENT.
 */
typedef enum pecs_type_flags {
    PECS_TYPE_TRANSIENT = 1,       /* the component is not saved */
    PECS_TYPE_NO_SNAPSHOT = 2,     /* and snapshots hold zeros instead of its values; not for tags */
    PECS_TYPE_TRANSIENT_ENTITY = 4 /* nor is an entity that has the component saved */
} pecs_type_flags;

/*
 * A component type. A tag has size 0, alignment 1 and no fields. A transient type may have a size without fields: any
 * bytes; if it has fields, they follow the same rules as others, but strings, blobs and lists are refused.
 */
struct pecs_type {
    const char *name; /* unique in a registry, 1 to 255 bytes of UTF-8; "pecs." at the beginning is reserved */
    pecs_id id;       /* all zero: XXH3-128 of the name */
    uint32_t version; /* the user's own, from 1 */
    uint32_t size;    /* in bytes, at most 16 MiB; a multiple of align */
    uint32_t align;   /* a power of two, at most 64 */
    uint32_t field_count;
    const pecs_field *fields;
    uint32_t flags; /* pecs_type_flags */
};

/* clang-format off: it spoils the macros' # and nesting */

/*
 * PECS_COMPONENT lists members and deduces their kinds; PECS_COMPONENT_OF takes a name and field macros, for a struct
 * that needs more. Both define a static `T_type`. A member that does not suit its macro does not compile; the error
 * names the macro to use, or what a component cannot have.
 * In C++ a member may also be an enum class, or a std::array, which is described as the array that it holds.
 */
#define PECS_COMPONENT(T, version, ...) PECS_COMPONENT_OF(T, #T, version, PECS_EACH_(T, __VA_ARGS__))
#define PECS_COMPONENT_OF(T, name, version, ...)                                                                       \
    PECS_CHECK_COMPONENT_(T)                                                                                           \
    static const pecs_field T##_fields[] = { __VA_ARGS__ };                                                            \
    static const pecs_type T##_type = { name,                                                                          \
                                        { { 0 } },                                                                     \
                                        version,                                                                       \
                                        sizeof(T),                                                                     \
                                        PECS_ALIGNOF_(T),                                                              \
                                        sizeof(T##_fields) / sizeof(T##_fields[0]),                                    \
                                        T##_fields,                                                                    \
                                        0 }
/* A component without values. In C++ it also declares the empty struct T. */
#define PECS_TAG(T, version)                                                                                           \
    PECS_DECLARE_TAG_(T)                                                                                               \
    static const pecs_type T##_type = { #T, { { 0 } }, version, 0, 1, 0, NULL, 0 }
/*
 * Not saved (pecs_type_flags): a component of any struct T; one whose values snapshots leave out as well; a tag; and a
 * tag for entities that are not saved. In C++, T is trivially copyable.
 */
#define PECS_TRANSIENT(T) PECS_TRANSIENT_OF_(T, PECS_TYPE_TRANSIENT)
#define PECS_TRANSIENT_NO_SNAPSHOT(T) PECS_TRANSIENT_OF_(T, PECS_TYPE_TRANSIENT | PECS_TYPE_NO_SNAPSHOT)
#define PECS_TRANSIENT_TAG(T) PECS_TRANSIENT_TAG_OF_(T, PECS_TYPE_TRANSIENT)
#define PECS_TRANSIENT_ENTITY(T) PECS_TRANSIENT_TAG_OF_(T, PECS_TYPE_TRANSIENT | PECS_TYPE_TRANSIENT_ENTITY)
#define PECS_TRANSIENT_OF_(T, flags)                                                                                   \
    PECS_CHECK_TRANSIENT_(T)                                                                                           \
    static const pecs_type T##_type = { #T, { { 0 } }, 1, sizeof(T), PECS_ALIGNOF_(T), 0, NULL, flags }
#define PECS_TRANSIENT_TAG_OF_(T, flags)                                                                               \
    PECS_DECLARE_TAG_(T)                                                                                               \
    static const pecs_type T##_type = { #T, { { 0 } }, 1, 0, 1, 0, NULL, flags }

/* A scalar or a one-dimensional array; the kind is deduced. */
#define PECS_FIELD(T, f)                                                                                               \
    {                                                                                                                  \
#f, PECS_KIND_OF_(T, f), offsetof(T, f), PECS_SIZE_(T, f), PECS_SIZE_(T, f) / PECS_KIND_SIZE_(T, f), 0, NULL,  \
            NULL, 0, PECS_NO_ELEMENT_                                                                                  \
    }
/* A two-dimensional array; the kind is deduced. */
#define PECS_FIELD_GRID(T, f)                                                                                          \
    {                                                                                                                  \
#f, PECS_KIND_OF_(T, f[0]), offsetof(T, f), PECS_SIZE_(T, f),                                                  \
            PECS_OF_ARRAY_(T, f, PECS_SIZE_(T, f) / PECS_SIZE_(T, f[0][0])),                                           \
            PECS_SIZE_(T, f[0]) / PECS_SIZE_(T, f[0][0]), NULL, NULL, 0, PECS_NO_ELEMENT_                              \
    }
/*
 * An enum, or an integer that holds one, and a one-dimensional array of them. `names` is a static array of strings: the
 * names of the values 0, 1, 2 ...
 */
#define PECS_FIELD_ENUM(T, f, names)                                                                                   \
    {                                                                                                                  \
#f, PECS_ENUM, offsetof(T, f), PECS_SIZE_(T, f), PECS_OF_ENUM_(T, f, 1), 0, NULL, names,                       \
            sizeof(names) / sizeof((names)[0]), PECS_NO_ELEMENT_                                                       \
    }
#define PECS_FIELD_ENUM_ARRAY(T, f, names)                                                                             \
    {                                                                                                                  \
#f, PECS_ENUM, offsetof(T, f), PECS_SIZE_(T, f), PECS_OF_ENUMS_(T, f, PECS_SIZE_(T, f) / PECS_SIZE_(T, f[0])), \
            0, NULL, names, sizeof(names) / sizeof((names)[0]), PECS_NO_ELEMENT_                                       \
    }
/* A member of type N, a struct that has an N_type, or a one-dimensional array of them. */
#define PECS_FIELD_STRUCT(T, f, N)                                                                                     \
    {                                                                                                                  \
#f, PECS_STRUCT, offsetof(T, f), PECS_SIZE_(T, f), PECS_OF_STRUCT_(T, f, N, PECS_SIZE_(T, f) / sizeof(N)), 0,  \
            &N##_type, NULL, 0, PECS_NO_ELEMENT_                                                                       \
    }
/*
 * A pecs_list, or a one-dimensional array of them: of numbers, bools or entities, all of type E; of structs of type N,
 * which has an N_type; of enums of type E, whose names are a static array.
 */
#define PECS_FIELD_LIST(T, f, E)                                                                                       \
    {                                                                                                                  \
#f, PECS_LIST, offsetof(T, f), PECS_SIZE_(T, f), PECS_OF_LIST_(T, f), 0, NULL, NULL, 0, PECS_ELEMENT_OF_(E),   \
            (uint32_t)sizeof(E)                                                                                        \
    }
#define PECS_FIELD_LIST_STRUCT(T, f, N)                                                                                \
    {                                                                                                                  \
#f, PECS_LIST, offsetof(T, f), PECS_SIZE_(T, f), PECS_OF_LIST_(T, f), 0, &N##_type, NULL, 0, PECS_STRUCT,      \
            (uint32_t)sizeof(N)                                                                                        \
    }
#define PECS_FIELD_LIST_ENUM(T, f, E, names)                                                                           \
    {                                                                                                                  \
#f, PECS_LIST, offsetof(T, f), PECS_SIZE_(T, f), PECS_OF_LIST_(T, f), 0, NULL, names,                          \
            sizeof(names) / sizeof((names)[0]), PECS_ENUM_ELEMENT_(E), (uint32_t)sizeof(E)                             \
    }
/* A member that is padding, and bytes without a name that follow member `f`. */
#define PECS_FIELD_PADDING(T, f)                                                                                       \
    {                                                                                                                  \
        NULL, PECS_PADDING, offsetof(T, f), PECS_SIZE_(T, f), PECS_SIZE_(T, f), 0, NULL, NULL, 0, PECS_NO_ELEMENT_     \
    }
#define PECS_GAP_AFTER(T, f, size_bytes)                                                                               \
    {                                                                                                                  \
        NULL, PECS_PADDING, offsetof(T, f) + PECS_SIZE_(T, f), size_bytes, size_bytes, 0, NULL, NULL, 0,               \
            PECS_NO_ELEMENT_                                                                                           \
    }
#define PECS_NO_ELEMENT_ (pecs_kind)0, 0

/* clang-format on */

/*
 * The list of up to 1024 types for a registry. In a header, all translation units that include it agree on the numbers.
 *     PECS_TYPES(game, Position, Unit);
 *     const pecs_registry_desc desc = { .types = game_types, .type_count = game_type_count };
 * A type is in one list of a translation unit. In C++ the list stands in the namespace of its types, or outside of all;
 * pecs.hpp finds the number of a type by it.
 */
#define PECS_TYPES(list, ...)                                                                                          \
    enum { PECS_MAP_(PECS_COMPONENT_OF_TYPE_, __VA_ARGS__) list##_type_count };                                        \
    PECS_DECLARE_NUMBERS_(__VA_ARGS__)                                                                                 \
    __attribute__((unused)) static const pecs_type *const list##_types[list##_type_count] = { PECS_MAP_(               \
        PECS_TYPE_OF_TYPE_, __VA_ARGS__) }

typedef struct pecs_registry pecs_registry;
typedef struct pecs_history pecs_history; /* migration.h */

typedef struct pecs_registry_desc {
    const pecs_type *const *types;   /* the structs and all they point to must outlive the registry */
    size_t type_count;               /* at most 1024 */
    pecs_allocator allocator;        /* for all worlds and snapshots of this registry */
    const char *application;         /* name of the program, written to files as metadata (metadata.h); or NULL */
    const char *application_version; /* or NULL; both 1 to 255 bytes of UTF-8; they must outlive the registry */
    const pecs_history *history;     /* of the types, by which it opens older saves (migration.h); or NULL */
} pecs_registry_desc;

/*
 * Checks every type and makes the registry. It is immutable: any thread may use it. It is reference-counted: the
 * caller owns one reference, and every world, snapshot, query and command buffer holds another.
 * PECS_E_MISUSE names the type and field that break a rule (a gap, an overlap, a name twice), PECS_E_CONFLICT two types
 * with one id or name, PECS_E_LIMIT too many or too large, PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_registry_create(const pecs_registry_desc *desc, pecs_registry **ret_registry,
                                                        pecs_error *error);

/* Adds a reference and returns the argument. NULL is allowed. Any thread. */
PECS_API pecs_registry *pecs_registry_retain(pecs_registry *registry);

/* Releases one reference; the last one frees the registry. NULL is allowed. Any thread. */
PECS_API void pecs_registry_release(pecs_registry *registry);

/* The number of types, and the type of a component (NULL beyond): the program's own pointer. */
PECS_API size_t pecs_registry_type_count(const pecs_registry *registry);
PECS_API const pecs_type *pecs_registry_type(const pecs_registry *registry, pecs_component component);

/* clang-format off */
#ifdef __cplusplus
}

/*
 * What all messages have to say of a class that owns memory or has a copy constructor. (clang 14 does not take a struct
 * with an array of const members for trivially copyable.)
 */
#define PECS_BYTES_ONLY_                                                                                               \
    "a component is copied as bytes: instead of std::string write pecs_string, char[N] or std::array<char, N>, "       \
    "instead of std::vector a pecs_list or an array of fixed length"
#define PECS_CHECK_COMPONENT_(T)                                                                                       \
    static_assert(std::is_trivially_copy_constructible<T>::value && std::is_trivially_destructible<T>::value,          \
                  PECS_BYTES_ONLY_);                                                                                   \
    static_assert(std::is_standard_layout<T>::value,                                                                   \
                  "a component has standard layout: all members are public, and none is virtual or inherited");
#define PECS_CHECK_TRANSIENT_(T)                                                                                       \
    static_assert(std::is_trivially_copy_constructible<T>::value && std::is_trivially_destructible<T>::value,          \
                  PECS_BYTES_ONLY_);                                                                                   \
    static_assert(!std::is_empty<T>::value, "a struct without members is a tag: PECS_TRANSIENT_TAG declares it");
#define PECS_DECLARE_TAG_(T) struct T {};
/*
 * The number of T in the list of this translation unit is the value of the type that pecs_component_of_ returns. It is
 * found by its argument, in the namespace of T and outside of all. It is never called, so it is in no object file.
 */
template <typename T> struct pecs_type_name_ {};
#define PECS_DECLARE_NUMBERS_(...)                                                                                     \
    extern "C++" {                                                                                                     \
    PECS_MAP_(PECS_NUMBER_OF_TYPE_, __VA_ARGS__)                                                                       \
    }
#define PECS_NUMBER_OF_TYPE_(T)                                                                                        \
    __attribute__((unused)) inline ::std::integral_constant<pecs_component, T##_component> pecs_component_of_(         \
        ::pecs_type_name_<T>)                                                                                          \
    {                                                                                                                  \
        return {};                                                                                                     \
    }

/* The element of an array or std::array, and what has no elements itself. */
template <typename T> struct pecs_element_ {
    using type = T;
    static constexpr bool is_array = false;
};
template <typename T, size_t Count> struct pecs_element_<T[Count]> {
    using type = T;
    static constexpr bool is_array = true;
};
template <typename T, size_t Count> struct pecs_element_<std::array<T, Count>> {
    static_assert(Count > 0, "an array has at least one element");
    using type = T;
    static constexpr bool is_array = true;
};
template <typename T, size_t Count>
struct pecs_element_<const std::array<T, Count>> : pecs_element_<std::array<const T, Count>> {};

/* Of what has no kind of its own: each assertion names what to write instead. */
template <typename T> struct pecs_kind_trait {
    static constexpr bool is_array = pecs_element_<T>::is_array;
    static_assert(std::is_trivially_destructible<T>::value, PECS_BYTES_ONLY_);
    static_assert(!std::is_pointer<T>::value, "a component has no pointers");
    static_assert(!std::is_enum<T>::value, "an enum needs PECS_FIELD_ENUM or PECS_FIELD_ENUM_ARRAY");
    static_assert(!std::is_same<T, pecs_list>::value, "a list needs PECS_FIELD_LIST, _LIST_STRUCT or _LIST_ENUM");
    static_assert(!is_array, "an array has at most two dimensions, and two need PECS_FIELD_GRID");
    static_assert(is_array || !std::is_class<T>::value, "a struct needs PECS_FIELD_STRUCT");
    static_assert(std::is_pointer<T>::value || std::is_enum<T>::value || std::is_array<T>::value ||
                      std::is_class<T>::value,
                  "a component has no member of this type");
    static constexpr pecs_kind value = PECS_PADDING;
};
#define PECS_KIND_TRAIT_(T, k)                                                                                         \
    template <> struct pecs_kind_trait<T> {                                                                            \
        static constexpr pecs_kind value = k;                                                                          \
    }
PECS_KIND_TRAIT_(bool, PECS_BOOL);
PECS_KIND_TRAIT_(char, PECS_TEXT);
PECS_KIND_TRAIT_(signed char, PECS_I8);
PECS_KIND_TRAIT_(short, PECS_I16);
PECS_KIND_TRAIT_(int, PECS_I32);
PECS_KIND_TRAIT_(long, sizeof(long) == 8 ? PECS_I64 : PECS_I32);
PECS_KIND_TRAIT_(long long, PECS_I64);
PECS_KIND_TRAIT_(unsigned char, PECS_U8);
PECS_KIND_TRAIT_(unsigned short, PECS_U16);
PECS_KIND_TRAIT_(unsigned int, PECS_U32);
PECS_KIND_TRAIT_(unsigned long, sizeof(long) == 8 ? PECS_U64 : PECS_U32);
PECS_KIND_TRAIT_(unsigned long long, PECS_U64);
PECS_KIND_TRAIT_(float, PECS_F32);
PECS_KIND_TRAIT_(double, PECS_F64);
PECS_KIND_TRAIT_(pecs_entity, PECS_ENTITY);
PECS_KIND_TRAIT_(pecs_string, PECS_STRING);
PECS_KIND_TRAIT_(pecs_blob, PECS_BLOB);
#undef PECS_KIND_TRAIT_
/* The member's type has its reference taken off: f[0] is an lvalue. */
#define PECS_MEMBER_(T, f) typename std::remove_reference<decltype((((T *)0)->f))>::type
#define PECS_BARE_(T, f) typename pecs_element_<PECS_MEMBER_(T, f)>::type
template <typename T> struct pecs_array_member {
    static_assert(!std::is_pointer<T>::value, "a component has no pointers");
    static constexpr uint32_t value = 1;
};
template <typename T> struct pecs_enum_member {
    static_assert(!std::is_pointer<T>::value, "a component has no pointers");
    static constexpr bool is_array = pecs_element_<T>::is_array;
    static_assert(!is_array, "an array of enums needs PECS_FIELD_ENUM_ARRAY, and has one dimension");
    static_assert(is_array || std::is_pointer<T>::value || std::is_enum<T>::value ||
                      std::is_integral<T>::value,
                  "the member is no enum or integer");
    static constexpr uint32_t value = 1;
};
template <typename T, typename N> struct pecs_struct_member {
    using element = typename std::remove_cv<typename pecs_element_<T>::type>::type;
    static constexpr bool is_grid = pecs_element_<element>::is_array;
    static_assert(!std::is_pointer<element>::value, "a component has no pointers");
    static_assert(!is_grid, "an array of structs has one dimension");
    static_assert(std::is_pointer<element>::value || is_grid || std::is_same<element, N>::value,
                  "the member is of another type than the struct that PECS_FIELD_STRUCT names");
    static constexpr uint32_t value = 1;
};
template <typename T> struct pecs_list_member {
    using element = typename std::remove_cv<typename pecs_element_<T>::type>::type;
    static_assert(std::is_same<element, pecs_list>::value, "the member is no pecs_list");
    static constexpr uint32_t value = sizeof(T) / sizeof(pecs_list);
};
template <typename E> struct pecs_list_element {
    static constexpr bool is_taken =
        (std::is_arithmetic<E>::value && !std::is_same<E, char>::value) || std::is_same<E, pecs_entity>::value;
    static_assert(is_taken, "a list has no elements of this type: they are numbers, bools or entities; structs need "
                            "PECS_FIELD_LIST_STRUCT, enums PECS_FIELD_LIST_ENUM");
    static constexpr pecs_kind value = pecs_kind_trait<typename std::conditional<is_taken, E, bool>::type>::value;
};
template <typename E> struct pecs_list_enum {
    static_assert(std::is_enum<E>::value || std::is_integral<E>::value,
                  "a list has no elements of this type: those of PECS_FIELD_LIST_ENUM are enums or integers");
    static constexpr pecs_kind value = PECS_ENUM;
};
#define PECS_OF_ARRAY_(T, f, count) ((count) * pecs_array_member<PECS_MEMBER_(T, f)>::value)
#define PECS_OF_LIST_(T, f) (pecs_list_member<PECS_MEMBER_(T, f)>::value)
#define PECS_ELEMENT_OF_(E) (pecs_list_element<E>::value)
#define PECS_ENUM_ELEMENT_(E) (pecs_list_enum<E>::value)
#define PECS_OF_ENUM_(T, f, count) ((count) * pecs_enum_member<PECS_MEMBER_(T, f)>::value)
#define PECS_OF_ENUMS_(T, f, count) (PECS_OF_ARRAY_(T, f, count) * pecs_enum_member<PECS_MEMBER_(T, f[0])>::value)
#define PECS_OF_STRUCT_(T, f, N, count) ((count) * pecs_struct_member<PECS_MEMBER_(T, f), N>::value)
#define PECS_KIND_OF_(T, f) (pecs_kind_trait<PECS_BARE_(T, f)>::value)
#define PECS_KIND_SIZE_(T, f) ((uint32_t)sizeof(PECS_BARE_(T, f)))
#define PECS_ALIGNOF_(T) alignof(T)
#else
#define PECS_CHECK_COMPONENT_(T)
#define PECS_CHECK_TRANSIENT_(T)
#define PECS_DECLARE_TAG_(T)
#define PECS_DECLARE_NUMBERS_(...)
/*
 * What a component cannot have, and what to write instead. Where _Generic selects one of these structs it stands in the
 * place of a number, so the compiler refuses the member and shows the struct's name.
 */
struct pecs_a_component_has_no_pointers { char unused; };
struct pecs_a_component_has_no_long_double { char unused; };
struct pecs_an_enum_needs_PECS_FIELD_ENUM { char unused; };
struct pecs_an_array_of_enums_needs_PECS_FIELD_ENUM_ARRAY { char unused; };
struct pecs_an_array_of_enums_has_one_dimension { char unused; };
struct pecs_two_dimensions_need_PECS_FIELD_GRID { char unused; };
struct pecs_a_struct_needs_PECS_FIELD_STRUCT { char unused; };
struct pecs_a_list_needs_PECS_FIELD_LIST { char unused; };
struct pecs_the_member_is_no_pecs_list { char unused; };
struct pecs_a_list_has_no_elements_of_this_type { char unused; };
struct pecs_an_array_of_structs_has_one_dimension { char unused; };
struct pecs_the_member_is_of_another_type_than_this_struct { char unused; };
struct pecs_the_member_is_no_enum_or_integer { char unused; };
#define PECS_REFUSE_(name) (struct name){ 0 }
/*
 * An enum is compatible with one of the integer types, but two enums are never compatible with each other. So these
 * stand for the integer types where a member that is an enum must not be taken for a number.
 */
enum pecs_i32_no_enum_ { PECS_I32_LEAST_ = -1, PECS_I32_MOST_ = 0x7fffffff };
enum pecs_u32_no_enum_ { PECS_U32_MOST_ = 0x7fffffff };
enum pecs_i16_no_enum_ { PECS_I16_LEAST_ = -0x8000 } __attribute__((packed));
enum pecs_u16_no_enum_ { PECS_U16_MOST_ = 0xffff } __attribute__((packed));
enum pecs_i8_no_enum_ { PECS_I8_LEAST_ = -0x80 } __attribute__((packed));
enum pecs_u8_no_enum_ { PECS_U8_MOST_ = 0xff } __attribute__((packed));
/* W(t, x) for each integer type that an enum may be compatible with, for each integer type, and for each kind. */
#define PECS_ENUM_TYPES_(W, x)                                                                                         \
    W(signed char, x), W(short, x), W(int, x), W(unsigned char, x), W(unsigned short, x), W(unsigned, x)
#define PECS_INTEGER_TYPES_(W, x)                                                                                      \
    PECS_ENUM_TYPES_(W, x), W(_Bool, x), W(char, x), W(long, x), W(long long, x), W(unsigned long, x),                 \
        W(unsigned long long, x)
#define PECS_KIND_TYPES_(W, x)                                                                                         \
    PECS_INTEGER_TYPES_(W, x), W(float, x), W(double, x), W(pecs_entity, x), W(pecs_string, x), W(pecs_blob, x)
#define PECS_VALUE_(t, x)                                                                                              \
    t:                                                                                                                 \
    x
#define PECS_ROW_(t, x) t * : x
#define PECS_GRID_(t, x) t(*)[] : x
#define PECS_POINTER_(t, x) t * *: x, t *const *: x, t *volatile *: x
/* A pointer would be taken for an array, which decays to one: `&f` tells them apart. */
#define PECS_NO_POINTER_(T, f, types, x)                                                                               \
    _Generic(&((T *)0)->f, types(PECS_POINTER_, PECS_REFUSE_(pecs_a_component_has_no_pointers)), default: x)
#define PECS_OF_ARRAY_(T, f, count)                                                                                    \
    _Generic(&((T *)0)->f, PECS_POINTER_(__typeof__(((T *)0)->f[0]), PECS_REFUSE_(pecs_a_component_has_no_pointers)),  \
             default: (count))
#define PECS_OF_ENUM_(T, f, count)                                                                                     \
    PECS_NO_POINTER_(T, f, PECS_INTEGER_TYPES_,                                                                        \
                     _Generic(((T *)0)->f, PECS_INTEGER_TYPES_(PECS_VALUE_, (count)),                                  \
                              PECS_INTEGER_TYPES_(                                                                     \
                                  PECS_ROW_, PECS_REFUSE_(pecs_an_array_of_enums_needs_PECS_FIELD_ENUM_ARRAY)),        \
                              default: PECS_REFUSE_(pecs_the_member_is_no_enum_or_integer)))
#define PECS_OF_ENUMS_(T, f, count)                                                                                    \
    PECS_OF_ARRAY_(T, f,                                                                                               \
                   _Generic(((T *)0)->f[0], PECS_INTEGER_TYPES_(PECS_VALUE_, (count)),                                 \
                            PECS_INTEGER_TYPES_(PECS_ROW_, PECS_REFUSE_(pecs_an_array_of_enums_has_one_dimension)),    \
                            default: PECS_REFUSE_(pecs_the_member_is_no_enum_or_integer)))
#define PECS_OF_STRUCT_(T, f, N, count)                                                                                \
    _Generic(&((T *)0)->f, PECS_POINTER_(N, PECS_REFUSE_(pecs_a_component_has_no_pointers)),                           \
             default: _Generic(((T *)0)->f, N: (count), N *: (count), const N *: (count),                              \
                               N(*)[]: PECS_REFUSE_(pecs_an_array_of_structs_has_one_dimension),                       \
                               default: PECS_REFUSE_(pecs_the_member_is_of_another_type_than_this_struct)))
#define PECS_P_(t, k)                                                                                                  \
    t:                                                                                                                 \
    k, t * : k
#define PECS_FOR_KINDS_(f, W, other)                                                                                   \
    _Generic((f), PECS_P_(_Bool, W(PECS_BOOL, 1)), PECS_P_(char, W(PECS_TEXT, 1)),                                     \
             PECS_P_(enum pecs_i8_no_enum_, W(PECS_I8, 1)), PECS_P_(enum pecs_i16_no_enum_, W(PECS_I16, 2)),           \
             PECS_P_(enum pecs_i32_no_enum_, W(PECS_I32, 4)), PECS_P_(enum pecs_u8_no_enum_, W(PECS_U8, 1)),           \
             PECS_P_(enum pecs_u16_no_enum_, W(PECS_U16, 2)), PECS_P_(enum pecs_u32_no_enum_, W(PECS_U32, 4)),         \
             PECS_P_(long, W((sizeof(long) == 8 ? PECS_I64 : PECS_I32), sizeof(long))),                                \
             PECS_P_(long long, W(PECS_I64, 8)),                                                                       \
             PECS_P_(unsigned long, W((sizeof(long) == 8 ? PECS_U64 : PECS_U32), sizeof(long))),                       \
             PECS_P_(unsigned long long, W(PECS_U64, 8)), PECS_P_(float, W(PECS_F32, 4)),                              \
             PECS_P_(double, W(PECS_F64, 8)), PECS_P_(pecs_entity, W(PECS_ENTITY, 8)),                                 \
             PECS_P_(pecs_string, W(PECS_STRING, 8)), PECS_P_(pecs_blob, W(PECS_BLOB, 8)), default: other)
#define PECS_FIRST_(k, s) k
#define PECS_SECOND_(k, s) (uint32_t) s
#define PECS_NO_KIND_(f)                                                                                               \
    _Generic((f), PECS_ENUM_TYPES_(PECS_VALUE_, PECS_REFUSE_(pecs_an_enum_needs_PECS_FIELD_ENUM)),                     \
             PECS_ENUM_TYPES_(PECS_ROW_, PECS_REFUSE_(pecs_an_array_of_enums_needs_PECS_FIELD_ENUM_ARRAY)),            \
             PECS_KIND_TYPES_(PECS_GRID_, PECS_REFUSE_(pecs_two_dimensions_need_PECS_FIELD_GRID)),                     \
             pecs_list: PECS_REFUSE_(pecs_a_list_needs_PECS_FIELD_LIST),                                               \
             pecs_list *: PECS_REFUSE_(pecs_a_list_needs_PECS_FIELD_LIST),                                             \
             long double: PECS_REFUSE_(pecs_a_component_has_no_long_double),                                           \
             long double *: PECS_REFUSE_(pecs_a_component_has_no_long_double),                                         \
             default: PECS_REFUSE_(pecs_a_struct_needs_PECS_FIELD_STRUCT))
#define PECS_KIND_OF_(T, f)                                                                                            \
    PECS_NO_POINTER_(T, f, PECS_KIND_TYPES_,                                                                           \
                     PECS_FOR_KINDS_(((T *)0)->f, PECS_FIRST_, PECS_NO_KIND_(((T *)0)->f)))
/* Where there is no kind, its own place has the error. */
#define PECS_KIND_SIZE_(T, f) PECS_FOR_KINDS_(((T *)0)->f, PECS_SECOND_, 1)
#define PECS_OF_LIST_(T, f)                                                                                            \
    _Generic(&((T *)0)->f, PECS_POINTER_(pecs_list, PECS_REFUSE_(pecs_a_component_has_no_pointers)),                   \
             default: _Generic(((T *)0)->f, pecs_list: PECS_LIST_COUNT_(T, f), pecs_list *: PECS_LIST_COUNT_(T, f),    \
                               const pecs_list *: PECS_LIST_COUNT_(T, f),                                              \
                               default: PECS_REFUSE_(pecs_the_member_is_no_pecs_list)))
#define PECS_LIST_COUNT_(T, f) (PECS_SIZE_(T, f) / (uint32_t)sizeof(pecs_list))
/* Of a pointer to an element: E may be a pointer itself, which has no kind. */
#define PECS_ELEMENT_OF_(E)                                                                                            \
    _Generic((E *)0, char *: PECS_REFUSE_(pecs_a_list_has_no_elements_of_this_type),                                   \
             pecs_string *: PECS_REFUSE_(pecs_a_list_has_no_elements_of_this_type),                                    \
             pecs_blob *: PECS_REFUSE_(pecs_a_list_has_no_elements_of_this_type),                                      \
             default: PECS_FOR_KINDS_((E *)0, PECS_FIRST_, PECS_REFUSE_(pecs_a_list_has_no_elements_of_this_type)))
#define PECS_ENUM_ELEMENT_(E)                                                                                          \
    _Generic((E)0, PECS_INTEGER_TYPES_(PECS_VALUE_, PECS_ENUM),                                                        \
             default: PECS_REFUSE_(pecs_a_list_has_no_elements_of_this_type))
#define PECS_ALIGNOF_(T) _Alignof(T)
#endif
#define PECS_SIZE_(T, f) ((uint32_t)sizeof(((T *)0)->f))

#define PECS_COMPONENT_OF_TYPE_(T) T##_component,
#define PECS_TYPE_OF_TYPE_(T) &T##_type,

/* clang-format on */

#endif
