/*
 * wordnet: the WordNet 3.0 database as a world.
 *
 *     wordnet build SAVE [DIRECTORY]   reads the database files and saves the world made of them
 *     wordnet hypernyms SAVE WORD      resumes the save and prints the hypernym chains of the word's first noun sense
 *
 * Lemmas, synsets, senses and pointers are entities; entity fields connect them, so no number of the database is needed
 * to go from one to the next. A lemma has its text in one of two components, since 86 of 100 fit in 16 bytes and the
 * longest has 71. Pointers to hypernyms have a tag: the query for them reads no other pointers.
 *
 * Prints the chains to standard output, one a line, and times to standard error.
 */
#define _GNU_SOURCE
#include "wordnet_reader.h"

#include <pecs/pecs.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHORT_TEXT_SIZE 16
#define CHAIN_MAX 64 /* synsets in a chain; WordNet's longest has 19 */

typedef struct {
    uint8_t pos;
} Lemma;
typedef struct {
    char text[SHORT_TEXT_SIZE];
} ShortText;
typedef struct {
    char text[WORDNET_TEXT_SIZE];
} LongText;
typedef struct {
    pecs_entity head; /* the lemma of its first word */
    uint32_t offset;
    uint8_t pos, lexicographer_file;
} Synset;
typedef struct {
    pecs_entity lemma, synset;
    uint16_t number, word;
} Sense;
typedef struct {
    pecs_entity source, target;
    uint8_t kind, source_word, target_word;
} Pointer;

PECS_COMPONENT_OF(Lemma, "Lemma", 1, PECS_FIELD_ENUM(Lemma, pos, wordnet_pos_names));
PECS_COMPONENT(ShortText, 1, text);
PECS_COMPONENT(LongText, 1, text);
PECS_COMPONENT_OF(Synset, "Synset", 1, PECS_FIELD(Synset, head), PECS_FIELD(Synset, offset),
                  PECS_FIELD_ENUM(Synset, pos, wordnet_pos_names),
                  PECS_FIELD_ENUM(Synset, lexicographer_file, wordnet_file_names),
                  PECS_GAP_AFTER(Synset, lexicographer_file, 2));
PECS_COMPONENT(Sense, 1, lemma, synset, number, word);
PECS_COMPONENT_OF(Pointer, "Pointer", 1, PECS_FIELD(Pointer, source), PECS_FIELD(Pointer, target),
                  PECS_FIELD_ENUM(Pointer, kind, wordnet_pointer_names), PECS_FIELD(Pointer, source_word),
                  PECS_FIELD(Pointer, target_word), PECS_GAP_AFTER(Pointer, target_word, 1));
PECS_TAG(Hypernym, 1);

PECS_TYPES(wordnet, Lemma, ShortText, LongText, Synset, Sense, Pointer, Hypernym);

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static bool complain(const char *doing, const pecs_error *error)
{
    fprintf(stderr, "%s: %s", doing, error->message);
    if (error->rule)
        fprintf(stderr, " (%s at byte %" PRIu64 ")", error->rule, error->offset);
    fputc('\n', stderr);
    return false;
}

/* Ends an iteration. False when it failed. */
static bool end_iteration(pecs_iter *it)
{
    if (pecs_iter_end(it))
        fprintf(stderr, "iteration: %s\n", it->message ? it->message : pecs_status_name(it->status));
    return it->status == PECS_OK;
}

