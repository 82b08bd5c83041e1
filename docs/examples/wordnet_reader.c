/*
 * Reads the index files first, for lemmas and senses, then the data files, for synsets, words and pointers. Each file
 * is read whole and cut into strings, which stay where they are. The files name a synset by its byte offset in one of
 * four files. Until all are read, senses and pointers hold such a place (the file in the upper two bits); then
 * `resolve` replaces it by the synset's number.
 *
 * Single spaces separate the fields of a line. Lines that begin with a space are the licence. Any other line that does
 * not follow the format ends the reading with the file's name and the line's number.
 */
#define _GNU_SOURCE
#include "wordnet_reader.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FILE_COUNT WORDNET_FILE_COUNT
#define OFFSET_BITS 30
#define OFFSET_MASK ((1u << OFFSET_BITS) - 1)

const char *const wordnet_pos_names[5] = { "noun", "verb", "adjective", "adverb", "adjective satellite" };
const char wordnet_pos_letters[6] = "nvars";

const char *const wordnet_file_names[45] = {
    "adj.all",          "adj.pert",           "adv.all",
    "noun.Tops",        "noun.act",           "noun.animal",
    "noun.artifact",    "noun.attribute",     "noun.body",
    "noun.cognition",   "noun.communication", "noun.event",
    "noun.feeling",     "noun.food",          "noun.group",
    "noun.location",    "noun.motive",        "noun.object",
    "noun.person",      "noun.phenomenon",    "noun.plant",
    "noun.possession",  "noun.process",       "noun.quantity",
    "noun.relation",    "noun.shape",         "noun.state",
    "noun.substance",   "noun.time",          "verb.body",
    "verb.change",      "verb.cognition",     "verb.communication",
    "verb.competition", "verb.consumption",   "verb.contact",
    "verb.creation",    "verb.emotion",       "verb.motion",
    "verb.perception",  "verb.possession",    "verb.social",
    "verb.stative",     "verb.weather",       "adj.ppl",
};

const char *const wordnet_pointer_names[26] = {
    "antonym",        "hypernym",          "instance hypernym", "hyponym",        "instance hyponym",
    "member holonym", "substance holonym", "part holonym",      "member meronym", "substance meronym",
    "part meronym",   "attribute",         "derivation",        "topic domain",   "topic member",
    "region domain",  "region member",     "usage domain",      "usage member",   "entailment",
    "cause",          "also see",          "verb group",        "similar to",     "participle",
    "pertainym",
};
const char *const wordnet_pointer_symbols[26] = { "!",  "@",  "@i", "~", "~i", "#m", "#s", "#p", "%m",
                                                  "%s", "%p", "=",  "+", ";c", "-c", ";r", "-r", ";u",
                                                  "-u", "*",  ">",  "^", "$",  "&",  "<",  "\\" };

struct reader {
    struct wordnet wordnet;
    size_t lemma_starts[FILE_COUNT + 1], synset_starts[FILE_COUNT + 1];
    char *next;        /* the rest of the line */
    const char *wrong; /* what is wrong with the line, or NULL */
};

/* Keeps the first thing that is wrong, for the message. */
static void wrong(struct reader *reader, const char *what)
{
    if (!reader->wrong)
        reader->wrong = what;
}

/* Adds an element of zeros to an array, whose room is the next power of two. NULL without memory. */
static void *add(struct reader *reader, void *array, size_t *count, size_t element_size)
{
    char *elements;
    memcpy(&elements, array, sizeof(elements));
    if ((*count & (*count - 1)) == 0) { /* full: 0 or a power of two */
        elements = realloc(elements, (*count ? *count * 2 : 1) * element_size);
        if (!elements) {
            wrong(reader, "out of memory");
            return NULL;
        }
        memcpy(array, &elements, sizeof(elements));
    }
    return memset(elements + (*count)++ * element_size, 0, element_size);
}

static char *field(struct reader *reader)
{
    static char nothing[1];
    char *text = reader->next ? strsep(&reader->next, " ") : nothing;
    if (!*text)
        wrong(reader, "a field is missing");
    return text;
}

