# The benchmarks of `./x bench`, read by it: the functions and variables are its own.
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
*)
    # A benchmark of the simulation is a program of its own.
    [ -f "sim-core/examples/$name.rs" ] || { say "there is no benchmark '$name'"; exit 2; }
    set_up real
    cargo run --release -p sim-core --example "$name" -- "$@" ;;
esac
