/*
 * wordnet: the WordNet 3.0 database as a world.
 *
 *     wordnet build SAVE [DIRECTORY]   reads the database files and saves the world made of them
 *     wordnet hypernyms SAVE WORD      resumes the save and prints the hypernym chains of the word's first noun sense
 *     wordnet show SAVE WORD           resumes the save and prints all senses of the word with their glosses
 *
 * Lemmas and synsets are entities. Their texts are strings; the words and pointers of a synset, and the senses of a
 * lemma, are lists that lead from one entity to the next, so no number of the database is needed on the way. What only
 * some synsets have is in components of their own. A lemma has the part of speech of its senses.
 *
 * After the save, the build loads it, writes each line of the data files from it, and compares the lines with the
 * database.
 *
 * Prints what was asked for to standard output, and times to standard error.
 */
#define _GNU_SOURCE
#include "wordnet_reader.h"

#include <pecs/pecs.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHAIN_MAX 64 /* synsets in a chain; WordNet's longest has 19 */

/* Elements of lists. */
typedef struct {
    pecs_entity lemma;
    uint8_t lex_id;
} Word;
typedef struct {
    pecs_entity target;
    uint8_t kind, source_word, target_word;
} Pointer;
typedef struct wordnet_frame Frame;

typedef struct {
    pecs_string text;
    pecs_list senses; /* synsets, the commonest first */
} Lemma;
typedef struct {
    pecs_string gloss;
    pecs_list words, pointers;
    uint32_t offset;
    uint8_t pos, lexicographer_file;
} Synset;
typedef struct {
    pecs_string words; /* all words of the synset between spaces, where one has capitals or a marker */
} Spelling;
typedef struct {
    pecs_list frames; /* of a verb */
} Frames;

PECS_COMPONENT_OF(Word, "Word", 1, PECS_FIELD(Word, lemma), PECS_FIELD(Word, lex_id), PECS_GAP_AFTER(Word, lex_id, 3));
PECS_COMPONENT_OF(Pointer, "Pointer", 1, PECS_FIELD(Pointer, target),
                  PECS_FIELD_ENUM(Pointer, kind, wordnet_pointer_names), PECS_FIELD(Pointer, source_word),
                  PECS_FIELD(Pointer, target_word), PECS_GAP_AFTER(Pointer, target_word, 1));
PECS_COMPONENT(Frame, 1, number, word);
PECS_COMPONENT_OF(Lemma, "Lemma", 1, PECS_FIELD(Lemma, text), PECS_FIELD_LIST(Lemma, senses, pecs_entity));
PECS_COMPONENT_OF(Synset, "Synset", 1, PECS_FIELD(Synset, gloss), PECS_FIELD_LIST_STRUCT(Synset, words, Word),
                  PECS_FIELD_LIST_STRUCT(Synset, pointers, Pointer), PECS_FIELD(Synset, offset),
                  PECS_FIELD_ENUM(Synset, pos, wordnet_pos_names),
                  PECS_FIELD_ENUM(Synset, lexicographer_file, wordnet_file_names),
                  PECS_GAP_AFTER(Synset, lexicographer_file, 2));
PECS_COMPONENT(Spelling, 1, words);
PECS_COMPONENT_OF(Frames, "Frames", 1, PECS_FIELD_LIST_STRUCT(Frames, frames, Frame));

PECS_TYPES(wordnet, Lemma, Synset, Spelling, Frames);

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

/* Compares the counts with those of the database. */
static bool check_counts(pecs_registry *registry, pecs_view view)
{
    static const char *const names[] = { "synsets", "lemmas", "senses" };
    static const uint64_t expected[] = { 117659, 155287, 206941 };
    const pecs_term terms[] = { { Synset_component, PECS_OPTIONAL_READ }, { Lemma_component, PECS_OPTIONAL_READ } };
    uint64_t counts[3] = { 0 };
    pecs_query *query;
    pecs_error error;
    if (pecs_query_create(registry, terms, 2, &query, &error))
        return complain("query", &error);
    const pecs_heap *heap = pecs_view_heap(view);
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it)) {
        const Lemma *lemma = pecs_column(&it, Lemma);
        counts[0] += pecs_column(&it, Synset) ? it.row_count : 0;
        for (size_t i = 0, sense_count; lemma && i < it.row_count; i++) {
            (void)pecs_heap_list(heap, lemma[i].senses, pecs_entity, &sense_count);
            counts[1]++;
            counts[2] += sense_count;
        }
    }
    bool good = end_iteration(&it);
    pecs_query_destroy(query);
    for (int i = 0; i < 3; i++) {
        fprintf(stderr, "%" PRIu64 " %s\n", counts[i], names[i]);
        if (counts[i] != expected[i]) {
            fprintf(stderr, "WordNet 3.0 has %" PRIu64 "\n", expected[i]);
            good = false;
        }
    }
    return good;
}

