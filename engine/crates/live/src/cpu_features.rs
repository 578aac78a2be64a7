//! Proof that this CPU has an instruction set: a value of these types exists only where it does.

/// GFNI with 512-bit registers and byte permutations across them (Ice Lake, Zen 4 and later).
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gfni512(());

/// No CPU of this architecture has it.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gfni512 {}

impl Gfni512 {
    /// `None` where an instruction set is missing or the system does not save the wide registers.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn detect() -> Option<Self> {
        let there = is_x86_feature_detected!("gfni")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi");
        there.then_some(Gfni512(()))
    }

    /// `None`.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect() -> Option<Self> {
        None
    }
}