/* Ends the program when there is no memory: it can do nothing useful then. */
static void *allocate(size_t count, size_t size_bytes)
{
    void *memory = calloc(count ? count : 1, size_bytes);
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* Compares the counts of entities with those of the database. */
static bool check_counts(pecs_registry *registry, pecs_view view)
{
    static const struct {
        pecs_component component;
        const char *name;
        uint64_t expected;
    } counts[] = { { Synset_component, "synsets", 117659 },
                   { Lemma_component, "lemmas", 155287 },
                   { Sense_component, "senses", 206941 } };
    bool good = true;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        pecs_error error;
        pecs_query *query;
        if (pecs_query_create(registry, &(pecs_term){ counts[i].component, PECS_WITH }, 1, &query, &error))
            return complain("query", &error);
        const uint64_t count = pecs_query_count(query, view);
        pecs_query_destroy(query);
        fprintf(stderr, "%" PRIu64 " %s\n", count, counts[i].name);
        if (count != counts[i].expected) {
            fprintf(stderr, "WordNet 3.0 has %" PRIu64 "\n", counts[i].expected);
            good = false;
        }
    }
    return good;
}

/* Building. */

struct builder {
    pecs_world *world;
    const struct wordnet *wordnet;
    pecs_entity *lemmas, *synsets; /* handles, by the reader's numbers */
};

/* Spawns the lemmas with short or with long texts: those that `text`, the number of the component, is for. */
static pecs_status spawn_lemmas(struct builder *builder, pecs_component text, size_t text_size)
{
    const struct wordnet *wordnet = builder->wordnet;
    Lemma *lemmas = allocate(wordnet->lemma_count, sizeof(*lemmas));
    char *texts = allocate(wordnet->lemma_count, text_size);
    size_t *numbers = allocate(wordnet->lemma_count, sizeof(*numbers));
    pecs_entity *entities = allocate(wordnet->lemma_count, sizeof(*entities));
    size_t count = 0;
    for (size_t i = 0; i < wordnet->lemma_count; i++) {
        const struct wordnet_lemma *lemma = &wordnet->lemmas[i];
        const size_t length = strlen(lemma->text);
        if ((length <= SHORT_TEXT_SIZE) != (text == ShortText_component))
            continue;
        memcpy(texts + count * text_size, lemma->text, length); /* zero-padded by calloc; a full text has no zero */
        lemmas[count].pos = lemma->pos;
        numbers[count++] = i;
    }
    const pecs_value values[] = { PECS_ROWS(Lemma, lemmas), { text, text_size, texts } };
    const pecs_status status = pecs_world_spawn(builder->world, values, 2, count, entities);
    for (size_t i = 0; i < count && !status; i++)
        builder->lemmas[numbers[i]] = entities[i];
    free(lemmas);
    free(texts);
    free(numbers);
    free(entities);
    return status;
}

static pecs_status spawn_synsets(struct builder *builder)
{
    const struct wordnet *wordnet = builder->wordnet;
    Synset *synsets = allocate(wordnet->synset_count, sizeof(*synsets));
    for (size_t i = 0; i < wordnet->synset_count; i++) {
        const struct wordnet_synset *synset = &wordnet->synsets[i];
        synsets[i] = (Synset){ builder->lemmas[synset->head], synset->offset, synset->pos, synset->lexicographer_file };
    }
    const pecs_value values[] = { PECS_ROWS(Synset, synsets) };
    const pecs_status status = pecs_world_spawn(builder->world, values, 1, wordnet->synset_count, builder->synsets);
    free(synsets);
    return status;
}

static pecs_status spawn_senses(struct builder *builder)
{
    const struct wordnet *wordnet = builder->wordnet;
    Sense *senses = allocate(wordnet->sense_count, sizeof(*senses));
    for (size_t i = 0; i < wordnet->sense_count; i++) {
        const struct wordnet_sense *sense = &wordnet->senses[i];
        senses[i] =
            (Sense){ builder->lemmas[sense->lemma], builder->synsets[sense->synset], sense->number, sense->word };
    }
    const pecs_value values[] = { PECS_ROWS(Sense, senses) };
    const pecs_status status = pecs_world_spawn(builder->world, values, 1, wordnet->sense_count, NULL);
    free(senses);
    return status;
}

static bool is_hypernym(const struct wordnet_pointer *pointer)
{
    return pointer->kind == WORDNET_HYPERNYM || pointer->kind == WORDNET_INSTANCE_HYPERNYM;
}

