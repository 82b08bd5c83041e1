#include "kept_metadata.h"

#include "cli.h"

#include <stdlib.h>
#include <string.h>

pecs_meta *kept_metadata(const pecs_info *info, size_t *ret_count)
{
    pecs_meta *kept = malloc((info->file_metadata_count + 1) * sizeof(*kept));
    size_t count = 0;
    for (size_t i = 0; kept && i < info->file_metadata_count; i++) {
        if (strncmp(info->file_metadata[i].key, "pecs.", 5) == 0)
            (void)complain("skipping the file's metadata entry '%s', which this version does not know",
                           info->file_metadata[i].key);
        else
            kept[count++] = info->file_metadata[i];
    }
    *ret_count = count;
    return kept;
}
