/* Files: opening, reading, mapping. */
#define _GNU_SOURCE
#include "folder_fixture.h"

TestSuite(file, .init = enter_folder, .fini = leave_folder);

Test(file, open_returns_the_size)
{
    make_file("five", "12345");
    struct os_file file;
    cr_assert_eq(os_file_open("five", &file, NULL), PECS_OK);
    cr_assert_eq(file.size_bytes, 5);
    os_file_close(&file);
}

static void assert_not_opened(const char *path, int os_error)
{
    struct os_file file;
    pecs_error error;
    cr_assert_eq(os_file_open(path, &file, &error), PECS_E_IO, "%s", path);
    cr_assert_eq(error.os_error, os_error, "%s", error.message);
    cr_assert_not_null(strstr(error.message, path), "%s", error.message);
}

Test(file, what_is_not_there_is_an_error)
{
    assert_not_opened("nowhere", ENOENT);
    assert_not_opened("", ENOENT);
}

/* Opening must not hang either: no process writes to the FIFO. */
Test(file, only_regular_files_are_opened, .timeout = 10)
{
    cr_assert_eq(mkfifo("pipe", 0666), 0);
    assert_not_opened("pipe", EINVAL);
    assert_not_opened("/dev/zero", EINVAL);
    cr_assert_eq(mkdir("saves", 0755), 0);
    assert_not_opened("saves", EISDIR);
}

Test(file, a_link_is_opened_as_its_target)
{
    make_file("real", "content");
    cr_assert_eq(symlink("real", "link"), 0);
    struct os_file file;
    cr_assert_eq(os_file_open("link", &file, NULL), PECS_OK);
    cr_assert_eq(file.size_bytes, 7);
    os_file_close(&file);
}

Test(file, read_takes_exactly_the_bytes_asked_for)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[8] = "........";
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 4, 3, NULL), PECS_OK);
    cr_assert_arr_eq(bytes, "3456....", 8);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 0, 10, NULL), PECS_OK);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 1, 9, NULL), PECS_OK);
    cr_assert_arr_eq(bytes, "9456....", 8);
    os_file_close(&file);
}

Test(file, short_and_interrupted_reads_are_continued)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[10];
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    for (size_t limit = 1; limit < 10; limit++) {
        fault.transfer_limit = limit;
        fault.interruptions = 2;
        memset(bytes, '.', sizeof(bytes));
        cr_assert_eq(os_file_read(&file, "ten", bytes, 9, 1, NULL), PECS_OK);
        cr_assert_arr_eq(bytes, "123456789.", 10);
        cr_assert_eq(fault.interruptions, 0);
    }
    os_file_close(&file);
}

Test(file, a_read_that_fails_is_an_io_error)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[10];
    pecs_error error;
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    os_file_close(&file);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 1, 0, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EBADF);
}

Test(file, read_beyond_the_end_is_corruption)
{
    make_file("ten", "0123456789");
    struct os_file file;
    char bytes[8];
    pecs_error error;
    cr_assert_eq(os_file_open("ten", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_read(&file, "ten", bytes, 4, 7, &error), PECS_E_CORRUPT);
    cr_assert_eq(error.offset, 10);
    cr_assert_str_eq(error.rule, "FILE-1");
    cr_assert_eq(os_file_read(&file, "ten", bytes, 1, 1000, &error), PECS_E_CORRUPT);
    cr_assert_eq(error.offset, 1000);
    os_file_close(&file);
}

/* A file of `size` bytes: zeros, and 'e' as the last. */
static const uint8_t *map_of_size(off_t size)
{
    const int descriptor = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
    cr_assert_eq(ftruncate(descriptor, size), 0);
    cr_assert_eq(pwrite(descriptor, "e", 1, size - 1), 1);
    close(descriptor);
    struct os_file file;
    const uint8_t *bytes = NULL;
    cr_assert_eq(os_file_open("mapped", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_map(&file, "mapped", &bytes, NULL), PECS_OK);
    os_file_close(&file);
    return bytes;
}

Test(file, maps_are_whole_and_outlive_the_descriptor)
{
    const off_t sizes[] = { 1, 4095, 4096, 4097, 2097151, 2097152, 2097153, 9000001 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const uint8_t *bytes = map_of_size(sizes[i]);
        cr_assert_eq(bytes[sizes[i] - 1], 'e', "%lld bytes", (long long)sizes[i]);
        cr_assert_eq(bytes[(sizes[i] - 1) / 2], sizes[i] == 1 ? 'e' : 0);
        os_file_unmap(bytes, (uint64_t)sizes[i]);
    }
}

Test(file, large_maps_are_aligned_to_two_mebibytes)
{
    const uint8_t *maps[16];
    for (int i = 0; i < 16; i++) {
        const off_t size = 2097152 + (off_t)i * 123457;
        maps[i] = map_of_size(size);
        cr_assert_eq((uintptr_t)maps[i] % 2097152, 0, "%lld bytes", (long long)size);
    }
    for (int i = 0; i < 16; i++)
        os_file_unmap(maps[i], 2097152 + (uint64_t)i * 123457);
}

Test(file, a_map_cannot_be_written_to)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)map_of_size(4096);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* sanitizers print and exit */
        *(volatile uint8_t *)bytes = 1;
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    cr_assert_eq(WTERMSIG(status), SIGSEGV);
    os_file_unmap(bytes, 4096);
}

/* Mapping and unmapping leaves no reservation behind: 64 TiB would not fit otherwise. */
Test(file, unmapping_gives_the_address_space_back)
{
    const int descriptor = open("sparse", O_RDWR | O_CREAT, 0644);
    cr_assert_eq(ftruncate(descriptor, (off_t)1 << 40), 0);
    close(descriptor);
    struct os_file file;
    cr_assert_eq(os_file_open("sparse", &file, NULL), PECS_OK);
    for (int i = 0; i < 1000; i++) {
        const uint8_t *bytes = NULL;
        cr_assert_eq(os_file_map(&file, "sparse", &bytes, NULL), PECS_OK, "round %d", i);
        os_file_unmap(bytes, file.size_bytes);
    }
    os_file_close(&file);
}

Test(file, an_empty_file_cannot_be_mapped)
{
    make_file("empty", "");
    struct os_file file;
    const uint8_t *bytes = NULL;
    pecs_error error;
    cr_assert_eq(os_file_open("empty", &file, NULL), PECS_OK);
    cr_assert_eq(os_file_map(&file, "empty", &bytes, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, EINVAL);
    cr_assert_null(bytes);
    os_file_close(&file);
}
