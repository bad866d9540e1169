//! The light client follows real chains and is not fooled.

use super::{Community, get_blocks};
use crate::ledger::block::{Block, Commit, CommitError, CommitVote, Header, Link};
use crate::ledger::commit::{Finality, get_certificate_message};
use crate::ledger::crypto::Keypair;
use crate::ledger::genesis::{Genesis, VALIDATOR_KEYS};
use crate::ledger::light_client::{LightClient, LightError, Rule, create_inclusion};
use crate::ledger::mechanism::Mechanism;
use crate::ledger::network::NetworkSettings;
use crate::ledger::proof::{ProofError, check_final};
use crate::ledger::types::Parameters;

/// Blocks of two slots with trades, readings and settlements.
fn create_blocks(seed: u64) -> (Genesis, Vec<Block>) {
    let mut community = Community::new(8, seed, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), seed);
    let mut blocks = Vec::new();
    for slot in 0..2 {
        blocks.extend(get_blocks(&community.play_slot(&mut ledger, slot)));
    }
    (community.genesis, blocks)
}

fn follow(genesis: &Genesis, blocks: &[Block]) -> Result<LightClient, LightError> {
    let mut client = LightClient::new(genesis).expect("a valid genesis");
    blocks.iter().try_for_each(|block| client.process_block(block))?;
    Ok(client)
}

/// Headers and commits lead to the same head as the whole chain, for a fraction of its bytes where blocks are large.
#[test]
fn it_follows_a_chain_and_finds_every_transaction() {
    let (genesis, blocks) = create_blocks(1);
    let mut client = follow(&genesis, &blocks).expect("a true chain");
    let last = blocks.last().expect("blocks");
    assert_eq!((client.get_height(), *client.get_head()), (last.header.height, last.header.compute_hash()));
    let mut found = 0;
    for block in &blocks {
        for (index, transaction) in block.transactions.iter().enumerate() {
            let inclusion = create_inclusion(block, index).expect("a place in the block");
            assert_eq!(client.check_inclusion(transaction, &inclusion), Ok(block.header.compute_hash()));
            found += 1;
        }
        assert_eq!(create_inclusion(block, block.transactions.len()), None);
    }
    let bytes = client.get_bytes();
    assert!(found > 30 && bytes.headers * 2 < bytes.full && bytes.proofs > 0, "{found} {bytes:?}");
}

/// Whatever is changed in a header or taken from its votes, it is refused, and the client stands where it stood.
#[test]
fn forged_and_insufficient_headers_are_refused() {
    let (genesis, blocks) = create_blocks(2);
    let (first, rest) = blocks.split_first().expect("blocks");
    let mut client = follow(&genesis, std::slice::from_ref(first)).expect("a true block");
    let before = client.clone();
    let next = &rest[0];
    let mut refuse = |change: fn(&mut Block)| {
        let mut forged = next.clone();
        change(&mut forged);
        client.process_block(&forged).expect_err("forged")
    };
    assert!(matches!(refuse(|b| b.header.height += 1), LightError::Height { expected: 2, found: 3 }));
    assert!(matches!(refuse(|b| b.header.previous[0] ^= 1), LightError::Previous { height: 2, .. }));
    assert!(matches!(refuse(|b| b.header.validators[31] ^= 1), LightError::Validators { height: 2 }));
    assert!(matches!(refuse(|b| b.header.time_us = 0), LightError::Time { height: 2, .. }));
    let reason = |error| match error {
        LightError::Commit { height: 2, reason } => reason,
        other => panic!("{other}"),
    };
    let changes: [fn(&mut Block); 5] = [
        |b| b.header.tx_root[5] ^= 1,
        |b| b.header.state_root[5] ^= 1,
        |b| b.header.proposer ^= 1,
        |b| b.commit.round += 1,
        |b| b.commit.votes[1].signature.s[0] ^= 1,
    ];
    for change in changes {
        assert!(matches!(reason(refuse(change)), CommitError::Signature { .. }));
    }
    let few = reason(refuse(|b| b.commit.votes.truncate(4)));
    assert_eq!(few, CommitError::Power { power: 4, total: 7, needed: "two thirds" });
    let twice = reason(refuse(|b| b.commit.votes[1] = b.commit.votes[0]));
    assert!(matches!(twice, CommitError::Validator { index: 1, .. }));
    assert_eq!(client, before);
    assert_eq!(client.process_block(next), Ok(()));
}

