//! The network of peers: shapes, times, queues, cuts.

use crate::ledger::Reach;
use crate::ledger::lab::mesh::{LinkSettings, Mesh, Path};
use crate::ledger::lab::topology::{Topology, TopologyError};
use proptest::prelude::*;

fn plain(bits_per_s: u64) -> LinkSettings {
    LinkSettings { latency_us: 1_000, jitter_us: 0, loss_per_mille: 0, retransmit_us: 200_000, bits_per_s }
}

fn mesh(topology: &Topology, nodes: u32, settings: LinkSettings, interface: u64) -> Mesh {
    Mesh::new(topology, nodes, settings, interface, 1).expect("a network")
}

#[test]
fn shapes_have_their_number_of_links() {
    let count = |topology: Topology, nodes| topology.compute_edges(nodes, 1).expect("a network").len();
    assert_eq!(count(Topology::Full, 10), 45);
    assert_eq!(count(Topology::Ring, 10), 10);
    assert_eq!(count(Topology::Star, 10), 9);
    assert_eq!(count(Topology::Regular { degree: 4 }, 100), 200);
    assert_eq!(count(Topology::Edges(vec![(1, 0), (1, 2), (0, 1)]), 3), 2);
}

#[test]
fn what_is_no_network_is_refused_with_its_numbers() {
    let refuse = |topology: Topology, nodes| topology.compute_edges(nodes, 1).expect_err("no network");
    assert_eq!(refuse(Topology::Edges(vec![(0, 1)]), 3), TopologyError::Apart { nodes: 3, reached: 2 });
    assert_eq!(refuse(Topology::Edges(vec![(0, 3)]), 3), TopologyError::Edge { a: 0, b: 3, last: 2 });
    assert_eq!(refuse(Topology::Regular { degree: 3 }, 5), TopologyError::Degree { nodes: 5, degree: 3 });
    assert_eq!(refuse(Topology::Full, 0), TopologyError::Nodes { nodes: 0 });
}

/// 1,460 bytes are 1,500 on the wire: 12,000 bits take 1.2 ms at 10 Mbit/s; the next message waits for the first.
#[test]
fn a_message_occupies_its_link_and_the_next_one_waits() {
    let mut mesh = mesh(&Topology::Ring, 3, plain(10_000_000), 0);
    let mut send = |now, to| mesh.transmit(now, 0, to, 1_460, Path::default()).expect("open").0;
    assert_eq!([send(0, 1), send(0, 1), send(0, 2), send(10_000, 1)], [2_200, 3_400, 2_200, 12_200]);
    let lanes: Vec<u64> = mesh.get_lanes().map(|(_, traffic)| traffic.bytes).collect();
    assert_eq!(lanes.iter().sum::<u64>(), 4 * 1_500);
}

#[test]
fn an_interface_is_shared_by_all_links_of_its_node() {
    let mut mesh = mesh(&Topology::Full, 4, plain(0), 10_000_000);
    let mut send = |to| mesh.transmit(0, 0, to, 1_460, Path::default()).expect("open").0;
    assert_eq!([send(1), send(2), send(3)], [2_200, 3_400, 4_600]);
}

/// With a loss of one half a message needs two tries in the mean; each occupies the link.
#[test]
fn lost_tries_are_repeated_and_cost_their_bytes() {
    let settings = LinkSettings { loss_per_mille: 500, ..plain(0) };
    let mut mesh = mesh(&Topology::Full, 2, settings, 0);
    let times: Vec<u64> = (0..2_000).map(|_| mesh.transmit(0, 0, 1, 100, Path::default()).expect("open").0).collect();
    assert!(times.iter().all(|t| (t - 1_000) % 200_000 == 0));
    let tries = mesh.get_interfaces().map(|t| t.messages).sum::<u64>();
    assert!((3_800..4_200).contains(&tries), "{tries}");
}

#[test]
fn cuts_and_lost_power_close_links_and_routes_go_around() {
    let mut mesh = mesh(&Topology::Ring, 6, plain(0), 0);
    assert_eq!((mesh.get_next_hop(0, 2), mesh.get_next_hop(0, 5)), (Some(1), Some(5)));
    mesh.set_reach(1, Reach { powered: false, connected: true });
    assert_eq!(mesh.get_next_hop(0, 2), Some(5));
    assert_eq!(mesh.compute_parts(), [0, 1, 0, 0, 0, 0]);
    mesh.cut(&[2, 3]);
    assert_eq!((mesh.get_next_hop(0, 2), mesh.compute_parts()), (None, vec![0, 1, 2, 2, 0, 0]));
    assert!(mesh.transmit(0, 3, 4, 10, Path::default()).is_none());
    mesh.heal(&[2, 3]);
    mesh.set_reach(1, Reach::FULL);
    assert_eq!((mesh.get_next_hop(0, 2), mesh.compute_parts()), (Some(1), vec![0; 6]));
}

proptest! {
    #[test]
    fn every_random_regular_network_is_one_and_regular(half in 3_u32..40, degree in 2_u32..5, seed in any::<u64>()) {
        let nodes = 2 * half;
        let edges = Topology::Regular { degree }.compute_edges(nodes, seed).expect("a network");
        for node in 0..nodes {
            prop_assert_eq!(edges.iter().filter(|(a, b)| *a == node || *b == node).count(), degree as usize);
        }
    }

    #[test]
    fn a_path_sums_to_the_time(bytes in 0_u64..100_000, now in 0_u64..1_000_000, loss in 0_u32..900) {
        let settings = LinkSettings { jitter_us: 500, loss_per_mille: loss, ..plain(1_000_000) };
        let mut mesh = mesh(&Topology::Full, 2, settings, 5_000_000);
        let start = Path { waiting_us: now, ..Path::default() };
        for _ in 0..3 {
            let (at, path) = mesh.transmit(now, 0, 1, bytes, start).expect("open");
            prop_assert_eq!(path.get_total(), at);
        }
    }
}
