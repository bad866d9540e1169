//! What is wrong with a script is said with its place, and what was meant.

use super::*;

/// A source, for what is wrong after it.
const CIRCUIT: &str = "new circuit.c basekv=12.47 bus1=s\n";

/// What is said of a script; empty if nothing is.
fn told(text: &str) -> String {
    read("bad.dss", text, &NoFolder).err().map(|e| e.to_string()).unwrap_or_default()
}

/// Each script is refused with a message that has the part beside it.
fn all_told(cases: &[(&str, &str)]) {
    for (script, part) in cases {
        let told = told(&format!("{CIRCUIT}{script}"));
        assert!(told.contains(part), "{script}\n  says '{told}'\n  and not '{part}'");
        assert!(told.starts_with("bad.dss:2:") || told.starts_with("bad.dss:3:"), "{script}: {told}");
    }
}

#[test]
fn words_that_are_not_there_are_told_with_the_nearest() {
    all_told(&[
        ("nwe line.l bus1=s bus2=b", "'nwe' is no command; did you mean 'new'?"),
        ("new lien.l bus1=s bus2=b", "there is no class 'lien'; did you mean 'Line'?"),
        ("new line.l bus1=s bus2=b lenght=3", "a Line has no property 'lenght'; did you mean 'length'?"),
        ("new linecode.oh-1\nnew line.l bus1=s bus2=b linecode=oh1", "no LineCode 'oh1'; did you mean 'oh-1'?"),
        ("new transformer.t buses=(s b) xfmrcode=none", "there is no XfmrCode 'none'"),
        ("new line.l bus1=s bus2=b geometry=g", "there is no LineGeometry 'g'"),
        ("new line.l like=k bus1=s bus2=b", "there is no Line 'k'"),
        ("edit load.x kw=3", "there is no Load 'x'"),
        ("load.x.kw=3", "there is no Load 'x'"),
        ("new load.x bus1=s kv=12.47 kw=3\nload..kw=4", "there is no Load ''"),
        ("new regcontrol.r transformer=t winding=2", "there is no Transformer 't'"),
        ("new capcontrol.k element=line.l capacitor=b", "there is no Capacitor 'b'"),
        ("new line bus1=s bus2=b", "'line'; expected Class.name"),
        ("batchedit load kw=3", "'load'; expected Class.pattern"),
        ("batchedit load.(a kw=3", "'(' in a pattern"),
        ("rotate", "the command 'rotate' is not supported"),
    ]);
}

#[test]
fn values_that_are_none_are_told_with_what_was_expected() {
    all_told(&[
        ("new load.x bus1=s kv=12.47 kw=three", "'three' is no number; expected one such as 4.16"),
        ("new load.x bus1=s kv=12.47 kw=", "a number is missing here"),
        ("new load.x bus1=s kv=12.47 kw=(1 0 /)", "is not a finite number"),
        ("new load.x bus1=s kv=12.47 kw=(3 +)", "'+' cannot be computed here"),
        ("new load.x bus1=s kv=12.47 kw=1e999", "is not a finite number"),
        ("new load.x bus1=s kv=12.47 kw=@power", "variables (@name) are not supported"),
        ("new load.x bus1=s kv=0 kw=3", "a rated voltage of 0; expected a number above 0"),
        ("new load.x bus1=s kv=12.47 kw=3 pf=0", "a power factor of 0; expected a number from -1 to 1, not 0"),
        ("new load.x bus1=s kv=12.47 kw=3 phases=0", "'0'; expected a whole number from 1 to"),
        ("new load.x bus1=s kv=12.47 kw=3 conn=star", "'star'; expected wye or delta"),
        ("new load.x bus1=s kv=12.47 kw=3 model=8 zipv=(1 0 0)", "zipv with 3 numbers; expected seven"),
        ("new load.x bus1=s kv=12.47 kw=3 vminpu=1.1 vmaxpu=.9", "vminpu 1.1 lies above vmaxpu 0.9"),
        ("new load.x bus1=s.a kv=12.47 kw=3", "'a' in 's.a' is no node number"),
        ("new line.l bus1=s bus2=b enabled=maybe", "'maybe'; expected yes or no"),
        ("new line.l bus1=s bus2=b units=furlong", "'furlong'; expected mi, kft, km"),
        ("new line.l bus1=s bus2=b length=-1", "a length of -1; expected a number from 0 on"),
        ("new line.l bus1=s bus2=b rmatrix=(1 | 0 1", "a quote or bracket is not closed on its line"),
        ("set voltagebases=(12.47 0)", "a base voltage of 0 kV; expected numbers above 0"),
        ("set tolerance=-1", "tolerance: -1; expected a number above 0"),
        ("set mode=harmonic", "'harmonic'; expected snapshot, daily, yearly or dutycycle"),
        ("set controlmode=never", "'never'; expected off, static, event or time"),
        ("set number=1e9", "number: 1000000000; expected a whole number from 0 to 10000000"),
    ]);
}

