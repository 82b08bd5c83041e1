#!/usr/bin/env bash
# Fuzzes every target with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer; needs clang.
#
#   fuzz/run.sh MINUTES              each target for so long (0.5 is half a minute)
#   fuzz/run.sh MINUTES load parts   only these
#
# New inputs are merged into a working corpus outside the tree, with which the next run begins: in $PECS_FUZZ_CORPUS, or
# else in /tmp. Findings are kept in its folder `findings`; one belongs into fuzz/regressions/TARGET/, where every
# `meson test` replays it. $PECS_FUZZ_JOBS targets run at one time (1). $PECS_FUZZ_SEED begins the random numbers, so that
# with an empty corpus a run repeats another; 0, as usual, is another beginning each time. Prints for each target the
# executions, the coverage (edges of the library and the target), the inputs and the findings; exits with 1 if there is
# a finding.
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
    local inputs
    read -r -a inputs <<<"$(seeds "$target")"
    [[ ! -d $regressions/$target ]] || inputs+=("$regressions/$target")
    case $target in schema | edits) length=512 ;; esac
    mkdir -p "$corpus" "$work/files-$target"
    PECS_FUZZ_FOLDER=$work/files-$target "$build/fuzz/fuzz_$target" -seed="$seed" -max_total_time="$seconds" \
        -max_len=$length -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 \
        -artifact_prefix="$work/findings/$target-" "$corpus" "${inputs[@]}" >"$log" 2>&1 || true
    PECS_FUZZ_FOLDER=$work/files-$target "$build/fuzz/fuzz_$target" -merge=1 -max_len=$length -rss_limit_mb=2048 \
        -artifact_prefix="$work/findings/$target-" "$corpus.merged" "$corpus" "${inputs[@]}" >"$log.merge" 2>&1 &&
        rm -rf "$corpus" && mv "$corpus.merged" "$corpus"
    rm -rf "$work/files-$target"
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
        echo "findings and logs: $work"
        exit 1
    }
}

main
exit # the file may have changed meanwhile; bash would go on reading it here
