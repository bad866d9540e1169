//! Recomputes published test vectors: ed25519 (RFC 8032), SHA-256 (FIPS 180-4), Merkle trees (RFC 6962).
//!
//! A file is known by its keys: `vectors` of `seed` (sign), of `valid` (verify), of `leafIdx` or `size1` (official Merkle
//! proofs, base64), `leaves_hex` (roots and proofs), `fips` and `cavp` (SHA-256). The answer has the same lists with what
//! was computed, or `accept`, and `agree` and `differ` count the entries against what the file expects.

use super::crypto::{Address, Keypair, Signature, compute_hash, is_valid_signature};
use super::merkle::{
    compute_consistency_proof, compute_inclusion_proof, compute_leaf_hash, compute_root, is_consistent, is_included,
};
use crate::digest::{Hash, hex};
use serde_json::{Map, Value, json};

/// Why a file of vectors cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// Not JSON.
    #[error("line {line}, column {column}: {reason}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// No list that is known.
    #[error("expected a list `vectors`, `leaves_hex`, or `fips` and `cavp`")]
    Kind,
    /// An entry without a field, or with an unusable one.
    #[error("entry {index}: field `{field}` is missing or unusable")]
    Field {
        /// Place of the entry.
        index: usize,
        /// Which field.
        field: &'static str,
    },
}

struct Entry<'a> {
    index: usize,
    value: &'a Value,
}

impl Entry<'_> {
    fn bad(&self, field: &'static str) -> VectorError {
        VectorError::Field { index: self.index, field }
    }
    fn text(&self, field: &'static str) -> Result<&str, VectorError> {
        self.value[field].as_str().ok_or_else(|| self.bad(field))
    }
    fn hex(&self, field: &'static str) -> Result<Vec<u8>, VectorError> {
        unhex_any(self.text(field)?).ok_or_else(|| self.bad(field))
    }
    fn hash(&self, field: &'static str) -> Result<Hash, VectorError> {
        self.hex(field)?.try_into().map_err(|_| self.bad(field))
    }
    fn number(&self, field: &'static str) -> Result<u64, VectorError> {
        self.value[field].as_u64().ok_or_else(|| self.bad(field))
    }
    fn size(&self, field: &'static str) -> Result<usize, VectorError> {
        usize::try_from(self.number(field)?).map_err(|_| self.bad(field))
    }
    /// A list of hashes in base64; `None` where one is no hash, which a verifier rejects.
    fn proof(&self, field: &'static str) -> Result<Option<Vec<Hash>>, VectorError> {
        match &self.value[field] {
            Value::Null => Ok(Some(Vec::new())),
            Value::Array(items) => Ok(items.iter().map(|v| v.as_str().and_then(hash_of_base64)).collect()),
            _ => Err(self.bad(field)),
        }
    }
}

/// Computes every vector of a file.
///
/// # Errors
/// When it is no JSON or no file of vectors.
pub fn compute(text: &str) -> Result<Value, VectorError> {
    let file: Value = serde_json::from_str(text).map_err(|e| VectorError::Json {
        line: e.line(),
        column: e.column(),
        reason: e.to_string(),
    })?;
    let mut answer = Map::new();
    let first = &file["vectors"][0];
    if first["seed"].is_string() {
        answer.insert("vectors".into(), each(&file["vectors"], compute_signature)?);
    } else if first["valid"].is_boolean() {
        answer.insert("vectors".into(), each(&file["vectors"], check_signature)?);
    } else if first["leafIdx"].is_number() {
        answer.insert("vectors".into(), each(&file["vectors"], check_inclusion)?);
    } else if first["size1"].is_number() {
        answer.insert("vectors".into(), each(&file["vectors"], check_consistency)?);
    } else if file["leaves_hex"].is_array() {
        compute_tree(&file, &mut answer)?;
    } else if file["fips"].is_array() || file["cavp"].is_array() {
        answer.insert("fips".into(), each(&file["fips"], compute_sha256)?);
        answer.insert("cavp".into(), each(&file["cavp"], compute_sha256)?);
    } else {
        return Err(VectorError::Kind);
    }
    let entries = || answer.values().filter_map(Value::as_array).flatten();
    let agree = entries().filter(|v| v["agrees"] == true).count();
    let differ = entries().count() - agree;
    answer.insert("agree".into(), agree.into());
    answer.insert("differ".into(), differ.into());
    Ok(Value::Object(answer))
}

