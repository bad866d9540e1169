//! Sizes of messages against the encodings of a real chain.

use crate::ledger::block::{VoteKind, get_proposal_message, get_vote_message};
use crate::ledger::crypto::encode;
use crate::ledger::lab::sizes::Sizes;
use crate::ledger::network::NetworkSettings;
use crate::ledger::tests::{Community, get_blocks, seconds};
use crate::ledger::types::{Parameters, Payload};

fn is_near(size: u64, bytes: usize) -> bool {
    let bytes = bytes as u64;
    size.abs_diff(bytes) * 10 <= bytes
}

/// What the laboratory counts for header, transaction and votes is what a block of the community's chain takes, within
/// a tenth.
#[test]
fn sizes_are_those_of_a_real_block() {
    let mut community = Community::new(20, 1, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 1);
    community.trade(&mut ledger, seconds(1), 40);
    let metered = community.draw_metered();
    community.read(&mut ledger, seconds(1), 30, &metered);
    let blocks = get_blocks(&ledger.advance(seconds(60), &[]));
    let block = blocks.iter().find(|b| b.transactions.len() > 30).expect("a block with orders and readings");
    let small = block.transactions.iter().filter(|t| matches!(t.payload, Payload::Order(_) | Payload::MeterReading(_)));
    let lengths: Vec<usize> = small.map(|t| t.encode().len()).collect();
    let (chain, hash) = (*ledger.get_chain(), block.header.compute_hash());
    let vote = get_vote_message(&chain, VoteKind::Precommit, block.header.height, 0, Some(&hash)).len() + 64 + 4;
    let proposal = get_proposal_message(&chain, block.header.height, 0, &hash, None).len() + 64 + 4;
    let real = [
        ("header", encode("header", &block.header).len()),
        ("transaction", lengths.iter().sum::<usize>() / lengths.len()),
        ("vote", vote),
        ("proposal", proposal),
        ("commit vote", postcard::to_stdvec(&block.commit.votes[0]).expect("it serialises").len()),
    ];
    let s = Sizes::default();
    let ours = [s.header, s.transaction, s.vote, s.proposal, s.commit_vote];
    let differ: Vec<_> = real.iter().zip(ours).filter(|((_, bytes), size)| !is_near(*size, *bytes)).collect();
    assert!(differ.is_empty(), "{differ:?} of {real:?}");
}
