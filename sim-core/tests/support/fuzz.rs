//! Mutated network files: bytes flipped, cut, lines doubled, numbers made huge; a reader may refuse them, and that is all.
//!
//! [`try_input`] gives the first thing that does not hold, in words. Another format plugs in with its seeds and its
//! arm in [`read`].

use sim_core::network::import::{matpower, opendss};
use sim_core::network::{NODE_GROUND, Network};
use sim_core::powerflow::control::{ControlMode, ControlledEngine};
use sim_core::powerflow::engine::Options;
use sim_core::rng::Stream;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longest time for a file of a megabyte, in seconds.
pub const LIMIT_S: f64 = 2.0;
/// Longest input; larger ones are cut.
const MOST_BYTES: usize = 1_000_000;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Matpower,
    Opendss,
}

impl Format {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "matpower" => Some(Self::Matpower),
            "opendss" => Some(Self::Opendss),
            _ => None,
        }
    }

    /// Right files of the format.
    fn seeds(self) -> &'static [&'static str] {
        match self {
            Self::Matpower => &[
                include_str!("../data/saadat_3bus/case.m"),
                include_str!("../data/saadat_3bus/case_pv.m"),
                "function [baseMVA, bus, gen, branch] = old\nbaseMVA = 1;\nbus = [1 3 0 0 0 0 1 1 0 1 1 1 1\n2 1 .1 0 0 0 1 1 0 1 1 1 1];\n\
                 gen = [1 0 0 1 -1 1 1 1 1 0];\nbranch = [1 2 0 .1 0 0 0 0 1 30 1];\nbus(bus(:, 3) > 0, 3) = sqrt(4)/100;\n",
            ],
            Self::Opendss => &[
                include_str!("../../../assets/networks/ieee13.dss"),
                "clear\nnew circuit.c basekv=12.47 mvasc3=200 mvasc1=(180 20 +)\nnew loadshape.s npts=3 interval=1 mult=(file=s.csv)\n\
                 new line.l bus1=sourcebus bus2=b r1=0.3 x1=0.6 r0=0.6 x0=1.8 c1=3 c0=2 length=2 units=km\n\
                 new load.a bus1=b.1.2.3 kv=12.47 kw=100 pf=.9 daily=s model=8 zipv=(.2 .3 .5 .1 .2 .7 .8)\n\
                 new capacitor.k bus1=b kvar=(100 50) kv=12.47 numsteps=2 states=(1 0)\n\
                 new capcontrol.k element=line.l capacitor=k type=kvar onsetting=50 offsetting=-50\n\
                 redirect part.dss\nbatchedit load..* vminpu=.8\nset mode=daily number=24\nopen line.l 2\nbuscoords xy.csv\nsolve\n",
                "new circuit.c\nnew xfmrcode.x phases=1 windings=3 kvs=[7.2 .12 .12] kvas=[15 15 15] %rs=[.6 1.2 1.2] xhl=2 xht=2 xlt=1.4\n\
                 new transformer.t xfmrcode=x buses=[sourcebus.1 b.1.0 b.0.2]\nnew wiredata.w gmrac=.0244 rac=.306 runits=mi gmrunits=ft radunits=in diam=.721\n\
                 new linegeometry.g nconds=4 nphases=3 reduce=y cond=1 wire=w x=-4 h=28 units=ft\n~ cond=2 wire=w x=-1.5 h=28\n\
                 ~ cond=3 wire=w x=3 h=28\n~ cond=4 wire=w x=0 h=24\nnew line.g bus1=sourcebus bus2=c geometry=g length=1 units=mi\n\
                 new reactor.r bus1=c r=1 x=(2 3 *)\nnew generator.p bus1=c kv=115 kw=100 pf=1\nTransformer.t.wdg=2 tap=1.02\n",
            ],
        }
    }

    /// Words worth putting anywhere.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Matpower => &[
                "[",
                "]",
                "(",
                ")",
                "{",
                "}",
                "'",
                "\"",
                "%{\n",
                "\n%}\n",
                "...\n",
                "1e308",
                "-1e-308",
                "Inf",
                "NaN",
                "1/0",
                "mpc.bus",
                "mpc.branch = [",
                "1:1e9",
                "ones(1e5,1e5)",
                "x = [x x];",
                "end",
                "^9^9^9",
                "- - - -",
                "((((((((",
                "\u{0}",
                "\u{feff}",
                "\u{e9}",
                "0",
                "1e9",
                "= mpc.bus(:, :)",
                "~",
                ":",
                "1:1e7;",
                "mpc.baseMVA = 0;",
            ],
            Self::Opendss => &[
                "\n~ ",
                "like=",
                "redirect part.dss\n",
                "redirect loop.dss\n",
                "redirect ../../etc/passwd\n",
                "compile",
                "[",
                "]",
                "(",
                ")",
                "{",
                "}",
                "'",
                "\"",
                "|",
                "!",
                "//",
                "/*\n",
                "*/\n",
                "=",
                ".",
                ",",
                "1e308",
                "-1e-308",
                "1e999",
                "nan",
                "0",
                "-1",
                "1e9",
                "(1 0 /)",
                "(9 9 ^ 9 ^ 9 ^)",
                "phases=9",
                "phases=0",
                "nconds=12",
                "windings=99",
                "wdg=7",
                "kv=0",
                "length=0",
                "length=1e300",
                "switch=yes",
                "batchedit load..* kw=",
                "batchedit line.((((.* x",
                "new line.",
                "edit",
                "clear\n",
                "npts=1e9",
                "mult=(file=s.csv)",
                "bus1=b.1.2.3.4.5.6",
                "bus2=b.0.0.0",
                ".1.1.1",
                "rmatrix=[1 | 2]",
                "numsteps=1000",
                "set mode=daily number=1e9\n",
                "xhl=0",
                "kvs=[0 0]",
                "\u{0}",
                "\u{feff}",
                "\u{e9}",
                "enabled=no",
                "conn=delta",
                "%r=-5",
                "tap=0",
                "units=mi",
                "model=8",
                "model=3",
                "transformer=",
                "element=",
            ],
        }
    }
}

