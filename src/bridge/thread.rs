//! The simulation thread: owns the world and its clock, takes requests, gives snapshots (latest wins) and events (all).

use super::open::{is_network, open_network, open_scene};
use super::pace::Pace;
use super::study::Run;
use super::{Arrival, Ask, Clock, Drive, Study, Told};
use crate::files::write_atomically;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use sim_core::command::{Command, Timed};
use sim_core::digest::hex;
use sim_core::event::Event;
use sim_core::output;
use sim_core::recorder::Recorder;
use sim_core::replay::Replay;
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
use sim_core::time::{SECOND_US, SimTime};
use sim_core::world::{NoProbe, World, WorldError};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Longest stretch of steps before requests are looked at and readers of the history get their turn.
const SLICE: Duration = Duration::from_millis(4);
/// Pause after a slice, so that a reader who waits for the history gets it.
const BREATH: Duration = Duration::from_micros(60);
/// Shortest time between two snapshots: 60 a second.
const BEAT: Duration = Duration::from_micros(16_600);
/// A snapshot that nobody took is replaced once it is this old.
const STALE: Duration = Duration::from_millis(40);
/// Speeds, simulated seconds in a second.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=36_000.0;

/// What begins a world.
#[derive(Clone, Debug)]
pub struct Start {
    /// The scene.
    pub scene: Arc<Scene>,
    /// Its seed.
    pub seed: u64,
    /// Commands with the times at which they take effect.
    pub commands: Vec<Timed>,
    /// Simulated seconds in a second.
    pub speed: f64,
    /// Slow motion in transient windows.
    pub slow_motion: bool,
    /// Runs at once.
    pub playing: bool,
}

/// A request.
pub(super) enum Order {
    Ask(Ask),
    Drive(Drive),
}

/// What must not be lost.
pub(super) enum News {
    World {
        world: u32,
        scene: Arc<Scene>,
        recorder: Arc<RwLock<Recorder>>,
        now: Arc<Snapshot>,
        study: Option<Arc<Study>>,
    },
    Event {
        world: u32,
        event: Arc<Event>,
    },
    Told(Told),
}

/// What may be skipped.
pub(super) struct Beat {
    pub world: u32,
    pub now: Arc<Snapshot>,
    pub study: Option<Arc<Study>>,
    pub clock: Clock,
}

/// The thread's ends of the channels.
pub(super) struct Ends {
    pub orders: Receiver<Order>,
    pub news: Sender<News>,
    /// Bounded to one; overwritten by taking and sending.
    pub slot: (Sender<Beat>, Receiver<Beat>),
}

/// The simulation and its clock.
pub(super) struct Engine {
    world: World,
    recorder: Arc<RwLock<Recorder>>,
    number: u32,
    pace: Pace,
    playing: bool,
    until: Option<(SimTime, bool)>,
    broken: bool,
    events_sent: usize,
    busy: Duration,
    meter: Meter,
    /// The clock or the world changed since the last beat.
    changed: bool,
    last_beat: Instant,
    ends: Ends,
    /// The study that stands in front of the world, what it last showed, and whether the world ran.
    study: Option<Front>,
}

/// A study in front of the world.
struct Front {
    run: Run,
    shown: (Arc<Snapshot>, Arc<Study>),
    resume: bool,
}

impl Engine {
    /// A world at its start.
    pub(super) fn new(start: Start, ends: Ends) -> Result<Self, WorldError> {
        let (world, recorder) = begin(start.scene, start.seed, start.commands)?;
        let now = world.now();
        Ok(Self {
            world,
            recorder,
            number: 1,
            pace: Pace::new(start.speed.clamp(*SPEEDS.start(), *SPEEDS.end()), start.slow_motion),
            playing: start.playing,
            until: None,
            broken: false,
            events_sent: 0,
            busy: Duration::ZERO,
            meter: Meter::new(now),
            changed: true,
            last_beat: Instant::now(),
            ends,
            study: None,
        })
    }

    pub(super) fn recorder(&self) -> Arc<RwLock<Recorder>> {
        self.recorder.clone()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.world.snapshot()
    }