/* Spawns the pointers to hypernyms, with the tag, or all others. */
static pecs_status spawn_pointers(struct builder *builder, bool hypernyms)
{
    const struct wordnet *wordnet = builder->wordnet;
    Pointer *pointers = allocate(wordnet->pointer_count, sizeof(*pointers));
    size_t count = 0;
    for (size_t i = 0; i < wordnet->pointer_count; i++) {
        const struct wordnet_pointer *pointer = &wordnet->pointers[i];
        if (is_hypernym(pointer) == hypernyms)
            pointers[count++] = (Pointer){ builder->synsets[pointer->source], builder->synsets[pointer->target],
                                           pointer->kind, pointer->source_word, pointer->target_word };
    }
    const pecs_value values[] = { PECS_ROWS(Pointer, pointers), PECS_HAS(Hypernym) };
    const pecs_status status = pecs_world_spawn(builder->world, values, hypernyms ? 2 : 1, count, NULL);
    free(pointers);
    return status;
}

static bool fill(pecs_world *world, const struct wordnet *wordnet)
{
    struct builder builder = { world, wordnet, allocate(wordnet->lemma_count, sizeof(pecs_entity)),
                               allocate(wordnet->synset_count, sizeof(pecs_entity)) };
    pecs_status status = spawn_lemmas(&builder, ShortText_component, SHORT_TEXT_SIZE);
    if (!status)
        status = spawn_lemmas(&builder, LongText_component, WORDNET_TEXT_SIZE);
    if (!status)
        status = spawn_synsets(&builder);
    if (!status)
        status = spawn_senses(&builder);
    if (!status)
        status = spawn_pointers(&builder, true);
    if (!status)
        status = spawn_pointers(&builder, false);
    free(builder.lemmas);
    free(builder.synsets);
    return status ? complain("spawn", pecs_world_error(world)) : true;
}

static bool build(pecs_registry *registry, const char *save_path, const char *directory)
{
    struct wordnet wordnet;
    pecs_world *world;
    pecs_error error;
    const double start = now_ms();
    if (!wordnet_read(directory, &wordnet))
        return false;
    const double read = now_ms();
    if (pecs_world_create(registry, NULL, NULL, &world, &error)) {
        wordnet_free(&wordnet);
        return complain("world", &error);
    }
    bool good = fill(world, &wordnet);
    const double filled = now_ms();
    wordnet_free(&wordnet);
    good = good && check_counts(registry, pecs_world_view(world));
    const double save_start = now_ms();
    if (good && pecs_world_save(world, save_path, NULL, &error))
        good = complain("save", &error);
    if (good)
        fprintf(stderr, "read in %.0f ms, world in %.1f ms, save in %.1f ms\n", read - start, filled - read,
                now_ms() - save_start);
    pecs_world_destroy(world);
    return good;
}

/* Looking up. */

/* A step from a synset up to one of its hypernyms. */
struct step {
    pecs_entity source, target;
};

struct finder {
    pecs_registry *registry;
    pecs_view view;
    struct step *steps; /* all that lead up from the first synset, level by level */
    size_t step_count, step_capacity;
};

static bool same_entity(pecs_entity a, pecs_entity b)
{
    return a.index == b.index && a.generation == b.generation;
}

