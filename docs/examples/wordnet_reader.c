/*
 * Reads the index files first, for lemmas and senses, then the data files, for synsets, words and pointers. The files
 * name a synset by its byte offset in one of four files. Until all are read, senses and pointers hold such a place (the
 * file in the upper two bits); then `resolve` replaces it by the synset's number.
 *
 * Single spaces separate the fields of a line. Lines that begin with a space are the licence. Any other line that does
 * not follow the format ends the reading with the file's name and the line's number.
 */
#define _GNU_SOURCE
#include "wordnet_reader.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_COUNT 4
#define OFFSET_BITS 30

const char *const wordnet_pos_names[5] = { "noun", "verb", "adjective", "adverb", "adjective satellite" };

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
static const char *const pointer_symbols[26] = { "!",  "@",  "@i", "~", "~i", "#m", "#s", "#p", "%m",
                                                 "%s", "%p", "=",  "+", ";c", "-c", ";r", "-r", ";u",
                                                 "-u", "*",  ">",  "^", "$",  "&",  "<",  "\\" };

struct reader {
    struct wordnet wordnet;
    size_t lemma_capacity, synset_capacity, sense_capacity, pointer_capacity;
    uint32_t *words; /* lemmas of all synsets' words, one synset after the other */
    size_t word_count, word_capacity;
    size_t *first_words; /* of each synset, and the end of the last */
    size_t first_word_capacity;
    size_t lemma_starts[FILE_COUNT + 1], synset_starts[FILE_COUNT + 1];
    char path[PATH_MAX];
    size_t line_number;
    char *next;        /* the rest of the line */
    const char *wrong; /* what is wrong with the line, or NULL */
};

/* Makes room for one more element. */
static bool reserve(void *array, size_t *capacity, size_t count, size_t element_size)
{
    if (count < *capacity)
        return true;
    const size_t wanted = *capacity ? *capacity * 2 : 4096;
    void *memory;
    memcpy(&memory, array, sizeof(memory));
    memory = realloc(memory, wanted * element_size);
    if (!memory)
        return false;
    memcpy(array, &memory, sizeof(memory));
    *capacity = wanted;
    return true;
}

/* Keeps the first thing that is wrong, for the message. */
static void wrong(struct reader *reader, const char *what)
{
    if (!reader->wrong)
        reader->wrong = what;
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

/* The data file of a part of speech; satellites are with the adjectives. */
static uint32_t file_of(struct reader *reader, const char *letter)
{
    static const char letters[] = "nvars";
    const char *found = *letter && !letter[1] ? strchr(letters, *letter) : NULL;
    if (!found)
        wrong(reader, "no such part of speech");
    return !found || *found == 's' ? WORDNET_ADJECTIVE : (uint32_t)(found - letters);
}

static void add_sense(struct reader *reader, uint32_t lemma, uint32_t synset_place, uint32_t sense_number)
{
    struct wordnet *wordnet = &reader->wordnet;
    if (!reserve(&wordnet->senses, &reader->sense_capacity, wordnet->sense_count, sizeof(*wordnet->senses))) {
        wrong(reader, "out of memory");
        return;
    }
    wordnet->senses[wordnet->sense_count++] = (struct wordnet_sense){ lemma, synset_place, (uint16_t)sense_number, 0 };
}

/* lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset [synset_offset...] */
static void read_index_line(struct reader *reader, uint32_t file)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_lemma lemma = { .pos = (uint8_t)file };
    const char *text = field(reader);
    if (strlen(text) >= sizeof(lemma.text))
        wrong(reader, "a lemma is too long");
    else
        memcpy(lemma.text, text, strlen(text));
    if (wordnet->lemma_count > reader->lemma_starts[file] &&
        strcmp(wordnet->lemmas[wordnet->lemma_count - 1].text, lemma.text) >= 0)
        wrong(reader, "the lemmas are not in order"); /* find_lemma needs it */
    if (file_of(reader, field(reader)) != file)
        wrong(reader, "a part of speech of another file");
    const uint32_t synset_count = number(reader, 10, UINT16_MAX);
    for (uint32_t i = number(reader, 10, UINT16_MAX); i > 0 && !reader->wrong; i--)
        (void)field(reader); /* the kinds of pointers: the data files have the pointers themselves */
    (void)number(reader, 10, UINT16_MAX);
    (void)number(reader, 10, UINT16_MAX);
    if (!reserve(&wordnet->lemmas, &reader->lemma_capacity, wordnet->lemma_count, sizeof(lemma)))
        wrong(reader, "out of memory");
    for (uint32_t i = 1; i <= synset_count && !reader->wrong; i++)
        add_sense(reader, (uint32_t)wordnet->lemma_count, place(file, number(reader, 10, (1u << OFFSET_BITS) - 1)), i);
    if (!reader->wrong)
        wordnet->lemmas[wordnet->lemma_count++] = lemma;
}

