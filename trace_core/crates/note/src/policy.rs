//! Whose signatures a checkpoint needs (c2sp.org/tlog-policy).

use std::collections::HashMap;

use crate::{Checkpoint, KeyKind, Note, NoteSignature, PolicyError, VerifierKey, open};

/// Longest policy that is read.
pub const POLICY_BYTES_MAX: usize = 1 << 20;
/// Most logs, most witnesses and most groups of a policy. The specification asks for 32 or more of each.
pub const POLICY_MEMBERS_MAX: usize = 64;

/// Logs, witnesses and the quorum that makes a checkpoint valid.
#[derive(Clone, Debug)]
pub struct Policy {
    logs: Vec<Party>,
    witnesses: Vec<Party>,
    log_keys: Vec<VerifierKey>,
    witness_keys: Vec<VerifierKey>,
    quorum: Rule,
}

/// A log or witness of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// How the policy calls a witness; for a log the name of its key, which is its origin.
    pub name: String,
    /// The key as it stands in the policy.
    pub vkey: String,
    /// Where it is reached, if the policy says.
    pub url: Option<String>,
}

/// Whether enough have cosigned.
#[derive(Clone, Debug)]
enum Rule {
    Nobody,
    Witness(usize),
    Group { threshold: usize, members: Vec<Rule> },
}

/// A checkpoint that a policy takes as valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The witnesses that cosigned it, as the policy calls them, and when, in seconds since 1970.
    pub cosigned: Vec<(String, u64)>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] with the number of the line, counted from 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong);
        }
        let mut reader = Reader::default();
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            reader.line(line).map_err(|reason| PolicyError::Line(number + 1, reason))?;
        }
        reader.finish()
    }

    /// The logs, in the order of the file.
    #[must_use]
    pub fn logs(&self) -> &[Party] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    #[must_use]
    pub fn witnesses(&self) -> &[Party] {
        &self.witnesses
    }

    /// Checks a checkpoint.
    ///
    /// (1) It is signed by a log of the policy, under its own origin. (2) Every signature that names a key of the
    /// policy is good. (3) The witnesses that cosigned it are a quorum.
    ///
    /// # Errors
    /// [`PolicyError`]; then nothing in the note may be believed.
    pub fn check(&self, note: &[u8]) -> Result<Approved, PolicyError> {
        // (1)
        let signed = open(note, &self.log_keys)?;
        let checkpoint: Checkpoint = signed.note.text().parse()?;
        if !signed.verified.iter().any(|verified| verified.key.name() == checkpoint.origin()) {
            return Err(PolicyError::Origin);
        }
        // (2)
        let cosigned = match open(note, &self.witness_keys) {
            Ok(opened) => opened
                .verified
                .iter()
                .filter_map(|verified| Some((self.witness(verified.key)?, verified.time_s?)))
                .collect(),
            Err(crate::NoteError::Unverified) => Vec::new(),
            Err(refused) => return Err(refused.into()),
        };
        // (3)
        if !self.is_quorum(&cosigned) {
            return Err(PolicyError::Quorum);
        }
        let cosigned = cosigned
            .into_iter()
            .map(|(place, time_s)| (self.witnesses[place].name.clone(), time_s))
            .collect();
        Ok(Approved { checkpoint, cosigned })
    }

    /// Adds to a checkpoint what a witness answered: those of its lines that a witness of this policy has made over
    /// this checkpoint. Others are left out without a word, as the witness protocol says.
    ///
    /// # Errors
    /// If the note is none, or would become too long.
    pub fn add_cosignatures(&self, note: &[u8], answer: &[u8]) -> Result<Note, PolicyError> {
        let note = Note::parse(note)?;
        let text = str::from_utf8(answer).unwrap_or_default();
        let good: Vec<NoteSignature> = text
            .split('\n')
            .filter_map(NoteSignature::parse)
            .filter(|signature| {
                let by = |key: &VerifierKey| {
                    key.is_named_by(signature) && key.check(note.text(), signature).is_ok()
                };
                self.witness_keys.iter().any(by)
            })
            .collect();
        Ok(note.with(good)?)
    }

    fn witness(&self, key: &VerifierKey) -> Option<usize> {
        self.witness_keys.iter().position(|known| known == key)
    }

    fn is_quorum(&self, cosigned: &[(usize, u64)]) -> bool {
        fn holds(rule: &Rule, cosigned: &[(usize, u64)]) -> bool {
            match rule {
                Rule::Nobody => true,
                Rule::Witness(place) => cosigned.iter().any(|(by, _)| by == place),
                Rule::Group { threshold, members } => {
                    members.iter().filter(|member| holds(member, cosigned)).count() >= *threshold
                }
            }
        }
        holds(&self.quorum, cosigned)
    }
}

