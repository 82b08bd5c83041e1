/* Build all parts of a file except its data in memory. */
#ifndef PECS_FORMAT_WRITE_PARTS_H
#define PECS_FORMAT_WRITE_PARTS_H

#include "save_plan.h"

/* Each appends a whole part, with its checksum if it has one. Out of memory sets buffer.failed. */
void write_prologue(struct buffer *to, const struct save_plan *plan);
/* The trailer's header, before the hashes of the pieces. */
void write_trailer_header(struct buffer *to, const struct save_plan *plan);
void write_trailer_checksum(struct buffer *to);
void write_file_metadata(struct buffer *to, const struct metadata *metadata);

/* The record of the one segment of a file without blocks, but for its hashes. */
struct segment_record make_segment_record(const struct save_plan *plan);
/* The commit but for its id, then that. */
void write_commit(struct buffer *to, const struct save_plan *plan, const struct segment_record *segments,
                  uint32_t segment_count, uint64_t wall_clock_ns);
void write_commit_id(struct buffer *commit);
/* The hashes of that segment, when prologue and trailer are there, and the id. */
void write_commit_hashes(struct buffer *commit, const struct save_plan *plan, const struct buffer *prologue,
                         const struct buffer *trailer);

struct file_header make_file_header(const struct save_plan *plan, bool has_file_metadata, bool has_blocks);
struct file_footer make_file_footer(uint64_t offset, uint64_t commit_offset, const struct buffer *commit,
                                    uint64_t file_metadata_size);

#endif