fn each(list: &Value, compute: impl Fn(&Entry<'_>) -> Result<Value, VectorError>) -> Result<Value, VectorError> {
    let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().enumerate().map(|(index, value)| compute(&Entry { index, value })).collect()
}

fn compute_signature(e: &Entry<'_>) -> Result<Value, VectorError> {
    let (key, message) = (Keypair::from(e.hash("seed")?), e.hex("msg")?);
    let (pk, signature) = (key.get_address(), key.sign(&message));
    let sig = hex(&signature.to_bytes());
    let agrees = hex(&pk.0) == e.text("pk")? && sig == e.text("sig")? && is_valid_signature(&pk, &message, &signature);
    Ok(json!({"pk": hex(&pk.0), "sig": sig, "agrees": agrees}))
}

fn check_signature(e: &Entry<'_>) -> Result<Value, VectorError> {
    let (pk, sig, message) = (e.hex("pk")?, e.hex("sig")?, e.hex("msg")?);
    let accept = match (<Hash>::try_from(pk), <[u8; 64]>::try_from(sig)) {
        (Ok(pk), Ok(sig)) => is_valid_signature(&Address(pk), &message, &Signature::from_bytes(&sig)),
        _ => false,
    };
    Ok(json!({"accept": accept, "agrees": e.value["valid"] == accept}))
}

fn check_inclusion(e: &Entry<'_>) -> Result<Value, VectorError> {
    let (root, leaf) = (hash_of_base64(e.text("root")?), hash_of_base64(e.text("leafHash")?));
    let (index, size) = (e.number("leafIdx")?, e.number("treeSize")?);
    let accept = match (root, leaf, e.proof("proof")?) {
        (Some(root), Some(leaf), Some(proof)) => is_included(&leaf, index, size, &proof, &root),
        _ => false,
    };
    Ok(json!({"accept": accept, "agrees": e.value["wantErr"] == !accept}))
}

fn check_consistency(e: &Entry<'_>) -> Result<Value, VectorError> {
    let (root1, root2) = (hash_of_base64(e.text("root1")?), hash_of_base64(e.text("root2")?));
    let (size1, size2) = (e.number("size1")?, e.number("size2")?);
    let accept = match (root1, root2, e.proof("proof")?) {
        (Some(root1), Some(root2), Some(proof)) => is_consistent(size1, size2, &root1, &root2, &proof),
        _ => false,
    };
    Ok(json!({"accept": accept, "agrees": e.value["wantErr"] == !accept}))
}

fn compute_tree(file: &Value, answer: &mut Map<String, Value>) -> Result<(), VectorError> {
    let leaf = |(index, v): (usize, &Value)| {
        let data = v.as_str().and_then(unhex_any).ok_or(VectorError::Field { index, field: "leaves_hex" })?;
        Ok(compute_leaf_hash(&data))
    };
    let list = file["leaves_hex"].as_array().map(Vec::as_slice).unwrap_or_default();
    let leaves: Vec<Hash> = list.iter().enumerate().map(leaf).collect::<Result<_, _>>()?;
    let root = |e: &Entry<'_>| {
        let computed = leaves.get(..=e.index).map(|part| hex(&compute_root(part))).ok_or_else(|| e.bad("roots"))?;
        Ok(json!({"root": computed, "agrees": e.value == &computed}))
    };
    answer.insert("roots".into(), each(&file["roots"], root)?);
    let spell = |proof: Vec<Hash>, e: &Entry<'_>, holds: bool| {
        let proof: Vec<String> = proof.iter().map(|h| hex(h)).collect();
        let agrees = holds && e.value["proof"] == json!(proof);
        json!({"proof": proof, "agrees": agrees})
    };
    let inclusion = |e: &Entry<'_>| {
        let (index, size) = (e.size("leaf_index")?, e.size("tree_size")?);
        let part = leaves.get(..size).ok_or_else(|| e.bad("tree_size"))?;
        let proof = compute_inclusion_proof(part, index).ok_or_else(|| e.bad("leaf_index"))?;
        let holds = is_included(&part[index], index as u64, size as u64, &proof, &compute_root(part));
        Ok(spell(proof, e, holds))
    };
    answer.insert("inclusion".into(), each(&file["inclusion"], inclusion)?);
    let consistency = |e: &Entry<'_>| {
        let (old, new) = (e.size("size1")?, e.size("size2")?);
        let part = leaves.get(..new).ok_or_else(|| e.bad("size2"))?;
        let proof = compute_consistency_proof(part, old).ok_or_else(|| e.bad("size1"))?;
        let roots = (compute_root(&part[..old]), compute_root(part));
        let holds = is_consistent(old as u64, new as u64, &roots.0, &roots.1, &proof);
        Ok(spell(proof, e, holds))
    };
    answer.insert("consistency".into(), each(&file["consistency"], consistency)?);
    Ok(())
}

