/*
 * Reader of the WordNet 3.0 database files (index.* and data.*, see wndb(5WN)) into plain arrays that name each other
 * by their places. It knows nothing of PECS.
 */
#ifndef WORDNET_READER_H
#define WORDNET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDNET_TEXT_SIZE 72 /* the longest lemma has 71 bytes */

enum wordnet_pos { WORDNET_NOUN, WORDNET_VERB, WORDNET_ADJECTIVE, WORDNET_ADVERB, WORDNET_SATELLITE };
extern const char *const wordnet_pos_names[5];

/* By the numbers of lexnames(5WN): adj.all, adj.pert, adv.all, noun.Tops ... */
extern const char *const wordnet_file_names[45];

enum { WORDNET_HYPERNYM = 1, WORDNET_INSTANCE_HYPERNYM = 2 }; /* two of the kinds of pointers */
extern const char *const wordnet_pointer_names[26];

struct wordnet_lemma {
    char text[WORDNET_TEXT_SIZE]; /* lower case, `_` for spaces, zero-padded */
    uint8_t pos;
};
struct wordnet_synset {
    uint32_t offset; /* in its data file */
    uint32_t head;   /* the lemma of its first word */
    uint8_t pos, lexicographer_file;
};
struct wordnet_sense {
    uint32_t lemma, synset;
    uint16_t number; /* from 1, the commonest first */
    uint16_t word;   /* which word of the synset it is, from 1 */
};
struct wordnet_pointer {
    uint32_t source, target; /* synsets */
    uint8_t kind;
    uint8_t source_word, target_word; /* from 1; 0: of the whole synset */
};

struct wordnet {
    struct wordnet_lemma *lemmas;
    struct wordnet_synset *synsets;
    struct wordnet_sense *senses;
    struct wordnet_pointer *pointers;
    size_t lemma_count, synset_count, sense_count, pointer_count;
};

/* False, with a line on stderr, when a file cannot be read or is not as wndb(5WN) says. */
bool wordnet_read(const char *directory, struct wordnet *ret_wordnet);
void wordnet_free(struct wordnet *wordnet);

#endif