/* Building. */

struct builder {
    const struct wordnet *wordnet;
    pecs_entity *lemmas, *synsets; /* handles, by the reader's numbers */
    pecs_entity *senses;           /* these three as the reader's arrays */
    Word *words;
    Pointer *pointers;
};

static void builder_free(const struct builder *builder)
{
    free(builder->lemmas);
    free(builder->synsets);
    free(builder->senses);
    free(builder->words);
    free(builder->pointers);
}

/* Spawns all entities, with values of zeros, and makes the elements of all lists: they need the handles. */
static pecs_status spawn(struct builder *builder, pecs_world *world)
{
    const struct wordnet *wordnet = builder->wordnet;
    const pecs_value lemma = { Lemma_component, sizeof(Lemma), NULL };
    const pecs_value synset = { Synset_component, sizeof(Synset), NULL };
    builder->lemmas = allocate(wordnet->lemma_count, sizeof(pecs_entity));
    builder->synsets = allocate(wordnet->synset_count, sizeof(pecs_entity));
    builder->senses = allocate(wordnet->sense_count, sizeof(pecs_entity));
    builder->words = allocate(wordnet->word_count, sizeof(Word));
    builder->pointers = allocate(wordnet->pointer_count, sizeof(Pointer));
    pecs_status status = pecs_world_spawn(world, &lemma, 1, wordnet->lemma_count, builder->lemmas);
    if (!status)
        status = pecs_world_spawn(world, &synset, 1, wordnet->synset_count, builder->synsets);
    for (size_t i = 0; i < wordnet->sense_count && !status; i++)
        builder->senses[i] = builder->synsets[wordnet->senses[i]];
    for (size_t i = 0; i < wordnet->word_count && !status; i++)
        builder->words[i] = (Word){ builder->lemmas[wordnet->words[i].lemma], wordnet->words[i].lex_id };
    for (size_t i = 0; i < wordnet->pointer_count && !status; i++) {
        const struct wordnet_pointer *pointer = &wordnet->pointers[i];
        builder->pointers[i] =
            (Pointer){ builder->synsets[pointer->target], pointer->kind, pointer->source_word, pointer->target_word };
    }
    return status;
}

/* The words of a synset between spaces; NULL if their lemmas have the same texts. */
static char *spell(const struct wordnet *wordnet, const struct wordnet_synset *synset)
{
    const struct wordnet_word *words = wordnet->words + synset->first_word;
    bool differs = false;
    size_t size = 0;
    for (uint32_t i = 0; i < synset->word_count; i++) {
        differs = differs || strcmp(words[i].spelling, wordnet->lemmas[words[i].lemma].text) != 0;
        size += strlen(words[i].spelling) + 1;
    }
    if (!differs)
        return NULL;
    char *text = allocate(size, 1), *end = text;
    for (uint32_t i = 0; i < synset->word_count; i++) {
        if (i > 0)
            *end++ = ' ';
        end = stpcpy(end, words[i].spelling);
    }
    return text;
}

static pecs_status set_synset(const struct builder *builder, pecs_world *world, uint32_t number)
{
    const struct wordnet_synset *synset = &builder->wordnet->synsets[number];
    const pecs_entity entity = builder->synsets[number];
    const Synset value = {
        .gloss = pecs_string_of(synset->gloss),
        .words = pecs_list_of(PECS_ELEMENTS(builder->words + synset->first_word, synset->word_count)),
        .pointers = pecs_list_of(PECS_ELEMENTS(builder->pointers + synset->first_pointer, synset->pointer_count)),
        .offset = synset->offset,
        .pos = synset->pos,
        .lexicographer_file = synset->lexicographer_file,
    };
    pecs_status status = pecs_set_ptr(world, entity, Synset, &value);
    if (!status && synset->pos == WORDNET_VERB) {
        const struct wordnet_frame *frames = builder->wordnet->frames + synset->first_frame;
        status = pecs_set(world, entity, Frames, { pecs_list_of(PECS_ELEMENTS(frames, synset->frame_count)) });
    }
    char *spelling = spell(builder->wordnet, synset);
    if (!status && spelling)
        status = pecs_set(world, entity, Spelling, { pecs_string_of(spelling) });
    free(spelling);
    return status;
}

