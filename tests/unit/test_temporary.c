/* Temporaries of saves: their names, their locks, and what killed saves leave. */
#define _GNU_SOURCE
#include "folder_fixture.h"

static void enter_named(void)
{
    enter_folder();
    fault.lack = FAULT_LACKS_UNNAMED;
}

TestSuite(temporary, .init = enter_folder, .fini = leave_folder);
TestSuite(temporary_named, .init = enter_named, .fini = leave_folder);

TestBothWays(temporary, a_stale_temporary_is_removed)
{
    make_file(".world.pecs.0.pecs-tmp", "what a killed process left");
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* Not only the numbers in a row: of three saves the first two may have ended, and the third was killed. */
Test(temporary_named, stale_temporaries_of_any_number_are_removed)
{
    make_file(".world.pecs.1.pecs-tmp", "stale");
    make_file(".world.pecs.2.pecs-tmp", "stale");
    make_file(".world.pecs.9.pecs-tmp", "stale");
    make_file(".other.pecs.1.pecs-tmp", "of another name");
    publication_abort(begin("world.pecs"));
    cr_assert_not(is_there(".world.pecs.1.pecs-tmp"));
    cr_assert_not(is_there(".world.pecs.2.pecs-tmp"));
    cr_assert_not(is_there(".world.pecs.9.pecs-tmp"));
    assert_content(".other.pecs.1.pecs-tmp", "of another name");
}

Test(temporary_named, a_locked_temporary_is_left_alone)
{
    make_file(".world.pecs.0.pecs-tmp", "being written");
    const int descriptor = open(".world.pecs.0.pecs-tmp", O_RDWR);
    cr_assert_eq(flock(descriptor, LOCK_EX), 0);
    struct publication *publication = begin("world.pecs");
    cr_assert(is_there(".world.pecs.1.pecs-tmp"));
    write_text(publication, "new");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "new");
    assert_content(".world.pecs.0.pecs-tmp", "being written");
    cr_assert_eq(entry_count("."), 2);
    close(descriptor);
}

Test(temporary_named, the_number_of_a_stale_temporary_is_used_again)
{
    make_file(".world.pecs.0.pecs-tmp", "stale");
    struct publication *publication = begin("world.pecs");
    assert_content(".world.pecs.0.pecs-tmp", "");
    cr_assert_eq(entry_count("."), 1);
    publication_abort(publication);
}

