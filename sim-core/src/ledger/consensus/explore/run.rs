//! A run that the explorer found: played on real machines, kept, told in plain words and played again.

use super::{Candidate, Event, Protocol, Timer};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep<M> {
    /// The validator.
    pub validator: u32,
    /// What happens to it.
    pub event: Event<M>,
    /// What honest validators must have said before.
    pub needs: Vec<M>,
    /// What it says.
    pub says: Vec<M>,
    /// What it decides.
    pub decides: Option<char>,
}

/// A run, from the start of the height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run<M> {
    /// The mechanism.
    pub protocol: String,
    /// How many validators there are.
    pub validators: u32,
    /// Those that lie.
    pub byzantine: Vec<u32>,
    /// What happens, in order.
    pub steps: Vec<RunStep<M>>,
}

/// A message in plain words, the same for all mechanisms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    /// Who says it.
    pub from: u32,
    /// To whom, if not to all.
    pub to: Option<u32>,
    /// What: the textbook's word.
    pub what: String,
    /// Round, view or term.
    pub round: u32,
    /// The value, or nil.
    pub value: Option<char>,
}

/// A step in plain words, for a player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The validator.
    pub validator: u32,
    /// What it hears.
    pub hears: Vec<Saying>,
    /// The timer that ran out.
    pub timer: Option<Timer>,
    /// Whether it crashes and comes back.
    pub restarts: bool,
    /// What it says.
    pub says: Vec<Saying>,
    /// What it decides.
    pub decides: Option<char>,
}

/// Why a run cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A message is heard or quoted that nobody has said.
    #[error("step {step} stands on a message that nobody has said")]
    Unsaid {
        /// Which step.
        step: usize,
    },
    /// A validator does something else than is written.
    #[error("in step {step} the validator does not do what is written")]
    Differs {
        /// Which step.
        step: usize,
    },
}

impl<M: Clone + Ord> Run<M> {
    /// Plays what is to happen on machines that forget nothing, and writes down what they do.
    pub(super) fn record<P: Protocol<Message = M>>(
        protocol: &P,
        candidates: impl Iterator<Item = (u32, Candidate<M>)>,
    ) -> Result<Self, ReplayError> {
        let mut run = Self {
            protocol: protocol.get_name().to_owned(),
            validators: protocol.get_validators(),
            byzantine: protocol.get_byzantine().to_vec(),
            steps: Vec::new(),
        };
        let is_honest = |i: &u32| !protocol.get_byzantine().contains(i);
        let start = || Candidate { event: Event::Start, needs: Vec::new() };
        let starts = (0..run.validators).filter(is_honest).map(|i| (i, start()));
        let (mut machines, mut said) = (BTreeMap::new(), BTreeMap::new());
        for (step, (validator, Candidate { event, needs })) in starts.chain(candidates).enumerate() {
            // What honest validators really said stands in for the message of the same key.
            let real = |m: &M| said.get(&protocol.get_key(m)).cloned();
            let needs: Vec<M> = needs.iter().map(real).collect::<Option<_>>().ok_or(ReplayError::Unsaid { step })?;
            let event = match event {
                Event::Hear(heard) => {
                    let is_lie = |m: &M| run.byzantine.contains(&protocol.describe(m).from);
                    let hear = |m: M| if is_lie(&m) { Some(m) } else { real(&m) };
                    let heard = heard.into_iter().map(hear).collect::<Option<_>>();
                    Event::Hear(heard.ok_or(ReplayError::Unsaid { step })?)
                }
                other => other,
            };
            let machine = machines.entry(validator).or_insert_with(|| protocol.create(validator));
            let outcome = protocol.process(machine, &event);
            said.extend(outcome.says.iter().map(|m| (protocol.get_key(m), m.clone())));
            run.steps.push(RunStep { validator, event, needs, says: outcome.says, decides: outcome.decides });
        }
        Ok(run)
    }

    /// Plays the run again on new machines.
    ///
    /// # Errors
    /// The first step that does not go as it is written.
    pub fn replay<P: Protocol<Message = M>>(&self, protocol: &P) -> Result<(), ReplayError> {
        let is_start = |step: &&RunStep<M>| step.event == Event::Start;
        let rest = self.steps.iter().skip_while(is_start);
        let again = Self::record(
            protocol,
            rest.map(|s| (s.validator, Candidate { event: s.event.clone(), needs: s.needs.clone() })),
        )?;
        let differs = self.steps.iter().zip(&again.steps).position(|(a, b)| a != b);
        match differs {
            Some(step) => Err(ReplayError::Differs { step }),
            None if self.steps.len() != again.steps.len() => Err(ReplayError::Differs { step: again.steps.len() }),
            None => Ok(()),
        }
    }

    /// What was decided; more than one value is a conflict.
    #[must_use]
    pub fn get_decisions(&self) -> BTreeSet<char> {
        self.steps.iter().filter_map(|step| step.decides).collect()
    }

    /// The run in plain words.
    pub fn tell<P: Protocol<Message = M>>(&self, protocol: &P) -> Vec<Beat> {
        let tell = |step: &RunStep<M>| {
            let say = |messages: &[M]| messages.iter().map(|m| protocol.describe(m)).collect();
            let (hears, timer) = match &step.event {
                Event::Hear(heard) => (say(heard), None),
                Event::Timeout(timer) => (Vec::new(), Some(*timer)),
                Event::Start | Event::Restart => (Vec::new(), None),
            };
            let restarts = step.event == Event::Restart;
            Beat { validator: step.validator, hears, timer, restarts, says: say(&step.says), decides: step.decides }
        };
        self.steps.iter().map(tell).collect()
    }
}