static bool fill(struct builder *builder, pecs_world *world)
{
    const struct wordnet *wordnet = builder->wordnet;
    pecs_status status = spawn(builder, world);
    for (size_t i = 0; i < wordnet->lemma_count && !status; i++) {
        const struct wordnet_lemma *lemma = &wordnet->lemmas[i];
        status = pecs_set(world, builder->lemmas[i], Lemma,
                          { pecs_string_of(lemma->text),
                            pecs_list_of(PECS_ELEMENTS(builder->senses + lemma->first_sense, lemma->sense_count)) });
    }
    for (uint32_t i = 0; i < wordnet->synset_count && !status; i++)
        status = set_synset(builder, world, i);
    return status ? complain("building the world", pecs_world_error(world)) : true;
}

/* Reading back. */

static const char *lemma_text(pecs_view view, pecs_entity entity)
{
    const Lemma *lemma = pecs_get(view, entity, Lemma);
    return lemma ? pecs_view_string(view, lemma->text, NULL) : "?";
}

/* Writes a word of a synset: the first of *spelling, which moves on to the next one, or the lemma's text. */
static void write_word(FILE *out, pecs_view view, const Word *word, const char **spelling)
{
    const size_t size = strcspn(*spelling, " ");
    if (size)
        fprintf(out, "%.*s", (int)size, *spelling);
    else
        fputs(lemma_text(view, word->lemma), out);
    *spelling += size + ((*spelling)[size] == ' ');
}

static const char *spelling_of(pecs_view view, pecs_entity entity)
{
    const Spelling *spelling = pecs_get(view, entity, Spelling);
    return spelling ? pecs_view_string(view, spelling->words, NULL) : "";
}

/* Writes a synset as its line of the data file. */
static void write_synset(FILE *out, pecs_view view, pecs_entity entity)
{
    const Synset *synset = pecs_get(view, entity, Synset);
    const Frames *frames = pecs_get(view, entity, Frames);
    const char *spelling = spelling_of(view, entity);
    size_t count;
    if (!synset)
        return;
    const Word *word = pecs_view_list(view, synset->words, Word, &count);
    fprintf(out, "%08" PRIu32 " %02d %c %02zx ", synset->offset, synset->lexicographer_file,
            wordnet_pos_letters[synset->pos], count);
    for (; count > 0; count--, word++) {
        write_word(out, view, word, &spelling);
        fprintf(out, " %x ", word->lex_id);
    }
    const Pointer *pointer = pecs_view_list(view, synset->pointers, Pointer, &count);
    fprintf(out, "%03zu ", count);
    for (; count > 0; count--, pointer++) {
        const Synset *target = pecs_get(view, pointer->target, Synset);
        if (target)
            fprintf(out, "%s %08" PRIu32 " %c %02x%02x ", wordnet_pointer_symbols[pointer->kind], target->offset,
                    wordnet_pos_letters[wordnet_file_of(target->pos)], pointer->source_word, pointer->target_word);
    }
    if (frames) {
        const Frame *frame = pecs_view_list(view, frames->frames, Frame, &count);
        fprintf(out, "%02zu ", count);
        for (; count > 0; count--, frame++)
            fprintf(out, "+ %02d %02x ", frame->number, frame->word);
    }
    fprintf(out, "| %s\n", pecs_view_string(view, synset->gloss, NULL));
}

/* Compares the lines of a data file with what the world makes of its synsets, beginning at *synset. */
static bool check_file(const struct builder *builder, pecs_view view, const char *directory, enum wordnet_pos file,
                       size_t *synset)
{
    char *line = NULL, *written = NULL;
    size_t capacity = 0, written_size = 0;
    FILE *in = wordnet_open(directory, "data", file), *out = open_memstream(&written, &written_size);
    bool good = in && out;
    if (!out)
        perror("open_memstream");
    for (ssize_t size; good && (size = getline(&line, &capacity, in)) >= 0;) {
        if (line[0] == ' ')
            continue;
        rewind(out);
        if (*synset < builder->wordnet->synset_count)
            write_synset(out, view, builder->synsets[(*synset)++]);
        good = fflush(out) == 0 && (size_t)size == written_size && memcmp(line, written, written_size) == 0;
        if (!good)
            fprintf(stderr, "the save has another line than the database, which has: %s", line);
    }
    if (good && ferror(in)) {
        perror(directory);
        good = false;
    }
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    free(line);
    free(written);
    return good;
}