/// The head of another chain, with other or with the same validators, is not that of this one; heights are not skipped.
#[test]
fn foreign_headers_and_gaps_are_refused() {
    let (genesis, blocks) = create_blocks(3);
    let (_, foreign) = create_blocks(4);
    assert!(matches!(follow(&genesis, &foreign), Err(LightError::Previous { height: 1, .. })));
    let mut renamed = genesis.clone();
    renamed.name = "another".to_owned();
    assert!(matches!(follow(&renamed, &blocks), Err(LightError::Previous { height: 1, .. })));
    assert!(matches!(follow(&genesis, &blocks[1..]), Err(LightError::Height { expected: 1, found: 2 })));
}

/// A transaction elsewhere, another one, a changed path, a height not known: each is refused.
#[test]
fn false_inclusions_are_refused() {
    let (genesis, blocks) = create_blocks(5);
    let mut client = follow(&genesis, &blocks).expect("a true chain");
    let block = blocks.iter().find(|b| b.transactions.len() > 3).expect("a block with some");
    let (right, other) = (&block.transactions[1], &block.transactions[2]);
    let good = create_inclusion(block, 1).expect("a place in the block");
    assert!(client.check_inclusion(right, &good).is_ok());
    assert!(matches!(client.check_inclusion(other, &good), Err(LightError::Path { .. })));
    let mut bent = good.clone();
    bent.path[0][0] ^= 1;
    assert!(matches!(client.check_inclusion(right, &bent), Err(LightError::Path { .. })));
    let moved = crate::ledger::light_client::Inclusion { index: 2, ..good.clone() };
    assert!(matches!(client.check_inclusion(right, &moved), Err(LightError::Path { .. })));
    let beyond = crate::ledger::light_client::Inclusion { height: 999, ..good };
    assert!(matches!(client.check_inclusion(right, &beyond), Err(LightError::Unknown { height: 999, .. })));
}

/// A certificate does not say itself which rule it is measured by: one validator that seals a block of its own as a miner
/// would, with a dozen more upon it, commits nothing on a chain of two thirds; nor is a proof of it worth anything.
#[test]
fn one_validator_cannot_seal_by_another_mechanisms_rule() {
    let (genesis, blocks) = create_blocks(4);
    let key = Keypair::derive(4, VALIDATOR_KEYS, &genesis.validators[3].name);
    assert_eq!(key.get_address(), genesis.validators[3].key);
    let chain = genesis.compute_hash();
    let seal = |header: &Header| {
        let hash = header.compute_hash();
        key.sign(&get_certificate_message(Mechanism::Work, &chain, header.height, 0, &hash))
    };
    let mut header = blocks[0].header.clone();
    (header.proposer, header.difficulty, header.nonce) = (3, 1, 0);
    let mut branch: Vec<Link> = Vec::new();
    for _ in 0..12 {
        let below = branch.last().map_or(&header, |link| &link.header);
        let above = Header { height: below.height + 1, previous: below.compute_hash(), ..header.clone() };
        branch.push(Link { seal: seal(&above), header: above });
    }
    let votes = vec![CommitVote { validator: 3, signature: seal(&header) }];
    let commit = Commit { mechanism: Mechanism::Work, round: 0, votes, branch };
    let hash = header.compute_hash();
    let wrong = CommitError::Mechanism { expected: Mechanism::Tendermint, found: Mechanism::Work };
    assert_eq!(commit.validate(&Finality::of(&genesis, &chain), &header, &hash), Err(wrong));
    for mut client in
        [LightClient::new(&genesis).expect("valid"), LightClient::resume(chain, Rule::of(&genesis), 0, chain, 0)]
    {
        let refused = client.process_header(&header, &commit).expect_err("one seal");
        assert_eq!(refused, LightError::Commit { height: 1, reason: wrong });
    }
    // On a chain of miners it is too light, and with a genesis that says so the chain is another.
    let mut other = genesis.clone();
    other.parameters.mechanism = Mechanism::Work;
    let light = CommitError::Difficulty { difficulty: 1 };
    assert_eq!(commit.validate(&Finality::of(&other, &chain), &header, &hash), Err(light));
    let forged = |genesis: &Genesis| check_final(genesis, &chain, (&header, &hash), &commit);
    assert!(matches!(forged(&genesis), Err(ProofError::Invalid { field: "commit", .. })));
    assert!(matches!(forged(&other), Err(ProofError::Invalid { field: "chain", .. })));
}
