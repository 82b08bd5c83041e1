/* What a save makes or replaces: paths, links, files without names, and what is refused. */
#define _GNU_SOURCE
#include "folder_fixture.h"

TestSuite(target, .init = enter_folder, .fini = leave_folder);
TestSuite(target_named, .init = enter_folder, .fini = leave_folder);

TestBothWays(target, follows_a_symbolic_link)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    make_file("saves/real.pecs", "old");
    cr_assert_eq(symlink("saves/real.pecs", "link.pecs"), 0);
    publish("link.pecs", "new");
    assert_link("link.pecs", "saves/real.pecs");
    assert_content("saves/real.pecs", "new");
    cr_assert_eq(entry_count("."), 2);
    cr_assert_eq(entry_count("saves"), 1);
}

TestBothWays(target, follows_a_chain_of_links)
{
    char absolute[256];
    cr_assert_eq(mkdir("saves", 0755), 0);
    snprintf(absolute, sizeof(absolute), "%s/saves/first.pecs", folder);
    cr_assert_eq(symlink(absolute, "link.pecs"), 0);
    cr_assert_eq(symlink("second.pecs", "saves/first.pecs"), 0);
    make_file("saves/second.pecs", "old");
    publish("link.pecs", "new");
    assert_link("link.pecs", absolute);
    assert_link("saves/first.pecs", "second.pecs");
    assert_content("saves/second.pecs", "new");
}

TestBothWays(target, a_dangling_link_names_the_file_to_make)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    cr_assert_eq(symlink("saves/later.pecs", "link.pecs"), 0);
    publish("link.pecs", "new");
    assert_link("link.pecs", "saves/later.pecs");
    assert_content("saves/later.pecs", "new");
}

TestBothWays(target, a_loop_of_links_is_refused)
{
    cr_assert_eq(symlink("b.pecs", "a.pecs"), 0);
    cr_assert_eq(symlink("a.pecs", "b.pecs"), 0);
    assert_refused("a.pecs", ELOOP);
}

/* The link of an open file in /proc; its text says nothing of a file that has no name. */
static const char *link_of(int descriptor)
{
    static char path[64];
    cr_assert_geq(descriptor, 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    return path;
}

TestBothWays(target, an_open_file_is_replaced_under_its_name)
{
    make_file("world.pecs", "old");
    const int descriptor = open("world.pecs", O_RDONLY);
    publish(link_of(descriptor), "new");
    assert_content("world.pecs", "new");
    cr_assert_eq(entry_count("."), 1);
    close(descriptor);
}

TestBothWays(target, a_file_that_lost_its_name_is_refused)
{
    make_file("gone.pecs", "old");
    const int descriptor = open("gone.pecs", O_RDWR);
    cr_assert_eq(unlink("gone.pecs"), 0);
    assert_refused(link_of(descriptor), EOPNOTSUPP);
    make_file("gone.pecs (deleted)", "another file, which the link's text names");
    assert_refused(link_of(descriptor), EOPNOTSUPP);
    assert_content("gone.pecs (deleted)", "another file, which the link's text names");
    make_file("gone.pecs", "a new file of the old name");
    assert_refused(link_of(descriptor), EOPNOTSUPP);
    close(descriptor);
}

TestBothWays(target, a_file_whose_name_seems_deleted_is_replaced)
{
    make_file("world.pecs (deleted)", "old");
    const int descriptor = open("world.pecs (deleted)", O_RDONLY);
    publish(link_of(descriptor), "new");
    assert_content("world.pecs (deleted)", "new");
    close(descriptor);
}

TestBothWays(target, a_file_that_never_had_a_name_is_refused)
{
    const int in_memory = memfd_create("world.pecs", 0), unnamed = open(".", O_TMPFILE | O_RDWR, 0666);
    assert_refused(link_of(in_memory), EOPNOTSUPP);
    cr_assert_not(is_there("/memfd:world.pecs (deleted)"));
    if (unnamed >= 0)
        assert_refused(link_of(unnamed), EOPNOTSUPP);
    cr_assert_eq(symlink(link_of(in_memory), "link.pecs"), 0);
    assert_refused("link.pecs", EOPNOTSUPP);
    close(in_memory);
    close(unnamed);
}

TestBothWays(target, a_pipe_behind_a_link_is_no_target)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    assert_refused(link_of(ends[1]), EINVAL);
    close(ends[0]);
    close(ends[1]);
}

TestBothWays(target, a_directory_is_no_target)
{
    cr_assert_eq(mkdir("saves", 0755), 0);
    assert_refused("saves", EISDIR);
    cr_assert_eq(symlink("saves", "link"), 0);
    assert_refused("link", EISDIR);
}

TestBothWays(target, a_device_or_fifo_is_no_target)
{
    cr_assert_eq(mkfifo("pipe", 0666), 0);
    assert_refused("pipe", EINVAL);
    assert_refused("/dev/null", EINVAL);
    struct publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(publication_begin(pool, "pipe", 100, false, &publication, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "cannot save, not a regular file: pipe: Invalid argument");
}

TestBothWays(target, a_missing_directory_is_an_error)
{
    assert_refused("saves/world.pecs", ENOENT);
}

TestBothWays(target, an_empty_path_is_an_error)
{
    assert_refused("", ENOENT);
}

TestBothWays(target, a_path_that_ends_in_a_slash_is_an_error)
{
    assert_refused("new/", ENOENT);
}

TestBothWays(target, a_file_is_no_directory)
{
    make_file("file", "x");
    assert_refused("file/world.pecs", ENOTDIR);
}

TestBothWays(target, a_path_beyond_the_limit_is_an_error)
{
    static char path[8192];
    memset(path, 'p', sizeof(path) - 1);
    struct publication *publication = NULL;
    pecs_error error;
    cr_assert_eq(publication_begin(pool, path, 1, true, &publication, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENAMETOOLONG);
    cr_assert_null(publication);
}

TestBothWays(target, a_long_name_works)
{
    char name[256] = { 0 };
    memset(name, 'n', 250);
    publish(name, "first");
    publish(name, "second");
    assert_content(name, "second");
    cr_assert_eq(entry_count("."), 1);
    memset(name, 'n', 255);
    publish(name, "longest");
    assert_content(name, "longest");
    cr_assert_eq(entry_count("."), 2);
}

TestBothWays(target, an_absolute_path_works)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/world.pecs", folder);
    publish(path, "content");
    assert_content("world.pecs", "content");
}

TestBothWays(target, a_read_only_directory_is_an_error)
{
    if (geteuid() == 0)
        cr_skip_test("root writes everywhere");
    cr_assert_eq(mkdir("saves", 0555), 0);
    assert_refused("saves/world.pecs", EACCES);
}