static uint32_t number(struct reader *reader, int base, uint32_t most)
{
    const char *text = field(reader);
    char *end;
    const unsigned long value = strtoul(text, &end, base);
    if (*end || !isxdigit((unsigned char)*text) || value > most) {
        wrong(reader, "a number is wrong");
        return 0;
    }
    return (uint32_t)value;
}

static uint32_t place(uint32_t file, uint32_t offset)
{
    return file << OFFSET_BITS | offset;
}

static uint8_t pos_of(struct reader *reader, const char *letter)
{
    const char *found = *letter && !letter[1] ? strchr(wordnet_pos_letters, *letter) : NULL;
    if (!found)
        wrong(reader, "no such part of speech");
    return found ? (uint8_t)(found - wordnet_pos_letters) : 0;
}

/* lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset [synset_offset...] */
static void read_index_line(struct reader *reader, uint32_t file)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_lemma *lemma = add(reader, &wordnet->lemmas, &wordnet->lemma_count, sizeof(*lemma));
    if (!lemma)
        return;
    lemma->text = field(reader);
    lemma->first_sense = (uint32_t)wordnet->sense_count;
    if (wordnet->lemma_count > reader->lemma_starts[file] + 1 && strcmp(lemma[-1].text, lemma->text) >= 0)
        wrong(reader, "the lemmas are not in order"); /* find_lemma needs it */
    if (pos_of(reader, field(reader)) != file)
        wrong(reader, "a part of speech of another file");
    lemma->sense_count = number(reader, 10, UINT16_MAX);
    if (!lemma->sense_count)
        wrong(reader, "a lemma without senses");
    for (uint32_t i = number(reader, 10, UINT16_MAX); i > 0 && !reader->wrong; i--)
        (void)field(reader); /* the kinds of pointers: the data files have the pointers themselves */
    (void)number(reader, 10, UINT16_MAX);
    (void)number(reader, 10, UINT16_MAX);
    for (uint32_t i = 0; i < lemma->sense_count && !reader->wrong; i++) {
        uint32_t *sense = add(reader, &wordnet->senses, &wordnet->sense_count, sizeof(*sense));
        if (sense)
            *sense = place(file, number(reader, 10, OFFSET_MASK));
    }
}

/* Compares with a word of a data file, whose capitals and marker a lemma does not have. */
static int compare_lemma(const void *word, const void *lemma)
{
    const char *a = word, *b = ((const struct wordnet_lemma *)lemma)->text;
    while (*a && *a != '(' && tolower((unsigned char)*a) == (unsigned char)*b) {
        a++;
        b++;
    }
    return (*a == '(' ? 0 : tolower((unsigned char)*a)) - (unsigned char)*b;
}

static uint32_t find_lemma(struct reader *reader, uint32_t file, const char *word)
{
    const struct wordnet *wordnet = &reader->wordnet;
    const size_t start = reader->lemma_starts[file], count = reader->lemma_starts[file + 1] - start;
    const struct wordnet_lemma *lemma =
        count ? bsearch(word, wordnet->lemmas + start, count, sizeof(*lemma), compare_lemma) : NULL;
    if (!lemma)
        wrong(reader, "a word is not in the index");
    return lemma ? (uint32_t)(lemma - wordnet->lemmas) : 0;
}

static uint8_t pointer_kind(struct reader *reader)
{
    const char *symbol = field(reader);
    for (size_t kind = 0; kind < sizeof(wordnet_pointer_symbols) / sizeof(wordnet_pointer_symbols[0]); kind++) {
        if (strcmp(symbol, wordnet_pointer_symbols[kind]) == 0)
            return (uint8_t)kind;
    }
    wrong(reader, "no such pointer symbol");
    return 0;
}

/* word lex_id */
static void read_word(struct reader *reader, uint32_t file)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_word *word = add(reader, &wordnet->words, &wordnet->word_count, sizeof(*word));
    if (!word)
        return;
    word->spelling = field(reader);
    word->lemma = find_lemma(reader, file, word->spelling);
    word->lex_id = (uint8_t)number(reader, 16, 15);
}