static bool check_lemma(const struct builder *builder, pecs_view view, uint32_t number)
{
    const struct wordnet_lemma *expected = &builder->wordnet->lemmas[number];
    const Lemma *lemma = pecs_get(view, builder->lemmas[number], Lemma);
    size_t count = 0;
    const pecs_entity *senses = lemma ? pecs_view_list(view, lemma->senses, pecs_entity, &count) : NULL;
    const bool good = strcmp(lemma_text(view, builder->lemmas[number]), expected->text) == 0 &&
                      count == expected->sense_count &&
                      memcmp(senses, builder->senses + expected->first_sense, count * sizeof(*senses)) == 0;
    if (!good)
        fprintf(stderr, "%s: the save has another lemma\n", expected->text);
    return good;
}

/* Loads the save and compares all of it with the database. */
static bool check_save(const struct builder *builder, pecs_registry *registry, const char *save_path,
                       const char *directory)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    if (pecs_snapshot_load(registry, save_path, NULL, &snapshot, &error))
        return complain("load", &error);
    const pecs_view view = pecs_snapshot_view(snapshot);
    bool good = true;
    size_t synset_count = 0;
    for (uint32_t i = 0; i < builder->wordnet->lemma_count && good; i++)
        good = check_lemma(builder, view, i);
    for (uint32_t file = 0; file < WORDNET_FILE_COUNT && good; file++)
        good = check_file(builder, view, directory, file, &synset_count);
    if (good && synset_count != builder->wordnet->synset_count) {
        fprintf(stderr, "%s: it has fewer synsets than before\n", directory);
        good = false;
    }
    pecs_snapshot_release(snapshot);
    return good;
}

static bool build(pecs_registry *registry, const char *save_path, const char *directory)
{
    struct wordnet wordnet;
    struct builder builder = { &wordnet, NULL, NULL, NULL, NULL, NULL };
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
    bool good = fill(&builder, world);
    const double filled = now_ms();
    good = good && check_counts(registry, pecs_world_view(world));
    const double save_start = now_ms();
    if (good && pecs_world_save(world, save_path, NULL, &error))
        good = complain("save", &error);
    const double saved = now_ms();
    pecs_world_destroy(world);
    good = good && check_save(&builder, registry, save_path, directory);
    if (good)
        fprintf(stderr, "read in %.0f ms, world in %.1f ms, save in %.1f ms, loaded and compared in %.0f ms\n",
                read - start, filled - read, saved - save_start, now_ms() - saved);
    builder_free(&builder);
    wordnet_free(&wordnet);
    return good;
}

/* Looking up. */

/* Finds the lemmas of this text, one for each part of speech, by a scan over all; {0, 0} where there is none. */
static bool find_lemmas(pecs_registry *registry, pecs_view view, const char *word, pecs_entity *ret_lemmas)
{
    pecs_query *query;
    pecs_error error;
    if (pecs_query_create(registry, &(pecs_term){ Lemma_component, PECS_READ }, 1, &query, &error))
        return complain("query", &error);
    const pecs_heap *heap = pecs_view_heap(view);
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it)) {
        const Lemma *lemma = pecs_column(&it, Lemma);
        for (size_t i = 0, count; i < it.row_count; i++) {
            if (strcmp(pecs_heap_string(heap, lemma[i].text, NULL), word) != 0)
                continue;
            const pecs_entity *senses = pecs_heap_list(heap, lemma[i].senses, pecs_entity, &count);
            const Synset *synset = count ? pecs_get(view, senses[0], Synset) : NULL;
            if (synset && wordnet_file_of(synset->pos) < WORDNET_FILE_COUNT)
                ret_lemmas[wordnet_file_of(synset->pos)] = it.entities[i];
        }
    }
    const bool good = end_iteration(&it);
    pecs_query_destroy(query);
    return good;
}

static bool is_hypernym(const Pointer *pointer)
{
    return pointer->kind == WORDNET_HYPERNYM || pointer->kind == WORDNET_INSTANCE_HYPERNYM;
}

/* Follows every pointer up from the last synset of the chain; where there is none, prints the first words of all. */
static bool print_chains(pecs_view view, pecs_entity *chain, size_t length)
{
    const Synset *synset = pecs_get(view, chain[length - 1], Synset);
    if (!synset || length == CHAIN_MAX) {
        fprintf(stderr, "a chain is broken or too long: the save is not of WordNet\n");
        return false;
    }
    bool good = true, top = true;
    size_t count;
    const Pointer *pointers = pecs_view_list(view, synset->pointers, Pointer, &count);
    for (size_t i = 0; i < count && good; i++) {
        if (!is_hypernym(&pointers[i]))
            continue;
        top = false;
        chain[length] = pointers[i].target;
        good = print_chains(view, chain, length + 1);
    }
    for (size_t i = 0; i < length && top; i++) {
        const Word *words = pecs_view_list(view, pecs_get(view, chain[i], Synset)->words, Word, &count);
        printf("%s%s", i > 0 ? " -> " : "", count ? lemma_text(view, words[0].lemma) : "?");
    }
    if (top)
        putchar('\n');
    return good;
}

