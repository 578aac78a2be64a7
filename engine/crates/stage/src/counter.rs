//! Counters are declared once, at the top of the stage that owns them: name, unit, one sentence. Tables, the
//! reference page and the Python side are generated from the declarations.

use std::marker::PhantomData;

/// A counter as the reference page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterDeclaration {
    /// The stage that owns it.
    pub stage: &'static str,
    /// Name, as in Linux where Linux has one.
    pub name: &'static str,
    /// Unit of one count.
    pub unit: &'static str,
    /// One sentence.
    pub meaning: &'static str,
}

/// A stage's own set of counters: implemented by [`counters!`](crate::counters).
pub trait CounterSet: Copy + 'static {
    /// All counters of the stage, in index order.
    const DECLARED: &'static [CounterDeclaration];
    /// Position in [`Self::DECLARED`].
    fn index(self) -> usize;
}

/// Values of a [`CounterSet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters<S> {
    values: Box<[u64]>,
    set: PhantomData<S>,
}

impl<S: CounterSet> Default for Counters<S> {
    fn default() -> Self {
        Counters { values: vec![0; S::DECLARED.len()].into_boxed_slice(), set: PhantomData }
    }
}

impl<S: CounterSet> Counters<S> {
    /// Add `n`.
    #[inline]
    pub fn add(&mut self, counter: S, n: u64) {
        if let Some(value) = self.values.get_mut(counter.index()) {
            *value += n;
        }
    }

    /// Add what another counted.
    pub fn add_all(&mut self, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
    }

    /// Present value.
    #[inline]
    pub fn value(&self, counter: S) -> u64 {
        self.values.get(counter.index()).copied().unwrap_or(0)
    }

    /// Declarations with values, in declaration order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static CounterDeclaration, u64)> + '_ {
        S::DECLARED.iter().zip(self.values.iter().copied())
    }
}

/// Declare a stage's counters.
///
/// ```
/// stage::counters! {
///     /// What the example stage counts.
///     pub enum ExampleCounter in "example" {
///         /// Frames seen.
///         Frames = "frames" : "frames",
///     }
/// }
/// let mut counters = stage::Counters::<ExampleCounter>::default();
/// counters.add(ExampleCounter::Frames, 2);
/// assert_eq!(counters.value(ExampleCounter::Frames), 2);
/// ```
#[macro_export]
macro_rules! counters {
    ($(#[$outer:meta])* $vis:vis enum $set:ident in $stage:literal {
        $($(#[doc = $doc:literal])+ $variant:ident = $name:literal : $unit:literal,)+
    }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        $vis enum $set { $($(#[doc = $doc])+ $variant,)+ }

        impl $crate::CounterSet for $set {
            const DECLARED: &'static [$crate::CounterDeclaration] = &[$(
                $crate::CounterDeclaration {
                    stage: $stage, name: $name, unit: $unit, meaning: concat!($($doc,)+).trim_ascii(),
                },
            )+];
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
        }
    };
}