static int compare_lemma(const void *text, const void *lemma)
{
    return strcmp(text, ((const struct wordnet_lemma *)lemma)->text);
}

/* The lemma of a word of a data file, which may have capitals and a marker: "Canis_familiaris", "galore(ip)". */
static uint32_t find_lemma(struct reader *reader, uint32_t file, char *word)
{
    const struct wordnet *wordnet = &reader->wordnet;
    const size_t start = reader->lemma_starts[file], count = reader->lemma_starts[file + 1] - start;
    char *marker = file == WORDNET_ADJECTIVE ? strchr(word, '(') : NULL;
    if (marker)
        *marker = 0;
    for (char *c = word; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    const struct wordnet_lemma *lemma =
        bsearch(word, wordnet->lemmas + start, count, sizeof(wordnet->lemmas[0]), compare_lemma);
    if (!lemma) {
        wrong(reader, "a word is not in the index");
        return 0;
    }
    return (uint32_t)(lemma - wordnet->lemmas);
}

static uint8_t pointer_kind(struct reader *reader)
{
    const char *symbol = field(reader);
    for (size_t kind = 0; kind < sizeof(pointer_symbols) / sizeof(pointer_symbols[0]); kind++) {
        if (strcmp(symbol, pointer_symbols[kind]) == 0)
            return (uint8_t)kind;
    }
    wrong(reader, "no such pointer symbol");
    return 0;
}

/* w_cnt word lex_id [word lex_id...] */
static void read_words(struct reader *reader, uint32_t file)
{
    for (uint32_t i = number(reader, 16, UINT8_MAX); i > 0 && !reader->wrong; i--) {
        if (!reserve(&reader->words, &reader->word_capacity, reader->word_count, sizeof(reader->words[0]))) {
            wrong(reader, "out of memory");
            return;
        }
        reader->words[reader->word_count++] = find_lemma(reader, file, field(reader));
        (void)number(reader, 16, 15);
    }
}

/* p_cnt [ptr...], a ptr being: pointer_symbol synset_offset pos source/target */
static void read_pointers(struct reader *reader, uint32_t source)
{
    struct wordnet *wordnet = &reader->wordnet;
    for (uint32_t i = number(reader, 10, UINT16_MAX); i > 0 && !reader->wrong; i--) {
        if (!reserve(&wordnet->pointers, &reader->pointer_capacity, wordnet->pointer_count,
                     sizeof(*wordnet->pointers))) {
            wrong(reader, "out of memory");
            return;
        }
        const uint8_t kind = pointer_kind(reader);
        const uint32_t offset = number(reader, 10, (1u << OFFSET_BITS) - 1);
        const uint32_t file = file_of(reader, field(reader));
        const uint32_t words = number(reader, 16, UINT16_MAX);
        wordnet->pointers[wordnet->pointer_count++] = (struct wordnet_pointer){
            source, place(file, offset), kind, (uint8_t)(words >> 8), (uint8_t)words,
        };
    }
}

/* synset_offset lex_filenum ss_type words pointers [frames] | gloss */
static void read_data_line(struct reader *reader, uint32_t file)
{
    struct wordnet *wordnet = &reader->wordnet;
    struct wordnet_synset synset = { .offset = number(reader, 10, (1u << OFFSET_BITS) - 1) };
    if (wordnet->synset_count > reader->synset_starts[file] &&
        wordnet->synsets[wordnet->synset_count - 1].offset >= synset.offset)
        wrong(reader, "the synsets are not in order"); /* find_synset needs it */
    synset.lexicographer_file = (uint8_t)number(reader, 10, 44);
    const char *type = field(reader);
    synset.pos = (uint8_t)(strcmp(type, "s") == 0 ? (uint32_t)WORDNET_SATELLITE : file_of(reader, type));
    if (!reserve(&wordnet->synsets, &reader->synset_capacity, wordnet->synset_count, sizeof(synset)) ||
        !reserve(&reader->first_words, &reader->first_word_capacity, wordnet->synset_count + 1,
                 sizeof(reader->first_words[0])))
        wrong(reader, "out of memory");
    if (reader->wrong)
        return;
    const size_t first_word = reader->word_count;
    read_words(reader, file);
    read_pointers(reader, (uint32_t)wordnet->synset_count);
    if (reader->word_count == first_word)
        wrong(reader, "a synset without words");
    if (reader->wrong)
        return;
    synset.head = reader->words[first_word];
    reader->first_words[wordnet->synset_count] = first_word;
    reader->first_words[wordnet->synset_count + 1] = reader->word_count;
    wordnet->synsets[wordnet->synset_count++] = synset;
}

static bool read_lines(struct reader *reader, uint32_t file, void (*read_line)(struct reader *, uint32_t))
{
    FILE *stream = fopen(reader->path, "r");
    if (!stream) {
        fprintf(stderr, "%s: %s\n", reader->path, strerror(errno));
        return false;
    }
    char *line = NULL;
    size_t capacity = 0;
    reader->line_number = 0;
    while (!reader->wrong && getline(&line, &capacity, stream) != -1) {
        reader->line_number++;
        if (line[0] == ' ')
            continue;
        line[strcspn(line, "\n")] = 0;
        reader->next = line;
        read_line(reader, file);
    }
    if (!reader->wrong && ferror(stream))
        wrong(reader, strerror(errno));
    free(line);
    fclose(stream);
    if (reader->wrong)
        fprintf(stderr, "%s:%zu: %s\n", reader->path, reader->line_number, reader->wrong);
    return !reader->wrong;
}

static bool read_files(struct reader *reader, const char *directory)
{
    static const char *const suffixes[FILE_COUNT] = { "noun", "verb", "adj", "adv" }; /* as enum wordnet_pos */
    bool good = strlen(directory) + sizeof("/index.noun") <= PATH_MAX;
    if (!good)
        fprintf(stderr, "the directory's name is too long\n");
    for (uint32_t file = 0; file < FILE_COUNT && good; file++) {
        snprintf(reader->path, PATH_MAX, "%s/index.%s", directory, suffixes[file]);
        good = read_lines(reader, file, read_index_line);
        reader->lemma_starts[file + 1] = reader->wordnet.lemma_count;
    }
    for (uint32_t file = 0; file < FILE_COUNT && good; file++) {
        snprintf(reader->path, PATH_MAX, "%s/data.%s", directory, suffixes[file]);
        good = read_lines(reader, file, read_data_line);
        reader->synset_starts[file + 1] = reader->wordnet.synset_count;
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
    const uint32_t file = *synset >> OFFSET_BITS, offset = *synset & ((1u << OFFSET_BITS) - 1);
    const size_t start = reader->synset_starts[file], count = reader->synset_starts[file + 1] - start;
    const struct wordnet_synset *found =
        bsearch(&offset, wordnet->synsets + start, count, sizeof(*found), compare_synset);
    if (!found) {
        fprintf(stderr, "no synset at offset %u of the %s file\n", (unsigned)offset, wordnet_pos_names[file]);
        return false;
    }
    *synset = (uint32_t)(found - wordnet->synsets);
    return true;
}

static bool find_word(const struct reader *reader, struct wordnet_sense *sense)
{
    const size_t first = reader->first_words[sense->synset], end = reader->first_words[sense->synset + 1];
    for (size_t i = first; i < end; i++) {
        if (reader->words[i] == sense->lemma) {
            sense->word = (uint16_t)(i - first + 1);
            return true;
        }
    }
    fprintf(stderr, "%s: not in the synset of its sense %u\n", reader->wordnet.lemmas[sense->lemma].text,
            (unsigned)sense->number);
    return false;
}

static bool resolve(struct reader *reader)
{
    struct wordnet *wordnet = &reader->wordnet;
    for (size_t i = 0; i < wordnet->sense_count; i++) {
        if (!find_synset(reader, &wordnet->senses[i].synset) || !find_word(reader, &wordnet->senses[i]))
            return false;
    }
    for (size_t i = 0; i < wordnet->pointer_count; i++) {
        if (!find_synset(reader, &wordnet->pointers[i].target))
            return false;
    }
    return true;
}

bool wordnet_read(const char *directory, struct wordnet *ret_wordnet)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    if (!reader) {
        fprintf(stderr, "out of memory\n");
        return false;
    }
    const bool good = read_files(reader, directory) && resolve(reader);
    if (good)
        *ret_wordnet = reader->wordnet;
    else
        wordnet_free(&reader->wordnet);
    free(reader->words);
    free(reader->first_words);
    free(reader);
    return good;
}

void wordnet_free(struct wordnet *wordnet)
{
    free(wordnet->lemmas);
    free(wordnet->synsets);
    free(wordnet->senses);
    free(wordnet->pointers);
    *wordnet = (struct wordnet){ 0 };
}