/* pointer_symbol synset_offset pos source/target */
static void read_pointer(struct reader *reader)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_pointer *pointer = add(reader, &wordnet->pointers, &wordnet->pointer_count, sizeof(*pointer));
    if (!pointer)
        return;
    pointer->kind = pointer_kind(reader);
    const uint32_t offset = number(reader, 10, OFFSET_MASK);
    pointer->target = place(wordnet_file_of(pos_of(reader, field(reader))), offset);
    const uint32_t words = number(reader, 16, UINT16_MAX);
    pointer->source_word = (uint8_t)(words >> 8);
    pointer->target_word = (uint8_t)words;
}

/* + f_num w_num */
static void read_frame(struct reader *reader)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_frame *frame = add(reader, &wordnet->frames, &wordnet->frame_count, sizeof(*frame));
    if (!frame)
        return;
    if (strcmp(field(reader), "+") != 0)
        wrong(reader, "a frame without its +");
    frame->number = (uint8_t)number(reader, 10, UINT8_MAX);
    frame->word = (uint8_t)number(reader, 16, UINT8_MAX);
}

/* synset_offset lex_filenum ss_type w_cnt word... p_cnt [pointer...] [f_cnt frame...] | gloss */
static void read_data_line(struct reader *reader, uint32_t file)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_synset *synset = add(reader, &wordnet->synsets, &wordnet->synset_count, sizeof(*synset));
    if (!synset)
        return;
    synset->offset = number(reader, 10, OFFSET_MASK);
    if (wordnet->synset_count > reader->synset_starts[file] + 1 && synset[-1].offset >= synset->offset)
        wrong(reader, "the synsets are not in order"); /* find_synset needs it */
    synset->lexicographer_file = (uint8_t)number(reader, 10, 44);
    synset->pos = pos_of(reader, field(reader));
    if (wordnet_file_of(synset->pos) != file)
        wrong(reader, "a part of speech of another file");
    synset->first_word = (uint32_t)wordnet->word_count;
    synset->word_count = number(reader, 16, UINT8_MAX);
    if (!synset->word_count)
        wrong(reader, "a synset without words");
    for (uint32_t i = 0; i < synset->word_count && !reader->wrong; i++)
        read_word(reader, file);
    synset->first_pointer = (uint32_t)wordnet->pointer_count;
    synset->pointer_count = number(reader, 10, 999);
    for (uint32_t i = 0; i < synset->pointer_count && !reader->wrong; i++)
        read_pointer(reader);
    synset->first_frame = (uint32_t)wordnet->frame_count;
    synset->frame_count = synset->pos == WORDNET_VERB ? number(reader, 10, 99) : 0;
    for (uint32_t i = 0; i < synset->frame_count && !reader->wrong; i++)
        read_frame(reader);
    if (strcmp(field(reader), "|") != 0 || !reader->next)
        wrong(reader, "the gloss is missing");
    synset->gloss = reader->next;
}

FILE *wordnet_open(const char *directory, const char *kind, enum wordnet_pos file)
{
    static const char *const suffixes[FILE_COUNT] = { "noun", "verb", "adj", "adv" };
    char path[PATH_MAX];
    const int size = snprintf(path, sizeof(path), "%s/%s.%s", directory, kind, suffixes[file]);
    if (size >= PATH_MAX)
        errno = ENAMETOOLONG;
    FILE *stream = size < PATH_MAX ? fopen(path, "r") : NULL;
    if (!stream)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return stream;
}

/* The whole file as a string; NULL when it cannot be read, is empty or has a zero. */
static char *read_text(FILE *stream)
{
    char *text = NULL;
    size_t capacity = 0;
    if (getdelim(&text, &capacity, 0, stream) >= 0 && feof(stream))
        return text;
    free(text);
    return NULL;
}

