//! What the fuzz targets share: the entry libFuzzer calls, a visitor that inspects, a script of steps.

pub mod inspect;
pub mod script;

/// Make `$run`, a `fn(&[u8])`, the target: libFuzzer brings `main` and calls it with every input.
#[macro_export]
macro_rules! target {
    ($run:expr) => {
        #[unsafe(no_mangle)]
        extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, size: usize) -> i32 {
            let input = if size == 0 {
                &[]
            } else {
                // SAFETY: libFuzzer hands over `size` readable bytes that stay unchanged during the call.
                unsafe { std::slice::from_raw_parts(data, size) }
            };
            $run(input);
            0
        }
    };
}
