/* Temporaries of saves: their names, their locks, and what killed saves leave. */
#define _GNU_SOURCE
#include "folder_fixture.h"

TestSuite(temporary, .init = enter_folder, .fini = leave_folder);

Test(temporary, a_stale_temporary_is_removed)
{
    make_file(".world.pecs.0.pecs-tmp", "what a killed process left");
    publish("world.pecs", "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
}

/* Not only the numbers in a row: of three saves the first two may have ended, and the third was killed. */
Test(temporary, stale_temporaries_of_any_number_are_removed)
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

Test(temporary, a_locked_temporary_is_left_alone)
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

Test(temporary, the_number_of_a_stale_temporary_is_used_again)
{
    make_file(".world.pecs.0.pecs-tmp", "stale");
    struct publication *publication = begin("world.pecs");
    assert_content(".world.pecs.0.pecs-tmp", "");
    cr_assert_eq(entry_count("."), 1);
    publication_abort(publication);
}

/* Between making a temporary and locking it, another process may take it for a stale one and remove it. */
Test(temporary, a_temporary_that_was_removed_before_its_lock_is_made_again)
{
    fault.unlink_before_flock = ".world.pecs.0.pecs-tmp";
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    cr_assert_eq(entry_count("."), 1);
}

/* Between opening a stale temporary and locking it, another process may have put its own in its place. */
Test(temporary, what_took_the_place_of_a_stale_temporary_is_left_alone)
{
    make_file(".world.pecs.0.pecs-tmp", "stale");
    fault.replace_before_flock = ".world.pecs.0.pecs-tmp";
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    assert_content(".world.pecs.0.pecs-tmp", "of another process");
}

/* A trap in a folder that others may write to: what it points at must not be written, truncated or removed. */
Test(temporary, a_link_in_the_place_of_the_temporary_is_not_followed)
{
    make_file("victim", "untouched");
    cr_assert_eq(symlink("victim", ".world.pecs.0.pecs-tmp"), 0);
    publish("world.pecs", "content");
    assert_content("world.pecs", "content");
    assert_content("victim", "untouched");
    assert_link(".world.pecs.0.pecs-tmp", "victim");
}

Test(temporary, two_at_one_time_do_not_mix)
{
    struct publication *first = begin("world.pecs"), *second = begin("world.pecs");
    cr_assert_eq(entry_count("."), 2);
    write_text(first, "fir");
    write_text(second, "second");
    write_text(first, "st");
    cr_assert_eq(publication_commit(second, NULL), PECS_OK);
    assert_content("world.pecs", "second");
    cr_assert_eq(publication_commit(first, NULL), PECS_OK);
    assert_content("world.pecs", "first");
    cr_assert_eq(entry_count("."), 1);
}

Test(temporary, at_most_64_at_one_time)
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
Test(temporary, a_killed_writer_leaves_the_old_file)
{
    make_file("world.pecs", "old");
    const pid_t child = fork();
    if (child == 0) {
        struct publication *publication;
        if (publication_begin(pool, "world.pecs", 8, true, &publication, NULL) ||
            publication_write(publication, &(struct os_span){ "half", 4 }, 1, NULL))
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
Test(temporary, long_names_that_begin_alike_do_not_mix)
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
