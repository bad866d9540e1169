//! The classes of OpenDSS and what becomes of each.
//!
//! A name may be shortened as long as it begins a property; the first one in the list is meant. Sources: the property
//! help of OpenDSS.

use super::super::problem::nearest;
use super::properties::{
    CAPACITOR, CAPCONTROL, FAULT, GENERATOR, LINE, LINECODE, LINEGEOMETRY, LINESPACING, LOAD, LOADSHAPE, REACTOR,
    REGCONTROL, TRANSFORMER, VSOURCE, WIREDATA, XFMRCODE,
};

/// What becomes of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is read.
    Read,
    /// It measures, protects or draws: without it the power flow is the same.
    Aside,
    /// It carries power and no model is here for it.
    Refused,
}

/// A class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    /// Its name as OpenDSS writes it.
    pub(super) name: &'static str,
    /// Its properties in small letters; of a class that is not read none, or whether it is enabled.
    pub(super) properties: &'static [&'static str],
    /// What becomes of it.
    pub(super) role: Role,
}

/// Index of a class.
pub(super) type ClassId = usize;

/// The class of a name, in any case.
pub(super) fn class(name: &str) -> Option<ClassId> {
    CLASSES.iter().position(|c| c.name.eq_ignore_ascii_case(name))
}

/// The class of a name that is spelled here, in the table's spelling.
pub(super) fn known(name: &'static str) -> ClassId {
    class(name).unwrap_or(0)
}

/// The class name nearest to one that is not there.
pub(super) fn nearest_class(name: &str) -> Option<&'static str> {
    nearest(name, CLASSES.iter().map(|c| c.name))
}

impl Class {
    /// The property of a name or of its beginning.
    pub(super) fn property(&self, name: &str) -> Option<usize> {
        let all = self.properties;
        all.iter().position(|p| p.eq_ignore_ascii_case(name)).or_else(|| {
            let begins = |p: &&str| p.get(..name.len()).is_some_and(|b| b.eq_ignore_ascii_case(name));
            if name.is_empty() { None } else { all.iter().position(begins) }
        })
    }
}

const fn read(name: &'static str, properties: &'static [&'static str]) -> Class {
    Class { name, properties, role: Role::Read }
}

const fn aside(name: &'static str) -> Class {
    Class { name, properties: &[], role: Role::Aside }
}

const fn refused(name: &'static str) -> Class {
    Class { name, properties: &["enabled"], role: Role::Refused }
}

/// All classes.
pub(super) const CLASSES: &[Class] = &[
    read("Vsource", VSOURCE),
    read("Line", LINE),
    read("LineCode", LINECODE),
    read("LineGeometry", LINEGEOMETRY),
    read("LineSpacing", LINESPACING),
    read("WireData", WIREDATA),
    read("Transformer", TRANSFORMER),
    read("XfmrCode", XFMRCODE),
    read("Capacitor", CAPACITOR),
    read("Reactor", REACTOR),
    read("Load", LOAD),
    read("Generator", GENERATOR),
    read("RegControl", REGCONTROL),
    read("CapControl", CAPCONTROL),
    read("LoadShape", LOADSHAPE),
    read("Fault", FAULT),
    aside("CNData"),
    aside("TSData"),
    aside("Monitor"),
    aside("EnergyMeter"),
    aside("Sensor"),
    aside("Fuse"),
    aside("Relay"),
    aside("Recloser"),
    aside("SwtControl"),
    aside("TCC_Curve"),
    aside("Spectrum"),
    aside("GrowthShape"),
    aside("PriceShape"),
    aside("TShape"),
    aside("XYcurve"),
    aside("DynamicExp"),
    aside("GenDispatcher"),
    aside("StorageController"),
    aside("InvControl"),
    aside("ExpControl"),
    aside("UPFCControl"),
    aside("ESPVLControl"),
    refused("AutoTrans"),
    refused("Isource"),
    refused("PVSystem"),
    refused("Storage"),
    refused("VCCS"),
    refused("UPFC"),
    refused("IndMach012"),
    refused("GICsource"),
    refused("GICLine"),
    refused("GICTransformer"),
    refused("VSConverter"),
    refused("WindGen"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_found_by_its_name_or_its_beginning() {
        let transformer = CLASSES[known("Transformer")];
        assert_eq!(transformer.property("PPM").map(|p| transformer.properties[p]), Some("ppm_antifloat"));
        assert_eq!(transformer.property("kv").map(|p| transformer.properties[p]), Some("kv"));
        assert_eq!(transformer.property("%loadl").map(|p| transformer.properties[p]), Some("%loadloss"));
        assert_eq!(transformer.property("volts"), None);
        assert_eq!(nearest_class("Tranformer"), Some("Transformer"));
    }
}