/* Between making a temporary and locking it, another process may take it for a stale one and remove it. */
Test(temporary_named, a_temporary_that_was_removed_before_its_lock_is_made_again)
{
    fault.unlink_before_flock = ".world.pecs.0.pecs-tmp";
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

/* Between opening a stale temporary and locking it, another process may have put its own in its place. */
Test(temporary_named, what_took_the_place_of_a_stale_temporary_is_left_alone)
{
    make_file(".world.pecs.0.pecs-tmp", "stale");
    fault.replace_before_flock = ".world.pecs.0.pecs-tmp";
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    assert_content(".world.pecs.0.pecs-tmp", "of another process");
}

/* A trap in a folder that others may write to: what it points at must not be written, truncated or removed. */
TestBothWays(temporary, a_link_in_the_place_of_the_temporary_is_not_followed)
{
    make_file("victim", "untouched");
    cr_assert_eq(symlink("victim", ".world.pecs.0.pecs-tmp"), 0);
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    assert_content("victim", "untouched");
    assert_link(".world.pecs.0.pecs-tmp", "victim");
}

TestBothWays(temporary, two_at_one_time_do_not_mix)
{
    struct publication *first = begin("world.pecs"), *second = begin("world.pecs");
    write_text(first, "fir");
    write_text(second, "second");
    write_text(first, "st");
    cr_assert_eq(publication_commit(second, NULL), PECS_OK);
    assert_content("world.pecs", "second");
    cr_assert_eq(publication_commit(first, NULL), PECS_OK);
    assert_content("world.pecs", "first");
    cr_assert_eq(entry_count("."), 1);
}

Test(temporary_named, at_most_64_at_one_time)
{
    struct publication *publications[64];
    for (int i = 0; i < 64; i++)
        publications[i] = begin("world.pecs");
    assert_refused("world.pecs", EBUSY);
    for (int i = 0; i < 64; i++)
        publication_abort(publications[i]);
    cr_assert_eq(entry_count("."), 0);
    publish("world.pecs", "content");
}

/* A process that dies while it writes leaves a temporary, which the next save takes away. */
Test(temporary_named, a_killed_writer_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    const pid_t child = fork();
    if (child == 0) {
        struct publication *publication;
        if (publication_begin(pool, "world.pecs", 8, true, &publication, NULL) ||
            publication_write(publication, &(pecs_bytes){ "half", 4 }, 1, NULL))
            _exit(1);
        raise(SIGKILL);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    assert_content("world.pecs", "old");
    cr_assert(is_there(".world.pecs.0.pecs-tmp"));
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* Names that agree in their first 230 bytes share temporaries' names; they must not disturb one another. */
TestBothWays(temporary, long_names_that_begin_alike_do_not_mix)
{
    char a[256] = { 0 }, b[256] = { 0 };
    memset(a, 'n', 250);
    memset(b, 'n', 250);
    b[249] = 'm';
    struct publication *first = begin(a), *second = begin(b);
    write_text(first, "first");
    write_text(second, "second");
    cr_assert_eq(publication_commit(first, NULL), PECS_OK);
    cr_assert_eq(publication_commit(second, NULL), PECS_OK);
    assert_content(a, "first");
    assert_content(b, "second");
}

/* --- unnamed files --- */

static pid_t run_child(void (*run)(void))
{
    int status;
    const pid_t child = fork();
    if (child == 0) {
        run();
        _exit(1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    cr_assert_eq(WTERMSIG(status), SIGKILL);
    return child;
}

/* A locked temporary at number 0, as of a save that is about to rename it. */
static int make_live(void)
{
    make_file(".world.pecs.0.pecs-tmp", "of a living save");
    const int descriptor = open(".world.pecs.0.pecs-tmp", O_RDWR);
    cr_assert_eq(flock(descriptor, LOCK_EX), 0);
    return descriptor;
}

Test(temporary, none_is_there_while_a_file_is_written)
{
    struct publication *publication = begin("world.pecs");
    write_text(publication, "first");
    cr_assert_eq(entry_count("."), 0);
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "first");
    publication = begin("world.pecs");
    write_text(publication, "second");
    cr_assert_eq(entry_count("."), 1);
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "second");
    cr_assert_eq(entry_count("."), 1);
}

static void refuse_rename(struct fault_event *event)
{
    if (event->call == FAULT_rename)
        event->os_error = EIO;
}

Test(temporary, a_new_file_needs_none)
{
    fault.at_call = refuse_rename;
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

static void die_while_writing(void)
{
    write_text(begin("world.pecs"), "half");
    raise(SIGKILL);
}

Test(temporary, a_writer_killed_without_a_name_leaves_nothing)
{
    make_file("world.pecs", "old");
    run_child(die_while_writing);
    assert_content("world.pecs", "old");
    cr_assert_eq(entry_count("."), 1);
}

static void kill_at_rename(struct fault_event *event)
{
    if (event->call == FAULT_rename)
        raise(SIGKILL);
}

static void die_before_rename(void)
{
    fault.at_call = kill_at_rename;
    publish("world.pecs", "newer");
}

Test(temporary, one_killed_between_link_and_rename_is_removed_by_the_next)
{
    make_file("world.pecs", "old");
    run_child(die_before_rename);
    assert_content("world.pecs", "old");
    assert_content(".world.pecs.0.pecs-tmp", "newer");
    publish("world.pecs", "newest");
    assert_content("world.pecs", "newest");
    cr_assert_eq(entry_count("."), 1);
}

/* The old file was moved away after the kill: the next save links straight to its name, and looks all the same. */
Test(temporary, one_killed_between_link_and_rename_is_removed_by_a_new_file)
{
    make_file("world.pecs", "old");
    run_child(die_before_rename);
    cr_assert_eq(unlink("world.pecs"), 0);
    publish("world.pecs", "newest");
    assert_content("world.pecs", "newest");
    cr_assert_eq(entry_count("."), 1);
}

Test(temporary, number_0_leads_to_the_others)
{
    const char *const olds[] = { "old", NULL };
    for (int i = 0; i < 2; i++) {
        unlink("world.pecs");
        if (olds[i])
            make_file("world.pecs", olds[i]);
        make_file(".world.pecs.0.pecs-tmp", "stale");
        make_file(".world.pecs.1.pecs-tmp", "stale");
        make_file(".world.pecs.9.pecs-tmp", "stale");
        publish("world.pecs", "new");
        assert_content("world.pecs", "new");
        cr_assert_eq(entry_count("."), 1, "%d", i);
    }
}

Test(temporary, a_file_that_appears_meanwhile_is_replaced)
{
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    make_file("world.pecs", "of another process");
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

Test(temporary, a_file_that_vanishes_meanwhile_is_made)
{
    make_file("world.pecs", "old");
    struct publication *publication = begin("world.pecs");
    write_text(publication, "new");
    cr_assert_eq(unlink("world.pecs"), 0);
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

static int live, pause_count;

static void end_at_first_pause(struct fault_event *event)
{
    if (event->call == FAULT_rename)
        cr_assert_str_eq(event->path, ".world.pecs.0.pecs-tmp");
    if (event->call != FAULT_nanosleep || pause_count++)
        return;
    cr_assert_eq(rename(".world.pecs.0.pecs-tmp", "world.pecs"), 0);
    close(live);
}

Test(temporary, a_living_save_is_waited_for)
{
    make_file("world.pecs", "old");
    live = make_live();
    fault.at_call = end_at_first_pause;
    publish("world.pecs", "new");
    cr_assert_eq(pause_count, 1);
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* A save may be stopped at any moment: others go on. */
Test(temporary, a_living_save_that_stays_is_passed_by)
{
    make_file("world.pecs", "old");
    live = make_live();
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    assert_content(".world.pecs.0.pecs-tmp", "of a living save");
    cr_assert_eq(entry_count("."), 2);
    close(live);
    publish("world.pecs", "newer");
    cr_assert_eq(entry_count("."), 1);
}

/* Between the look at a stale temporary and its lock, a living save may have taken the name. */
static void live_at_second_lock(struct fault_event *event)
{
    static int lock_count;
    if (event->call != FAULT_flock || ++lock_count != 2)
        return;
    unlink(".world.pecs.0.pecs-tmp");
    live = make_live();
}

Test(temporary, a_living_save_in_the_place_of_a_stale_one_is_left_alone)
{
    make_file("world.pecs", "old");
    make_file(".world.pecs.0.pecs-tmp", "stale");
    fault.at_call = live_at_second_lock;
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    assert_content(".world.pecs.0.pecs-tmp", "of a living save");
    close(live);
}

/* No cleaner sees an unnamed file before it is locked: the name is taken afterwards. */
static void check_locked_at_rename(struct fault_event *event)
{
    if (event->call != FAULT_rename)
        return;
    const int descriptor = open(event->path, O_RDONLY);
    cr_assert_geq(descriptor, 0);
    cr_assert_eq(flock(descriptor, LOCK_EX | LOCK_NB), -1);
    cr_assert_eq(errno, EWOULDBLOCK);
    close(descriptor);
    pause_count++;
}

static void check_no_name_at_lock(struct fault_event *event)
{
    if (event->call == FAULT_flock)
        cr_assert_eq(entry_count("."), 1);
    check_locked_at_rename(event);
}

Test(temporary, it_is_locked_before_it_has_a_name)
{
    make_file("world.pecs", "old");
    fault.at_call = check_no_name_at_lock;
    publish("world.pecs", "new");
    cr_assert_eq(pause_count, 1);
}

Test(temporary, any_number_is_written_at_one_time)
{
    struct publication *publications[100];
    for (int i = 0; i < 100; i++)
        write_text(publications[i] = begin("world.pecs"), "content");
    for (int i = 0; i < 100; i++)
        cr_assert_eq(publication_commit(publications[i], NULL), PECS_OK);
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

/* --- systems without unnamed files --- */

static int open_error;

static void refuse_unnamed(struct fault_event *event)
{
    if (fault_opens_unnamed(event))
        event->os_error = open_error;
}

Test(temporary, systems_without_unnamed_files_work)
{
    const int errors[] = { EOPNOTSUPP, EISDIR, ENOENT, EINVAL };
    fault.at_call = refuse_unnamed;
    for (size_t i = 0; i < 4; i++) {
        open_error = errors[i];
        struct publication *publication = begin("world.pecs");
        write_text(publication, "content");
        cr_assert(is_there(".world.pecs.0.pecs-tmp"), "%d", open_error);
        cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
        assert_content("world.pecs", "content");
        cr_assert_eq(entry_count("."), 1);
    }
}

Test(temporary, other_errors_are_errors)
{
    const int errors[] = { EIO, ENOSPC, EACCES, EMFILE };
    fault.at_call = refuse_unnamed;
    for (size_t i = 0; i < 4; i++) {
        open_error = errors[i];
        assert_refused("world.pecs", open_error);
    }
}

Test(temporary, systems_without_proc_work)
{
    fault.lack = FAULT_LACKS_PROC;
    struct publication *publication = begin("world.pecs");
    write_text(publication, "content");
    cr_assert(is_there(".world.pecs.0.pecs-tmp"));
    cr_assert_eq(publication_commit(publication, NULL), PECS_OK);
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}
