//! What queries ask by: the same terms as a capture makes.

use std::collections::HashMap;

use capture::{Scalar, Spelling};
use epcis::Context;
use json::{Bump, Member, Object, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::capture::Blinding;

/// The key of all terms of one log; see `_native.pyi`.
#[pyclass(frozen)]
pub struct TermKey(capture::TermKey);

#[pymethods]
impl TermKey {
    #[new]
    fn new(blinding: &Blinding) -> Self {
        Self(capture::TermKey::new(&blinding.0))
    }

    fn existence(&self, field: &str) -> i64 {
        self.0.field(&[field]).existence()
    }

    fn term(&self, field: &str, value: &str) -> i64 {
        self.0.field(&[field]).term(value)
    }

    /// None where the text is neither number nor time.
    fn scalar_term(&self, field: &str, text: &str) -> Option<i64> {
        Scalar::read(text).map(|scalar| self.0.field(&[field]).scalar_term(scalar))
    }

    fn measure(&self, field: &str, kind: &str) -> f64 {
        self.0.field(&[field]).measure(kind)
    }
}

/// Kind and number of a scalar, or None.
#[pyfunction]
pub fn read_scalar(text: &str) -> Option<(&'static str, f64)> {
    Scalar::read(text).map(Scalar::measure)
}

#[pyfunction]
pub fn field_name(name: &str, namespaces: HashMap<String, String>) -> String {
    with_context(&namespaces, |context| {
        let mut out = String::new();
        capture::write_field_name(name, context, &mut out);
        out
    })
}

#[pyfunction]
pub fn one_spelling(kind: &str, text: &str, namespaces: HashMap<String, String>) -> PyResult<String> {
    let spelling = match kind {
        "biz_step" => Spelling::BizStep,
        "disposition" => Spelling::Disposition,
        "biz_transaction_type" => Spelling::BizTransactionType,
        "source_dest_type" => Spelling::SourceDestType,
        "error_reason" => Spelling::ErrorReason,
        "gs1_term" => Spelling::Gs1Term,
        "component" => Spelling::Component,
        "id" => Spelling::Id,
        "key" => Spelling::Key,
        "hex" => Spelling::Hex,
        "exact" => Spelling::Exact,
        _ => return Err(PyValueError::new_err("no such spelling")),
    };
    Ok(with_context(&namespaces, |context| spelling.of(text, context).into_owned()))
}

fn with_context<T>(namespaces: &HashMap<String, String>, run: impl FnOnce(&Context<'_>) -> T) -> T {
    let arena = Bump::new();
    let member = |(name, namespace)| Member { name, value: Value::String(namespace) };
    let members = namespaces.iter().map(|(name, namespace)| member((name.as_str(), namespace.as_str())));
    let members: Vec<Member<'_>> = members.collect();
    let object = Object { members: arena.alloc_slice_copy(&members), source: "" };
    run(&Context::default().with(Some(Value::Object(&object))))
}

/// Dimension, factor and offset of a unit, or None.
#[pyfunction]
pub fn unit(code: &str) -> Option<(&'static str, f64, f64)> {
    capture::unit(code).map(|unit| (unit.dimension, unit.factor, unit.offset))
}

/// Kind, class, and lowest and first higher number of a pattern, or None.
#[pyfunction]
#[pyo3(signature = (text, *, as_class))]
pub fn epc_pattern(text: &str, as_class: bool) -> Option<(&'static str, Option<String>, f64, f64)> {
    let pattern = capture::epc_pattern(text, as_class)?;
    Some((pattern.kind, pattern.class, pattern.digits.0, pattern.digits.1))
}
