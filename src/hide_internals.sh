#!/bin/sh
# Makes of a static library one whose hidden symbols are local: links all its objects into one, in which nothing but the
# public functions stays global.
#
# usage: hide_internals.sh INPUT.a OUTPUT.a OBJCOPY AR COMPILER...
set -eu
input=$1 output=$2 objcopy=$3 ar=$4
shift 4
object=${output%.a}.o
"$@" -r -nostdlib -o "$object" -Wl,--whole-archive "$input" -Wl,--no-whole-archive
"$objcopy" --localize-hidden "$object"
rm -f "$output"
"$ar" rcs "$output" "$object"
rm -f "$object"
