/*
 * Reader of the WordNet 3.0 database files (index.* and data.*, see wndb(5WN)) into plain arrays that name each other
 * by their places. It knows nothing of PECS.
 */
#ifndef WORDNET_READER_H
#define WORDNET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WORDNET_FILE_COUNT 4 /* satellites are in the file of the adjectives */
enum wordnet_pos { WORDNET_NOUN, WORDNET_VERB, WORDNET_ADJECTIVE, WORDNET_ADVERB, WORDNET_SATELLITE };
extern const char *const wordnet_pos_names[5];
extern const char wordnet_pos_letters[6];
/* The part of speech whose file has it. */
static inline uint8_t wordnet_file_of(uint8_t pos)
{
    return pos == WORDNET_SATELLITE ? WORDNET_ADJECTIVE : pos;
}

/* By the numbers of lexnames(5WN): adj.all, adj.pert, adv.all, noun.Tops ... */
extern const char *const wordnet_file_names[45];

enum { WORDNET_HYPERNYM = 1, WORDNET_INSTANCE_HYPERNYM = 2 }; /* two of the kinds of pointers */
extern const char *const wordnet_pointer_names[26], *const wordnet_pointer_symbols[26];

struct wordnet_lemma {
    const char *text; /* lower case, `_` for spaces */
    uint32_t first_sense, sense_count;
};
struct wordnet_synset {
    const char *gloss;
    uint32_t offset; /* in its data file */
    uint32_t first_word, word_count, first_pointer, pointer_count, first_frame, frame_count;
    uint8_t pos, lexicographer_file;
};
struct wordnet_word {
    const char *spelling; /* as the lemma, or with capitals and a marker: "Canis_familiaris", "galore(ip)" */
    uint32_t lemma;
    uint8_t lex_id;
};
struct wordnet_pointer {
    uint32_t target; /* a synset */
    uint8_t kind;
    uint8_t source_word, target_word; /* from 1; 0: of the whole synset */
};
struct wordnet_frame { /* a sentence that a verb fits into */
    uint8_t number, word;
};

struct wordnet {
    struct wordnet_lemma *lemmas;
    struct wordnet_synset *synsets;
    struct wordnet_word *words;
    struct wordnet_pointer *pointers;
    struct wordnet_frame *frames;
    uint32_t *senses; /* synsets; those of a lemma in their order, the commonest first */
    size_t lemma_count, synset_count, word_count, pointer_count, frame_count, sense_count;
    char *texts[2 * WORDNET_FILE_COUNT]; /* of the files, cut at each space; all strings lie there */
};

/* False, with a line on stderr, when a file cannot be read or is not as wndb(5WN) says. */
bool wordnet_read(const char *directory, struct wordnet *ret_wordnet);
void wordnet_free(struct wordnet *wordnet);

/* Opens a file of the database, "index" or "data"; NULL, with a line on stderr, when it cannot be opened. */
FILE *wordnet_open(const char *directory, const char *kind, enum wordnet_pos file);

#endif