static bool read_file(struct reader *reader, const char *directory, const char *kind, enum wordnet_pos file,
                      char **ret_text, void (*read_line)(struct reader *, uint32_t))
{
    size_t line_number = 0;
    FILE *stream = wordnet_open(directory, kind, file);
    if (!stream)
        return false;
    *ret_text = read_text(stream);
    if (!*ret_text)
        wrong(reader, "the file cannot be read");
    for (char *next = *ret_text, *line; !reader->wrong && (line = strsep(&next, "\n")) && (*line || next);) {
        line_number++;
        reader->next = line;
        if (*line != ' ')
            read_line(reader, file);
    }
    fclose(stream);
    if (reader->wrong)
        fprintf(stderr, "%s/%s.*, %ss, line %zu: %s\n", directory, kind, wordnet_pos_names[file], line_number,
                reader->wrong);
    return !reader->wrong;
}

static bool read_files(struct reader *reader, const char *directory)
{
    struct wordnet *wordnet = &reader->wordnet;
    bool good = true;
    for (uint32_t i = 0; i < FILE_COUNT && good; i++) {
        good = read_file(reader, directory, "index", i, &wordnet->texts[i], read_index_line);
        reader->lemma_starts[i + 1] = wordnet->lemma_count;
    }
    for (uint32_t i = 0; i < FILE_COUNT && good; i++) {
        good = read_file(reader, directory, "data", i, &wordnet->texts[FILE_COUNT + i], read_data_line);
        reader->synset_starts[i + 1] = wordnet->synset_count;
    }
    return good;
}

static int compare_synset(const void *offset, const void *synset)
{
    const uint32_t a = *(const uint32_t *)offset, b = ((const struct wordnet_synset *)synset)->offset;
    return (a > b) - (a < b);
}

/* Replaces the place of a synset by its number. */
static bool find_synset(const struct reader *reader, uint32_t *synset)
{
    const struct wordnet *wordnet = &reader->wordnet;
    const uint32_t file = *synset >> OFFSET_BITS, offset = *synset & OFFSET_MASK;
    const size_t start = reader->synset_starts[file], count = reader->synset_starts[file + 1] - start;
    const struct wordnet_synset *found =
        count ? bsearch(&offset, wordnet->synsets + start, count, sizeof(*found), compare_synset) : NULL;
    if (!found) {
        fprintf(stderr, "no synset at offset %u of the %s file\n", (unsigned)offset, wordnet_pos_names[file]);
        return false;
    }
    *synset = (uint32_t)(found - wordnet->synsets);
    return true;
}

static bool has_word(const struct wordnet *wordnet, uint32_t synset_number, uint32_t lemma)
{
    const struct wordnet_synset *synset = &wordnet->synsets[synset_number];
    for (uint32_t i = 0; i < synset->word_count; i++) {
        if (wordnet->words[synset->first_word + i].lemma == lemma)
            return true;
    }
    fprintf(stderr, "%s: not in the synset of one of its senses\n", wordnet->lemmas[lemma].text);
    return false;
}

static bool resolve(struct reader *reader)
{
    const struct wordnet *wordnet = &reader->wordnet;
    for (uint32_t i = 0; i < wordnet->lemma_count; i++) {
        for (uint32_t k = 0; k < wordnet->lemmas[i].sense_count; k++) {
            uint32_t *sense = &wordnet->senses[wordnet->lemmas[i].first_sense + k];
            if (!find_synset(reader, sense) || !has_word(wordnet, *sense, i))
                return false;
        }
    }
    for (size_t i = 0; i < wordnet->pointer_count; i++) {
        if (!find_synset(reader, &wordnet->pointers[i].target))
            return false;
    }
    return true;
}

bool wordnet_read(const char *directory, struct wordnet *ret_wordnet)
{
    struct reader reader = { .next = NULL };
    const bool good = read_files(&reader, directory) && resolve(&reader);
    if (good)
        *ret_wordnet = reader.wordnet;
    else
        wordnet_free(&reader.wordnet);
    return good;
}

void wordnet_free(struct wordnet *wordnet)
{
    free(wordnet->lemmas);
    free(wordnet->synsets);
    free(wordnet->words);
    free(wordnet->pointers);
    free(wordnet->frames);
    free(wordnet->senses);
    for (size_t i = 0; i < 2 * (size_t)FILE_COUNT; i++)
        free(wordnet->texts[i]);
    *wordnet = (struct wordnet){ .lemma_count = 0 };
}
