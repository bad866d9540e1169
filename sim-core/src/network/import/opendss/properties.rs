//! The properties of each class that is read, in the order that counts for values without a name.

pub(super) const VSOURCE: &[&str] = &[
    "bus1", "basekv", "pu", "angle", "frequency", "phases", "mvasc3", "mvasc1", "x1r1", "x0r0", "isc3", "isc1", "r1",
    "x1", "r0", "x0", "scantype", "sequence", "bus2", "z1", "z0", "z2", "puz1", "puz0", "puz2", "basemva", "yearly",
    "daily", "duty", "model", "puzideal", "spectrum", "basefreq", "enabled", "like",
];
pub(super) const LINE: &[&str] = &[
    "bus1", "bus2", "linecode", "length", "phases", "r1", "x1", "r0", "x0", "c1", "c0", "rmatrix", "xmatrix",
    "cmatrix", "switch", "rg", "xg", "rho", "geometry", "units", "spacing", "wires", "earthmodel", "cncables",
    "tscables", "b1", "b0", "seasons", "ratings", "linetype", "normamps", "emergamps", "faultrate", "pctperm",
    "repair", "basefreq", "enabled", "like",
];
pub(super) const LINECODE: &[&str] = &[
    "nphases", "r1", "x1", "r0", "x0", "c1", "c0", "units", "rmatrix", "xmatrix", "cmatrix", "basefreq", "normamps",
    "emergamps", "faultrate", "pctperm", "repair", "kron", "rg", "xg", "rho", "neutral", "b1", "b0", "seasons",
    "ratings", "linetype", "like",
];
pub(super) const LINEGEOMETRY: &[&str] = &[
    "nconds", "nphases", "cond", "wire", "x", "h", "units", "normamps", "emergamps", "reduce", "spacing", "wires",
    "cncable", "tscable", "cncables", "tscables", "seasons", "ratings", "linetype", "like",
];
pub(super) const LINESPACING: &[&str] = &[
    "nconds", "nphases", "x", "h", "units", "like",
];
pub(super) const WIREDATA: &[&str] = &[
    "rdc", "rac", "runits", "gmrac", "gmrunits", "radius", "radunits", "normamps", "emergamps", "diam", "seasons",
    "ratings", "capradius", "like",
];
pub(super) const TRANSFORMER: &[&str] = &[
    "phases", "windings", "wdg", "bus", "conn", "kv", "kva", "tap", "%r", "rneut", "xneut", "buses", "conns", "kvs",
    "kvas", "taps", "xhl", "xht", "xlt", "xscarray", "thermal", "n", "m", "flrise", "hsrise", "%loadloss",
    "%noloadloss", "normhkva", "emerghkva", "sub", "maxtap", "mintap", "numtaps", "subname", "%imag", "ppm_antifloat",
    "%rs", "bank", "xfmrcode", "xrconst", "x12", "x13", "x23", "leadlag", "wdgcurrents", "core", "rdcohms", "seasons",
    "ratings", "normamps", "emergamps", "faultrate", "pctperm", "repair", "basefreq", "enabled", "like",
];
pub(super) const XFMRCODE: &[&str] = &[
    "phases", "windings", "wdg", "conn", "kv", "kva", "tap", "%r", "rneut", "xneut", "conns", "kvs", "kvas", "taps",
    "xhl", "xht", "xlt", "xscarray", "thermal", "n", "m", "flrise", "hsrise", "%loadloss", "%noloadloss", "normhkva",
    "emerghkva", "maxtap", "mintap", "numtaps", "%imag", "ppm_antifloat", "%rs", "x12", "x13", "x23", "rdcohms",
    "seasons", "ratings", "like",
];
pub(super) const CAPACITOR: &[&str] = &[
    "bus1", "bus2", "phases", "kvar", "kv", "conn", "cmatrix", "cuf", "r", "xl", "harm", "numsteps", "states",
    "normamps", "emergamps", "faultrate", "pctperm", "repair", "basefreq", "enabled", "like",
];
pub(super) const REACTOR: &[&str] = &[
    "bus1", "bus2", "phases", "kvar", "kv", "conn", "rmatrix", "xmatrix", "parallel", "r", "x", "rp", "z1", "z2",
    "z0", "z", "rcurve", "lcurve", "lmh", "normamps", "emergamps", "faultrate", "pctperm", "repair", "basefreq",
    "enabled", "like",
];
pub(super) const LOAD: &[&str] = &[
    "phases", "bus1", "kv", "kw", "pf", "model", "yearly", "daily", "duty", "growth", "conn", "kvar", "rneut",
    "xneut", "status", "class", "vminpu", "vmaxpu", "vminnorm", "vminemerg", "xfkva", "allocationfactor", "kva",
    "%mean", "%stddev", "cvrwatts", "cvrvars", "kwh", "kwhdays", "cfactor", "cvrcurve", "numcust", "zipv",
    "%seriesrl", "relweight", "vlowpu", "puxharm", "xrharm", "spectrum", "basefreq", "enabled", "like",
];
pub(super) const GENERATOR: &[&str] = &[
    "phases", "bus1", "kv", "kw", "pf", "kvar", "model", "vminpu", "vmaxpu", "yearly", "daily", "duty", "dispmode",
    "dispvalue", "conn", "status", "class", "vpu", "maxkvar", "minkvar", "pvfactor", "forceon", "kva", "mva", "xd",
    "xdp", "xdpp", "h", "d", "usermodel", "userdata", "shaftmodel", "shaftdata", "dutystart", "debugtrace",
    "balanced", "xrdp", "usefuel", "fuelkwh", "%fuel", "%reserve", "refuel", "dynamiceq", "dynout", "spectrum",
    "basefreq", "enabled", "like",
];
pub(super) const REGCONTROL: &[&str] = &[
    "transformer", "winding", "vreg", "band", "ptratio", "ctprim", "r", "x", "bus", "delay", "reversible", "revvreg",
    "revband", "revr", "revx", "tapdelay", "debugtrace", "maxtapchange", "inversetime", "tapwinding", "vlimit",
    "ptphase", "revthreshold", "revdelay", "revneutral", "eventlog", "remoteptratio", "tapnum", "reset", "ldc_z",
    "rev_z", "cogen", "basefreq", "enabled", "like",
];
pub(super) const CAPCONTROL: &[&str] = &[
    "element", "terminal", "capacitor", "type", "ptratio", "ctratio", "onsetting", "offsetting", "delay",
    "voltoverride", "vmax", "vmin", "delayoff", "deadtime", "ctphase", "ptphase", "vbus", "eventlog", "usermodel",
    "userdata", "pctminkvar", "reset", "controlsignal", "basefreq", "enabled", "like",
];
pub(super) const LOADSHAPE: &[&str] = &[
    "npts", "interval", "mult", "hour", "mean", "stddev", "csvfile", "sngfile", "dblfile", "action", "qmult",
    "useactual", "pmax", "qmax", "sinterval", "minterval", "pbase", "qbase", "pmult", "pqcsvfile", "memorymapping",
    "interpolation", "like",
];
pub(super) const FAULT: &[&str] = &[
    "bus1", "bus2", "phases", "r", "%stddev", "gmatrix", "ontime", "temporary", "minamps", "normamps", "emergamps",
    "faultrate", "pctperm", "repair", "basefreq", "enabled", "like",
];
