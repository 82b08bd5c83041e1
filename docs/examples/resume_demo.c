/*
 * resume-demo: a world that survives SIGKILL.
 *
 * A child process runs a simulation (skirmish.h) on a save file, and saves every few frames. Before each save it
 * reports the hash of its content. This program kills it at a random moment, again and again. Each time it resumes the
 * file and checks that
 *   - the file is whole, and its content is that of the child's last save or of the one that it was saving;
 *   - simulating on from it gives the content that the child reported for its next save, if it got that far;
 *   - the snapshot of the file does not change while the world made from it goes on;
 *   - the next save removes what the killed one left;
 *   - the next child begins with what was saved here.
 * Exit code 0 when all of it held, 1 when not.
 */
#define _GNU_SOURCE
#include "doomed_child.h"
#include "skirmish.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SAVE_NAME "skirmish.pecs"

struct options {
    uint64_t entities, kills, seed, frames_per_save;
    const char *directory;  /* where the working directory is made */
    const char *child_save; /* not NULL: be the child */
    bool keep;              /* the last save */
};

struct demo {
    struct options options;
    char directory[PATH_MAX], save_path[PATH_MAX];
    uint64_t random_state;
    struct reported_state state; /* what the save file holds, by this program's own saves */
    uint64_t born, died;
    double cycle_ms, save_ms, least_save_ms;
    unsigned rounds, hits, left_behind, replays, violations;
};

/* The figures of one round of killing and resuming: a line of the table. */
struct figures {
    uint64_t frame, entities, file_bytes;
    double save_ms, resume_ms, query_ms, update_ms;
};

static uint64_t draw(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15; /* SplitMix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* From 0 to below limit. */
static double draw_below(uint64_t *state, double limit)
{
    return (double)(draw(state) >> 11) * 0x1p-53 * limit;
}

static void violation(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void violation(struct demo *demo, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("VIOLATION: ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    demo->violations++;
}

static pecs_status state_of(const skirmish *game, pecs_view view, struct reported_state *ret_state)
{
    uint64_t hash;
    const pecs_status status = skirmish_hash(game, view, &hash);
    if (!status)
        *ret_state = (struct reported_state){ true, skirmish_frame(view), hash };
    return status;
}

/* The number of files in the working directory besides the save itself, or -1. */
static int count_others(const struct demo *demo)
{
    DIR *directory = opendir(demo->directory);
    if (!directory)
        return -1;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, SAVE_NAME) != 0)
            count++;
    }
    closedir(directory);
    return count;
}

/* Steps as many frames as the child does between two saves; `begun`: the first of them has already moved. */
static pecs_status go_on(skirmish *game, uint64_t frame_count, bool begun)
{
    pecs_status status = begun ? skirmish_finish_frame(game) : skirmish_step(game);
    for (uint64_t i = 1; i < frame_count && !status; i++)
        status = skirmish_step(game);
    return status;
}

/* Saves the world, and keeps its state: the next child must begin with it. */
static bool save(struct demo *demo, skirmish *game)
{
    pecs_error error;
    const pecs_status status = state_of(game, pecs_world_view(game->world), &demo->state);
    if (status) {
        violation(demo, "cannot hash the world: %s", skirmish_message(game, status));
        return false;
    }
    const double start = now_ms();
    if (pecs_world_save(game->world, demo->save_path, NULL, &error)) {
        violation(demo, "cannot save: %s", error.message);
        return false;
    }
    demo->save_ms = now_ms() - start;
    if (demo->least_save_ms == 0.0 || demo->save_ms < demo->least_save_ms)
        demo->least_save_ms = demo->save_ms;
    const int others = count_others(demo);
    if (others != 0)
        violation(demo, "%d temporary files remain after a save", others);
    return true;
}

static bool found(struct demo *demo)
{
    skirmish game;
    pecs_error error;
    const double start = now_ms();
    pecs_status status = skirmish_init(&game, &error);
    if (!status)
        status = skirmish_found(&game, demo->options.entities, demo->options.seed, &error);
    if (status) {
        violation(demo, "cannot create the world: %s", error.message);
        skirmish_deinit(&game);
        return false;
    }
    const double found_ms = now_ms() - start;
    const double first_frame_ms = now_ms();
    status = go_on(&game, demo->options.frames_per_save, false);
    if (status)
        violation(demo, "cannot step: %s", skirmish_message(&game, status));
    const bool saved = !status && save(demo, &game);
    demo->cycle_ms = now_ms() - first_frame_ms;
    skirmish_deinit(&game);
    printf("seed %" PRIu64 "; world made in %.0f ms; %" PRIu64 " frames, hash and save in %.0f ms\n\n",
           demo->options.seed, found_ms, demo->options.frames_per_save, demo->cycle_ms);
    return saved;
}

