//! What cannot be written, on its way up to the document.

use epcis::Problem;
use json::write_pointer_token;

/// Each container adds its token to the path.
pub(super) struct Refusal {
    code: &'static str,
    message: String,
    /// Tokens from the innermost outwards.
    path: Vec<String>,
}

pub(super) type Written<T = ()> = Result<T, Box<Refusal>>;

pub(super) fn refuse<T>(code: &'static str, message: impl Into<String>) -> Written<T> {
    Err(Box::new(Refusal { code, message: message.into(), path: Vec::new() }))
}

/// What happens in the member or element of that name, where it fails.
pub(super) trait Within {
    fn within(self, token: impl ToString) -> Self;
}

impl<T> Within for Written<T> {
    fn within(self, token: impl ToString) -> Self {
        self.map_err(|mut refusal| {
            refusal.path.push(token.to_string());
            refusal
        })
    }
}

impl Refusal {
    /// As a problem, its pointer from where the path begins.
    pub(super) fn into_problem(self) -> Problem {
        let mut pointer = String::new();
        self.path.iter().rev().for_each(|token| write_pointer_token(token, &mut pointer));
        Problem::of_document(pointer, self.code, self.message)
    }
}