#[test]
fn parts_that_do_not_fit_are_told_with_what_would() {
    all_told(&[
        ("new line.l bus1=s bus2=b rmatrix=(1 | 0 1)", "a matrix with rows of 1, 2 numbers; expected 3 rows"),
        ("new linecode.c nphases=2 xmatrix=(1 | 0 1 | 0 0 1)", "rows of 1, 2, 3 numbers; expected 2 rows"),
        ("new linecode.c nphases=1 rmatrix=(one)", "'one' is no number"),
        ("new linecode.c nphases=99", "'99'; expected a whole number from 1 to 12"),
        ("new linecode.c nphases=1 rmatrix=(1) xmatrix=(1) kron=yes", "there is no neutral conductor 1 among 1"),
        ("new line.l bus1=s bus2=b r1=0 x1=0 r0=0 x0=0", "Line.l has an impedance of zero"),
        ("new line.l bus1=s", "Line.l has no bus2; say which bus it is at"),
        ("new line.l bus1=s bus2=.1", "the name of a bus is missing"),
        ("new transformer.t buses=(s s)", "windings 1 and 2 are both at the same nodes of bus 's'"),
        ("new transformer.t buses=(s b) xhl=0", "xhl of 0; a reactance of 0 cannot be solved"),
        ("new transformer.t buses=(s b) wdg=3", "'3'; expected a whole number from 1 to 2"),
        ("new transformer.t buses=(s b) kvs=(12.47 4.16 0.48)", "3 numbers for 2 windings; give 'windings' before"),
        ("new transformer.t buses=(s b) kvs=(12.47 0)", "kvs: expected numbers above 0"),
        ("new transformer.t", "Transformer.t has no bus of winding 1"),
        ("new load.x bus1=s.5.6 phases=1 kv=12.47", "bus 's' has the nodes 1, 2, 3, 5, 6; at most 4 are modelled"),
        ("new reactor.r bus1=s r=0 x=0", "Reactor.r has no impedance; give it a small one"),
        ("new vsource.v bus1=b bus2=c", "a source between two buses is not modelled"),
        ("new regcontrol.r winding=2", "RegControl.r: it names no transformer"),
        ("new loadshape.s npts=2\nnew load.x bus1=s kv=12.47 daily=s", "LoadShape.s has no values; give mult"),
        ("new pvsystem.p bus1=s", "a PVSystem carries power and there is no model of it"),
        ("new circuit.second", "a second circuit; write 'clear' before it"),
    ]);
}

#[test]
fn a_script_without_a_circuit_says_how_one_begins() {
    assert!(told("").contains("bad.dss:1:1: there is no circuit; expected a line 'new circuit.name'"));
    assert!(told("new line.l bus1=a bus2=b").contains("there is no circuit yet; begin with 'new circuit.name'"));
    assert!(told("~ kw=3").contains("there is no object to go on with"));
}

