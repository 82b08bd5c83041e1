/*
 * Makes the file of a golden world: make_golden NAME FILE. For new worlds; a file that is checked in is never made again,
 * but a test makes each beside it and compares the bytes.
 */
#include "golden_worlds.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: make_golden NAME FILE\n");
        return 2;
    }
    pecs_registry *registry = golden_registry();
    pecs_snapshot *snapshot = golden_world(registry, argv[1]);
    if (!snapshot) {
        fprintf(stderr, "there is no golden world named %s\n", argv[1]);
        return 2;
    }
    pecs_error error;
    golden_check(pecs_snapshot_save(snapshot, argv[2], NULL, &error), &error, argv[2]);
    pecs_snapshot_release(snapshot);
    pecs_registry_destroy(registry);
    return 0;
}
