/* PECS: all public headers. Each has its own contract; start with world.h, query.h and file.h. */
#ifndef PECS_H
#define PECS_H

#include <pecs/attachments.h>
#include <pecs/builder.h>
#include <pecs/clone.h>
#include <pecs/commands.h>
#include <pecs/compact.h>
#include <pecs/contents.h>
#include <pecs/diff.h>
#include <pecs/file.h>
#include <pecs/filter.h>
#include <pecs/id.h>
#include <pecs/lock.h>
#include <pecs/merge.h>
#include <pecs/metadata.h>
#include <pecs/migration.h>
#include <pecs/plugin.h>
#include <pecs/query.h>
#include <pecs/reflect.h>
#include <pecs/row_stream.h>
#include <pecs/salvage.h>
#include <pecs/schema.h>
#include <pecs/snapshot.h>
#include <pecs/status.h>
#include <pecs/stream.h>
#include <pecs/typed.h>
#include <pecs/values.h>
#include <pecs/view.h>
#include <pecs/world.h>

#endif
