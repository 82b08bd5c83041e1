/*
 * Makes the file of a golden world: make_golden NAME all|some FILE, where the second says which types the program of
 * the world "kept" knows. For new worlds; a file that is checked in is never made again, but a test makes each beside
 * it and compares the bytes.
 */
#include "golden_worlds.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: make_golden NAME all|some FILE\n");
        return 2;
    }
    if (!golden_save(argv[1], argv[2], argv[3])) {
        fprintf(stderr, "there is no golden world named %s\n", argv[1]);
        return 2;
    }
    return 0;
}