/// Longest message a vector may ask to repeat, in bytes.
const MAX_REPEAT: u64 = 100_000_000;

fn compute_sha256(e: &Entry<'_>) -> Result<Value, VectorError> {
    let message = if let Some(unit) = e.value["repeat"][0].as_str() {
        let times = e.value["repeat"][1].as_u64().filter(|n| n * (unit.len() as u64) <= MAX_REPEAT);
        unit.repeat(times.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| e.bad("repeat"))?).into_bytes()
    } else if let Some(text) = e.value["msg_ascii"].as_str() {
        text.as_bytes().to_vec()
    } else {
        let mut bytes = e.hex("msg")?;
        bytes.truncate(e.size("len_bits")? / 8);
        bytes
    };
    let md = hex(&compute_hash(&message));
    Ok(json!({"agrees": e.value["md"] == md, "md": md}))
}

fn unhex_any(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|p| Some(digit(p[0])? << 4 | digit(*p.get(1)?)?)).collect()
}

/// A hash in base64 (RFC 4648, section 4, padded).
fn hash_of_base64(text: &str) -> Option<Hash> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for b in text.trim_end_matches('=').bytes() {
        bits = (bits << 6) | u32::from(digit(b)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file of `refs/ledger` agrees in every entry; where the folder is missing, says how many are left out.
    #[test]
    fn all_reference_vectors_agree() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/ledger/");
        let files = [
            ("ed25519_sign", 25),
            ("ed25519_reject", 30),
            ("sha256", 42),
            ("merkle_ct8", 80),
            ("merkle_67", 98),
            ("merkle_inclusion_official", 59),
            ("merkle_consistency_official", 59),
        ];
        for (name, least) in files {
            let Ok(text) = std::fs::read_to_string(format!("{folder}{name}.json")) else {
                eprintln!("{name}.json is not here: {least} cases left out");
                continue;
            };
            let answer = compute(&text).expect("a file of vectors");
            assert_eq!(answer["differ"], 0, "{name}: {answer}");
            assert!(answer["agree"].as_u64().expect("a count") >= least, "{name}: {}", answer["agree"]);
        }
    }

    /// RFC 8032 section 7.1, tests 1 to 3, and the examples of FIPS 180-4, retyped for a clone without the references.
    #[test]
    fn published_cases_agree() {
        let sign = r#"{"vectors":[
            {"seed":"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60","msg":"",
             "pk":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
             "sig":"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
            {"seed":"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb","msg":"72",
             "pk":"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
             "sig":"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
            {"seed":"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7","msg":"af82",
             "pk":"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
             "sig":"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}]}"#;
        let sha = r#"{"fips":[
            {"msg_ascii":"abc","md":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
            {"repeat":["a",1000000],"md":"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}],"cavp":[]}"#;
        for (text, count) in [(sign, 3), (sha, 2)] {
            let answer = compute(text).expect("a file of vectors");
            assert_eq!((&answer["agree"], &answer["differ"]), (&json!(count), &json!(0)), "{answer}");
        }
        assert_eq!(compute("{}"), Err(VectorError::Kind));
        assert!(matches!(compute("{"), Err(VectorError::Json { line: 1, .. })));
    }
}
