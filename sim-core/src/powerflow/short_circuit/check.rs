//! Every part of a study is at buses that are there, so that the solver need not ask again.

use super::{Study, StudyError};

impl Study {
    /// Every part is at buses that are there.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let known = |buses: &[usize]| buses.iter().all(|b| *b < self.buses.len());
        let parts = (self.feeders.iter().map(|x| (&x.name, known(&[x.bus]))))
            .chain(self.lines.iter().map(|x| (&x.name, known(&[x.from.bus, x.to.bus]))))
            .chain(self.transformers.iter().map(|x| (&x.name, known(&[x.hv.bus, x.lv.bus]))))
            .chain(self.three_winding.iter().map(|x| (&x.name, known(&x.ends.map(|e| e.bus)))))
            .chain(self.impedances.iter().map(|x| (&x.name, known(&[x.from, x.to]))))
            .chain(self.machines.iter().map(|x| {
                let unit = x.unit.is_none_or(|u| u.transformer < self.transformers.len());
                (&x.name, unit && known(&[x.bus]))
            }))
            .chain(self.motors.iter().map(|x| (&x.name, known(&[x.bus]))))
            .chain(self.converters.iter().map(|x| (&x.name, known(&[x.bus]))));
        for (name, good) in parts {
            if !good {
                return Err(StudyError::Place { name: name.clone() });
            }
        }
        let rest = self.joints.iter().all(|pair| known(pair)) && self.shunts.iter().all(|(bus, _)| known(&[*bus]));
        if rest { Ok(()) } else { Err(StudyError::Place { name: "switch or shunt".to_owned() }) }
    }
}
