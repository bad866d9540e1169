//! The engine behind a study.

use super::run::{Solve, Solved};
use sim_core::network::Network;
use sim_core::powerflow::engine::{Engine, IslandState, Options};

/// The engine with the nominal powers that the lever scales.
pub(in crate::bridge) struct Powerflow {
    engine: Engine,
    nominal: Vec<sim_core::complex::Complex>,
}

impl Powerflow {
    /// # Errors
    /// Why the network cannot be solved, in words.
    pub(in crate::bridge) fn new(network: &Network) -> Result<Self, String> {
        let engine = Engine::new(network).map_err(|e| e.to_string())?;
        Ok(Self { engine, nominal: network.injections.iter().map(|i| i.s).collect() })
    }
}

impl Solve for Powerflow {
    fn solve(&mut self, scale: f64, closed: &[bool]) -> Solved {
        for (i, s) in self.nominal.iter().enumerate() {
            // The factor is for what is consumed; generators stay as they are.
            self.engine.set_power(i, if s.re > 0.0 { *s } else { *s * scale });
        }
        self.engine.set_joints(closed);
        let solution = self.engine.solve(&Options::default());
        let troubles = solution.islands.iter().filter_map(|island| match &island.state {
            IslandState::Unsolved(error) => Some(error.to_string()),
            _ => None,
        });
        Solved {
            voltages: solution.voltages.clone(),
            method: solution.method.to_string(),
            iterations: solution.iterations,
            residual_pu: solution.kcl_residual_pu,
            troubles: troubles.collect(),
        }
    }
}
