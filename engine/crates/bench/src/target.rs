//! What this program was compiled for, as the compiler says.

/// Instruction sets beyond the baseline that make a difference here, and whether the compiler may use them everywhere.
const BEYOND_BASELINE: [(&str, bool); 5] = [
    ("BMI2", cfg!(target_feature = "bmi2")),
    ("AVX2", cfg!(target_feature = "avx2")),
    ("AVX-512", cfg!(target_feature = "avx512f")),
    ("GFNI", cfg!(target_feature = "gfni")),
    ("SVE", cfg!(target_feature = "sve")),
];

/// In a few words.
pub(crate) fn target() -> String {
    let used: Vec<_> = BEYOND_BASELINE.iter().filter_map(|(name, used)| used.then_some(*name)).collect();
    let architecture = std::env::consts::ARCH;
    if used.is_empty() {
        format!("baseline {architecture} with run-time dispatch")
    } else {
        format!("{architecture} with {} throughout", used.join(", "))
    }
}