#[test]
fn files_are_found_below_the_first_ones_folder_and_read_once_at_a_time() {
    let file = |path: &str| match path {
        "loop.dss" => Ok("redirect sub/back.dss\n".to_owned()),
        "sub/back.dss" => Ok("redirect ../loop.dss\n".to_owned()),
        "self.dss" => Ok("Redirect SELF.dss\n".to_owned()),
        "up.dss" => Ok("redirect ../up.dss\n".to_owned()),
        "bad.dss" | "sub/bad.dss" => Ok("new line.l buss1=s\n".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    for (line, part) in [
        ("redirect", "main.dss:2:1: the name of a file is missing"),
        ("redirect none.dss", "main.dss:2:10: the file 'none.dss' cannot be read: no such file"),
        ("redirect main.dss", "'main.dss' refers back to itself: main.dss -> main.dss; break the loop"),
        (
            "redirect loop.dss",
            "sub/back.dss:1:10: 'loop.dss' refers back to itself: main.dss -> loop.dss -> sub/back.dss",
        ),
        ("redirect self.dss", "self.dss:1:10: 'SELF.dss' refers back to itself"),
        ("redirect up.dss", "up.dss:1:10: the path '../up.dss' leaves the folder of the first file"),
        ("redirect /etc/passwd", "the path '/etc/passwd' is absolute"),
        ("redirect C:\\x.dss", "is absolute; expected one below the folder of the first file"),
        ("buscoords none.csv", "the file 'none.csv' cannot be read"),
        ("new loadshape.s npts=2 mult=(file=none.csv)", "the file 'none.csv' cannot be read"),
        ("redirect sub/bad.dss", "sub/bad.dss:1:12: a Line has no property 'buss1'; did you mean 'bus1'?"),
    ] {
        let error = read("main.dss", &format!("{CIRCUIT}{line}\n"), &file).expect_err(line).to_string();
        assert!(error.contains(part), "{line}\n  says '{error}'\n  and not '{part}'");
    }
}

/// OpenDSS 9 (DSS C-API 0.14.5): `like` leaves an object its buses, whether it is enabled, and of a transformer the
/// chosen winding, `%imag`, `ppm_antifloat` and `leadlag`; and the next line goes on with the object that it names.
#[test]
fn like_takes_over_what_opendss_takes_over() {
    let script = format!(
        "{CIRCUIT}new transformer.a buses=(s b) kvs=(12.47 4.16) conns=(delta wye) %imag=1.5 %noloadloss=.4 \
         ppm_antifloat=7 leadlag=lead enabled=no wdg=2\n\
         new transformer.b %r=3 like=a tap=1.05\nedit transformer.b buses=(s d)\n\
         new transformer.c %imag=2 wdg=2 like=b tap=1.025\nedit transformer.c buses=(s e)\n\
         new line.l bus1=s bus2=f enabled=no r1=2\nnew line.m like=l bus1=s bus2=g\n~ length=5\n"
    );
    let network = read("like.dss", &script, &NoFolder).unwrap_or_else(|e| panic!("{e}")).network;
    let [a, b, c] = [0, 1, 2].map(|k| &network.transformers[k].data);
    let told = |t: &crate::network::elements::Transformer| (t.no_load_pct, t.imag_pct, t.antifloat_ppm, t.lv_leads);
    assert_eq!((told(a), told(b), told(c)), ((0.4, 1.5, 7.0, true), (0.4, 0.0, 1.0, false), (0.4, 2.0, 1.0, false)));
    let taps = |t: &crate::network::elements::Transformer| [t.windings[0].tap, t.windings[1].tap];
    assert_eq!((taps(a), taps(b), taps(c)), ([1.0, 1.0], [1.05, 1.0], [1.05, 1.025]));
    assert_eq!((b.windings[0].r_pct, b.windings[1].kv), (0.2, 4.16));
    let on: Vec<bool> = network.elements.iter().map(|e| e.in_service).collect();
    assert_eq!(on, [false, true, true, false, true]);
    let length = |k: usize| network.elements[k].inputs[0].value;
    assert_eq!((length(3), length(4)), (5.0, 1.0));
}