/* Finds the noun of this text by a scan over all lemmas; {0, 0} when there is none. */
static bool find_noun(const struct finder *finder, const char *word, pecs_entity *ret_lemma)
{
    const pecs_term terms[] = { { Lemma_component, PECS_READ },
                                { ShortText_component, PECS_OPTIONAL_READ },
                                { LongText_component, PECS_OPTIONAL_READ } };
    const size_t length = strlen(word);
    pecs_query *query;
    pecs_error error;
    if (pecs_query_create(finder->registry, terms, 3, &query, &error))
        return complain("query", &error);
    *ret_lemma = (pecs_entity){ 0 };
    pecs_iter it = pecs_query_iter(query, finder->view, NULL);
    while (pecs_iter_next(&it)) {
        const Lemma *lemma = pecs_column(&it, Lemma);
        const ShortText *short_text = pecs_column(&it, ShortText);
        const LongText *long_text = pecs_column(&it, LongText);
        if (!short_text && !long_text)
            continue;
        for (size_t i = 0; i < it.row_count; i++) {
            const char *text = short_text ? short_text[i].text : long_text[i].text;
            const size_t size = short_text ? sizeof(short_text->text) : sizeof(long_text->text);
            if (lemma[i].pos == WORDNET_NOUN && length <= size && strncmp(text, word, size) == 0)
                *ret_lemma = it.entities[i];
        }
    }
    const bool good = end_iteration(&it);
    pecs_query_destroy(query);
    return good;
}

/* Finds the synset of a lemma's first sense. */
static bool find_first_synset(const struct finder *finder, pecs_entity lemma, pecs_entity *ret_synset)
{
    pecs_query *query;
    pecs_error error;
    if (pecs_query_create(finder->registry, &(pecs_term){ Sense_component, PECS_READ }, 1, &query, &error))
        return complain("query", &error);
    *ret_synset = (pecs_entity){ 0 };
    pecs_iter it = pecs_query_iter(query, finder->view, NULL);
    while (pecs_iter_next(&it)) {
        const Sense *sense = pecs_column(&it, Sense);
        for (size_t i = 0; i < it.row_count; i++) {
            if (sense[i].number == 1 && same_entity(sense[i].lemma, lemma))
                *ret_synset = sense[i].synset;
        }
    }
    const bool good = end_iteration(&it);
    pecs_query_destroy(query);
    return good;
}

static void add_step(struct finder *finder, pecs_entity source, pecs_entity target)
{
    if (finder->step_count == finder->step_capacity) {
        const size_t capacity = finder->step_capacity ? 2 * finder->step_capacity : 64;
        struct step *steps = allocate(capacity, sizeof(*steps));
        if (finder->step_count)
            memcpy(steps, finder->steps, finder->step_count * sizeof(*steps));
        free(finder->steps);
        finder->steps = steps;
        finder->step_capacity = capacity;
    }
    finder->steps[finder->step_count++] = (struct step){ source, target };
}

/* True when the synset is the target of a step of this level, and its own steps up have not been added. */
static bool is_open(const struct finder *finder, size_t level_start, size_t level_end, pecs_entity synset)
{
    bool reached = false;
    for (size_t i = level_start; i < level_end && !reached; i++)
        reached = same_entity(finder->steps[i].target, synset);
    for (size_t i = 0; i < level_end && reached; i++)
        reached = !same_entity(finder->steps[i].source, synset);
    return reached;
}

/* Adds the steps up from the targets of one level; one pass over the pointers with the Hypernym tag. */
static bool climb(struct finder *finder, const pecs_query *query, size_t level_start, size_t level_end)
{
    pecs_iter it = pecs_query_iter(query, finder->view, NULL);
    while (pecs_iter_next(&it)) {
        const Pointer *pointer = pecs_column(&it, Pointer);
        for (size_t i = 0; i < it.row_count; i++) {
            if (is_open(finder, level_start, level_end, pointer[i].source))
                add_step(finder, pointer[i].source, pointer[i].target);
        }
    }
    return end_iteration(&it);
}

static bool find_steps(struct finder *finder, pecs_entity synset)
{
    const pecs_term terms[] = { { Pointer_component, PECS_READ }, { Hypernym_component, PECS_WITH } };
    pecs_query *query;
    pecs_error error;
    bool good = true;
    if (pecs_query_create(finder->registry, terms, 2, &query, &error))
        return complain("query", &error);
    add_step(finder, (pecs_entity){ 0 }, synset); /* the first level: one target */
    for (size_t start = 0; start < finder->step_count && good;) {
        const size_t count = finder->step_count;
        good = climb(finder, query, start, count);
        start = count;
    }
    pecs_query_destroy(query);
    return good;
}