/* Resumes the file and measures the first steps. Its full update begins the frame that go_on finishes. */
static pecs_status resume(struct demo *demo, skirmish *game, struct figures *figures, double *ret_sum,
                          pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const double start = now_ms();
    pecs_status status = skirmish_resume(game, demo->save_path, ret_snapshot, error);
    if (status)
        return status;
    const double resumed = now_ms();
    status = skirmish_sum(game, pecs_world_view(game->world), ret_sum);
    const double summed = now_ms();
    if (!status)
        status = skirmish_move(game);
    const double moved = now_ms();
    if (status) {
        *error = (pecs_error){ .status = status };
        snprintf(error->message, sizeof(error->message), "the first query or update failed: %s",
                 skirmish_message(game, status));
    }
    figures->resume_ms = resumed - start;
    figures->query_ms = summed - resumed;
    figures->update_ms = moved - summed;
    return status;
}

/* Checks that the file's snapshot is one that the child reported, and unchanged though its world has moved since. */
static void check_snapshot(struct demo *demo, const skirmish *game, const pecs_snapshot *snapshot, double sum,
                           const struct child_story *story, struct figures *figures, struct reported_state *ret_state)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    pecs_summary summary;
    double sum_now = 0.0;
    *ret_state = (struct reported_state){ 0 };
    const pecs_status status = state_of(game, view, ret_state);
    if (status || skirmish_sum(game, view, &sum_now)) {
        violation(demo, "cannot hash the file's content: %s", skirmish_message(game, status));
        return;
    }
    if (!same_state(*ret_state, story->saved) && !same_state(*ret_state, story->saving))
        violation(demo, "frame %" PRIu64 " hash %016" PRIx64 " in the file; the child saved %" PRIu64 " %016" PRIx64,
                  ret_state->frame, ret_state->hash, story->saved.frame, story->saved.hash);
    if (sum_now != sum)
        violation(demo, "the snapshot changed while the world went on");
    if (!skirmish_tally(view, &demo->born, &demo->died))
        violation(demo, "births and deaths do not explain the number of entities");
    pecs_view_summary(view, &summary);
    figures->frame = ret_state->frame;
    figures->entities = summary.entity_count;
}

/* Resumes what the killed child left, checks it, simulates up to the frame of the next save, and saves. */
static bool carry_on(struct demo *demo, const struct child_story *story, struct figures *figures)
{
    skirmish game;
    pecs_error error;
    pecs_snapshot *snapshot = NULL;
    struct stat info;
    double sum = 0.0;
    struct reported_state file_state, end_state;
    if (stat(demo->save_path, &info) == 0)
        figures->file_bytes = (uint64_t)info.st_size;
    pecs_status status = skirmish_init(&game, &error);
    if (!status)
        status = resume(demo, &game, figures, &sum, &snapshot, &error);
    if (status) {
        violation(demo, "cannot resume: %s (%s at byte %" PRIu64 ")", error.message,
                  error.rule ? error.rule : "no rule", error.offset);
        pecs_snapshot_release(snapshot);
        skirmish_deinit(&game);
        return false;
    }
    check_snapshot(demo, &game, snapshot, sum, story, figures, &file_state);
    pecs_snapshot_release(snapshot);
    status = go_on(&game, demo->options.frames_per_save, true);
    if (!status)
        status = state_of(&game, pecs_world_view(game.world), &end_state);
    if (status)
        violation(demo, "cannot go on: %s", skirmish_message(&game, status));
    if (!status && same_state(file_state, story->saved) && story->saving.known) {
        if (same_state(end_state, story->saving))
            demo->replays++;
        else
            violation(demo, "going on from the file gave another content than the child's");
    }
    const bool saved = !status && save(demo, &game);
    figures->save_ms = demo->save_ms;
    skirmish_deinit(&game);
    return saved;
}

static struct kill_plan plan_kill(struct demo *demo)
{
    const bool in_save = demo->rounds % 2 == 1;
    return (struct kill_plan){
        .in_save = in_save,
        .save_number = 1 + draw(&demo->random_state) % 3,
        .delay_ms = draw_below(&demo->random_state, in_save ? demo->least_save_ms : 2.5 * demo->cycle_ms),
    };
}

