//! Long lists of things that do not depend on each other, shared among the cores.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What `work` makes of each `at_a_time` neighbours of a list, in order. One lot of them alone is dealt with here: it
/// is done sooner than a thread starts, if the caller chose well.
pub(crate) fn shared<T: Sync, R: Send>(
    list: &[T],
    at_a_time: usize,
    work: impl Fn(&[T]) -> R + Sync,
) -> Vec<R> {
    let lots: Vec<&[T]> = list.chunks(at_a_time).collect();
    if lots.len() <= 1 {
        return lots.into_iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut made = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(lot) = lots.get(number) else { return made };
            made.push((number, work(lot)));
        }
    };
    let mut made = thread::scope(|scope| {
        // Whichever do not start leave their lots to the others.
        let start = |_| thread::Builder::new().spawn_scoped(scope, run).ok();
        let others: Vec<_> = (1..cores().min(lots.len())).map_while(start).collect();
        let mut made = run();
        for other in others {
            made.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        made
    });
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

/// Asked once: the answer stands in several files.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn what_is_made_of_lots_comes_in_their_order() {
        let numbers: Vec<usize> = (0..1000).collect();
        for at_a_time in [1, 7, 999, 1000, 5000] {
            let made = shared(&numbers, at_a_time, <[usize]>::to_vec);
            assert_eq!(made.concat(), numbers, "{at_a_time}");
        }
        assert_eq!(shared(&[], 7, <[usize]>::to_vec), Vec::<Vec<usize>>::new());
    }
}
