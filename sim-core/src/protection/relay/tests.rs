//! Timers, selectivity, backup and reclosing on a hand-made feeder.
