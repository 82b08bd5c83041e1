#!/bin/sh
# Plants bugs, one at a time, in a copy of the library, and shows that the model tests find each: in the gate, the move of
# rows, the entity index, the matching of queries, the writer of files, stable ids, compaction, the heap, clones, merges,
# the builder and JSON. What is planted stands in bugs/*.patch, whose first line describes it.
#
# usage: plant_bugs.sh [--operations N] [--seed S]     from anywhere; needs meson, patch and cJSON
# Exits 1 when a bug is not found, when a patch no longer applies, or when the test fails without a bug.
set -eu

operations=300000 seed=1
while [ $# -ge 2 ]; do
    case $1 in
    --operations) operations=$2 ;;
    --seed) seed=$2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
done

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree" "$work/tmp"
(cd "$root" && tar cf - --exclude='./build*' --exclude='./.git' .) | (cd "$work/tree" && tar xf -)

log=$work/log
export TMPDIR="$work/tmp" # a test that fails leaves its files there
unset PECS_MODEL_OPERATIONS || true
cd "$TMPDIR"

build()
{
    ninja -C "$work/build" tests/model/model_test tests/model/contents_test >"$log" 2>&1 || { cat "$log"; echo "$1: does not build"; exit 1; }
}

# Runs a test; true if it fails. One that does not end is no finding.
fails()
{
    finder=$1
    shift
    status=0
    timeout 300 "$@" >"$log" 2>&1 || status=$?
    [ $status -ne 0 ] && [ $status -ne 124 ]
}

# Runs the tests until one fails, whose last words go to the log, and its name to `finder`.
found()
{
    fails "the model of contents" "$work/build/tests/model/contents_test" 20000 "$seed" ||
        fails "the model test" "$work/build/tests/model/model_test" --seed "$seed" --operations "$operations"
}

meson setup "$work/build" "$work/tree" -Dbuildtype=debugoptimized -Db_ndebug=true -Dbenches=disabled \
    -Dexamples=disabled -Djson=enabled >"$log" 2>&1 || { cat "$log"; exit 1; }
build "no bug"
if found; then
    tail -n 1 "$log"
    echo "no bug planted: $finder fails all the same"
    exit 1
fi
echo "no bug planted: the model tests pass ($operations operations, seed $seed)"

failed=0
for bug in "$here"/bugs/*.patch; do
    name=$(basename "$bug" .patch)
    what=$(head -n 1 "$bug")
    if ! patch -d "$work/tree" -p1 --forward --silent <"$bug" >"$log" 2>&1; then
        echo "$name: $what: THE PATCH NO LONGER APPLIES"
        exit 1
    fi
    build "$name"
    if found; then
        echo "$name: $what: found by $finder: $(tail -n 1 "$log" | cut -c 1-160)"
    else
        echo "$name: $what: NOT FOUND in $operations operations"
        failed=1
    fi
    patch -d "$work/tree" -p1 --reverse --silent <"$bug"
done
exit $failed