static const pecs_entity *senses_of(pecs_view view, pecs_entity entity, size_t *ret_count)
{
    const Lemma *lemma = pecs_get(view, entity, Lemma);
    *ret_count = 0;
    return lemma ? pecs_view_list(view, lemma->senses, pecs_entity, ret_count) : NULL;
}

/* False when there is no such noun. */
static bool print_hypernyms(pecs_view view, const pecs_entity *lemmas)
{
    pecs_entity chain[CHAIN_MAX];
    size_t count;
    const pecs_entity *senses = senses_of(view, lemmas[WORDNET_NOUN], &count);
    if (!count) {
        fprintf(stderr, "no such noun\n");
        return false;
    }
    chain[0] = senses[0];
    return print_chains(view, chain, 1);
}

static void print_sense(pecs_view view, pecs_entity entity)
{
    const Synset *synset = pecs_get(view, entity, Synset);
    const char *spelling = spelling_of(view, entity);
    size_t count, size;
    if (!synset)
        return;
    const Word *words = pecs_view_list(view, synset->words, Word, &count);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        write_word(stdout, view, &words[i], &spelling);
    }
    const char *gloss = pecs_view_string(view, synset->gloss, &size);
    while (size && gloss[size - 1] == ' ') /* the database has them at the ends of lines */
        size--;
    printf(": %.*s\n", (int)size, gloss);
}

/* False when no part of speech has the word. */
static bool print_senses(pecs_view view, const pecs_entity *lemmas)
{
    bool found = false;
    for (int pos = 0; pos < WORDNET_FILE_COUNT; pos++) {
        size_t count;
        const pecs_entity *senses = senses_of(view, lemmas[pos], &count);
        for (size_t i = 0; i < count; i++) {
            printf("%s %zu: ", wordnet_pos_names[pos], i + 1);
            print_sense(view, senses[i]);
        }
        found = found || count;
    }
    if (!found)
        fprintf(stderr, "no such word\n");
    return found;
}

/* Resumes a save and prints what it has of a word. */
static bool look_up(pecs_registry *registry, const char *save_path, const char *word,
                    bool (*print)(pecs_view view, const pecs_entity *lemmas))
{
    pecs_entity lemmas[WORDNET_FILE_COUNT] = { { 0, 0 } };
    pecs_snapshot *snapshot;
    pecs_error error;
    const double start = now_ms();
    if (pecs_snapshot_resume(registry, save_path, NULL, &snapshot, &error))
        return complain("resume", &error);
    fprintf(stderr, "resumed in %.3f ms\n", now_ms() - start);
    const pecs_view view = pecs_snapshot_view(snapshot);
    char *text = allocate(strlen(word) + 1, 1);
    for (size_t i = 0; word[i]; i++)
        text[i] = word[i] == ' ' ? '_' : (char)tolower((unsigned char)word[i]);
    bool good = check_counts(registry, view);
    const double counted = now_ms();
    good = good && find_lemmas(registry, view, text, lemmas);
    const double found = now_ms();
    good = good && print(view, lemmas);
    if (good)
        fprintf(stderr, "word found in %.2f ms by a scan of all lemmas, the rest in %.3f ms\n", found - counted,
                now_ms() - found);
    free(text);
    pecs_snapshot_release(snapshot);
    if (fflush(stdout)) {
        perror("standard output");
        good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    const bool builds = argc >= 3 && argc <= 4 && strcmp(command, "build") == 0;
    const bool climbs = argc == 4 && strcmp(command, "hypernyms") == 0;
    const bool shows = argc == 4 && strcmp(command, "show") == 0;
    if (!builds && !climbs && !shows) {
        fprintf(stderr, "usage: %s build SAVE [DIRECTORY]\n       %s hypernyms|show SAVE WORD\n", argv[0], argv[0]);
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
                             : look_up(registry, argv[2], argv[3], climbs ? print_hypernyms : print_senses);
    pecs_registry_release(registry);
    return good ? 0 : 1;
}
