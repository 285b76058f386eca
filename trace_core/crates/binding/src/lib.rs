//! The core as a Python module: convert, release the GIL, call, convert. `_native.pyi` is its manual.
#![forbid(unsafe_code)]
#![expect(clippy::needless_pass_by_value, reason = "pyo3 hands arguments over by value")]

mod authorship;
mod capture;
mod check_entries;
mod cose;
mod error;
mod event;
mod facts;
mod gs1;
mod lineage;
mod merkle;
mod note;
mod signature;
mod simulate;
mod terms;
mod vindex;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::authorship::{
        Authorship, EventSigners, PartnerKey, PartnerSigner, check_signed, content_digests,
    };
    #[pymodule_export]
    use super::capture::{
        Blinding, Copies, PreparedCapture, event_hash_ids, event_prehashes, issuer_of, json_of_xml,
        prepare_capture, split_document, xml_of_json,
    };
    #[pymodule_export]
    use super::check_entries::{EventCheck, join_entries};
    #[pymodule_export]
    use super::cose::{check_cose_receipt, cose_receipt};
    #[pymodule_export]
    use super::error::{CaptureError, ProofError, ScanError, SignatureError, TraceError};
    #[pymodule_export]
    use super::event::{
        OpenedEvent, bare_event, check_disclosed, disclose_fields, entry_tokens, open_event, read_bodies,
        read_entry, with_keys, without_body,
    };
    #[pymodule_export]
    use super::gs1::{Scan, item_key, scan};
    #[pymodule_export]
    use super::lineage::{Walk, Wanted};
    #[pymodule_export]
    use super::merkle::{
        TreeExtension, TreeRebuild, check_consistency, check_inclusion, check_inclusions,
        check_subtree_consistency, consistency_tiles, edge_tiles, entry_hashes, extend_tree, hash_lists_json,
        inclusion_tiles, leaf_hash, parse_tile_path, prove_consistency, prove_inclusions,
        prove_subtree_consistency, root_hash, subtree_tiles, tile_path,
    };
    #[pymodule_export]
    use super::note::{
        CosignRequest, LogPolicy, NoteSigner, checkpoint_size, open_checkpoint, read_log_proof,
        sign_checkpoint, write_log_proof,
    };
    #[pymodule_export]
    use super::signature::{check_signature, check_signatures};
    #[pymodule_export]
    use super::simulate::{Landmark, Simulator};
    #[pymodule_export]
    use super::terms::{TermKey, epc_pattern, field_name, one_spelling, read_scalar, unit};
    #[pymodule_export]
    use super::vindex::{ItemIndex, check_item_absence, check_item_history, leaves_of};

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "a name that Python packages have")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
