#!/usr/bin/env bash
# Fuzzes every target with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer; needs clang.
#
#   fuzz/run.sh MINUTES              each target for so long (0.5 is half a minute)
#   fuzz/run.sh MINUTES load parts   only these
#
# New inputs are merged into a working corpus outside the tree, with which the next run begins: in $PECS_FUZZ_CORPUS, or
# else in /tmp. Findings are kept in its folder `findings`; one belongs into fuzz/regressions/TARGET/, where every
# `meson test` replays it. $PECS_FUZZ_JOBS targets run at one time (1). $PECS_FUZZ_SEED begins the random numbers, so that
# with an empty corpus a run repeats another, but for what threads change; it has at most 3,000 executions for each
# second, so that a faster machine tries no others, and merges nothing. 0, as usual, is another beginning each time.
# Prints for each target the executions, the coverage (edges of the library and the target), the inputs and the findings;
# exits with 1 if there is a finding, and prints the end of its log.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:?usage: fuzz/run.sh MINUTES [TARGET...]}
shift
targets=("$@")
((${#targets[@]})) || targets=(damaged edits info json load lock migrate parts resume round_trip salvage schema stream structure transplant unhashed)
seconds=$(awk -v minutes="$minutes" 'BEGIN { seconds = int(minutes * 60); print (seconds > 1) ? seconds : 1 }') # 0 would be no limit
work=${PECS_FUZZ_CORPUS:-${TMPDIR:-/tmp}/pecs-fuzz-$(id -u)}
build=$PWD/build-fuzz
regressions=$PWD/fuzz/regressions
jobs=${PECS_FUZZ_JOBS:-1}
seed=${PECS_FUZZ_SEED:-0}
# Short stacks of allocations and a small quarantine: faster. A finding is replayed with the full ones.
export ASAN_OPTIONS=malloc_context_size=3:quarantine_size_mb=16:${ASAN_OPTIONS:-}

configure() {
    local options=(-Dbuildtype=debugoptimized -Db_ndebug=false -Dtests=enabled -Dbenches=disabled -Dexamples=disabled
        -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=enabled -Dc_args=-fsanitize=fuzzer-no-link
        -Dc_link_args=-fsanitize=fuzzer-no-link)
    if [[ -e $build/meson-private/coredata.dat ]]; then
        meson configure "$build" "${options[@]}"
    else
        CC=clang CXX=clang++ meson setup "$build" "${options[@]}" >/dev/null
    fi
    local programs=(fuzz/make_corpus fuzz/make_corpus_unhashed)
    for target in "${targets[@]}"; do
        programs+=("fuzz/fuzz_$target")
    done
    ninja -C "$build" "${programs[@]}" >/dev/null
}

# The folders of made inputs that a target begins with.
seeds() {
    case $1 in
    schema | edits | lock) echo "$work/made/$1" ;;
    migrate) echo "$work/made/growth $work/made/worlds" ;;
    unhashed) echo "$work/made-unhashed/worlds $work/made-unhashed/broken" ;;
    *) echo "$work/made/worlds $work/made/broken" ;;
    esac
}

# The newest value of a statistic in libFuzzer's log.
statistic() {
    sed -nE "s/^stat::$1: *([0-9]+)\$/\\1/p" "$2" | tail -n 1
}

fuzz_one() {
    local target=$1 length=32768 corpus=$work/corpus/$1 log=$work/logs/$1.log
    case $target in schema | edits) length=512 ;; esac
    local fuzz=("$build/fuzz/fuzz_$target" -max_len=$length -rss_limit_mb=2048
        -artifact_prefix="$work/findings/$target-")
    local inputs
    read -r -a inputs <<<"$(seeds "$target")"
    [[ ! -d $regressions/$target ]] || inputs+=("$regressions/$target")
    export PECS_FUZZ_FOLDER=$work/files-$target
    mkdir -p "$corpus" "$corpus.merged" "$PECS_FUZZ_FOLDER"
    fuzz+=(-malloc_limit_mb=512 -timeout=20)
    local search=("${fuzz[@]}" -seed="$seed" -max_total_time="$seconds" -print_final_stats=1 "$corpus")
    if ((seed)); then # folders list their files in another order on each machine, and comparisons see addresses
        if setarch -R true 2>/dev/null; then
            search=(setarch -R "${search[@]}")
        fi
        find "${inputs[@]}" -type f | LC_ALL=C sort | paste -sd, >"$log.inputs"
        "${search[@]}" -seed_inputs="@$log.inputs" -runs=$((seconds * 3000)) -reload=0 >"$log" 2>&1 || true
    else
        "${search[@]}" "${inputs[@]}" >"$log" 2>&1 || true
        "${fuzz[@]}" -merge=1 "$corpus.merged" "$corpus" "${inputs[@]}" >"$log.merge" 2>&1 &&
            rm -rf "$corpus" && mv "$corpus.merged" "$corpus"
    fi
    rm -rf "$PECS_FUZZ_FOLDER" "$corpus.merged"
    local findings edges
    findings=$(find "$work/findings" -name "$target-*" -newer "$work/begin" ! -name '*slow-unit*' | wc -l)
    edges=$(sed -nE 's/^#[0-9]+.* cov: ([0-9]+) .*/\1/p' "$log" | tail -n 1)
    printf '%-12s %12s %8s %8s %8s %9s\n' "$target" "$(statistic number_of_executed_units "$log")" \
        "$(statistic average_exec_per_sec "$log")" "${edges:-?}" "$(find "$corpus" -type f | wc -l)" "$findings" \
        | tee "$work/results/$target"
}

main() {
    configure
    mkdir -p "$work/corpus" "$work/logs" "$work/findings"
    rm -rf "$work/results" "$work/made" "$work/made-unhashed" "$work/corpus/"*.merged
    mkdir "$work/results"
    touch "$work/begin"
    "$build/fuzz/make_corpus" "$work/made" >/dev/null
    "$build/fuzz/make_corpus_unhashed" "$work/made-unhashed" >/dev/null
    printf '%-12s %12s %8s %8s %8s %9s\n' target executions "a second" edges inputs findings
    for target in "${targets[@]}"; do
        while (($(jobs -rp | wc -l) >= jobs)); do
            wait -n || true
        done
        fuzz_one "$target" &
    done
    wait
    local missing=$((${#targets[@]} - $(find "$work/results" -type f | wc -l)))
    awk -v missing="$missing" '{ executions += $2; findings += $6; if (NF < 6 || $2 == 0) missing++ }
        END {
            printf "%d executions, %d findings\n", executions, findings
            if (missing) printf "%d targets did not end as they should\n", missing
            exit findings > 0 || missing > 0
        }' "$work/results/"* || {
        for target in $(awk '$6 > 0 || NF < 6 { print FILENAME }' "$work/results/"*); do
            echo "--- ${target##*/}"
            grep -vE '^(#[0-9]|INFO|stat::)|NEW_FUNC' "$work/logs/${target##*/}.log" | tail -n 40
        done
        echo "findings and logs: $work"
        exit 1
    }
}

main
exit # the file may have changed meanwhile; bash would go on reading it here
