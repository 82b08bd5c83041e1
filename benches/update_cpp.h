/* The update through pecs.hpp, for pecs-bench, which is a C program. */
#ifndef PECS_BENCH_UPDATE_CPP_H
#define PECS_BENCH_UPDATE_CPP_H

#include <pecs/query.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Position += Velocity / 60, by a query that writes W1's Position and reads its Velocity. */
pecs_status update_cpp(pecs_query *moving, pecs_world *world);

#ifdef __cplusplus
}
#endif
#endif
