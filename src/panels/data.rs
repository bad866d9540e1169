//! What a panel sees and what it answers.

use super::explorer::Page;
use super::look::Look;
use super::names;
use super::sheet::Sheet;
use crate::bridge::{Ask, Clock, Selection, Study};
use crate::locale::{Language, Locale};
use bevy::prelude::Message;
use sim_core::command::Command;
use sim_core::event::Event;
use sim_core::ids::{BusId, EventId, Subject};
use sim_core::ledger::certificate::CertificateEvent;
use sim_core::network::ElementKind;
use sim_core::recorder::{Channel, Minute, Recorder};
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
use sim_core::time::SimTime;

/// What has been, as the panels read it.
pub(crate) trait Past {
    /// All events so far, ascending.
    fn events(&self) -> &[Event];
    /// The chain so far, one block a line, the genesis first.
    fn chain(&self) -> &[String];
    /// What happened to certificates, oldest first.
    fn certificates(&self) -> &[(SimTime, CertificateEvent)];
    /// Minutes of a channel in `[from, to)`.
    fn series(&self, scene: &Scene, channel: Channel, from: SimTime, to: SimTime) -> Vec<Minute>;
    /// The causes of an event back to the roots: (event, depth).
    fn why(&self, event: EventId) -> Vec<(&Event, usize)>;

    /// An event by its number.
    fn event(&self, id: EventId) -> Option<&Event> {
        let events = self.events();
        events.binary_search_by_key(&id, |e| e.id).ok().and_then(|i| events.get(i))
    }
}

impl Past for Recorder {
    fn events(&self) -> &[Event] {
        self.events()
    }
    fn chain(&self) -> &[String] {
        self.chain()
    }
    fn certificates(&self) -> &[(SimTime, CertificateEvent)] {
        self.certificates()
    }
    fn series(&self, scene: &Scene, channel: Channel, from: SimTime, to: SimTime) -> Vec<Minute> {
        self.series(scene, channel, from, to)
    }
    fn why(&self, event: EventId) -> Vec<(&Event, usize)> {
        self.why(event)
    }
}

/// All that a panel may read.
#[derive(Clone, Copy)]
pub(crate) struct PanelData<'a> {
    pub scene: &'a Scene,
    pub now: &'a Snapshot,
    pub past: &'a dyn Past,
    pub clock: Clock,
    pub selection: Selection,
    pub locale: &'a Locale,
    pub look: &'a Look,
    /// What an imported network is beyond scene and snapshot.
    pub study: Option<&'a Study>,
    /// Counts worlds: what was kept for another one is dropped.
    pub world: u32,
}

impl<'a> PanelData<'a> {
    /// Buses with a source, where a study names them.
    pub(crate) fn sources(&self) -> &'a [BusId] {
        self.study.map_or(&[], |s| &s.sources)
    }
    /// Words for the kind of a thing.
    pub(crate) fn kind_key(&self, subject: Subject) -> &'static str {
        let Some(study) = self.study else { return names::kind_key(self.scene, subject) };
        match (subject, study.kind(subject)) {
            (Subject::Line(_), Some(ElementKind::Line)) => "kind-way",
            (_, Some(ElementKind::Capacitor)) => "kind-capacitor",
            (_, Some(ElementKind::Reactor)) => "kind-reactor",
            (_, Some(ElementKind::Shunt)) => "kind-shunt",
            (Subject::Device(_), _) => "kind-generator",
            (Subject::Building(_), _) => "kind-load",
            (Subject::Switch(_), _) => "kind-switch",
            (Subject::Grid, _) => "kind-source",
            (Subject::Community, _) => "kind-network",
            _ => names::kind_key(self.scene, subject),
        }
    }

    /// The words behind a key.
    pub(crate) fn t(&self, key: &str) -> String {
        self.locale.t(key)
    }
}

/// What a panel asks for beyond the simulation. The panels answer all but [`PanelAsk::VerifyChain`] themselves.
#[derive(Message, Clone, Debug, PartialEq)]
pub enum PanelAsk {
    /// Re-derive every hash, signature and balance of the chain; the answer is a [`super::Verdict`].
    VerifyChain,
    /// A file dialog for a scene or replay to open.
    OpenDialog,
    /// A file dialog for a replay to write.
    SaveReplayDialog,
    /// A file dialog for a picture to write.
    SavePictureDialog,
    /// Close the window.
    Quit,
    /// Play the opening walkthrough.
    PlayOpening,
    /// Speak another language.
    Speak(Language),
    /// Look different.
    Wear(Look),
}

/// What came back from the panels in a frame.
#[derive(Default)]
pub(crate) struct Reply {
    /// Requests to the bridge, in order.
    pub asks: Vec<Ask>,
    /// A change of the selection.
    pub select: Option<Option<Subject>>,
    /// Requests beyond the simulation.
    pub panel: Vec<PanelAsk>,
    /// A sheet to open.
    pub sheet: Option<Sheet>,
    /// A page of the chain to open.
    pub page: Option<Page>,
    /// An event whose causes are asked for.
    pub event: Option<EventId>,
}

impl Reply {
    /// Asks the simulation for something.
    pub(crate) fn command(&mut self, command: Command) {
        self.asks.push(Ask::Do(command));
    }
    /// Asks the bridge for something.
    pub(crate) fn ask(&mut self, ask: Ask) {
        self.asks.push(ask);
    }
    /// Selects a thing.
    pub(crate) fn select(&mut self, subject: Subject) {
        self.select = Some(Some(subject));
    }
}
