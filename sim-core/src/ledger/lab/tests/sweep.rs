//! The checked-in table of limits against the program, and the shapes that theory gives its curves.

use crate::ledger::lab::outcome::Bound;
use crate::ledger::lab::setup::Mechanism;
use crate::ledger::lab::sweep::{BLOCKS, CSV_HEADER, LATENCIES_US, NODES, Point, Row, encode_csv, get_points, measure};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/limits/consensus.csv");

fn at(mechanism: Mechanism, nodes: u32, block_transactions: u32, latency_us: u64) -> Row {
    measure(Point { mechanism, nodes, block_transactions, latency_us }, 1).expect("a point in range")
}

/// `gridsim bench-limits --csv assets/limits/consensus.csv` makes the table; of each mechanism one row is made again
/// here.
#[test]
fn the_checked_in_table_is_what_the_program_gives() {
    let table = std::fs::read_to_string(TABLE).expect("the table is checked in");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some(CSV_HEADER));
    let points = get_points(&Mechanism::ALL, &NODES, &BLOCKS, &LATENCIES_US);
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.len(), points.len());
    for (point, line) in points.iter().zip(&rows) {
        let start = format!("{},{},{},", point.mechanism.get_name(), point.nodes, point.block_transactions);
        assert!(line.starts_with(&start), "{line}");
        if (point.nodes, point.block_transactions, point.latency_us) == (10, 1_000, 20_000) {
            let row = measure(*point, 1).expect("a point in range");
            assert_eq!(encode_csv(&row), **line, "make the table again: ./x bench limits");
        }
    }
}

/// Where the network's latency bounds it, ten times the block is near ten times the throughput; far more latency is far
/// less of it.
#[test]
fn throughput_grows_with_blocks_and_falls_with_latency() {
    let small = at(Mechanism::Tendermint, 4, 10, 20_000);
    let large = at(Mechanism::Tendermint, 4, 100, 20_000);
    assert_eq!((small.bound, large.bound), (Bound::Latency, Bound::Latency));
    let times = large.transactions_per_s / small.transactions_per_s;
    assert!((7.0..=10.5).contains(&times), "{times}");
    let far = at(Mechanism::Tendermint, 4, 10, 200_000);
    let times = small.transactions_per_s / far.transactions_per_s;
    assert!((7.0..=10.5).contains(&times), "{times}");
}

/// The proposer sends its block to all the others, so more nodes carry less; a mechanism with two rounds of votes
/// carries no more than one that asks a majority once, and one with a fixed period does not notice.
#[test]
fn more_nodes_carry_less_except_where_blocks_wait_for_their_time() {
    let few = at(Mechanism::Tendermint, 4, 1_000, 20_000);
    let many = at(Mechanism::Tendermint, 25, 1_000, 20_000);
    assert!(many.transactions_per_s < few.transactions_per_s / 2.0, "{few:?} {many:?}");
    assert_eq!(many.bound, Bound::Bandwidth);
    for nodes in [4, 25] {
        let row = at(Mechanism::Clique, nodes, 1_000, 20_000);
        assert!((row.transactions_per_s / (1_000.0 / 15.0) - 1.0).abs() < 0.02 && row.bound == Bound::BlockSize);
    }
}