/// A policy in the making.
#[derive(Default)]
struct Reader {
    logs: Vec<Party>,
    witnesses: Vec<Party>,
    log_keys: Vec<VerifierKey>,
    witness_keys: Vec<VerifierKey>,
    groups: usize,
    /// What a name means, and whether some group has it as a member: nothing can count twice.
    rules: HashMap<Vec<u8>, (Rule, bool)>,
    quorum: Option<Rule>,
}

type Refused = &'static str;

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), Refused> {
        if line.iter().any(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err("a control character");
        }
        let mut words = line.split(|&byte| byte == b' ' || byte == b'\t').filter(|word| !word.is_empty());
        let Some(keyword) = words.next().filter(|word| !word.starts_with(b"#")) else { return Ok(()) };
        let words: Vec<&[u8]> = words.collect();
        match (keyword, words.as_slice()) {
            (b"log", [vkey]) => self.log(vkey, None),
            (b"log", [vkey, url]) => self.log(vkey, Some(url)),
            (b"witness", [name, vkey]) => self.witness(name, vkey, None),
            (b"witness", [name, vkey, url]) => self.witness(name, vkey, Some(url)),
            (b"group", [name, threshold, members @ ..]) => self.group(name, threshold, members),
            (b"quorum", [name]) => self.set_quorum(name),
            (b"log" | b"witness" | b"group" | b"quorum", _) => Err("too few or too many words"),
            _ => Err("neither log, witness, group nor quorum"),
        }
    }

    fn log(&mut self, vkey: &[u8], url: Option<&[u8]>) -> Result<(), Refused> {
        let (key, party) = party(None, vkey, url)?;
        if key.kind() == KeyKind::Cosignature {
            return Err("a log's key is of type 0x01 or 0x06");
        }
        add(&mut self.log_keys, &self.witness_keys, key)?;
        self.logs.push(party);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8], url: Option<&[u8]>) -> Result<(), Refused> {
        let (key, party) = party(Some(name), vkey, url)?;
        if key.kind() == KeyKind::Ed25519 {
            return Err("a witness' key is of type 0x04 or 0x06");
        }
        let place = self.witnesses.len();
        add(&mut self.witness_keys, &self.log_keys, key)?;
        self.witnesses.push(party);
        self.define(name, Rule::Witness(place))
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), Refused> {
        self.groups += 1;
        if self.groups > POLICY_MEMBERS_MAX {
            return Err("too many groups");
        }
        let threshold = match threshold {
            b"any" => 1,
            b"all" => members.len(),
            number => decimal(number).ok_or("a threshold is any, all or a number")?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err("a threshold is from 1 to the number of members");
        }
        let taken = members.iter().map(|member| {
            let (rule, is_member) = self.rules.get_mut(*member).ok_or("a member is not defined before")?;
            let is_free = !std::mem::replace(is_member, true);
            if is_free { Ok(rule.clone()) } else { Err("a member belongs to a group already") }
        });
        let members = taken.collect::<Result<_, _>>()?;
        self.define(name, Rule::Group { threshold, members })
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), Refused> {
        if name == b"none" {
            return Err("the name none means that no witness is needed");
        }
        let is_new = self.rules.insert(name.to_vec(), (rule, false)).is_none();
        if is_new { Ok(()) } else { Err("a name is defined twice") }
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<(), Refused> {
        let rule = if name == b"none" {
            Rule::Nobody
        } else {
            self.rules.get(name).ok_or("the quorum is not defined before")?.0.clone()
        };
        let is_first = self.quorum.replace(rule).is_none();
        if is_first { Ok(()) } else { Err("a second quorum") }
    }

    fn finish(self) -> Result<Policy, PolicyError> {
        let Self { logs, witnesses, log_keys, witness_keys, quorum, .. } = self;
        let quorum = quorum.ok_or(PolicyError::NoQuorum)?;
        Ok(Policy { logs, witnesses, log_keys, witness_keys, quorum })
    }
}

fn party(name: Option<&[u8]>, vkey: &[u8], url: Option<&[u8]>) -> Result<(VerifierKey, Party), Refused> {
    let vkey = str::from_utf8(vkey).map_err(|_| "a key is no vkey")?;
    let key: VerifierKey = vkey.parse().map_err(|_| "a key is no vkey")?;
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let name = name.map_or_else(|| key.name().to_owned(), shown);
    Ok((key, Party { name, vkey: vkey.to_owned(), url: url.map(shown) }))
}

/// Adds a key unless it, or another one of the same public key, is there or among the others: a log that is its own
/// witness would be none.
fn add(keys: &mut Vec<VerifierKey>, others: &[VerifierKey], key: VerifierKey) -> Result<(), Refused> {
    if keys.len() == POLICY_MEMBERS_MAX {
        return Err("too many logs or witnesses");
    }
    if keys.iter().chain(others).any(|known| known.public_key() == key.public_key()) {
        return Err("a public key stands there twice");
    }
    keys.push(key);
    Ok(())
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let text = str::from_utf8(digits).ok()?;
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'))
}
