/* The tables of macro_types.h as C makes them, for macros_cpp.cpp to compare with. */
#include "macro_types.h"

extern const pecs_type *const *const macro_tables_of_c;
const pecs_type *const *const macro_tables_of_c = macro_types;
