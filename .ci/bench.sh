# The benchmarks of `./x bench`, read by it: the functions and variables are its own.
# What a subcommand of the program measures, into out/bench.json; $1 is what is said of it, the rest goes to the program.
measure() {
    told=$1
    shift
    set_up real
    cargo build -p sim-core --bin gridsim
    "$CARGO_TARGET_DIR/debug/gridsim" "$@" >out/bench.tmp
    mv out/bench.tmp out/bench.json
    say "$told: out/bench.json"
}
gridsim() { profile=$1; shift; cargo run $profile -p sim-core --bin gridsim -- "$@"; }
cd "$root"
mkdir -p out
name=${1:-table}
[ $# -gt 0 ] && shift
case "$name" in
digest)
    set_up real
    for profile in "" --release; do
        gridsim "$profile" run scenes/commons-2050.ron --for 30m --seed 1 --out "out/digest$profile"
    done
    debug=$(field digest out/digest/summary.json)
    release=$(field digest out/digest--release/summary.json)
    printf '{ "debug": "%s", "release": "%s" }\n' "$debug" "$release" >out/bench.json
    say "debug   $debug"
    say "release $release"
    [ -n "$debug" ] && [ "$debug" = "$release" ] || { say "the digests differ"; exit 1; } ;;
table)
    set_up virtual
    build
    cargo build -p sim-core
    # The shell's own `times`: its second line is what the children used, as 0m8.49s.
    seconds=$( ("$CARGO_TARGET_DIR/debug/gridsim" run scenes/commons-2050.ron --for 24h --seed 1 \
        --out out/day >/dev/null 2>&1; times) | sed -n '2s/^\([0-9]*\)m\([0-9.]*\)s.*/\1 \2/p' |
        awk '{ print $1 * 60 + $2 }')
    virtual=yes
    for speed in 60 3600; do
        on_display "$app" --for "$((speed / 6))m" --speed "$speed" --out "out/window-$speed"
    done
    {
        printf '{ "day_cpu_s": %s,\n"day": ' "${seconds:-null}"
        cat out/day/summary.json
        printf ', "window_60x": '
        cat out/window-60/summary.json
        printf ', "window_3600x": '
        cat out/window-3600/summary.json
        printf '}\n'
    } >out/bench.json
    printf '%-44s %s\n' "gridsim, 24 h, processor time, s" "$seconds"
    for speed in 60 3600; do
        printf '%-44s %s\n' "window at ${speed}x, frames a second, median" "$(field median "out/window-$speed/summary.json")" \
            "window at ${speed}x, first picture, s" "$(field first_frame_s "out/window-$speed/summary.json")"
    done
    say "all numbers: out/bench.json" ;;
powerflow)
    # Processor time of warm solves, least of the readings, beside what must be reached and what is aimed at.
    set_up real
    cargo build -p sim-core --bin gridsim
    refs=$root/../shared/refs/powerflow
    ties=out/case33bw-ties.m
    [ ! -d "$refs" ] || awk '/mpc.branch = \[/ { b = 1 } b && /\];/ { b = 0 } { if (b) gsub(/\t0\t-360/, "\t1\t-360"); print }' \
        "$refs/mp_case33bw/original.m" >$ties
    printf '%-34s %6s %8s %8s %8s\n' "ns a bus (by phases: a node)" lanes must aim today
    sep='['
    while read -r unit lanes must aim case rest; do
        case "$case" in /*) [ -e "$case" ] || { say "left out, the references are not there: $(basename "$(dirname "$case")")"; continue; } ;; esac
        line=$("$CARGO_TARGET_DIR/debug/gridsim" bench-powerflow "$case" --lanes "$lanes" --json $rest)
        today=$(printf '%s' "$line" | sed -n "s/.*\"ns_per_$unit\":{[^}]*\"min\":\([0-9.]*\).*/\1/p")
        name=$(printf '%s' "${case#"$refs"/}" | sed 's#/solve_.*##; s#/case.m##; s#^out/##')
        printf '%-34s %6s %8s %8s %8.1f\n' "$name" "$lanes" "$must" "$aim" "$today"
        printf '%s%s' "$sep" "$line" >>out/bench.tmp
        sep=,
        times=$(printf '%s' "$line" | sed -n 's/.*"switching_in_warm_solves":\([0-9.]*\).*/\1/p')
        [ -z "$times" ] || printf '%-34s %6s %8s %8s %8.1f\n' "  a switching there, in warm solves" 1 6 3 "$times"
    done <<END
bus 1 90 50 radial:1000
bus 1 90 50 radial:10000 --switching
bus 1 90 50 radial:100000
bus 8 60 25 radial:1000
bus 8 60 25 radial:10000
bus 8 60 45 radial:100000
bus 8 110 40 radial:100
bus 8 110 40 $refs/case33bw/case.m
bus 8 250 125 $ties
bus 8 250 125 ring:150
bus 8 550 280 $refs/mp_case118/case.m
node 1 60 35 $refs/dss_european_lv/solve_constant_power.dss
node 1 300 100 $refs/dss_ieee13/solve_fixed.dss
node 1 300 100 $refs/dss_ieee34_mod1/solve_fixed.dss
node 1 300 100 $refs/dss_ieee123/solve_fixed.dss
END
    printf ']\n' >>out/bench.tmp
    mv out/bench.tmp out/bench.json
    say "all numbers: out/bench.json" ;;
privacy)
    # Bytes and processor time of commitments, proofs and encrypted readings, and which are for teaching alone.
    set_up real
    cargo build -p sim-core --bin gridsim
    "$CARGO_TARGET_DIR/debug/gridsim" bench-privacy "$@"
    "$CARGO_TARGET_DIR/debug/gridsim" bench-privacy --json "$@" >out/bench.tmp
    mv out/bench.tmp out/bench.json
    say "all numbers: out/bench.json" ;;
consensus)
    # Everything that can happen to one height of each mechanism; fails if theory says otherwise.
    measure "all numbers and the runs to two decisions" bench-consensus --json "$@" ;;
clear)
    # A book of 100,000 orders under every mechanism of the market.
    measure "all numbers" bench-clear --json "$@"
    "$CARGO_TARGET_DIR/debug/gridsim" bench-clear "$@" ;;
bridge)
    # Swaps between two chains under every single fault, and value carried by proofs; fails if anybody loses both.
    measure "all numbers" bench-bridge --json "$@" ;;
limits)
    # Throughput and time to final of each mechanism; without arguments also the table that the app plots.
    [ $# -gt 0 ] || set -- --csv assets/limits/consensus.csv
    measure "all numbers" bench-limits --json "$@" ;;
*)
    # A benchmark of the simulation is a program of its own.
    [ -f "sim-core/examples/$name.rs" ] || { say "there is no benchmark '$name'"; exit 2; }
    set_up real
    cargo run --release -p sim-core --example "$name" -- "$@" ;;
esac