    pub(super) fn clock(&self) -> Clock {
        let slow_now = self.playing && self.pace.is_slow(self.world.now());
        let reached = if self.playing { self.meter.reached() } else { 0.0 };
        Clock { playing: self.playing, asked: self.pace.asked, reached, slow_motion: self.pace.slow_motion, slow_now }
    }

    /// Runs until the other side drops its end.
    pub(super) fn run(mut self) {
        self.send_events();
        let mut last = Instant::now();
        loop {
            let wait = if !self.playing {
                Duration::from_secs(3600)
            } else if self.is_fast() || self.pace.may_step() {
                std::thread::sleep(BREATH);
                Duration::ZERO
            } else {
                self.pace.wait(self.world.now())
            };
            match self.ends.orders.recv_timeout(wait) {
                Ok(order) => {
                    self.obey(order);
                    while let Ok(order) = self.ends.orders.try_recv() {
                        self.obey(order);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if self.playing {
                self.pace.earn(now - last, self.world.now());
            }
            last = now;
            self.work();
            self.publish();
        }
    }

    fn is_fast(&self) -> bool {
        self.until.is_some_and(|(_, fast)| fast)
    }

    /// Steps for a slice at most.
    fn work(&mut self) {
        let begin = Instant::now();
        while self.playing && (self.is_fast() || self.pace.may_step()) {
            self.step();
            if begin.elapsed() > SLICE || !self.ends.orders.is_empty() {
                break;
            }
        }
        self.busy += begin.elapsed();
        self.meter.note(self.world.now());
    }

    /// One boundary.
    fn step(&mut self) {
        let limit = self.until.map_or(SimTime(u64::MAX), |(time, _)| time);
        let before = self.world.now();
        if before < limit {
            let world = &mut self.world;
            // Whoever panicked while holding it left whole events behind.
            let mut recorder = self.recorder.write().unwrap_or_else(PoisonError::into_inner);
            let done = catch_unwind(AssertUnwindSafe(|| world.step_until(limit, &mut recorder, &mut NoProbe)));
            drop(recorder);
            if let Err(panic) = done {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let what = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned();
                self.break_down(what);
                return;
            }
        }
        let now = self.world.now();
        // Time that runs as fast as it can is not owed to the wall clock.
        if !self.is_fast() {
            self.pace.spend(now.since(before));
        }
        self.pace.observe(now, self.world.is_transient());
        self.send_events();
        self.changed = true;
        if now >= limit {
            self.arrive();
        }
    }

    /// The time asked for is reached.
    fn arrive(&mut self) {
        self.until = None;
        self.playing = false;
        let recorder = self.recorder.read().unwrap_or_else(PoisonError::into_inner);
        let time = self.world.now();
        let arrival = Arrival {
            time,
            digest: hex(&self.world.compute_digest()),
            summary: output::summary_json(&self.world, &recorder, Vec::new()),
            busy_s: self.busy.as_secs_f64(),
            simulated_s: time.since(self.world.scene().start) as f64 / SECOND_US as f64,
        };
        drop(recorder);
        self.tell(Told::Arrived(Box::new(arrival)));
    }

    /// A step panicked: back to the last keyframe, and no further.
    fn break_down(&mut self, what: String) {
        self.broken = true;
        self.playing = false;
        self.until = None;
        self.changed = true;
        let recorder = self.recorder.read().unwrap_or_else(PoisonError::into_inner);
        let kept = recorder.keyframes().iter().rev().find(|k| !k.state.is_empty());
        let scene = self.world.scene().clone();
        let world = kept.and_then(|k| World::load_state(scene, &k.state).ok());
        drop(recorder);
        if let Some(world) = world {
            self.world = world;
        }
        let kept = self.world.now();
        self.tell(Told::Broke { what, kept });
    }

    fn obey(&mut self, order: Order) {
        self.changed = true;
        match order {
            Order::Ask(Ask::CloseStudy) => self.close_study(),
            Order::Ask(ask) if self.study.is_some() && ask_study(&ask) => self.obey_study(&ask),
            Order::Ask(Ask::Do(command)) => {
                self.world.give(command);
                self.pace.hurry();
            }
            Order::Ask(Ask::Play(playing)) => self.playing = playing && !self.broken,
            Order::Ask(Ask::Step) => {
                self.playing = false;
                if !self.broken {
                    self.step();
                }
            }
            Order::Ask(Ask::Speed(speed)) if speed.is_finite() => {
                self.pace.asked = speed.clamp(*SPEEDS.start(), *SPEEDS.end());
                self.meter = Meter::new(self.world.now());
            }
            Order::Ask(Ask::SlowMotion(on)) => self.pace.slow_motion = on,
            Order::Ask(Ask::Restart(seed)) => {
                let (scene, seed) = (self.world.scene().clone(), seed.unwrap_or(self.world.seed()));
                match begin(scene, seed, Vec::new()) {
                    Ok(made) => self.put(made),
                    Err(e) => self.tell(Told::Refused { path: "".into(), why: e.to_string() }),
                }
            }
            Order::Ask(Ask::RestartWith(mechanism)) => {
                let scene = Arc::new(self.world.scene().with_consensus(mechanism));
                match begin(scene, self.world.seed(), Vec::new()) {
                    Ok(made) => self.put(made),
                    Err(e) => self.tell(Told::Refused { path: "".into(), why: e.to_string() }),
                }
            }
            Order::Ask(Ask::Open(path)) => self.open(&path),
            Order::Ask(Ask::SaveReplay(path)) => self.save_replay(&path),
            // Pictures and the camera are not the simulation's; a community's loads are not scaled.
            Order::Ask(Ask::Speed(_) | Ask::ScaleLoads(_) | Ask::SavePicture(_) | Ask::FlyTo(_) | Ask::ResetView) => {}
            Order::Drive(Drive::Plan(commands)) => commands.into_iter().for_each(|timed| self.world.plan(timed)),
            Order::Drive(Drive::Until { time, fast }) => {
                self.until = Some((time, fast));
                self.playing = !self.broken;
                if self.world.now() >= time {
                    self.arrive();
                }
            }
        }
    }

    fn open(&mut self, path: &Path) {
        if is_network(path) {
            return self.open_study(path);
        }
        let opened = open_scene(path).and_then(|opened| {
            let seed = opened.seed.unwrap_or(self.world.seed());
            let notices = opened.scene.notices.clone();
            begin(opened.scene, seed, opened.commands).map(|made| (made, notices)).map_err(|e| e.to_string())
        });
        match opened {
            Ok((made, notices)) => {
                self.put(made);
                self.tell(Told::Opened { path: path.to_owned(), notices });
            }
            Err(why) => self.tell(Told::Refused { path: path.to_owned(), why }),
        }
    }

    /// A network of another tool in front of the world, which stands still.
    fn open_study(&mut self, path: &Path) {
        match open_network(path) {
            Ok(mut run) => {
                let shown = run.solve();
                let resume = self.study.take().map_or(self.playing, |front| front.resume);
                self.playing = false;
                self.number += 1;
                let news = News::World {
                    world: self.number,
                    scene: run.scene(),
                    recorder: Arc::default(),
                    now: shown.0.clone(),
                    study: Some(shown.1.clone()),
                };
                let _ = self.ends.news.send(news);
                self.study = Some(Front { run, shown, resume });
                self.tell(Told::Opened { path: path.to_owned(), notices: Vec::new() });
            }
            Err(why) => self.tell(Told::Refused { path: path.to_owned(), why }),
        }
    }

    /// Levers of a study: its loads and its switches. Time does not pass in it.
    fn obey_study(&mut self, ask: &Ask) {
        let Some(front) = &mut self.study else { return };
        match ask {
            Ask::ScaleLoads(scale) => front.run.set_scale(*scale),
            Ask::Do(Command::Operate { switch, closed }) if front.run.operate(switch, *closed) => {}
            _ => return,
        }
        front.shown = front.run.solve();
    }

    /// Back to the world as it was left, with its history.
    fn close_study(&mut self) {
        let Some(front) = self.study.take() else { return };
        self.playing = front.resume && !self.broken;
        self.number += 1;
        let (scene, now) = (self.world.scene().clone(), Arc::new(self.world.snapshot()));
        let news = News::World { world: self.number, scene, recorder: self.recorder.clone(), now, study: None };
        let _ = self.ends.news.send(news);
    }

    fn save_replay(&mut self, path: &Path) {
        let recorder = self.recorder.read().unwrap_or_else(PoisonError::into_inner);
        let text = Replay::of(&self.world, &recorder).format();
        drop(recorder);
        match write_atomically(path, text.as_bytes()) {
            Ok(()) => self.tell(Told::Saved(path.to_owned())),
            Err(e) => self.tell(Told::Refused { path: path.to_owned(), why: format!("{}: {e}", path.display()) }),
        }
    }

    /// Another world in the place of this one.
    fn put(&mut self, (world, recorder): (World, Arc<RwLock<Recorder>>)) {
        self.pace = Pace::new(self.pace.asked, self.pace.slow_motion);
        self.meter = Meter::new(world.now());
        self.number += 1;
        self.study = None;
        (self.until, self.broken, self.events_sent, self.busy) = (None, false, 0, Duration::ZERO);
        (self.world, self.recorder) = (world, recorder);
        let (scene, now) = (self.world.scene().clone(), Arc::new(self.world.snapshot()));
        let news = News::World { world: self.number, scene, recorder: self.recorder.clone(), now, study: None };
        // A side that is gone is noticed at the next request.
        let _ = self.ends.news.send(news);
        self.send_events();
    }

    fn tell(&self, told: Told) {
        let _ = self.ends.news.send(News::Told(told));
    }

    fn send_events(&mut self) {
        let recorder = self.recorder.read().unwrap_or_else(PoisonError::into_inner);
        for event in recorder.events().get(self.events_sent..).unwrap_or_default() {
            self.pace.hear(event);
            let _ = self.ends.news.send(News::Event { world: self.number, event: Arc::new(event.clone()) });
        }
        self.events_sent = recorder.events().len();
    }

    /// Puts a snapshot into the slot where one is wanted.
    fn publish(&mut self) {
        let age = self.last_beat.elapsed();
        let (slot, old) = &self.ends.slot;
        let wanted = if self.playing { age >= BEAT && (old.is_empty() || age >= STALE) } else { true };
        if !wanted || !self.changed {
            return;
        }
        let (now, study) = match &self.study {
            Some(front) => (front.shown.0.clone(), Some(front.shown.1.clone())),
            None => (Arc::new(self.world.snapshot()), None),
        };
        let beat = Beat { world: self.number, now, study, clock: self.clock() };
        let _ = old.try_recv();
        let _ = slot.try_send(beat);
        self.last_beat = Instant::now();
        // While it plays, the speed reached is news even when the world stands between two steps.
        self.changed = self.playing;
    }
}

/// What a study answers itself, instead of the world behind it.
fn ask_study(ask: &Ask) -> bool {
    matches!(ask, Ask::Do(_) | Ask::Play(_) | Ask::Step | Ask::ScaleLoads(_))
}

/// A world at its start with its recorder.
fn begin(scene: Arc<Scene>, seed: u64, commands: Vec<Timed>) -> Result<(World, Arc<RwLock<Recorder>>), WorldError> {
    let mut world = World::new(scene, seed)?;
    for timed in commands {
        world.plan(timed);
    }
    let mut recorder = Recorder::with_states();
    world.begin(&mut recorder);
    Ok((world, Arc::new(RwLock::new(recorder))))
}

/// Simulated seconds in a second, over the last second.
struct Meter {
    notes: VecDeque<(Instant, SimTime)>,
}

impl Meter {
    fn new(now: SimTime) -> Self {
        Self { notes: VecDeque::from([(Instant::now(), now)]) }
    }

    fn note(&mut self, time: SimTime) {
        let now = Instant::now();
        if self.notes.back().is_none_or(|(at, _)| now - *at > Duration::from_millis(20)) {
            self.notes.push_back((now, time));
        }
        while self.notes.len() > 2 && self.notes.front().is_some_and(|(at, _)| now - *at > Duration::from_secs(1)) {
            self.notes.pop_front();
        }
    }

    fn reached(&self) -> f64 {
        let (Some((a, from)), Some((b, to))) = (self.notes.front(), self.notes.back()) else { return 0.0 };
        to.since(*from) as f64 / SECOND_US as f64 / (*b - *a).as_secs_f64().max(0.05)
    }
}