static bool play_round(struct demo *demo)
{
    const struct kill_plan plan = plan_kill(demo);
    struct child_story story = { 0 };
    struct figures figures = { 0 };
    if (!doomed_child_watch(demo->save_path, demo->options.frames_per_save, &plan, &story)) {
        violation(demo, "the child did not do its part");
        return false;
    }
    if (!same_state(story.resumed, demo->state))
        violation(demo, "the child resumed something else than what was saved");
    const bool hit = story.saving.known;
    const int others = count_others(demo);
    demo->hits += hit;
    demo->left_behind += others > 0;
    const bool going = carry_on(demo, &story, &figures);
    demo->rounds++;
    printf("%5u  %-9s  %5" PRIu64 "  %5" PRIu64 "  %8" PRIu64 "  %7.1f  %7.1f  %9.3f  %14.2f  %15.2f\n", demo->rounds,
           hit ? "in a save" : "running", story.save_count, figures.frame, figures.entities,
           (double)figures.file_bytes / 1e6, figures.save_ms, figures.resume_ms, figures.query_ms, figures.update_ms);
    fflush(stdout);
    return going;
}

static void play(struct demo *demo)
{
    if (!found(demo))
        return;
    puts("round  killed     saves  frame  entities  file MB  save ms  resume ms  first query ms  first update ms");
    bool going = true;
    /* Chance decides where a kill hits: adds rounds, at most as many again, until one hit a save. */
    while (going && (demo->rounds < demo->options.kills || (demo->hits == 0 && demo->rounds < 2 * demo->options.kills)))
        going = play_round(demo);
    if (going && demo->hits == 0)
        violation(demo, "no kill hit a save");
    printf("\n%u kills, %u of them during a save; %u left a temporary file, which the next save removed\n"
           "%u times the child had reported its next content, and going on from the file gave the same\n"
           "%" PRIu64 " entities died and %" PRIu64 " were spawned\n",
           demo->rounds, demo->hits, demo->left_behind, demo->replays, demo->died, demo->born);
}

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "entities", required_argument, NULL, 'e' }, { "kills", required_argument, NULL, 'k' },
        { "seed", required_argument, NULL, 's' },     { "frames-per-save", required_argument, NULL, 'f' },
        { "dir", required_argument, NULL, 'd' },      { "keep", no_argument, NULL, 'p' },
        { "child", required_argument, NULL, 'c' },    { 0 },
    };
    const char *temporary = getenv("TMPDIR");
    *options = (struct options){ .entities = 1000000,
                                 .kills = 8,
                                 .seed = (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000,
                                 .frames_per_save = 10,
                                 .directory = temporary && *temporary ? temporary : "/tmp" };
    bool good = true;
    for (int option; good && (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'e':
            good = read_number(optarg, 1, 100000000, &options->entities);
            break;
        case 'k':
            good = read_number(optarg, 1, 10000, &options->kills);
            break;
        case 's':
            good = read_number(optarg, 0, UINT64_MAX, &options->seed);
            break;
        case 'f':
            good = read_number(optarg, 1, 1000000, &options->frames_per_save);
            break;
        case 'd':
            options->directory = optarg;
            break;
        case 'p':
            options->keep = true;
            break;
        case 'c':
            options->child_save = optarg;
            break;
        default:
            good = false;
        }
    }
    return good && optind == argc;
}

static bool make_directory(struct demo *demo)
{
    const int length =
        snprintf(demo->directory, sizeof(demo->directory), "%s/pecs-demo-XXXXXX", demo->options.directory);
    if (length < 0 || (size_t)length + sizeof("/" SAVE_NAME) > sizeof(demo->save_path)) {
        fprintf(stderr, "the directory's name is too long\n");
        return false;
    }
    if (!mkdtemp(demo->directory)) {
        fprintf(stderr, "%s: %s\n", demo->directory, strerror(errno));
        return false;
    }
    memcpy(demo->save_path, demo->directory, (size_t)length);
    memcpy(demo->save_path + length, "/" SAVE_NAME, sizeof("/" SAVE_NAME));
    return true;
}

int main(int argc, char **argv)
{
    struct demo demo = { 0 };
    if (!read_options(argc, argv, &demo.options)) {
        fprintf(stderr,
                "usage: %s [--entities N] [--kills N] [--seed S] [--frames-per-save N] [--dir DIRECTORY] [--keep]\n",
                argv[0]);
        return 1;
    }
    if (demo.options.child_save)
        return doomed_child_run(demo.options.child_save, demo.options.frames_per_save);
    if (!make_directory(&demo))
        return 1;
    demo.random_state = ~demo.options.seed; /* not the world's own numbers */
    play(&demo);
    if (demo.violations > 0) {
        printf("FAILED: %u violations; the files are in %s\n", demo.violations, demo.directory);
        return 1;
    }
    puts("OK: every file was whole and held a content that the child had reported");
    if (demo.options.keep)
        printf("the last save is %s\n", demo.save_path);
    else if (unlink(demo.save_path) || rmdir(demo.directory))
        fprintf(stderr, "%s: %s\n", demo.directory, strerror(errno));
    return 0;
}