fn read(format: Format, text: &str) -> Result<Network, String> {
    match format {
        Format::Matpower => matpower::read("fuzz.m", text).map_err(|e| e.to_string()),
        Format::Opendss => {
            let file = |path: &str| match path {
                "part.dss" => Ok("new line.p bus1=b bus2=d r1=1 x1=1\nnew load.p bus1=d kw=1 like=a\n".to_owned()),
                "loop.dss" => Ok("redirect loop.dss\nredirect part.dss\n".to_owned()),
                "s.csv" => Ok("1\n.5\n2\n".to_owned()),
                "xy.csv" => Ok("b, 1, 2\nsourcebus 0 0\n".to_owned()),
                _ => Err("it is not there".to_owned()),
            };
            opendss::read("fuzz.dss", text, &file).map(|case| case.network).map_err(|e| e.to_string())
        }
    }
}

/// The input of a seed.
pub fn input(format: Format, seed: u64) -> String {
    let mut rng = Stream::new(seed, "fuzz", 0);
    let seeds = format.seeds();
    let mut bytes = seeds[rng.below(seeds.len() as u64) as usize].as_bytes().to_vec();
    for _ in 0..=rng.below(6) {
        mutate(format, &mut bytes, &mut rng);
    }
    bytes.truncate(MOST_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn mutate(format: Format, bytes: &mut Vec<u8>, rng: &mut Stream) {
    let n = bytes.len() as u64;
    let at = rng.below(n.max(1)) as usize;
    let to = (at + rng.below(80) as usize).min(bytes.len());
    match rng.below(8) {
        0 if n > 0 => bytes[at] ^= 1 << rng.below(8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at.min(to)..to)),
        3 => {
            let piece = bytes.get(at..to).unwrap_or_default().to_vec();
            bytes.splice(at.min(to)..at.min(to), piece);
        }
        4 => {
            let line: Vec<u8> =
                bytes.split_inclusive(|b| *b == b'\n').nth(rng.below(20) as usize).unwrap_or_default().to_vec();
            bytes.splice(at.min(to)..at.min(to), line);
        }
        5 => {
            if let Some(digit) = bytes.iter().skip(at).position(u8::is_ascii_digit) {
                let tails = [vec![b'9'; 300], b"e308".to_vec(), b"e-320".to_vec(), vec![b'0'; 10]];
                let tail = tails[rng.below(4) as usize].clone();
                bytes.splice(at + digit + 1..at + digit + 1, tail);
            }
        }
        6 if rng.chance(0.02) => {
            let piece = bytes.get(at..to).unwrap_or_default().to_vec();
            let times = MOST_BYTES / piece.len().max(1);
            bytes.splice(at.min(to)..at.min(to), piece.repeat(times.min(MOST_BYTES)));
        }
        _ => {
            let words = format.words();
            let word = words[rng.below(words.len() as u64) as usize];
            bytes.splice(at.min(to)..at.min(to), word.bytes());
        }
    }
}

/// Reads the input of a seed, with `clock` in seconds. Ok says whether it was accepted.
pub fn try_input(format: Format, seed: u64, clock: impl Fn() -> f64) -> Result<bool, String> {
    let text = input(format, seed);
    let before = clock();
    let outcome = catch_unwind(AssertUnwindSafe(|| read(format, &text)));
    let took = clock() - before;
    let accepted = match outcome {
        Err(_) => return Err(format!("seed {seed}: a panic")),
        Ok(Ok(net)) => {
            check(&net).map_err(|e| format!("seed {seed}: {e}"))?;
            catch_unwind(AssertUnwindSafe(|| solve(net)))
                .unwrap_or_else(|_| Err("a panic while solving".to_owned()))
                .map_err(|e| format!("seed {seed}: {e}"))?;
            true
        }
        Ok(Err(message)) if message.is_empty() => return Err(format!("seed {seed}: refused without a message")),
        Ok(Err(_)) => false,
    };
    if took > LIMIT_S { Err(format!("seed {seed}: {took:.1} s for {} bytes", text.len())) } else { Ok(accepted) }
}

/// A network that was read has voltages, or a word why not.
fn solve(net: Network) -> Result<(), String> {
    let Ok(mut engine) = ControlledEngine::new(net) else { return Ok(()) };
    let solved = engine.solve(&Options::default(), ControlMode::Static, 0.0, 10).solution;
    let finite = solved.voltages.iter().all(|v| v.is_finite()) && solved.kcl_residual_pu.is_finite();
    let told = solved.troubles().all(|t| !t.to_string().contains("NaN"));
    if finite && told { Ok(()) } else { Err("a state that is not finite".to_owned()) }
}

/// What holds of every network that a reader gives.
fn check(net: &Network) -> Result<(), String> {
    let buses = net.buses.len();
    if net.buses.iter().any(|b| b.nodes.is_empty() || b.nodes.len() > 4) {
        return Err("a bus without nodes or with more than four".to_owned());
    }
    for e in &net.elements {
        let n: usize = e.terminals.iter().map(|t| t.conductors().len()).sum();
        let inside = |t: &sim_core::network::Terminal| {
            let nodes = net.buses.get(t.bus as usize).map_or(0, |b| b.nodes.len());
            t.conductors().iter().all(|c| *c == NODE_GROUND || usize::from(*c) < nodes)
        };
        if e.y.len() != n * n || !e.terminals.iter().all(inside) {
            return Err(format!("{}: its matrix or its terminals do not fit", e.name));
        }
        if !e.y.iter().all(|y| y.is_finite()) {
            return Err(format!("{}: an admittance that is not finite", e.name));
        }
    }
    if !net.transformers.iter().all(|t| (t.element as usize) < net.elements.len())
        || !net.regulators.iter().all(|r| (r.transformer as usize) < net.transformers.len())
    {
        return Err("a control without its element".to_owned());
    }
    if net.injections.iter().any(|i| i.bus as usize >= buses || i.load as usize >= net.loads.len() || !i.s.is_finite())
    {
        return Err("an injection without a bus, a load or a finite power".to_owned());
    }
    let fed = net.sources.iter().map(|s| s.bus).chain(net.generators.iter().map(|g| g.bus));
    if fed.chain(net.joints.iter().flat_map(|j| [j.a, j.b])).any(|b| b as usize >= buses) {
        return Err("a source, generator or switch without a bus".to_owned());
    }
    Ok(())
}