/* Prints the first word of a synset. */
static void print_head(pecs_view view, pecs_entity entity)
{
    const Synset *synset = pecs_get(view, entity, Synset);
    const pecs_entity lemma = synset ? synset->head : (pecs_entity){ 0 };
    const ShortText *short_text = pecs_get(view, lemma, ShortText);
    const LongText *long_text = pecs_get(view, lemma, LongText);
    if (short_text)
        printf("%.*s", (int)sizeof(short_text->text), short_text->text);
    else if (long_text)
        printf("%.*s", (int)sizeof(long_text->text), long_text->text);
    else
        printf("?");
}

/* Follows every step up from the last synset of the chain; where there is none, prints the chain. */
static bool print_chains(const struct finder *finder, pecs_entity *chain, size_t length)
{
    if (length == CHAIN_MAX) {
        fprintf(stderr, "a chain is too long: the save is not of WordNet\n");
        return false;
    }
    bool good = true, top = true;
    for (size_t i = 1; i < finder->step_count && good; i++) {
        if (!same_entity(finder->steps[i].source, chain[length - 1]))
            continue;
        top = false;
        chain[length] = finder->steps[i].target;
        good = print_chains(finder, chain, length + 1);
    }
    for (size_t i = 0; i < length && top; i++) {
        printf("%s", i > 0 ? " -> " : "");
        print_head(finder->view, chain[i]);
    }
    if (top)
        putchar('\n');
    return good;
}

static bool look_up(struct finder *finder, const char *word)
{
    pecs_entity lemma, chain[CHAIN_MAX];
    const double start = now_ms();
    if (!find_noun(finder, word, &lemma))
        return false;
    const double scanned = now_ms();
    if (!pecs_view_alive(finder->view, lemma)) {
        fprintf(stderr, "%s: no such noun\n", word);
        return false;
    }
    const bool good =
        find_first_synset(finder, lemma, &chain[0]) && find_steps(finder, chain[0]) && print_chains(finder, chain, 1);
    fprintf(stderr, "word found in %.2f ms by a scan of all lemmas, chains in %.2f ms\n", scanned - start,
            now_ms() - scanned);
    return good;
}

static bool hypernyms(pecs_registry *registry, const char *save_path, const char *word)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    const double start = now_ms();
    if (pecs_snapshot_resume(registry, save_path, NULL, &snapshot, &error))
        return complain("resume", &error);
    fprintf(stderr, "resumed in %.3f ms\n", now_ms() - start);
    struct finder finder = { .registry = registry, .view = pecs_snapshot_view(snapshot) };
    char *lemma = allocate(strlen(word) + 1, 1);
    for (size_t i = 0; word[i]; i++)
        lemma[i] = word[i] == ' ' ? '_' : (char)tolower((unsigned char)word[i]);
    bool good = check_counts(registry, finder.view) && look_up(&finder, lemma);
    free(lemma);
    free(finder.steps);
    pecs_snapshot_release(snapshot);
    if (fflush(stdout)) {
        perror("writing the chains");
        good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    const bool builds = argc >= 3 && argc <= 4 && strcmp(argv[1], "build") == 0;
    const bool finds = argc == 4 && strcmp(argv[1], "hypernyms") == 0;
    if (!builds && !finds) {
        fprintf(stderr, "usage: %s build SAVE [DIRECTORY]\n       %s hypernyms SAVE WORD\n", argv[0], argv[0]);
        return 1;
    }
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = { .types = wordnet_types, .type_count = wordnet_type_count };
    if (pecs_registry_create(&desc, &registry, &error)) {
        complain("types", &error);
        return 1;
    }
    const bool good = builds ? build(registry, argv[2], argc == 4 ? argv[3] : "/usr/share/wordnet")
                             : hypernyms(registry, argv[2], argv[3]);
    pecs_registry_release(registry);
    return good ? 0 : 1;
}
